"""Workspaces elsewhere in a repository whose lock may be outdated because other manifests changed.

A lock contains every package of its workspace, and those in other folders that the workspace requires by path, directly
or not. Each of them may inherit values from a workspace root of its own. So the lock depends on all these manifests.
"""

import os
from collections.abc import Iterable, Iterator
from functools import cached_property

from dunnage.cargo.concerned import Concerned
from dunnage.cargo.manifests import MANIFEST, Manifest, Manifests, real_manifest
from dunnage.cargo.workspace import LOCK, Workspace, load, path_dependencies
from dunnage.files.document import Refused
from dunnage.files.git import Repositories

_TABLES = (b"[package]", b"[project]")


def add_dependents(result: Concerned, paths: Iterable[str], manifests: Manifests, repositories: Repositories) -> None:
    """Add the workspaces whose lock depends on a changed manifest, or on one that the next commit deletes.

    Also add those whose lock is a symbolic link to a changed one. `paths` are those of the changed files. Only tracked
    locks are looked at.
    """
    by_listing: dict[frozenset[str], list[str]] = {}
    for path in paths:
        if os.path.basename(path) in (LOCK, MANIFEST):
            by_listing.setdefault(repositories.tracked_near(os.path.dirname(path)), []).append(path)
    for tracked, changed in by_listing.items():
        locks = sorted(path for path in tracked if os.path.basename(path) == LOCK)
        others = [lock for lock in locks if os.path.dirname(lock) not in result.roots]
        if not others:
            continue
        targets = {os.path.realpath(path) for path in changed if os.path.basename(path) == LOCK}
        for lock in others:
            if targets and os.path.islink(lock) and os.path.realpath(lock) in targets:
                root = _root_in(os.path.dirname(lock), manifests)
                if root is not None:
                    result.roots[root.folder] = root
        folders = [os.path.dirname(path) for path in changed if os.path.basename(path) == MANIFEST]
        named = [folder for folder in folders if folder in result.named]
        if named:
            _Search(result, named, tracked, manifests, repositories).add(others)


class _Search:
    """The changed manifests of one repository, and what is known about its other manifests."""

    def __init__(
        self,
        result: Concerned,
        changed: list[str],
        tracked: frozenset[str],
        manifests: Manifests,
        repositories: Repositories,
    ) -> None:
        self._result = result
        self._tracked = tracked
        self._manifests = manifests
        self._repository = repositories.repository(changed[0])
        self._changed = {real_manifest(folder) for folder in changed}
        self._roots = {folder for folder in changed if result.named[folder][0].workspace is not None}
        """The folders of changed manifests from which packages may inherit."""
        self._names = {_declared_name(result.named[folder][0].file.data) for folder in changed}
        """The names of the packages that may have changed."""
        for folder in self._roots:
            workspace, _ = result.loaded[folder] = load(manifests, result.named[folder][0])
            for member in workspace.members.values() if workspace else ():
                self._names.add(member.package.name.encode())

    def add(self, locks: Iterable[str]) -> None:
        """Add the workspaces of those locks that depend on a changed manifest."""
        for lock in locks:
            names = set(_local_names(self._manifests.tree.content(lock) or b""))
            if names.isdisjoint(self._names) and names <= self._known_names:
                continue
            root = _root_in(os.path.dirname(lock), self._manifests)
            if root is None or root.folder in self._result.roots:
                continue
            workspace, refused = load(self._manifests, root)
            if self._is_concerned(root.folder, workspace):
                self._result.roots[root.folder] = root
                self._result.loaded[root.folder] = workspace, refused

    @cached_property
    def _known_names(self) -> frozenset[bytes]:
        """The names of all packages in the repository. A locked name that is not here has been renamed or deleted."""
        paths = (path for path in self._tracked if os.path.basename(path) == MANIFEST)
        return frozenset(_declared_name(self._manifests.tree.content(path) or b"") for path in paths)

    def _is_concerned(self, folder: str, workspace: Workspace | None) -> bool:
        """Whether a workspace, None if Cargo would reject it, depends on a changed or deleted manifest."""
        local = workspace.local if workspace else {}
        if any(real_manifest(each) in self._changed or self._inherits(local[each].manifest) for each in local):
            return True
        missing = {os.path.join(each, MANIFEST) for each in _missing_folders(workspace)} if workspace else set()
        below = os.path.join(folder, "")
        return any(path in missing or path.startswith(below) for path in self._deleted)

    def _inherits(self, manifest: Manifest) -> bool:
        try:
            return self._manifests.root_of(manifest).folder in self._roots
        except Refused:
            return False

    @cached_property
    def _deleted(self) -> frozenset[str]:
        """The manifests that the next commit deletes."""
        return (self._repository and self._repository.deleted(f"**/{MANIFEST}")) or frozenset()


def _root_in(folder: str, manifests: Manifests) -> Manifest | None:
    """Return the workspace root in a folder; None if there is none, or if Cargo would reject it."""
    try:
        found = manifests.find(folder)
        return found if found is not None and manifests.root_of(found) is found else None
    except Refused:
        return None


def _missing_folders(workspace: Workspace) -> Iterator[str]:
    """Yield the folders that the packages of a workspace require, but that contain no package."""
    patched = (patch.dependency.source for patch in workspace.patches)
    yield from (source.url for source in patched if source.kind == "path" and source.url not in workspace.local)
    for local in workspace.local.values():
        yield from (folder for folder in path_dependencies(local.package) if folder not in workspace.local)


def _local_names(lock: bytes) -> Iterator[bytes]:
    """Yield the names of the packages in a lock that have no source, unused patches included."""
    for block in lock.split(b"\nname = ")[1:]:
        if b"\nsource = " not in block:
            yield block.split(b'"', 2)[1] if b'"' in block else b""


def _declared_name(manifest: bytes) -> bytes:
    """Return the name of the package in a manifest in its usual form, else an empty text."""
    for table in _TABLES:
        for line in manifest.partition(table)[2].partition(b"\n[")[0].splitlines():
            key, _, value = line.partition(b"=")
            if key.strip() == b"name":
                return value.partition(b"#")[0].strip(b" \t\"'")
    return b""
