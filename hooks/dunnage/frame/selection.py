"""The files that `dunnage check` checks, and those that each hook gets."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from dunnage.files import git, walk
from dunnage.frame import registry
from dunnage.frame.options import WrongUsage

if TYPE_CHECKING:
    from dunnage.files.source import Tree
    from dunnage.frame.registry import Entry


@contextmanager
def at_the_top() -> Iterator[str]:
    """Change to the top of the repository, if there is one, because paths are reported relative to it."""
    here = os.getcwd()
    repository = git.repository(here)
    top = repository.top if repository else here
    os.chdir(top)
    try:
        yield top
    finally:
        with suppress(OSError):
            os.chdir(here)


def tracked(tree: Tree, paths: Sequence[str]) -> list[str]:
    """The absolute paths of the files that `paths` names, and of the tracked files in the folders that it names.

    Without an answer from git, all files in the folders.
    """
    found: dict[str, None] = {}
    for path in map(os.path.abspath, paths):
        found.update(dict.fromkeys(_below(tree, path) if os.path.isdir(path) else (path,)))
    return list(found)


def _below(tree: Tree, folder: str) -> list[str]:
    repositories = git.Repositories(tree, git.EVERYTHING)
    if repositories.repository(folder) is None:
        return [os.path.join(above, name) for above, names in walk.folders(folder) for name in names]
    start = os.path.join(folder, "")
    return sorted(path for path in repositories.tracked_near(folder) if path.startswith(start))


def staged(folder: str) -> list[str]:
    """The absolute paths of the staged files in the repository of a folder.

    Raises WrongUsage if there is no answer from git.
    """
    repository = git.repository(folder)
    return _listed(repository and repository.staged(), "--staged requires a git repository, and git on PATH")


def changed(folder: str, base: str, head: str) -> list[str]:
    """The absolute paths of the files that changed between the common ancestor with `base` and `head`.

    Raises WrongUsage if there is no answer from git.
    """
    repository = git.repository(folder)
    complaint = f"git cannot compare {base} with {head}: both must be commits with a common ancestor"
    return _listed(repository and repository.changed(base, head), complaint)


def _listed(found: frozenset[str] | None, complaint: str) -> list[str]:
    if found is None:
        raise WrongUsage(complaint)
    return sorted(found)


def assign(entries: Sequence[Entry], paths: Sequence[str]) -> dict[Entry, list[str]]:
    """For each hook, the names of the files at absolute paths that it checks.

    Folders, missing files, and files that are no scripts are skipped. So are links to files that are checked in the
    same way under their own names. Hooks without a file are left out.
    """
    every = registry.files_of_all(entries)
    names = [name for name in _matching(_shown(paths), every) if _is_regular(name) or _is_checked(name, every)]
    # Most hooks share patterns: those that the same hooks have are matched as one.
    users = {part: tuple(entry for entry in entries if part in entry.files) for part in every}
    found: dict[Entry, set[str]] = {entry: set() for entry in entries}
    for shared in dict.fromkeys(users.values()):
        parts = [part for part, having in users.items() if having == shared and part != registry.PERHAPS_SCRIPT]
        matched = _matching(names, parts)
        for entry in shared:
            found[entry].update(matched)
    # Without an ending, a file may be anything, and no hook reads it unless it begins as a script does.
    scripts = list(filter(_is_script, _matching(names, (registry.PERHAPS_SCRIPT,))))
    for entry in users.get(registry.PERHAPS_SCRIPT, ()):
        found[entry].update(scripts)
    return {entry: [name for name in names if name in wanted] for entry, wanted in found.items() if wanted}


def matching(paths: Sequence[str], files: Sequence[str]) -> list[str]:
    """The names, as they are printed, of the regular files at absolute paths that match one of the patterns."""
    return list(filter(_is_regular, _matching(_shown(paths), files)))


def _shown(paths: Iterable[str]) -> list[str]:
    here = os.path.join(os.getcwd(), "")
    return [path.removeprefix(here).replace(os.sep, "/") for path in paths]


def _matching(paths: Iterable[str], files: Sequence[str]) -> list[str]:
    """The paths that match one of the patterns of the registry."""
    # To match the name alone is several times as fast as to search the path, and few patterns are about folders.
    in_folders = [part for part in files if "/" in part.replace("[^/]", "")]
    by_name = re.compile(f"(?:{'|'.join(part for part in files if part not in in_folders)})$").match
    if not in_folders:
        return [path for path in paths if by_name(path[path.rfind("/") + 1 :])]
    by_path = re.compile(registry.pattern(in_folders)).search
    return [path for path in paths if by_name(path[path.rfind("/") + 1 :]) or by_path(path)]


def _is_regular(path: str) -> bool:
    try:
        return stat.S_ISREG(os.lstat(path).st_mode)
    except (OSError, ValueError):
        return False


def _is_checked(name: str, files: Sequence[str]) -> bool:
    """Whether a file that is not regular is checked under this name, or a hook reports that it cannot be read."""
    try:
        mode = os.stat(name).st_mode
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return False
    except OSError:  # such as a link to itself
        return True
    if stat.S_ISDIR(mode) or not os.path.islink(name):
        return not stat.S_ISDIR(mode)
    target = _target(name).replace(os.sep, "/")
    if all(walk.is_dockerfile(os.path.basename(path)) for path in (name, target)):
        return False
    patterns = [part for part in files if _matching([name], [part])]
    return any(not _matching([target], files if part == registry.PERHAPS_SCRIPT else [part]) for part in patterns)


def _target(name: str) -> str:
    return os.path.relpath(os.path.realpath(name))


def _is_script(name: str) -> bool:
    """Whether a file is text that begins with `#!`. An unreadable file counts, so that hooks report that."""
    if os.path.islink(name) and (not os.path.exists(name) or _target(name).startswith(os.pardir)):
        return False
    start = walk.first_bytes(name)
    return start is None or (start.startswith(b"#!") and walk.is_text(start))
