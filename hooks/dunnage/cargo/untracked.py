"""Manifests that a workspace needs and git does not track, so that a clone of the repository does not build.

What git tracks is compared by real paths, because folders of packages may be symbolic links. Other repositories, such
as submodules, are left out, as are vendored crates.
"""

import os
from collections.abc import Iterator
from functools import cached_property
from typing import NamedTuple

from dunnage.cargo.config_files import config_files, includes, is_vendored_crate
from dunnage.cargo.dependency import Dependency
from dunnage.cargo.manifests import MANIFEST, is_magic, join
from dunnage.cargo.workspace import Workspace
from dunnage.files.document import Keys
from dunnage.files.git import Repository
from dunnage.files.source import File, Tree
from dunnage.files.walk import repository_folder


class UntrackedPackage(NamedTuple):
    """A package whose manifest git does not track, and the entry that makes a workspace need it."""

    folder: str
    file: File
    """The tracked manifest, or configuration, with the entry."""
    keys: Keys
    is_matched: bool
    """Whether the entry is a pattern. Then a clone has a workspace without this package."""


def untracked_packages(tree: Tree, workspace: Workspace, top: str, tracked: frozenset[str]) -> list[UntrackedPackage]:
    """Find the packages of a workspace whose manifests are not among the `tracked` files of the repository at `top`.

    Those that only an untracked manifest names are left out, as are all if git does not track the root manifest.
    """
    search = _Search(tree, workspace, top, tracked)
    folders = [folder for folder in workspace.local if search.is_untracked(folder)]
    if not folders or search.is_untracked(workspace.root.folder):
        return []
    return [entry for folder in folders if (entry := search.entries.get(folder)) is not None]


class _Search:
    """What git tracks of a workspace, and the entries that name its packages."""

    def __init__(self, tree: Tree, workspace: Workspace, top: str, tracked: frozenset[str]) -> None:
        self._tree = tree
        self._workspace = workspace
        self._top = top
        self._tracked = tracked

    def is_untracked(self, folder: str) -> bool:
        """Whether git does not track the manifest in a folder of the repository."""
        path = os.path.join(folder, MANIFEST)
        if path in self._tracked:
            return False
        top, real = os.path.realpath(self._top), os.path.realpath(path)
        if repository_folder(os.path.dirname(real)) != top:
            return False
        return os.path.join(self._top, os.path.relpath(real, top)) not in self._tracked and not is_vendored_crate(
            self._tree, folder
        )

    @cached_property
    def entries(self) -> dict[str, UntrackedPackage]:
        """By folder, the first entry of a tracked file that names a package; a pattern only if nothing else does."""
        found: dict[str, UntrackedPackage] = {}
        for entry in (*self._listed(), *self._required()):
            found.setdefault(entry.folder, entry)
        for entry in self._matched():
            found.setdefault(entry.folder, entry)
        return found

    def _listed(self) -> Iterator[UntrackedPackage]:
        root = self._workspace.root
        for index, path in enumerate(root.members):
            if not is_magic(path):
                keys: Keys = ("workspace", "members", index)
                yield UntrackedPackage(join(root.folder, path), root.file, keys, is_matched=False)

    def _required(self) -> Iterator[UntrackedPackage]:
        for folder, local in self._workspace.local.items():
            if self.is_untracked(folder):
                continue
            for dependency in local.package.dependencies:
                if folder in self._workspace.members or (dependency.kind != "dev" and not dependency.optional):
                    yield from self._path(dependency, *dependency.place(local.manifest.file))
        for patch in self._workspace.patches:
            yield from self._path(patch.dependency, patch.file, patch.dependency.keys)
        for _, _, dependency in self._workspace.replacements:
            yield from self._path(dependency, self._workspace.root.file, dependency.keys)

    def _path(self, dependency: Dependency, file: File, keys: Keys) -> Iterator[UntrackedPackage]:
        if dependency.source.kind == "path":
            yield UntrackedPackage(dependency.source.url, file, keys, is_matched=False)

    def _matched(self) -> Iterator[UntrackedPackage]:
        """Yield the members that no other entry names, at the first pattern: they need not be told apart."""
        root = self._workspace.root
        patterns = [index for index, path in enumerate(root.members) if is_magic(path)]
        for folder in self._workspace.members if patterns else ():
            yield UntrackedPackage(folder, root.file, ("workspace", "members", patterns[0]), is_matched=True)


def untracked_includes(tree: Tree, folder: str, repository: Repository) -> Iterator[tuple[File, Keys, str]]:
    """Yield the files that cargo's configuration in a folder includes and that git does not track: entry, and path."""
    inside = os.path.join(repository.top, "")
    for _, found in config_files(tree, folder):
        for include in includes(found):
            if (
                not include.is_optional
                and os.path.abspath(found.file.path).startswith(inside)
                and repository_folder(os.path.dirname(os.path.realpath(include.path)))
                == os.path.realpath(repository.top)
                and not _is_tracked(repository, include.path)
                and _is_tracked(repository, os.path.abspath(found.file.path))
            ):
                yield found.file, include.keys, include.path


def _is_tracked(repository: Repository, path: str) -> bool:
    """Whether git tracks a file; yes if that is unknown, or if the path leads through a symbolic link."""
    below = os.path.relpath(path, repository.top)
    if repository.lists(path) or os.path.realpath(path) != os.path.join(os.path.realpath(repository.top), below):
        return True
    found = repository.tracked([below.replace(os.sep, "/")])
    return found is None or path in found
