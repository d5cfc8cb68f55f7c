"""Which files `dunnage check` looks at, and which of them each hook is given."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from dunnage.files import git, walk
from dunnage.files.source import SourceError
from dunnage.frame import registry
from dunnage.frame.execution import WrongUsage

if TYPE_CHECKING:
    from dunnage.files.source import Tree
    from dunnage.frame.registry import Entry

# By what `file` and git take a file for text: in its first bytes there is no control character but these.
_CONTROLS_OF_TEXT = b"\a\b\t\n\v\f\r\x1b"
_NO_TEXT = re.compile(b"[" + re.escape(bytes(set(range(32)) - set(_CONTROLS_OF_TEXT)) + b"\x7f") + b"]")
_FIRST_BYTES = 1024


@contextmanager
def at_the_top() -> Iterator[str]:
    """Work in the topmost folder of the repository, if this is in one: files are known by their paths in it."""
    here = os.getcwd()
    repository = git.repository(here)
    top = repository.top if repository else here
    os.chdir(top)
    try:
        yield top
    finally:
        os.chdir(here)


def tracked(tree: Tree, paths: Sequence[str]) -> list[str]:
    """The absolute paths of the files that git tracks at and below the paths, and of those that are named themselves.

    Where git cannot say, all files below.
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
    """The absolute paths of the files that are staged in the repository that a folder is in.

    Raises WrongUsage if git cannot say.
    """
    repository = git.repository(folder)
    found = repository.staged() if repository else None
    if found is None:
        raise WrongUsage("--staged needs a git repository, and git itself")
    return sorted(found)


def changed(folder: str, base: str, head: str) -> list[str]:
    """The absolute paths of the files that the commit `head` changes since `base`.

    Raises WrongUsage if git cannot say.
    """
    repository = git.repository(folder)
    found = repository.changed(base, head) if repository else None
    if found is None:
        raise WrongUsage(f"git cannot compare {base} with {head}: both must be commits with a common ancestor")
    return sorted(found)


def assign(entries: Sequence[Entry], paths: Sequence[str], tree: Tree) -> dict[Entry, list[str]]:
    """The names of the files, of those at absolute paths, that each hook is run for, as pre-commit would choose them.

    Links, folders and what is not there are passed over. Hooks without any file are left out.
    """
    names = matching(paths, registry.files_of_all(entries))
    # The kinds of files are checked one by one, since most hooks share them.
    kinds = {kind: re.compile(registry.pattern((kind,))) for kind in registry.files_of_all(entries)}
    of_kind = {kind: {name for name in names if regex.search(name)} for kind, regex in kinds.items()}
    found = {}
    for entry in entries:
        wanted = frozenset[str]().union(*(of_kind[kind] for kind in entry.files if kind != registry.PERHAPS_SCRIPT))
        if registry.PERHAPS_SCRIPT in entry.files:
            perhaps = of_kind[registry.PERHAPS_SCRIPT] - wanted
            wanted |= {name for name in perhaps if not entry.is_text or is_text(name, tree)}
        if wanted:
            found[entry] = [name for name in names if name in wanted]
    return found


def matching(paths: Sequence[str], files: Sequence[str]) -> list[str]:
    """The names, as they are printed, of the regular files at absolute paths that have a match of some patterns."""
    wanted = re.compile(registry.pattern(files))
    here = os.path.join(os.getcwd(), "")
    shown = (path.removeprefix(here).replace(os.sep, "/") for path in paths)
    return [name for name in shown if wanted.search(name) and _is_regular(name)]


def _is_regular(path: str) -> bool:
    try:
        return stat.S_ISREG(os.lstat(path).st_mode)
    except (OSError, ValueError):
        return False


def is_text(name: str, tree: Tree) -> bool:
    """Whether a file begins like text. One that cannot be read does, so that hooks may say what is wrong with it."""
    try:
        return _NO_TEXT.search(tree.read(name).data, 0, _FIRST_BYTES) is None
    except (FileNotFoundError, SourceError):
        return True
