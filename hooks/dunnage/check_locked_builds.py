"""Every cargo build in CI and in Dockerfiles passes `--locked`, and uses the committed Cargo.lock.

Without `--locked`, cargo updates a Cargo.lock that does not match the manifests, and builds with crates that nobody
reviewed. Where no lock is committed, nothing is reported: there, `--locked` makes the build fail.
"""

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import product
from typing import TYPE_CHECKING, NamedTuple

from dunnage.cargo_cli.builds import Build, build
from dunnage.cargo_cli.command_line import CARGO_ACTIONS, LOCKING, Alias, Aliases, CargoCall, cargo_call
from dunnage.ci.lock_changes import (
    CREATED,
    OUTDATED,
    PRECISE,
    RESOLVED,
    RESTORED,
    LockChange,
    commits_lock,
    last_commits,
    lock_change,
    may_edit,
    places_without_lock,
)
from dunnage.files.source import File, Tree
from dunnage.files.span import Edit, Span
from dunnage.frame.finding import Finding, Fix, Rule
from dunnage.frame.hook import Hook, run
from dunnage.frame.options import Options
from dunnage.scripts import commands
from dunnage.scripts.comments import comments
from dunnage.shell.bounds import union
from dunnage.shell.model import DIRECTORY, Command, Place, Values, Word, joined_paths, programs, whole
from dunnage.shell.offsets import is_literal, locate

if TYPE_CHECKING:
    from dunnage.ci.committed_locks import CommittedLocks, HiddenLock

UNLOCKED = Rule("locked-builds/unlocked", "cargo resolves dependencies without --locked or --frozen", is_fixable=True)
FRESH_LOCK = Rule("locked-builds/fresh-lock", "a build uses a new Cargo.lock instead of the committed one")

_TOOLS = frozenset(("maturin", "trunk", "wasm-pack", "tauri", "pgrx"))
_SCRIPT = ".sh"
_CI = ("azure", "buildkite", "circleci", "github", "gitlab")
_MATURIN_ACTION = "pyo3/maturin-action"
_HINTS = ("cargo", "cross", "maturin", "trunk", "wasm-pack", "tauri")
# Patterns are text until they are needed: to compile these takes a tenth of a check.
_EDIT = rb">[ \t]*[\"']?[\w./${}-]*Cargo\.toml"
_UPDATING_FILE = rb"schedule|minimal-versions|create-pull-request"
_UPDATING_NAME = (
    "(?i)bump|canary|depend|deps|latest|min(imal)?[-_ ]?ver|msrv|nightly|outdated|renovate|semver|updat|upgrad"
)


def check(names: Sequence[str], tree: Tree, options: Options) -> Iterator[Finding]:
    """Check every call of cargo in the named files, and in the scripts that CI files among them call."""
    aliases = Aliases(tree)
    paths: set[str] = set()
    scripts: dict[str, Values] = {}
    for file in commands.files(tree, names, (*_HINTS, _SCRIPT)):
        paths.add(file.path)
        known = _Calls(file, aliases.of(file), tree)
        calls = known.of(commands.commands(file, _HINTS))
        if any(call.is_unlocked or (call.change and call.change.kind == RESOLVED) for call in calls):
            # Programs that do not call cargo may remove the lock.
            calls = known.of(commands.commands(file))
        yield from _check_calls(file, calls, tree, options)
        yield from _check_actions(known, options)
        if _SCRIPT.encode() in file.data and commands.kind_of(file.path, b"") in _CI:
            for path, directory in _called_scripts(known):
                scripts[path] = union((scripts.get(path, directory), directory))
    for file in commands.files(tree, [path for path in scripts if path not in paths], _HINTS):
        from dunnage.shell.commands import commands as shell_commands

        program = whole(file, Place("shell"), {DIRECTORY: scripts[file.path]})
        calls = _Calls(file, aliases.of(file), tree).of(shell_commands(file, program))
        # Developers may run these scripts too. A build is only checked where it is known which lock it uses.
        where_known = [call for call in calls if not call.cargo or call.cargo.directory]
        yield from _check_calls(file, where_known, tree, options)


def _check_calls(file: File, calls: "Sequence[_Call]", tree: Tree, options: Options) -> Iterator[Finding]:
    found = (finding for job in _jobs(calls) for finding in _check_job(file, job, tree, options))
    # A command is there once for each of its values, and one new lock may be that of several builds.
    yield from {(finding.rule, finding.span, finding.fix): finding for finding in found}.values()


def _locks(tree: Tree) -> "CommittedLocks":
    from dunnage.ci.committed_locks import CommittedLocks

    return tree.memo(CommittedLocks)


def _called_scripts(known: "_Calls") -> Iterator[tuple[str, Values]]:
    """Yield the paths and directories of the scripts that a CI file calls where the committed lock is in use."""
    from dunnage.ci.repository_files import called_scripts

    for job in _jobs(known.of(commands.commands(known.file))):
        if all(call.change is None or call.change.kind in (RESTORED, PRECISE) for call in job):
            yield from called_scripts(known.tree, known.file, [call.command for call in job])


def _jobs(calls: "Sequence[_Call]") -> "Iterable[Sequence[_Call]]":
    jobs: dict[str, list[_Call]] = {}
    for call in calls:
        jobs.setdefault("".join(call.command.place.names[:1]), []).append(call)
    return jobs.values()


class _Call(NamedTuple):
    """A command, what it builds if it calls cargo, and what it does to the lock."""

    command: Command
    cargo: CargoCall | None
    build: Build | None
    change: LockChange | None

    @property
    def is_unlocked(self) -> bool:
        """Whether it builds without a locking option."""
        return self.build is not None and not self.build.is_locked

    @property
    def may_be_locked(self) -> bool:
        """Whether it is locked for some values of its variables."""
        if self.build is None or self.build.is_locked or self.build.unknown:
            return self.build is not None
        values = (value for word in self.command.words if len(word.values or ()) > 1 for value in word.values or ())
        return any(part in LOCKING for value in values for part in value.split())


class _Calls:
    """The commands of a file as calls. Each is looked at once, however often the commands are listed."""

    def __init__(self, file: File, alias: Alias, tree: Tree) -> None:
        self.file = file
        self.tree = tree
        self._alias = alias
        # By the identity of the command, which is kept here too.
        self._known: dict[int, _Call] = {}

    def of(self, found: Iterable[Command]) -> list[_Call]:
        """Return commands of the file as calls."""
        return [
            self._known.get(id(command)) or self._known.setdefault(id(command), self._of(command)) for command in found
        ]

    def _of(self, command: Command) -> _Call:
        cargo = cargo_call(command, self._alias)
        change = lock_change(command, cargo)
        if (
            change is not None
            and command.place.kind == "github"
            and command.place in self.file.memo(places_without_lock)
        ):
            change = None
        if not _TOOLS.isdisjoint(programs(command.words[0]) or () if cargo is None else cargo.words):
            from dunnage.cargo_cli.compiling import tool_build

            found = tool_build(command, cargo, self.tree, self.file)
            if found is not None:
                return _Call(command, *found, change)
        is_build = cargo is not None and cargo.program != "cargo-binstall"
        return _Call(command, cargo, build(cargo.words) if cargo and is_build else None, change)


def _check_actions(known: _Calls, options: Options) -> Iterator[Finding]:
    """Check the actions that call cargo or maturin with the inputs `command` and `args`."""
    file = known.file
    if not any(part in file.data for part in (b"-rs/", b"maturin-action")):
        return
    if commands.kind_of(file.path, b"") != "github":
        return
    from dunnage.scripts import github

    for action in github.uses(file):
        is_maturin = action.name.lower() == _MATURIN_ACTION
        command, given = action.inputs.get("command"), action.inputs.get("args")
        subcommands = command.values if command else ("build",) if is_maturin else None
        if not subcommands or not (is_maturin or action.name.lower() in CARGO_ACTIONS):
            continue
        span = command.span if command else action.span
        directory = action.variables.get(DIRECTORY)
        if is_maturin and (folder := action.inputs.get("working-directory")):
            directory = joined_paths(directory, folder.values)
        variants: list[Command] = []
        for values in product(subcommands, ("",) if given is None else given.values or ("--locked",)):
            parts = ("maturin" if is_maturin else "cargo", *" ".join(values).split())
            words = tuple(Word(span, (part,), part) for part in parts)
            variants.append(Command(words, action.place, directory=directory))
        calls = known.of(variants)
        call, found = calls[0].cargo, calls[0].build
        if call and found and all(each.is_unlocked for each in calls) and _locks(known.tree).has_lock(file, call):
            name = f"{call.program} {found.name}"
            message = f"`{name}` runs without `--locked`, so it may not use the committed Cargo.lock"
            start = locate(given.offsets, 0, 1).start if given and is_literal(given.offsets, 0, 1) else None
            fix = None
            if start is not None and found.at == 1 and call.is_written(1):
                fix = Fix("inserted --locked", (Edit(file.path, start, start, "--locked "),))
            help = f"add `--locked` to the input `args`: `{name} --locked`"
            if not call.is_written(found.at):
                # What follows an alias may be for the program that it runs.
                help = f"add `--locked` to the alias `{subcommands[0]}` in .cargo/config.toml"
            elif not given:
                help = "add the input `args: --locked`"
            yield _unless_stale(Finding(UNLOCKED, file.path, span, message, help, fix), file, call, known.tree, options)


def _check_job(file: File, job: Sequence[_Call], tree: Tree, options: Options) -> Iterator[Finding]:
    """Check the commands of a job, of a stage or of a program, in order."""
    may_be_locked = {call.command.words[0].span for call in job if call.may_be_locked}
    changing: list[tuple[Command, LockChange]] = []
    edited = _first_edit(file, job)
    commits: dict[Values, int] | None = None
    for index, call in enumerate(job):
        if call.change is not None and call.change.kind == RESTORED:
            changing = [(command, change) for command, change in changing if change.kind == CREATED]
        elif call.change is not None and call.change.kind != PRECISE:
            changing.append((call.command, call.change))
        found, cargo = call.build, call.cargo
        if found is None or cargo is None:
            continue
        cause = next((each for each in reversed(changing) if each[1].reaches(cargo.directory)), None)
        kind = cause[1].kind if cause else RESTORED
        is_in_image = call.command.place.kind == "dockerfile" and kind == RESTORED
        if is_in_image and (hidden := _locks(tree).hidden(file, cargo)):
            yield _hidden_lock(file, cargo, found, hidden)
        elif found.is_locked:
            if cause and kind == RESOLVED and not _is_updating(file, job) and _locks(tree).has_lock(file, cargo):
                yield _fresh_lock(file, cause[0], cargo, found)
        elif call.command.words[0].span not in may_be_locked and call.command.words[0].span.start < edited:
            is_kept = kind == RESTORED or (kind == CREATED and _locks(tree).is_copied(file, cargo))
            if not is_kept or not _locks(tree).has_lock(file, cargo):
                continue
            if "--allow-dirty" in cargo.words and any(may_edit(earlier.command) for earlier in job[:index]):
                continue  # the version that another program wrote, for example
            if any(word and word.endswith("minimal-versions") for word in cargo.words):
                continue  # `-Z direct-minimal-versions` is for versions that the lock does not have
            commits = _commits(file, job) if commits is None else commits
            start = call.command.words[0].span.start
            # A build before a commit may have to update the lock, as after a change of versions.
            if not any(
                last > start and LockChange(OUTDATED, directory).reaches(cargo.directory)
                for directory, last in commits.items()
            ):
                yield _unless_stale(_unlocked(file, cargo, found), file, cargo, tree, options)


def _unless_stale(finding: Finding, file: File, call: CargoCall, tree: Tree, options: Options) -> Finding:
    """A finding without its fix if the lock is stale: with `--locked`, the build would fail."""
    if finding.fix is None or not options.wants_fixes:
        return finding
    if not _locks(tree).may_be_stale(file, call):
        return finding
    warning = "\nupdate Cargo.lock first: it does not match the manifests, so the build fails with `--locked`"
    return finding._replace(help=finding.help + warning, fix=None)


def _first_edit(file: File, job: Sequence[_Call]) -> int:
    """The offset where a job first redirects output to a Cargo.toml; the end of the file if it never does."""
    if job[0].command.place.kind != "dockerfile":
        starts = [call.command.words[0].span.start for call in job]
        first, last = min(starts), max(starts)
        found = (
            re.compile(_EDIT).search(file.data, first, last)
            if file.data.find(b"Cargo.toml", first, last) >= 0
            else None
        )
        if found is not None:
            return found.start()
    return len(file.data)


def _commits(file: File, job: Sequence[_Call]) -> dict[Values, int]:
    """The directories in which a job commits what its steps changed, and the offset of the last such commit in each."""
    found = {call.command.directory: call.command.words[0].span.start for call in job if commits_lock(call.command)}
    place = job[0].command.place
    if place.kind == "github":
        found[None] = max(found.get(None, -1), file.memo(last_commits).get(place.names[:1], -1))
    return found


def _is_updating(file: File, job: Sequence[_Call]) -> bool:
    """Whether a job updates dependencies on purpose, or tests other versions than those locked."""
    places = {name for call in job for name in call.command.place.names} | {os.path.basename(file.path)}
    if file.memo(_is_updating_file) or any(re.search(_UPDATING_NAME, place) for place in places):
        return True
    return any(
        programs(call.command.words[0]) == ("git",) and word.values in (("commit",), ("push",))
        for call in job
        for word in call.command.words
    )


def _hidden_lock(file: File, call: CargoCall, found: Build, hidden: "HiddenLock") -> Finding:
    message = f"{hidden.path} excludes Cargo.lock from this copy, so `{call.program} {found.name}` cannot use it"
    help = f"remove the pattern in line {hidden.line} of {hidden.path}, or append the line `!**/Cargo.lock`"
    return Finding(FRESH_LOCK, file.path, hidden.span, message, help)


def _fresh_lock(file: File, cause: Command, call: CargoCall, found: Build) -> Finding:
    words = cause.words
    name = " ".join(word.text for word in words[:2])
    message = f"`{name}` replaces the committed Cargo.lock before `{call.program} {found.name} --locked`"
    help = f"remove `{name}` here, run it in a checkout, and commit the updated Cargo.lock"
    return Finding(FRESH_LOCK, file.path, Span(words[0].span.start, words[-1].span.end), message, help)


def _is_updating_file(file: File) -> bool:
    return re.search(_UPDATING_FILE, file.data) is not None


def _unlocked(file: File, call: CargoCall, found: Build) -> Finding:
    word = call.word(found.at)
    name = f"{call.program} {found.name}"
    message = f"`{name}` runs without `--locked`, so it may not use the committed Cargo.lock"
    if not _TOOLS.isdisjoint(call.program.split()):
        from dunnage.cargo_cli.compiling import advice

        help, edit = advice(file.path, call, found)
        return Finding(UNLOCKED, file.path, word.span, message, help, edit and Fix("inserted --locked", (edit,)))
    after: int | None = found.at
    if call.is_written(found.at):
        locked = f"{name.removesuffix(' check')} --locked check" if found.name == "deny check" else f"{name} --locked"
        help = f"write `{locked}`"
        if not all(
            build([*call.words[: found.at], value, *call.words[found.at + 1 :]]) for value in call.values(found.at)
        ):
            help = f"add `--locked` to the value of `{word.text}` that builds: `{locked}`"
            after = None
    else:
        alias = (word.values or ("",))[0]
        message = (
            f"`{call.program} {alias}` runs `{name}` without `--locked`, so it may not use the committed Cargo.lock"
        )
        help = f"add `--locked` to the alias `{alias}` in .cargo/config.toml"
        # Only cargo's own subcommands accept the option before them. An alias may contain `--`.
        after = call.origin[found.at] - 1 if found.is_builtin and call.program == "cargo" else None
        if after is not None:
            help = f"write `{call.program} --locked {alias}`, or {help}"
    edit = call.insertion(file.path, after) if after is not None else None
    return Finding(UNLOCKED, file.path, word.span, message, help, edit and Fix("inserted --locked", (edit,)))


HOOK = Hook(
    name="check-locked-builds",
    summary="check that cargo builds in CI and Dockerfiles pass --locked",
    rules=(UNLOCKED, FRESH_LOCK),
    check=check,
    comments=comments,
    fixes=True,
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the hook and return its exit status."""
    return run(HOOK, argv)


if __name__ == "__main__":
    raise SystemExit(main())
