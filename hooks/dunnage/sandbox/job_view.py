"""A job of CI with what it compiles, in order, and what gives secrets to it."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from dunnage.cargo_cli.command_line import Aliases, CargoCall
from dunnage.cargo_cli.compiling import ActionBuild, action_build, compilation, publishes
from dunnage.ci.github_jobs import never_runs
from dunnage.ci.job import CallSite, Job, Run
from dunnage.files.source import File, Tree
from dunnage.files.span import Span
from dunnage.sandbox.secret_sources import (
    ISSUED,
    Permissions,
    Source,
    credentials,
    passed_inputs,
    secrets_in,
    step_sources,
)
from dunnage.scripts.github import Action, runner_labels
from dunnage.scripts.yaml import Node
from dunnage.shell.model import Command, Word
from dunnage.shell.nested import is_elsewhere

CHECKOUT = "actions/checkout"
_ELSEWHERE = r"(?i)vmactions/|cross-platform-actions/|[^/]+/(?:arm-runner|docker-run|run-on-arch|ssh)-action$"
"""The actions that run the programs in their inputs in a container or on another system."""
_MOST_BUILDS = 1000
"""How many commands of a job may compile; real jobs have up to about 100."""


class Build(NamedTuple):
    """A command or an action that compiles."""

    run: Run
    name: str
    """The program and its subcommand, with aliases expanded: `cargo build`; of an action, what it runs."""
    span: Span
    call: CargoCall | None = None
    """The command as a call of cargo; None for an action."""
    at: int = 0
    """The word of the call that names the subcommand."""
    action: ActionBuild | None = None

    @property
    def file(self) -> File:
        """The file that it is in."""
        return self.run.file

    @property
    def step(self) -> int:
        """The index of the step in its job."""
        return self.run.call_stack[0].step

    @property
    def is_in_container(self) -> bool:
        """Whether it runs in a container that the step starts, or may: cross starts one."""
        command = self.run.command
        if command is None:
            return self.action is not None and self.action.is_in_container
        steps = [site.job.steps[site.step] for site in self.run.call_stack if site.job is not None]
        action = steps[-1].action
        is_other = action is not None and re.match(_ELSEWHERE, action.name) is not None
        return is_other or is_elsewhere(command) or self.name.startswith("cross ")


class Strictness(NamedTuple):
    """What the options of the hook ask for."""

    requires_isolation: bool = False
    has_strict_jobs: bool = False

    @property
    def is_given(self) -> bool:
        """Whether any option asks for more than the default."""
        return self.requires_isolation or self.has_strict_jobs


class JobView(NamedTuple):
    """A job, with what it may reach."""

    file: File
    job: Job
    permissions: Permissions | None = None
    """What its token may do; None if that is not known."""
    known: Mapping[str, tuple[str, ...]] = {}
    """The expressions other than `secrets.X` that hold secrets in it."""
    sources: Sequence[Source] = ()
    """What gives secrets to all of its steps, or to all from some step on."""
    step_sources: Mapping[int, Sequence[Source]] = {}
    """What gives secrets to one step, by the index of the step."""
    builds: Sequence[Build] = ()
    """What it compiles, in order."""
    runs: Sequence[Run] = ()

    @property
    def has_write(self) -> bool:
        """Whether its token is known to have a write permission."""
        return self.permissions is not None and bool(self.permissions.writes)

    def named(self, secrets: Sequence[str]) -> str:
        """Return the names of different secrets for a message; with the permission of the token that GitHub creates."""
        granted = self.permissions.writes[0] if self.permissions is not None and self.permissions.writes else ""
        names = [f"`{name}` with `{granted}`" if name == ISSUED else f"`{name}`" for name in secrets[:2]]
        return " and ".join(names) if len(secrets) <= 2 else f"{names[0]} and {len(secrets) - 1} other secrets"

    def kept_tokens(self) -> Iterator[tuple[int, Node, Action, str]]:
        """Yield the steps that keep a token worth stealing: the index, the node, the action, and the token."""
        for index, step in enumerate(self.job.steps):
            action, node = step.action, step.node
            if action is None or node is None or action.name.lower() != CHECKOUT:
                continue
            persists = action.inputs.get("persist-credentials")
            if persists is not None and persists.values != ("true",):
                continue
            given = action.inputs.get("token")
            if given is not None and given.values is not None and given.values != ("",):
                continue  # a text that is no secret
            secrets = secrets_in(given.text, self.known) if given is not None else (ISSUED,)
            other = next((name for name in secrets if name != ISSUED), "")
            if other:
                yield index, node, action, self.named([other])
            elif ISSUED in secrets and self.has_write:
                yield index, node, action, self.named([ISSUED])

    def sources_of(self, build: Build) -> Iterator[Source]:
        """Yield what gives secrets to the step of a build, also through the composite actions that contain it."""
        step = self.job.steps[build.step].node
        own = {name for name, _ in step.items("env")} if step is not None else set()
        for source in self.sources:
            # The environment of the step replaces variables.
            is_replaced = bool(source.variables) and own.issuperset(source.variables)
            if source.first_step <= build.step and not is_replaced:
                yield source
        sites = [site for site in build.run.call_stack if site.job is not None]
        yield from self.step_sources.get(build.step, ())
        known = self.known
        for outer, site in pairwise(sites):
            step, inner = _node(outer), _node(site)
            if step is None or inner is None or site.job is None:
                return
            known = credentials(site.job, passed_inputs(step, known))
            yield from step_sources(site.file, inner, known, has_write=self.has_write)


def _node(site: CallSite) -> Node | None:
    return site.job.steps[site.step].node if site.job is not None else None


# What a job compiles


def builds(runs: Sequence[Run], aliases: Aliases, tree: Tree) -> Iterator[Build]:
    """Yield what compiles among the runs of a job, each command once."""
    seen: set[tuple[object, ...]] = set()
    known: dict[int, Build | None] = {}  # by the identity of the command or action, which may be run very often
    for run in runs:
        if len(seen) >= _MOST_BUILDS:
            message = f"a job runs more than {_MOST_BUILDS:,} commands that compile; the others are not read"
            run.call_stack[0].file.note_unread("input/too-large", message, Span(0, 0))
            return
        subject = id(run.command or run.action)
        if subject not in known:
            known[subject] = _build(run, aliases, tree)
        build = known[subject]
        if build is None or any(never_runs(site.masks()) for site in run.call_stack if site.job is not None):
            continue
        found = build._replace(run=run)
        key = (run.file.path, found.span, found.step)
        if key not in seen:
            seen.add(key)
            yield found


def _build(run: Run, aliases: Aliases, tree: Tree) -> Build | None:
    if run.action is not None:
        inputs = _inputs_of(run.action)
        action = action_build(run.action.name, inputs, _may_be_on_linux(run, run.action))
        if publishes(run.action.name, inputs):
            action = ActionBuild("cargo publish", reads_inputs=True)
        return Build(run, action.name, run.action.span, action=action) if action else None
    if run.command is None or _is_uncertain(run, run.command):
        return None
    found = compilation(run.command, aliases.of(run.file), tree, run.file)
    if found is None:
        return None
    words = run.command.words
    last = words[max(found.call.origin[found.at], min(1, len(words) - 1))]
    return Build(run, found.name, Span(words[0].span.start, last.span.end), found.call, found.at)


def _may_be_on_linux(run: Run, action: Action) -> bool:
    """Whether all runners on which a job uses an action may be Linux, as far as the labels of its `runs-on` say."""
    site = run.call_stack[0]
    job = site.job.node if site.job else None
    step = site.job.steps[site.step].node if site.job else None
    if job is None or step is None or job.get("container") is not None:
        return True
    # Which of several runners skip the step is not known.
    is_each = len(run.call_stack) > 1 or step.get("if") is not None
    return not any(
        (all if is_each else any)(re.search("macos|windows", value, re.IGNORECASE) for value in values)
        for values in runner_labels(job.get("runs-on"), action.variables)
    )


def _is_uncertain(run: Run, command: Command) -> bool:
    """Whether it is not known that a job runs a command of another file.

    A script, a makefile or an action serves several callers. Its arguments and its environment may decide what it runs:
    the environment replaces `cargo vdev` if a makefile has `VDEV ?= cargo vdev` and calls `$(VDEV)`, or if a script has
    `vdev=${VDEV:-cargo vdev}` and calls `$vdev`.
    """
    if run.file is run.call_stack[0].file:
        return False
    spans = [word.span for word in command.words[:2]]
    is_variable = len(spans) == 2 and spans[0] == spans[1]
    if is_variable and (command.place.kind == "makefile" or _has_default(run.file, command.words[0])):
        return True
    return "branch" in command.inside


def _has_default(file: File, word: Word) -> bool:
    """Whether a word of a script is a variable with a default, which the environment may replace."""
    name = re.fullmatch(r"\$\{?([A-Za-z_]\w{0,99})\}?", word.text)
    return re.search(_DEFAULT, word.text) is not None if name is None else name[1] in file.memo(_with_default)


_DEFAULT = r"\$\{\w{1,100}:?[-=]"


def _with_default(file: File) -> frozenset[str]:
    """The variables to which a script assigns a value with a default."""
    return frozenset(re.findall(rf"\b([A-Za-z_]\w{{0,99}})=[\"']?{_DEFAULT}", file.text))


def _inputs_of(action: Action) -> dict[str, str | None]:
    """Return the inputs of an action, None for one whose value is not known."""
    return {name: given.values[0] if given.values else None for name, given in action.inputs.items()}


_PREPARATIONS = {"cargo bench": "--no-run", "cargo nextest run": "--no-run", "cargo test": "--no-run"}


def selection(build: Build, *, is_preparation: bool = False) -> tuple[object, ...] | None:
    """Return what a command that runs a program selects, by its options; None if it is no such command.

    With `is_preparation`, return the same for the command that compiles it before, such as `cargo build`.
    """
    call = build.call
    if call is None or call.command.directory is None:
        return None
    name = "cargo run" if is_preparation and build.name == "cargo build" else build.name
    if name not in _PREPARATIONS and name != "cargo run":
        return None
    if is_preparation and build.name == "cargo run":
        return None
    words = call.words[build.at + 1 :]
    words = words[: words.index("--")] if "--" in words else words
    option = _PREPARATIONS.get(name)
    if is_preparation and option is not None and option not in words:
        return None
    if None in words:
        return None
    given = tuple(word for word in words if word != option)
    return (name, given, call.directory)


def environment_is_kept(command: Command, variables: Iterable[str]) -> bool:
    """Whether a command gets one of these variables, if its script has them."""
    removed = {name for name, values in command.environment if values == ("",)}
    wrapper = [word.values[0] if word.values else word.text for word in command.wrapper]
    if "sudo" in wrapper and not any(word.startswith(("-E", "--preserve-env")) for word in wrapper):
        return False
    if "systemd-run" in wrapper and "--scope" not in wrapper:
        return False
    if "env" in wrapper:
        if not {"-i", "-", "--ignore-environment"}.isdisjoint(wrapper):
            return False
        for word, following in zip(wrapper, [*wrapper[1:], ""], strict=True):
            removed |= {following if word in ("-u", "--unset") else word.removeprefix("--unset=").removeprefix("-u")}
    return any(name not in removed for name in variables)
