"""Committed locks that do not match the manifests, so that a build with `--locked` fails."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from dunnage.cargo import lock_text, lockfile
from dunnage.cargo.comparison import compare
from dunnage.cargo.manifests import Manifests
from dunnage.cargo.workspace import load
from dunnage.files import document
from dunnage.files.document import Refused
from dunnage.files.git import Repositories
from dunnage.files.walk import is_in_project, upwards
from dunnage.shell.directories import is_outside

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dunnage.cargo_cli.calls import CargoCall
    from dunnage.files.source import File, Tree

_MOST_LOCKS = 100
"""How many locks are compared if it is unknown which one a call uses."""


class StaleLocks:
    """The locks of repositories that are stale, or that cannot be read."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._manifests = Manifests(tree)
        self._repositories = Repositories(tree, "**/Cargo.lock")
        self._is_stale: dict[str, bool] = {}

    def may_concern(self, file: File, call: CargoCall) -> bool:
        """Whether a stale lock may be that of a call of cargo in a file."""
        return any(self._is_stale_in(folder) for folder in self._folders(file, call))

    def _folders(self, file: File, call: CargoCall) -> Iterator[str]:
        """Yield the folders of the locks that a call may use.

        In an image these are the folders above and below that of the Dockerfile, which may be the build context or a
        part of it. Elsewhere, without a known directory, they are all folders of the repository.
        """
        folder = os.path.dirname(os.path.abspath(file.path))
        repository = self._repositories.repository(folder)
        if repository is None:
            return
        folders = {os.path.dirname(lock) for lock in self._repositories.tracked_near(folder)}
        directories = call.directory
        if call.command.place.kind == "dockerfile":
            above, below = set(upwards(folder)), os.path.join(folder, "")
            yield from _projects({lock for lock in folders if lock in above or lock.startswith(below)})
        elif directories is None or any(map(is_outside, directories)):
            yield from _projects(folders)
        else:
            for directory in directories:
                parents = upwards(os.path.normpath(os.path.join(repository.top, directory)))
                yield from [path for path in parents if path in folders][:1]

    def _is_stale_in(self, folder: str) -> bool:
        if folder not in self._is_stale:
            self._is_stale[folder] = self._compare(folder)
        return self._is_stale[folder]

    def _compare(self, folder: str) -> bool:
        try:
            manifest = self._manifests.find(folder)
            if manifest is None or self._manifests.root_of(manifest) is not manifest:
                return False  # cargo uses no lock there
            workspace, _ = load(self._manifests, manifest)
            if workspace is None:
                return True
            parsed = document.read(self._tree, workspace.lock, lock_text.parse)
            lock, _ = lockfile.read(parsed, {local.package.name for local in workspace.local.values()})
        except (FileNotFoundError, Refused):
            return True
        return lock is None or bool(compare(workspace, lock))


def _projects(folders: set[str]) -> list[str]:
    return sorted(filter(is_in_project, folders))[:_MOST_LOCKS]
