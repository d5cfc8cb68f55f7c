"""Commands after which a build or a check does not use the committed Cargo.lock, and those that commit a new one."""

import posixpath
import re
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import NamedTuple

from dunnage.cargo_cli.command_line import LOCKING, CargoCall, arguments, invocation
from dunnage.files.source import File
from dunnage.scripts.variables import MOST_STEPS
from dunnage.shell.model import Command, Place, Values, is_outside, joined_paths, programs

REMOVED, RESTORED, CREATED, RESOLVED, PRECISE, OUTDATED = (
    "removed",
    "restored",
    "created",
    "resolved",
    "precise",
    "outdated",
)

UNCERTAIN = frozenset({"branch", "condition", "function", "or-list-right"})
"""The syntax in which a command may not run."""

_CREATING = frozenset({"generate", "init", "new"})
_GENERATORS = frozenset({"cargo-generate", "dx", "maturin", "spin", "trunk", "wash", "wasm-pack"})
"""The programs, besides cargo, that create a project with `new`, `init` or `generate`."""
_CREATING_TOOLS = frozenset({"component", "dioxus", "lambda", "leptos", "pgrx", "tauri"})
"""The subcommands of cargo that create a project with an inner `new` or `init`."""
_CREATING_WORDS: tuple[list[str | None], ...] = (["generate"], ["init"], ["new"])
_MANIFEST_EDITS = frozenset({"add", "bump", "remove", "rm", "set-version", "upgrade"})
_EDITORS = frozenset({"dasel", "ed", "ex", "tee", "toml", "tomlq", "tq", "yq"})
"""Programs that may change a Cargo.toml that they are given."""
_VERSION_SETTERS = frozenset(
    f"{verb}{mark}version{plural}"
    for verb in ("bump", "set", "update")
    for mark in ("-", "_", "")
    for plural in ("", "s")
)
"""The names of scripts and tasks that write a version into the manifests."""
_UNPREDICTABLE = frozenset(
    (
        *("awk", "bash", "bun", "deno", "jq", "just", "make", "node", "npm", "npx", "perl", "pnpm", "pwsh", "python"),
        *("python3", "ruby", "sed", "sh", "task", "uv", "yarn"),
    )
)
"""Interpreters, editors and task runners: what they change is not known."""
_CREATE_OPTIONS = frozenset(
    {"--color", "--config", "--edition", "--git", "--name", "--path", "--registry", "--vcs", "-b", "-d", "-n", "-p"}
)
_GIT_OPTIONS = frozenset({"--git-dir", "--namespace", "--work-tree", "-C", "-c"})
_CLONE_OPTIONS = frozenset({"--branch", "--config", "--depth", "--jobs", "--origin", "--reference", "-b", "-c", "-j"})
_UPDATE_OPTIONS = frozenset({"--config", "--manifest-path", "--package", "--precise", "-Z", "-p"})
_HARMLESS = frozenset({*LOCKING, "--dry-run", "--help", "--workspace", "-h", "-w"})


class LockChange(NamedTuple):
    """What a command does to a Cargo.lock, or to the project that it belongs to."""

    kind: str
    """The lock is `removed`, `restored`, `resolved` with the latest versions or with `precise` ones, or `outdated`
    because a manifest changed; or the project is `created`."""
    directories: Values
    """The folders in which it does so; None if they are unknown."""

    def reaches(self, directories: Values) -> bool:
        """Whether it may affect a build in these directories."""
        if directories is None:
            return True
        if self.directories is None:
            return self.kind != CREATED or all(map(is_outside, directories))
        pairs = [(folder, directory) for folder in self.directories for directory in directories]
        return any(f"{directory}/".startswith(f"{folder}/") or folder == "." for folder, directory in pairs)


def lock_change(command: Command, call: CargoCall | None) -> LockChange | None:
    """Return what a command does to a lock; None if it does nothing. `call` is the call of cargo that it is."""
    if _sets_version(command):
        return LockChange(OUTDATED, None)
    if call is not None:
        return _of_cargo(command, call)
    names = programs(command.words[0]) or ()
    texts = [word.values[0] if word.values else None for word in command.words]
    if "git" in names:
        return _of_git(command, texts)
    if not _GENERATORS.isdisjoint(names):
        at = (
            0 if "cargo-generate" in names else next((at for at in (1, 2) if texts[at : at + 1] in _CREATING_WORDS), -1)
        )
        return LockChange(CREATED, _created(command, texts[at + 1 :])) if at >= 0 else None
    if "find" in names:
        is_removing = any(text is not None and text in ("-delete", "-exec") for text in texts)
        return LockChange(REMOVED, None) if is_removing and "Cargo.lock" in texts else None
    name = names[0] if names else ""
    if name in ("cp", "mv"):
        target = posixpath.basename(texts[-1] or "")
        if target == "Cargo.toml":
            return LockChange(OUTDATED, None)
        if target == "Cargo.lock":
            return LockChange(RESTORED, None)
        return _removed(command.directory, texts[1:-1]) if name == "mv" else None
    if name == "patch" or (name in _EDITORS and any(posixpath.basename(text or "") == "Cargo.toml" for text in texts)):
        return LockChange(OUTDATED, None)
    if name in ("gsed", "perl", "sed"):
        return LockChange(OUTDATED, None) if _edits_manifest(command, texts) else None
    if name == "tar" and command.place.kind == "dockerfile":
        # Sources that the image downloads.
        joined = (text for text in texts if text and text.endswith("C"))  # such as `-xzC`
        options = {"--directory", *(text for text in joined if text.startswith("-") and not text.startswith("--"))}
        changed = arguments(texts, 1, options).last(*options)
        folder = "." if changed is None else changed.text
        return LockChange(CREATED, joined_paths(command.directory, (folder,))) if folder else None
    return _removed(command.directory, texts[1:]) if name in ("rm", "unlink") else None


def _sets_version(command: Command) -> bool:
    """Whether a command runs a script or a task that writes versions: `make set-version`, `./bump-version.sh`."""
    texts = (word.values[0] for word in command.words if word.values)
    return any("version" in text and posixpath.basename(text).partition(".")[0] in _VERSION_SETTERS for text in texts)


def may_edit(command: Command) -> bool:
    """Whether a command runs a program that may write anything: a script, an interpreter or a task runner."""
    names = programs(command.words[0])
    return names is None or not _UNPREDICTABLE.isdisjoint(names) or "/" in command.words[0].text


def _created(command: Command, arguments: Sequence[str | None]) -> Values:
    """Return the folders in which a tool may create a project: each of its arguments may be one."""
    folders = tuple(text for text in arguments if text is None or not text.startswith("-"))
    known = tuple(text for text in folders if text is not None)
    return joined_paths(command.directory, known or (".",)) if len(known) == len(folders) else None


def _removed(directory: Values, files: Sequence[str | None]) -> LockChange | None:
    paths = tuple(text for text in files if text is not None and posixpath.basename(text) == "Cargo.lock")
    folders = tuple(posixpath.dirname(path) or "." for path in paths)
    return LockChange(REMOVED, joined_paths(directory, folders)) if paths else None


def _edits_manifest(command: Command, texts: Sequence[str | None]) -> bool:
    """Whether sed or perl changes a Cargo.toml in place. `find` and `xargs` name the file among their own words."""
    options = [text for text in texts[1:] if text and text.startswith("-")]
    if not any(text.startswith("--in-place") or ("i" in text and text[1] != "-") for text in options if text != "-"):
        return False
    around = [value for word in command.wrapper for value in word.values or ()]
    return any(posixpath.basename(text) == "Cargo.toml" for text in (*texts, *around) if text)


def _of_git(command: Command, texts: Sequence[str | None]) -> LockChange | None:
    called = arguments(texts, 1, _GIT_OPTIONS)
    if not called.operands:
        return None
    at = called.operands[0]
    changed = called.last("-C")
    directory = command.directory
    if changed is not None and changed.at < at:
        directory = joined_paths(directory, None if changed.text is None else (changed.text,))
    if texts[at] == "rm":
        return _removed(directory, texts[at + 1 :])
    if texts[at] in ("am", "apply"):
        return LockChange(OUTDATED, None)
    if texts[at] in ("checkout", "reset", "restore", "stash"):
        return LockChange(RESTORED, None)
    if texts[at] != "clone":
        return None
    found = arguments(texts, at + 1, _CLONE_OPTIONS)
    operands = [texts[index] for index in found.operands]
    url = operands[0] if operands else None
    folder = operands[1] if len(operands) > 1 else url and posixpath.basename(url.rstrip("/")).removesuffix(".git")
    return LockChange(CREATED, joined_paths(directory, (folder,) if folder else None))


def _of_cargo(command: Command, call: CargoCall) -> LockChange | None:
    called = invocation(call.words)
    if called is None:
        return None
    inner = call.words[called.subcommand + 1 :]
    if called.name in _CREATING_TOOLS and inner[:1] in _CREATING_WORDS:
        return LockChange(CREATED, _created(command, inner[1:]))
    if called.name in _CREATING:
        found = arguments(call.words, called.subcommand + 1, _CREATE_OPTIONS)
        folder = call.words[found.operands[0]] if found.operands else "."
        is_unknown = folder is None or called.name == "generate"
        return LockChange(CREATED, None if is_unknown else joined_paths(command.directory, (folder or ".",)))
    found = arguments(call.words, called.subcommand + 1, _UPDATE_OPTIONS)
    if called.name in _MANIFEST_EDITS:
        return LockChange(OUTDATED, None) if "--dry-run" not in found.flags else None
    if called.name not in ("update", "generate-lockfile") or called.is_locked or not found.flags.isdisjoint(_HARMLESS):
        return None
    if not command.inside.isdisjoint(UNCERTAIN):
        return None
    return LockChange(PRECISE if "--precise" in found.options else RESOLVED, call.directory)


# Commits

_WITHOUT_LOCK = r"(\$\{\{)?\s*hashFiles\('[^']*Cargo\.lock'\)\s*==\s*''\s*(&&[^|]*|\}\}\s*)?"
_LONGEST_CONDITION = 200
"""In characters. By aliases, many steps may have one long condition."""
_COMMITTING_ACTIONS = ("create-pull-request", "git-auto-commit-action", "add-and-commit")
"""The last parts of the names of actions that commit all changes, also of forks."""
_ALL = frozenset({".", "--all", "--update", "-A", "-u"})


def commits_lock(command: Command) -> bool:
    """Whether a command is a `git commit` or `git add` of everything or of Cargo.lock, or a `git diff` of that."""
    if programs(command.words[0]) != ("git",):
        return False
    texts = {value for word in command.words[1:] for value in word.values or ()}
    if "commit" in texts:
        clusters = (text.partition("m")[0] for text in texts if text[:1] == "-" != text[1:2])
        is_all = "--all" in texts or any("a" in cluster for cluster in clusters)
    elif "add" in texts:
        is_all = not _ALL.isdisjoint(texts)
    elif "diff" in texts:
        is_all = False
    else:
        return False
    return is_all or any(posixpath.basename(text) == "Cargo.lock" for text in texts)


def places_without_lock(file: File) -> frozenset[Place]:
    """The steps of a workflow or action that run only if there is no Cargo.lock. Raises SourceError as YAML does."""
    if b"hashFiles" not in file.data:
        return frozenset()
    from dunnage.scripts import github

    places: tuple[set[Place], set[Place]] = set(), set()
    for step in islice(github.every_step(file), MOST_STEPS):
        condition = step.node.named("if")
        is_read = len(condition) <= _LONGEST_CONDITION
        places[is_read and re.fullmatch(_WITHOUT_LOCK, condition) is not None].add(step.place)
    return frozenset(places[True] - places[False])  # steps of one name have one place


def last_commits(file: File) -> Mapping[tuple[str, ...], int]:
    """The offset of the last action that commits, by the job. Raises SourceError as YAML does."""
    if not any(name.encode() in file.data for name in _COMMITTING_ACTIONS):
        return {}
    from dunnage.scripts import github

    return {
        action.place.names[:1]: action.span.start
        for action in github.uses(file)
        if action.name.lower().endswith(_COMMITTING_ACTIONS)
    }
