"""Where CI runs cargo-deny and cargo-audit, what each run checks, and whether its failure counts."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import NamedTuple

from dunnage.cargo_cli import advisory_tools as tools
from dunnage.cargo_cli import aliases
from dunnage.cargo_cli.aliases import Alias, Aliases
from dunnage.cargo_cli.calls import CARGO, CargoCall, cargo_call
from dunnage.cargo_cli.command_line import LOCKING, arguments, invocation
from dunnage.ci.outcome import Excuse
from dunnage.ci.runs import Repository, Run, runs
from dunnage.files import toml
from dunnage.files.source import File, SourceError
from dunnage.files.span import Span
from dunnage.shell.model import Command, Script, Word, programs

_HINTS = ("deny", "audit")
_DIRECT = frozenset(("cargo-deny", "cargo-audit"))
# Programs that only speak of others, or install them.
_SPEAKERS = frozenset(
    (
        *("[", "[[", "apk", "apt", "apt-get", "awk", "brew", "cargo-binstall", "cat", "choco", "command", "cp", "curl"),
        *("dnf", "echo", "export", "git", "grep", "hash", "install", "jq", "ls", "mkdir", "mv", "npm", "pacman", "pip"),
        *("printf", "rg", "rm", "rustup", "sed", "tar", "tee", "test", "touch", "type", "wget", "which", "yum"),
    )
)
# Programs that fail where what they run fails: the tools, and those that bring them.
_TRANSPARENT = CARGO | _DIRECT | {"devbox", "direnv", "flox", "mise", "nix", "nix-shell", "rustup", "uv", "uvx"}
_UNCERTAIN = frozenset(("branch", "condition", "function", "or-list-right"))
_MOST_VARIANTS = 64
_MOST_GATES = 1000
_MOST_WORDS = 1000


class Replaced(NamedTuple):
    """What makes another Cargo.lock than the committed one before a gate reads it."""

    path: str
    span: Span
    what: str


class Gate(NamedTuple):
    """A run of cargo-deny or cargo-audit by CI."""

    run: Run
    span: Span
    """The words that say so."""
    name: str
    """`cargo deny check`, or an action's."""
    tool: tools.ToolRun
    excuses: tuple[Excuse, ...]
    """What keeps its failure from failing the build."""
    lowered: tuple[tuple[Span, tools.LoweredLint], ...]
    """The options that keep lints from failing it, each with its place."""
    replaced: Replaced | None

    @property
    def checks(self) -> frozenset[str]:
        """Those that it makes; all that there are if that is not known."""
        return frozenset(tools.CHECKS) if self.tool.checks is None else self.tool.checks


def gates(repository: Repository) -> list[Gate]:
    """The runs of either tool, in the order of workflows and jobs."""
    own = aliases.read(repository.tree, repository.top, repository.top)
    hints = (*_HINTS, *(name for name, words in own.items() if any(hint in word for word in words for hint in _HINTS)))
    resolve = Aliases(repository.tree)
    locks = _Locks(repository, resolve)
    found = (
        _of_action(run, locks) if run.action else _of_command(repository, run, resolve, locks)
        for run in runs(repository, hints)
    )
    return list(islice((gate for gate in found if gate is not None), _MOST_GATES))


# Actions


def _of_action(run: Run, locks: _Locks) -> Gate | None:
    action = run.action
    if action is None:
        return None
    inputs = {name: given.values for name, given in action.inputs.items()}
    ways = [tools.action_run(action.name, action.ref, chosen) for chosen in _variants(inputs)]
    tool = _union(ways)
    if tool is None:
        return None
    excuses = run.excuses()
    if tools.passes_on_schedule(action.name) and run.events and run.events <= {"schedule", "workflow_dispatch"}:
        why = "on a schedule it opens issues and passes, so"
        excuses.append(Excuse(run.file.path, action.span, why, "run `cargo audit --deny warnings` instead"))
    replaced = locks.replaced(run)
    if tool.replaces_lock and locks.is_there(run):
        replaced = Replaced(run.file.path, action.span, f"{action.name}@{action.ref}")
    always = [{each.option for each in way.lowered} for way in ways if way is not None]
    lowered = tuple((action.span, each) for each in tool.lowered if all(each.option in options for options in always))
    return Gate(run, action.span, action.name, tool, tuple(excuses), lowered, replaced)


def _variants(inputs: Mapping[str, tuple[str, ...] | None]) -> Iterator[dict[str, str | None]]:
    """The inputs with one value each, every value at least once."""
    most = max((len(values) for values in inputs.values() if values), default=1)
    for number in range(min(most, _MOST_VARIANTS)):
        yield {
            name: values[min(number, len(values) - 1)] if values else None
            for name, values in inputs.items()
            if values != ()
        }


def _union(found: Iterable[tools.ToolRun | None]) -> tools.ToolRun | None:
    """One gate that makes the checks of several."""
    union: tools.ToolRun | None = None
    for gate in found:
        if union is None or gate is None:
            union = union or gate
        else:
            checks = None if union.checks is None or gate.checks is None else union.checks | gate.checks
            union = union._replace(checks=checks, tolerated=union.tolerated & gate.tolerated)
    return union


# Commands


def _of_command(repository: Repository, run: Run, resolve: Aliases, locks: _Locks) -> Gate | None:
    if run.command is None:
        return None
    for command in _readings(run.command):
        found = cargo_call(command, resolve.of(run.file))
        if found is None:
            continue
        tool = _union(tools.tool_run(words) for words in _ways(found))
        if tool is None:
            continue
        if tool.tolerated:
            tool = tool._replace(tolerated=tool.tolerated - _configured(repository, run))
        last = found.word(tool.at).span
        span = Span(
            run.command.words[0].span.start if command is run.command else command.words[0].span.start, last.end
        )
        name = f"cargo {'deny check' if tool.tool == 'cargo-deny' else 'audit'}"
        lowered = tuple((found.word(each.at).span, each) for each in tool.lowered)
        is_wrapped = frozenset(programs(run.command.words[0]) or ()).isdisjoint(_TRANSPARENT)
        excuses = () if tool.is_report else tuple(run.excuses(is_wrapped))
        return Gate(run, span, name, tool, excuses, lowered, locks.replaced(run))
    return None


def _readings(command: Command) -> Iterator[Command]:
    """The command as a call of cargo; of one that is not known, what in its words would be one."""
    command = command._replace(words=command.words[:_MOST_WORDS])
    names = frozenset(programs(command.words[0]) or ())
    if names & CARGO:
        yield command
        # `cargo run --bin cargo-audit audit`, in the tools' own repositories
        if not any(word.values == ("run",) for word in command.words):
            return
    if names & _SPEAKERS:
        return
    for index, word in enumerate(command.words[:_MOST_VARIANTS]):
        value = word.values[0] if word.values else ""
        name = value.rpartition("/")[2].rpartition("#")[2].removesuffix(".exe")
        if name in _DIRECT:
            rest = command.words[index + 1 :]
            if rest and rest[0].values == ("--",):
                rest = rest[1:]  # `nix run nixpkgs#cargo-deny -- check`
            again = rest[:1] if name == "cargo-audit" and rest and rest[0].values == ("audit",) else ()
            start = (word._replace(values=("cargo",)), word._replace(values=(name.removeprefix("cargo-"),)))
            yield command._replace(words=(*start, *rest[len(again) :]))
        elif index and name in CARGO:
            yield command._replace(words=command.words[index:])
        elif index and " " in value and "cargo" in value:
            # `nix-shell --run 'cargo deny check'`
            words = value[value.index("cargo") :].split()
            yield command._replace(words=tuple(word._replace(values=(each,)) for each in words))


def _ways(found: CargoCall) -> Iterator[list[str | None]]:
    """The words of a call with each value of those that have several."""
    yield found.words
    several = [index for index in range(len(found.words)) if len(found.word(index).values or ()) > 1]
    for index in several[:_MOST_VARIANTS]:
        for value in found.values(index)[1:_MOST_VARIANTS]:
            yield [*found.words[:index], value, *found.words[index + 1 :]]


def _configured(repository: Repository, run: Run) -> frozenset[str]:
    """What cargo-audit's configuration has it fail for; everything, if that cannot be read."""
    for folder in dict.fromkeys((*run.folders, "")):
        file = repository.read(posixpath.normpath(posixpath.join(folder, ".cargo/audit.toml")))
        if file is not None:
            try:
                return tools.denied_warnings(toml.parse(file))
            except SourceError:
                return tools.WARNINGS
    return frozenset()


# The lock


class _Locks:
    """What becomes of committed locks in jobs."""

    def __init__(self, repository: Repository, resolve: Aliases) -> None:
        self._repository = repository
        self._resolve = resolve
        # By the identity of a script, which is kept with it.
        self._changes: dict[int, tuple[Script, list[_Change]]] = {}

    def is_there(self, run: Run) -> bool:
        """Whether a Cargo.lock is committed where a gate is run."""
        folders = {"", *run.folders, *(posixpath.dirname(folder) for folder in run.folders)}
        return any(
            posixpath.normpath(posixpath.join(folder, "Cargo.lock")) in self._repository.files for folder in folders
        )

    def replaced(self, run: Run) -> Replaced | None:
        """What replaces the lock in the programs and steps that are run before a gate in its job."""
        if not self.is_there(run):
            return None
        changes: list[_Change] = []
        for link in run.way:
            if link.job is not None and link.job.steps:
                folder = link.job.steps[link.step].folder
                for step in link.job.steps[: link.step]:
                    if step.script is not None and step.folder == folder and not step.is_conditional:
                        changes += self._of(link.file, step.script)[-1:]
            elif link.script is not None and link.command is not None:
                here = link.command.words[0].span
                changes += [change for change in self._of(link.file, link.script) if change.at < here][-1:]
        return changes[-1].to if changes else None

    def _of(self, file: File, script: Script) -> list[_Change]:
        if id(script) not in self._changes:
            text = script.text
            may_change = "Cargo.lock" in text or "update" in text or "generate-lockfile" in text or "git" in text
            resolve = self._resolve.of(file)
            self._changes[id(script)] = script, list(_changes(file, script, resolve)) if may_change else []
        return self._changes[id(script)][1]


class _Change(NamedTuple):
    at: Span
    to: Replaced | None
    """None if the committed lock is put back."""


def _changes(file: File, script: Script, resolve: Alias) -> Iterator[_Change]:
    """What a program does to the lock, in order."""
    from dunnage.shell.shell import commands

    is_here = True
    for command in commands(file, script):
        names = programs(command.words[0]) or ()
        texts = [word.values[0] if word.values else "" for word in command.words]
        is_here = is_here and names not in (("cd",), ("pushd",))
        first = command.words[0].span
        if "git" in names and not {"checkout", "restore", "reset", "stash"}.isdisjoint(texts):
            yield _Change(first, None)
        elif is_here and command.inside.isdisjoint(_UNCERTAIN) and _replaces_lock(command, texts, resolve):
            span = Span(first.start, command.words[-1].span.end)
            yield _Change(first, Replaced(file.path, span, _shown(command.words)))


def _replaces_lock(command: Command, texts: list[str], resolve: Alias) -> bool:
    if programs(command.words[0]) == ("rm",):
        return any(text in ("Cargo.lock", "./Cargo.lock") for text in texts[1:])
    found = cargo_call(command, resolve)
    cargo = invocation(found.words) if found else None
    if found is None or cargo is None or cargo.name not in ("update", "generate-lockfile") or cargo.is_locked:
        return False
    given = arguments(
        found.words, cargo.subcommand + 1, ("--manifest-path", "-p", "--package", "--precise", "--config")
    )
    kept = {*LOCKING, "--dry-run", "--help", "--workspace", "-h", "-w"}
    return "--manifest-path" not in given.options and given.flags.isdisjoint(kept)


def _shown(words: tuple[Word, ...]) -> str:
    text = " ".join(word.text for word in words)
    return text if len(text) <= 60 else f"{text[:60]} …"
