"""Gates: where CI runs cargo-deny and cargo-audit, what each run checks, and what hides its failure."""

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from dunnage.cargo_cli import advisory_tools as tools
from dunnage.cargo_cli.command_line import CARGO, UNKNOWN, Alias, Aliases, CargoCall, cargo_call
from dunnage.ci.job import Job, Run
from dunnage.ci.lock_changes import PRECISE, REMOVED, RESOLVED, RESTORED, UNCERTAIN, lock_change
from dunnage.ci.outcome import FailureMask
from dunnage.ci.repository_files import RepositoryFiles
from dunnage.ci.runs import runs
from dunnage.files.source import File, SourceError
from dunnage.files.span import Span
from dunnage.scripts.commands import kind_of
from dunnage.scripts.github import Action
from dunnage.shell.model import Command, Script, programs

_HINTS = ("deny", "audit")
_DIRECT = frozenset(("cargo-deny", "cargo-audit"))
# Programs whose arguments may name the tools although they do not run them.
_UNRELATED = (
    "[ [[ apk apt apt-get awk brew cargo-binstall cat choco codespell command cp curl dnf echo export find git grep "
    "hash install jq ls mkdir mv npm pacman pip printf rg rm rustup sed tar tee test touch type wget which yum"
)
# The tools, and programs that fail if a tool that they run fails.
_TRANSPARENT = CARGO | _DIRECT | {"devbox", "direnv", "flox", "mise", "nix", "nix-shell", "rustup", "uv", "uvx"}
# Options and inputs that name a project, or a lock, in another folder than the working directory.
_OTHER_PROJECT = r"(?i)manifest-?path|^-(?:f|-file|C)\b|^file$|working-?directory"
_MAX_VARIANTS = 64
_MOST_GATES = 1000
_MAX_WORDS = 1000


class Replacement(NamedTuple):
    """A command or an action that replaces the committed Cargo.lock."""

    path: str
    span: Span
    text: str
    """The command or action as it is written."""


class Gate(NamedTuple):
    """A run of cargo-deny or cargo-audit by CI."""

    run: Run
    span: Span
    """The command or the action."""
    name: str
    """`cargo deny check`, `cargo audit`, or the name of the action."""
    tool_run: tools.ToolRun
    masks: tuple[FailureMask, ...]
    """What hides its failure from the build."""
    lowered: tuple[tuple[Span, tools.LoweredLint], ...]
    """The lints that options keep from failing it, each with its place."""
    replacement: Replacement | None
    """What replaces the committed Cargo.lock before it."""

    @property
    def checks(self) -> frozenset[str]:
        """The checks that it makes; all of them if they are unknown."""
        return frozenset(tools.CHECKS) if self.tool_run.checks is None else self.tool_run.checks


def gates(repository: RepositoryFiles) -> tuple[list[Gate], bool]:
    """Return the runs of either tool, in the order of workflows and jobs.

    Without any, also whether CI calls cargo with a subcommand that is unknown, such as `cargo "$@"`.
    """
    resolve = Aliases(repository.tree)
    own = resolve.in_folder(repository.top)
    hints = (*_HINTS, *(name for name, words in own.items() if any(hint in word for word in words for hint in _HINTS)))
    locks = LockReplacements(repository, resolve)
    found: list[Gate] = []
    has_unknown_call = False
    for run in runs(repository, hints):
        gate = _of_action(run, run.action, locks) if run.action else _of_command(repository, run, resolve, locks)
        if gate is None:
            has_unknown_call = has_unknown_call or _is_unknown(run, resolve)
        elif len(found) < _MOST_GATES:
            found.append(gate)
        else:
            message = f"CI runs cargo-deny and cargo-audit more than {_MOST_GATES:,} times; the others are not checked"
            gate.run.file.note_unread("input/too-large", message, gate.span)
            break
    return found, has_unknown_call


def _is_unknown(run: Run, resolve: Aliases) -> bool:
    """Whether a run calls cargo with an unknown subcommand."""
    call = cargo_call(run.command, resolve.of(run.file)) if run.command else None
    words = call.words[1:] if call and call.program != "cargo-binstall" else []
    name = next((word for word in words if word is None or word[:1] not in ("+", "-")), "")
    return name is None or UNKNOWN in name


# Actions


def _of_action(run: Run, action: Action, locks: "LockReplacements") -> Gate | None:
    inputs = {name: given.values for name, given in action.inputs.items()}
    variants = [tools.action_run(action.name, action.ref, chosen) for chosen in _variants(inputs)]
    tool_run = _union(variants)
    if tool_run is None:
        return None
    masks = [*run.masks(), *_path_filter(run, locks, tool_run.tool)]
    if tools.passes_on_schedule(action.name) and run.events and run.events <= {"schedule", "workflow_dispatch"}:
        reason = "on a schedule %COMMAND% opens issues instead of failing"
        masks.append(FailureMask(run.file.path, action.span, reason, "run `cargo audit --deny warnings` instead"))
    replacement = locks.before(run)
    if tool_run.replaces_lock and locks.paths(run, "Cargo.lock"):
        replacement = Replacement(run.file.path, action.span, f"{action.name}@{action.ref}")
    options = [{lint.option for lint in variant.lowered} for variant in variants if variant is not None]
    lowered = tuple((action.span, lint) for lint in tool_run.lowered if all(lint.option in given for given in options))
    return Gate(run, action.span, action.name, tool_run, tuple(masks), lowered, replacement)


def _variants(inputs: Mapping[str, tuple[str, ...] | None]) -> Iterator[dict[str, str | None]]:
    """Yield the inputs with one value each, so that every value occurs."""
    most = max((len(values) for values in inputs.values() if values), default=1)
    for number in range(min(most, _MAX_VARIANTS)):
        yield {
            name: values[min(number, len(values) - 1)] if values else None
            for name, values in inputs.items()
            if values != ()
        }


def _union(found: Iterable[tools.ToolRun | None]) -> tools.ToolRun | None:
    """Return a run that makes the checks of several; None if there are none."""
    union: tools.ToolRun | None = None
    for run in found:
        if union is None or run is None:
            union = union or run
        else:
            checks = None if union.checks is None or run.checks is None else union.checks | run.checks
            union = union._replace(checks=checks, tolerated=union.tolerated & run.tolerated)
    return union


def _path_filter(run: Run, locks: "LockReplacements", tool: str) -> Iterator[FailureMask]:
    """Yield the filter that keeps the workflow of a run from running if only Cargo.lock, or its policy, changes."""
    workflow = run.call_stack[0].file
    given = [word.text for word in run.command.words] if run.command else []
    inputs = [text for name, value in run.action.inputs.items() for text in (name, value.text)] if run.action else []
    if kind_of(workflow.path, b"") != "github" or any(re.search(_OTHER_PROJECT, text) for text in (*given, *inputs)):
        return
    from dunnage.ci import github_jobs

    for name in ("Cargo.lock", "deny.toml") if tool == "cargo-deny" else ("Cargo.lock",):
        filters = [github_jobs.path_filter(workflow, path) for path in locks.paths(run, name)]
        if filters and all(filters) and filters[0]:
            reason = f"the workflow does not run %COMMAND% if only {name} changes"
            help = f"add `- '**/{name}'` to the end of `paths`, or remove the filter"
            if filters[0].key == "paths-ignore":
                help = f"remove the pattern that matches {name} from `paths-ignore`"
            yield FailureMask(workflow.path, filters[0].span, reason, help, "such a change cannot fail the build")


# Commands


def _of_command(repository: RepositoryFiles, run: Run, resolve: Aliases, locks: "LockReplacements") -> Gate | None:
    if run.command is None:
        return None
    for command in _readings(run.command):
        call = cargo_call(command, resolve.of(run.file))
        if call is None:
            continue
        tool_run = _union(tools.tool_run(words) for words in _word_variants(call))
        if tool_run is None:
            continue
        if tool_run.tolerated:
            tool_run = tool_run._replace(tolerated=tool_run.tolerated - _configured(repository, run))
        first = command.words[0].span
        span = Span(first.start, call.word(tool_run.at).span.end)
        name = f"cargo {'deny check' if tool_run.tool == 'cargo-deny' else 'audit'}"
        lowered = tuple((call.word(lint.at).span, lint) for lint in tool_run.lowered)
        is_wrapped = frozenset(programs(run.command.words[0]) or ()).isdisjoint(_TRANSPARENT)
        masks = () if tool_run.is_report else (*run.masks(is_wrapped), *_path_filter(run, locks, tool_run.tool))
        return Gate(run, span, name, tool_run, masks, lowered, locks.before(run))
    return None


def _readings(command: Command) -> Iterator[Command]:
    """Yield a command that may call cargo. Of an unknown program, yield the words that may be such a command."""
    command = command._replace(words=command.words[:_MAX_WORDS])
    names = frozenset(programs(command.words[0]) or ())
    if names & CARGO:
        yield command
        # `cargo run --bin cargo-audit audit`, in the tools' own repositories
        if not any(word.values == ("run",) for word in command.words):
            return
    if not names.isdisjoint(_UNRELATED.split()):
        return
    for index, word in enumerate(command.words[:_MAX_VARIANTS]):
        value = word.values[0] if word.values else ""
        name = value.rpartition("/")[2].rpartition("#")[2].removesuffix(".exe")
        if name in _DIRECT:
            rest = command.words[index + 1 :]
            if rest and rest[0].values == ("--",):
                rest = rest[1:]  # `nix run nixpkgs#cargo-deny -- check`
            if name == "cargo-audit" and rest and rest[0].values == ("audit",):
                rest = rest[1:]
            start = (word._replace(values=("cargo",)), word._replace(values=(name.removeprefix("cargo-"),)))
            yield command._replace(words=(*start, *rest))
        elif index and name in CARGO:
            yield command._replace(words=command.words[index:])
        elif index and " " in value and "cargo" in value:
            # `nix-shell --run 'cargo deny check'`
            words = value[value.index("cargo") :].split()
            yield command._replace(words=tuple(word._replace(values=(text,)) for text in words))


def _word_variants(call: CargoCall) -> Iterator[list[str | None]]:
    """Yield the words of a call, then again for each further value of one of them."""
    yield call.words
    several = [index for index in range(len(call.words)) if len(call.word(index).values or ()) > 1]
    for index in several[:_MAX_VARIANTS]:
        for value in call.values(index)[1:_MAX_VARIANTS]:
            yield [*call.words[:index], value, *call.words[index + 1 :]]


def _configured(repository: RepositoryFiles, run: Run) -> frozenset[str]:
    """Return the warnings that fail cargo-audit by its configuration; all of them if that cannot be read."""
    for folder in dict.fromkeys((*run.folders, "")):
        file = repository.read(posixpath.normpath(posixpath.join(folder, ".cargo/audit.toml")))
        if file is not None:
            from dunnage.files import toml

            try:
                return tools.denied_warnings(toml.parse(file))
            except SourceError:
                return tools.WARNINGS
    return frozenset()


# Replaced locks


class LockReplacements:
    """Finds what replaces the committed locks in jobs."""

    def __init__(self, repository: RepositoryFiles, resolve: Aliases) -> None:
        self._repository = repository
        self._resolve = resolve
        # By the identity of a script, which is kept here too.
        self._changes: dict[int, tuple[Script, list[_Change]]] = repository.tree.cache()
        # By the identity of a job: for each step the last change before it, and the last one in each folder.
        self._jobs: dict[int, tuple[Job, list[list[_Change]], dict[str | None, list[_Change]]]] = (
            repository.tree.cache()
        )

    def paths(self, run: Run, name: str) -> list[str]:
        """Return the committed files of a name in a working directory of a run, in the folder above, and at the top."""
        folders = {"", *run.folders, *(posixpath.dirname(folder) for folder in run.folders)}
        paths = {posixpath.normpath(posixpath.join(folder, name)) for folder in folders}
        return sorted(paths & self._repository.paths)

    def before(self, run: Run) -> Replacement | None:
        """Return what replaces the lock in the steps and programs that the job of a run executes before it."""
        if not self.paths(run, "Cargo.lock"):
            return None
        changes: list[_Change] = []
        for site in run.call_stack:
            if site.job is not None and site.job.steps:
                changes += self._before_step(site.file, site.job, site.step)
            elif site.script is not None and site.command is not None:
                here = site.command.words[0].span
                changes += [change for change in self._of(site.file, site.script) if change.at < here][-1:]
        return changes[-1].replacement if changes else None

    def _before_step(self, file: File, job: Job, number: int) -> "list[_Change]":
        """The last change, if any, that the steps of a job before one make in the folder of that one."""
        if id(job) not in self._jobs:
            self._jobs[id(job)] = job, [], {}
        _, known, last = self._jobs[id(job)]
        for step in job.steps[len(known) : number + 1]:
            known.append(last.get(step.folder, []))
            if step.script is not None and not step.is_conditional:
                last[step.folder] = self._of(file, step.script)[-1:] or known[-1]
        return known[number]

    def _of(self, file: File, script: Script) -> "list[_Change]":
        if id(script) not in self._changes:
            text = script.text
            may_change = "Cargo.lock" in text or "update" in text or "generate-lockfile" in text or "git" in text
            alias = self._resolve.of(file)
            self._changes[id(script)] = script, list(_changes(file, script, alias)) if may_change else []
        return self._changes[id(script)][1]


class _Change(NamedTuple):
    at: Span
    replacement: Replacement | None
    """None if the committed lock is restored."""


def _changes(file: File, script: Script, alias: Alias) -> Iterator[_Change]:
    """Yield the changes that a program makes to the lock, in order."""
    from dunnage.shell.commands import commands

    is_here = True
    for command in commands(file, script):
        is_here = is_here and programs(command.words[0]) not in (("cd",), ("pushd",))
        first = command.words[0].span
        # With this directory, the change is relative to where the program runs.
        local = command._replace(directory=(".",))
        change = lock_change(local, cargo_call(local, alias))
        if change is None:
            continue
        is_certain = is_here and change.directories == (".",) and command.inside.isdisjoint(UNCERTAIN)
        if change.kind == RESTORED:
            yield _Change(first, None)
        elif is_certain and change.kind in (PRECISE, REMOVED, RESOLVED):
            span = Span(first.start, command.words[-1].span.end)
            text = " ".join(word.text for word in command.words)
            shown = text if len(text) <= 60 else f"{text[:60]} …"
            yield _Change(first, Replacement(file.path, span, shown))
