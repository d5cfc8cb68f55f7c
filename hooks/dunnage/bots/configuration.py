"""The update bots of a repository, and which of its files they update."""

import posixpath
from collections.abc import Iterator
from typing import NamedTuple

from dunnage.bots import dependabot, movable, renovate
from dunnage.bots.dependabot import Entry, Folders
from dunnage.bots.patterns import UnsupportedError
from dunnage.bots.renovate import Settings
from dunnage.ci.repository_files import RepositoryFiles
from dunnage.files.source import File, SourceError
from dunnage.scripts.commands import note

MANAGERS_OF = {
    movable.CARGO: "cargo",
    movable.DOCKER: "dockerfile",
    movable.ACTIONS: "github-actions",
    movable.TOOLCHAIN: "rust-toolchain",
    movable.PRE_COMMIT: "pre-commit",
}
"""Renovate's manager for each kind of files."""


class Bots(NamedTuple):
    """The update bots that a repository configures."""

    repository: RepositoryFiles
    folders: Folders
    dependabot: File | None
    """Dependabot's configuration, if it can be read."""
    entries: tuple[Entry, ...]
    renovate: Settings | None
    """Renovate's configuration, if it can be read."""
    is_known: bool
    """Whether all that the bots do follows from files of the repository that can be read."""

    @property
    def exist(self) -> bool:
        """Whether any is configured, perhaps in a file that cannot be read."""
        return self.dependabot is not None or self.renovate is not None or not self.is_known


def bots(repository: RepositoryFiles) -> Bots:
    """Read the configurations. What cannot be read is noted."""
    is_known = True
    file = dependabot.find(repository)
    entries: tuple[Entry, ...] = ()
    if file is not None:
        entries = tuple(dependabot.entries(file))
    elif any(name in repository.paths for name in dependabot.NAMES):
        is_known = False
    settings = None
    try:
        found = renovate.find(repository)
    except SourceError as error:
        name = next(name for name in (*renovate.NAMES, "package.json") if name in repository.paths)
        unread = repository.find(name)
        if unread is not None:
            note(unread, error)
        is_known = False
    else:
        settings = Settings(*found) if found is not None else None
        is_known = is_known and (settings is None or settings.is_known)
    return Bots(repository, Folders(repository, file), file, entries, settings, is_known)


def unmoved(found: Bots, kind: str) -> Iterator[str]:
    """Yield the paths of the files of a kind that no bot updates. Raises UnsupportedError if that is unknown."""
    if not found.is_known:
        raise UnsupportedError("presets or files that are not read")
    covered = dependabot.covered(found.entries, found.folders, kind)
    moved = set(renovate_moves(found, kind))
    for path in movable.files(found.repository, kind):
        if posixpath.dirname(path) not in covered and path not in moved:
            yield path


def renovate_moves(found: Bots, kind: str) -> Iterator[str]:
    """Yield the paths of the files of a kind that Renovate updates. Raises UnsupportedError if that is unknown."""
    if found.renovate is None:
        return
    if not found.renovate.is_known:
        raise UnsupportedError("presets that are not read")
    paths = found.repository.paths
    if kind != movable.CARGO:
        yield from found.renovate.files_of(MANAGERS_OF[kind], paths)
        return
    for manifest in found.renovate.files_of("cargo", paths):
        # The lock of a manifest is the nearest one, in its folder or above.
        folder = posixpath.dirname(manifest)
        while True:
            lock = posixpath.join(folder, "Cargo.lock")
            if lock in paths:
                yield lock
                break
            if not folder:
                break
            folder = posixpath.dirname(folder)
