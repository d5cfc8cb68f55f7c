"""Which files `dunnage check` looks at, and which of them each hook is given."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from dunnage.files import git, walk
from dunnage.files.source import SourceError, display
from dunnage.frame import registry
from dunnage.frame.execution import WrongUsage

if TYPE_CHECKING:
    from dunnage.files.source import Tree
    from dunnage.frame.registry import Entry

# By what `file` and git take a file for text: in its first bytes there is no control character but these.
_CONTROLS_OF_TEXT = b"\a\b\t\n\v\f\r\x1b"
_NO_TEXT = re.compile(b"[" + re.escape(bytes(set(range(32)) - set(_CONTROLS_OF_TEXT)) + b"\x7f") + b"]")
_FIRST_BYTES = 1024


def tracked(tree: Tree, paths: Sequence[str]) -> list[str]:
    """The files that git tracks at and below the paths, and the files among these even if it does not.

    Where git cannot say, all files below. Links to files count only if they are named.
    """
    found: dict[str, None] = {}
    for path in paths:
        if os.path.isdir(path):
            found.update(dict.fromkeys(display(below) for below in _below(tree, os.path.abspath(path))))
        else:
            found[display(path)] = None
    return list(found)


def _below(tree: Tree, folder: str) -> Iterator[str]:
    repositories = git.Repositories(tree, git.EVERYTHING)
    if repositories.repository(folder) is None:
        for above, names in walk.folders(folder):
            yield from _regular(os.path.join(above, name) for name in names)
        return
    start = os.path.join(folder, "")
    yield from _regular(path for path in sorted(repositories.tracked_near(folder)) if path.startswith(start))


def staged(folder: str) -> list[str]:
    """The files that are staged in the repository that a folder is in. Raises WrongUsage if git cannot say."""
    repository = git.repository(folder)
    found = repository.staged() if repository else None
    if found is None:
        raise WrongUsage("--staged needs a git repository, and git itself")
    return [display(path) for path in _regular(sorted(found))]


def changed(folder: str, base: str, head: str) -> list[str]:
    """The files that `head` changes since `base`. Raises WrongUsage if git cannot say."""
    repository = git.repository(folder)
    found = repository.changed(base, head) if repository else None
    if found is None:
        raise WrongUsage(f"git cannot compare {base} with {head}: both must be commits with a common ancestor")
    return [display(path) for path in _regular(sorted(found))]


def _regular(paths: Iterable[str]) -> Iterator[str]:
    """Leave out links, submodules, and what is not there."""
    for path in paths:
        try:
            if stat.S_ISREG(os.lstat(path).st_mode):
                yield path
        except (OSError, ValueError):
            continue


def assign(entries: Sequence[Entry], names: Sequence[str], tree: Tree) -> dict[Entry, list[str]]:
    """The files that each hook is run for, as pre-commit would choose them; hooks without any are left out."""
    concerned = re.compile(registry.pattern(registry.files_of_all(entries)))
    names = [name for name in names if concerned.search(name)]
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


def is_text(name: str, tree: Tree) -> bool:
    """Whether a file begins like text. One that cannot be read does, so that hooks may say what is wrong with it."""
    try:
        return _NO_TEXT.search(tree.read(name).data, 0, _FIRST_BYTES) is None
    except (FileNotFoundError, SourceError):
        return True
