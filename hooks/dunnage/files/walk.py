"""Walking folders: up to the top of a repository, and down through a project."""

import os
from collections.abc import Collection, Iterator

SKIPPED = frozenset({".git", ".hg", ".jj", ".svn", ".venv", "node_modules", "target"})
"""Names of folders that hold no sources of a project."""

MAX_FOLDERS = 20_000
"""How many folders a walk visits at most."""


def upwards(folder: str, *, beyond_repository: bool = False) -> Iterator[str]:
    """Yield a folder and those above it, nearest first.

    The last is the topmost folder of the repository, which holds `.git`, unless `beyond_repository` is set, as for the
    files that cargo looks for up to the root of the file system.
    """
    while True:
        yield folder
        above = os.path.dirname(folder)
        if above == folder or (not beyond_repository and os.path.lexists(os.path.join(folder, ".git"))):
            return
        folder = above


def folders(
    top: str, limit: int = MAX_FOLDERS, *, skipped: Collection[str] = SKIPPED
) -> Iterator[tuple[str, list[str]]]:
    """Yield the folders from `top` down, each with the sorted names of its files.

    Symbolic links to folders and the names in `skipped` are not entered. A folder that cannot be read is passed over.
    The walk ends after `limit` folders.
    """
    for count, (folder, below, names) in enumerate(os.walk(top)):
        if count >= limit:
            return
        below[:] = sorted(name for name in below if name not in skipped)
        yield folder, sorted(names)
