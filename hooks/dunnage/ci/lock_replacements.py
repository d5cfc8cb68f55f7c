"""Commands after which a build does not use the committed Cargo.lock of the project that it builds."""

import posixpath
from typing import NamedTuple

from dunnage.cargo_cli.calls import CargoCall
from dunnage.cargo_cli.command_line import LOCKING, arguments, invocation
from dunnage.shell.directories import joined
from dunnage.shell.model import Command, Values, programs

REMOVED, RESTORED, CREATED, RESOLVED = "removed", "restored", "created", "resolved"

_CREATING = frozenset({"generate", "init", "new"})
_CREATE_OPTIONS = frozenset(
    {"--color", "--config", "--edition", "--git", "--name", "--path", "--registry", "--vcs", "-b", "-d", "-n", "-p"}
)
_CLONE_OPTIONS = frozenset({"--branch", "--config", "--depth", "--jobs", "--origin", "--reference", "-b", "-c", "-j"})
_UPDATE_OPTIONS = frozenset({"--config", "--manifest-path", "--package", "--precise", "-Z", "-p"})
_HARMLESS = frozenset({*LOCKING, "--dry-run", "--help", "--workspace", "-h", "-w"})


class LockChange(NamedTuple):
    """What a command does to a Cargo.lock, or to the project that it belongs to."""

    kind: str
    """`removed`, `restored`, `created` (the project), or `resolved` (its dependencies, anew)."""
    directories: Values
    """The folders in which it does so; None if they are unknown."""

    def reaches(self, directories: Values) -> bool:
        """Whether it may concern a build in these directories."""
        if self.directories is None or directories is None:
            return self.kind != CREATED or directories is None
        pairs = [(folder, directory) for folder in self.directories for directory in directories]
        return any(f"{directory}/".startswith(f"{folder}/") or folder == "." for folder, directory in pairs)


def lock_change(command: Command, call: CargoCall | None) -> LockChange | None:
    """Return what a command does to a lock; None if it does nothing. `call` is the call of cargo that it is."""
    if call is not None:
        return _of_cargo(command, call)
    names = programs(command.words[0]) or ()
    texts = [word.values[0] if word.values else None for word in command.words]
    if "git" in names:
        return _of_git(command, texts)
    if "cargo-generate" in names:
        return LockChange(CREATED, None)
    if "find" in names:
        is_removing = any(text is not None and text in ("-delete", "-exec") for text in texts)
        return LockChange(REMOVED, None) if is_removing and "Cargo.lock" in texts else None
    if names and names[0] in ("mv", "rm", "unlink"):
        files = texts[1:-1] if names[0] == "mv" else texts[1:]
        return _removed(command, files)
    return None


def _removed(command: Command, files: list[str | None]) -> LockChange | None:
    paths = tuple(text for text in files if text is not None and posixpath.basename(text) == "Cargo.lock")
    folders = tuple(posixpath.dirname(path) or "." for path in paths)
    return LockChange(REMOVED, joined(command.directory, folders)) if paths else None


def _of_git(command: Command, texts: list[str | None]) -> LockChange | None:
    subcommand = next((text for text in texts[1:] if text is not None and not text.startswith("-")), None)
    if subcommand == "rm":
        return _removed(command, texts)
    if subcommand in ("checkout", "reset", "restore", "stash"):
        return LockChange(RESTORED, None)
    if subcommand != "clone":
        return None
    found = arguments(texts, texts.index("clone") + 1, _CLONE_OPTIONS)
    operands = [texts[index] for index in found.operands]
    url = operands[0] if operands else None
    folder = operands[1] if len(operands) > 1 else url and posixpath.basename(url.rstrip("/")).removesuffix(".git")
    return LockChange(CREATED, joined(command.directory, (folder,) if folder else None))


def _of_cargo(command: Command, call: CargoCall) -> LockChange | None:
    called = invocation(call.words)
    if called is None:
        return None
    if called.name in _CREATING:
        found = arguments(call.words, called.subcommand + 1, _CREATE_OPTIONS)
        folder = call.words[found.operands[0]] if found.operands else "."
        is_unknown = folder is None or called.name == "generate"
        return LockChange(CREATED, None if is_unknown else joined(command.directory, (folder or ".",)))
    if called.name not in ("update", "generate-lockfile") or called.is_locked:
        return None
    found = arguments(call.words, called.subcommand + 1, _UPDATE_OPTIONS)
    # What may not run is no certain change.
    is_certain = command.inside.isdisjoint({"branch", "condition", "function", "or-list-right"})
    if not is_certain or not found.flags.isdisjoint(_HARMLESS) or "--precise" in found.options:
        return None
    return LockChange(RESOLVED, call.directory)
