"""Which workspaces a set of changed files concerns: their own, and others in the repository whose lock depends on them.

A lock contains every package of its workspace, and those in other folders that the workspace requires by path, directly
or not. Each of them may inherit values from a workspace root of its own. So the lock depends on all these manifests.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cached_property

from dunnage.cargo.config_files import CONFIG_NAMES, config_files, directory_sources, is_vendored_crate
from dunnage.cargo.manifest import package_table
from dunnage.cargo.manifests import MANIFEST, Manifest, Manifests
from dunnage.cargo.workspace import LOCK, Workspace, load, path_dependencies, read_config
from dunnage.files import toml
from dunnage.files.document import Refused, is_template
from dunnage.files.git import Repositories
from dunnage.files.source import File, SourceError, Tree
from dunnage.files.walk import CHECKSUMS, is_in_project, is_in_vendored_crate, top_folder, upwards

_TABLES = (b"[package]", b"[project]")
_MOST_SEARCHED = 1_000_000
"""In how many files the names of packages are looked for, for all workspaces without a lock."""


class Concerned:
    """The workspaces that a set of files concerns. Vendored crates and templates of manifests count for none."""

    def __init__(self, manifests: Manifests, repositories: Repositories | None = None) -> None:
        """`repositories` list the manifests and locks that git tracks. Without it, only folders above files count."""
        self.manifests = manifests
        self.repositories = repositories
        self.roots: dict[str, Manifest] = {}
        """The root manifests, by folder."""
        self.named: dict[str, tuple[Manifest, Manifest]] = {}
        """By folder, each manifest that is in the set or beside a lock in it, with its workspace root."""
        self.loaded: dict[str, tuple[Workspace | None, list[Refused]]] = manifests.tree.cache()
        """By folder, workspaces that have already been loaded, as `load` returns them."""
        self.refused: list[Refused] = []
        """Why a file could not be assigned to a workspace."""
        self._tree = manifests.tree
        self._moved: dict[str, str | None] = {}
        """The path of the lock that the configuration of a folder with a manifest sets, by folder."""

    def add(self, paths: Iterable[str]) -> None:
        """Add the workspaces to which manifests, locks, configuration files and files that these include belong.

        `paths` are absolute.
        """
        crates: set[str] = set()
        configured: list[str] = []
        included: list[str] = []
        for path in paths:
            folder, name = os.path.split(path)
            if name == CHECKSUMS or (name == MANIFEST and self._has(folder, CHECKSUMS)):
                crates.add(folder)
            elif is_in_vendored_crate(self._tree, path):
                continue
            elif name == MANIFEST or (name == LOCK and self._has(folder, MANIFEST)):
                self._add(folder)
            elif name == LOCK:
                self._add_with_moved_lock(path)
            elif os.path.basename(folder) == ".cargo" and name in CONFIG_NAMES:
                configured.append(path)
            else:
                included.append(path)
        self._add_configured(configured)
        self._add_including(included)
        self._add_using(crates)

    def _has(self, folder: str, name: str) -> bool:
        return self._tree.exists(os.path.join(folder, name))

    def _locked_near(self, paths: Iterable[str]) -> Iterator[tuple[str, set[str]]]:
        """Yield the folders of all locks in the repositories of files, each with the files in its repository."""
        by_listing: dict[frozenset[str], set[str]] = defaultdict(set)
        if self.repositories is not None:
            for path in paths:
                by_listing[self.repositories.tracked_near(os.path.dirname(path))].add(path)
        for tracked, files in by_listing.items():
            yield from ((os.path.dirname(path), files) for path in sorted(tracked) if os.path.basename(path) == LOCK)

    def _near(self, paths: Iterable[str]) -> dict[str, set[str]]:
        """Return the folders above files, and those of all locks in their repositories, each with these files."""
        near: dict[str, set[str]] = defaultdict(set)
        for path in paths:
            for folder in upwards(os.path.dirname(path), beyond_repository=True):
                near[folder].add(path)
        for folder, files in self._locked_near(paths):
            near[folder] = files if near[folder] <= files else near[folder] | files
        return near

    def _add_configured(self, files: list[str]) -> None:
        """Add the workspaces in the folders that files configure, and those with a lock below."""
        folders = {os.path.dirname(os.path.dirname(file)) for file in files}
        for folder in sorted(folders):
            self._add(folder)
        for locked, _ in self._locked_near(files):
            if not folders.isdisjoint(upwards(locked, beyond_repository=True)):
                self._add(locked)

    def _add(self, folder: str) -> None:
        """Add the workspace of the manifest in `folder`, if that contains one."""
        if folder in self.named or is_vendored_crate(self._tree, folder):
            return
        try:
            found = self.manifests.find(folder)
            if found is None or _is_template(found):
                return
            root = self.manifests.root_of(found)
        except Refused as refused:
            if is_template(refused.file.data):
                return
            is_empty = self._is_empty(refused.file.path)
            has_lock = self._has(folder, LOCK) and not (is_empty and self._is_empty(os.path.join(folder, LOCK)))
            if has_lock or (is_in_project(self._tree, folder) and not is_empty):
                self.refused.append(refused)
            elif folder != top_folder(folder):
                # An example, or data of a test, may be wrong on purpose. A workspace of which it is a member is not.
                above = (above for above in upwards(os.path.dirname(folder)) if self._has(above, MANIFEST))
                nearest = next(above, None)
                if nearest is not None:
                    self._add(nearest)
            return
        self.roots[root.folder] = root
        self.named[folder] = found, root

    def _is_empty(self, path: str) -> bool:
        """Whether a manifest or lock contains nothing but comments: it only marks a place, or is data of a test."""
        try:
            return not toml.parse(self._tree.read(path))
        except (FileNotFoundError, SourceError):
            return False

    def _add_including(self, paths: list[str]) -> None:
        """Add the workspaces whose configuration includes one of these files."""
        for near, files in self._near(paths).items():
            try:
                found = config_files(self._tree, near)
                is_included = not files.isdisjoint([os.path.abspath(document.file.path) for _, document in found])
            except Refused:
                is_included = True  # perhaps because of these files
            if is_included and self._has(near, MANIFEST):
                self._add(near)

    def _add_using(self, crates: set[str]) -> None:
        """Add the workspaces that use vendored crates, and those of copies that no source replacement uses."""
        used: set[str] = set()
        folders = {os.path.dirname(crate) for crate in crates}
        for near in self._near(sorted(crates)):
            sources = folders.intersection(directory_sources(self._tree, near).values())
            if sources and self._has(near, MANIFEST):
                used |= sources
                self._add(near)
        for crate in sorted(crates):
            if os.path.dirname(crate) not in used:
                self._add(crate)

    def _add_with_moved_lock(self, lock: str) -> None:
        """Add the workspace whose configuration sets the path of its lock to this one."""
        for folder in upwards(os.path.dirname(os.path.dirname(lock)), beyond_repository=True):
            try:
                if folder not in self._moved:
                    self._moved[folder] = self.manifests.find(folder) and read_config(self._tree, folder).lock
                if self._moved[folder] == lock:
                    self._add(folder)
            except Refused as refused:
                self._moved[folder] = None
                self.refused.append(refused)

    def add_dependents(self, paths: Iterable[str], repositories: Repositories) -> None:
        """Add the workspaces whose lock depends on a changed manifest, or on one that the next commit deletes.

        Also add those whose lock is a symbolic link to a changed one. `paths` are those of the changed files. Only
        tracked locks are looked at.
        """
        by_listing: dict[frozenset[str], list[str]] = {}
        for path in paths:
            if os.path.basename(path) in (LOCK, MANIFEST):
                by_listing.setdefault(repositories.tracked_near(os.path.dirname(path)), []).append(path)
        for tracked, changed in by_listing.items():
            locks = sorted(path for path in tracked if os.path.basename(path) == LOCK)
            others = [lock for lock in locks if os.path.dirname(lock) not in self.roots]
            if not others:
                continue
            targets = {os.path.realpath(path) for path in changed if os.path.basename(path) == LOCK}
            for lock in others:
                if targets and os.path.islink(lock) and os.path.realpath(lock) in targets:
                    root = _root_in(os.path.dirname(lock), self.manifests)
                    if root is not None:
                        self.roots[root.folder] = root
            folders = [os.path.dirname(path) for path in changed if os.path.basename(path) == MANIFEST]
            named = [folder for folder in folders if folder in self.named]
            if named:
                _Search(self, named, tracked, repositories).add(others)


def _is_template(found: Manifest) -> bool:
    package = package_table(found.data)
    return package is not None and "{{" in str(package[1].get("name", ""))


class _Search:
    """The changed manifests of one repository, and what is known about its other manifests."""

    def __init__(
        self, result: Concerned, changed: list[str], tracked: frozenset[str], repositories: Repositories
    ) -> None:
        self._result = result
        self._tracked = tracked
        self._manifests = result.manifests
        self._repository = repositories.repository(changed[0])
        self._changed = {self._manifests.real(folder) for folder in changed}
        self._roots = {folder for folder in changed if result.named[folder][0].workspace is not None}
        """The folders of changed manifests from which packages may inherit."""
        self._names = {_declared_name(result.named[folder][0].file.data) for folder in changed}
        """The names of the packages that may have changed."""
        for folder in self._roots:
            workspace, _ = result.loaded[folder] = load(result.manifests, result.named[folder][0])
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
        real = self._manifests.real
        if any(real(each) in self._changed or self._inherits(local[each].manifest) for each in local):
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


def is_part_of_others(workspace: Workspace, manifests: Manifests, tracked: frozenset[str]) -> bool:
    """Whether other workspaces contain every member of a workspace by path, also through symbolic links.

    `tracked` are the paths of manifests and locks.
    """
    missing = {*map(manifests.real, workspace.members)}
    names = {member.package.name.encode() for member in workspace.members.values()}
    seen = {workspace.root.folder}
    naming = manifests.tree.memo(_naming_by_listing)
    if tracked not in naming:
        naming[tracked] = [*_naming(manifests.tree, tracked)]
    for file in naming[tracked]:
        manifests.searched += 1
        if manifests.searched > _MOST_SEARCHED:
            return False
        if not any(name in file.data for name in names):
            continue
        try:
            found = manifests.find(file.folder)
            root = found and manifests.root_of(found)
        except Refused:
            continue
        if root is not None and root.folder not in seen:
            seen.add(root.folder)
            missing -= _contained(manifests, root)
        if not missing:
            return True
    return False


def _naming_by_listing(_: Tree) -> dict[frozenset[str], list[File]]:
    return {}


def _naming(tree: Tree, tracked: frozenset[str]) -> Iterator[File]:
    """Yield the manifests and locks that may name packages in other folders."""
    for path in sorted(path for path in tracked if os.path.basename(path) in (MANIFEST, LOCK)):
        file = tree.find(path)
        # A member that is a symbolic link is named in the lock alone.
        if file is not None and (b"path" in file.data or os.path.basename(path) == LOCK):
            yield file


def _contained(manifests: Manifests, root: Manifest) -> frozenset[str]:
    """Return the real manifests of all packages that a workspace leads to; none if Cargo would reject it."""
    if root.folder not in manifests.contained:
        workspace, _ = load(manifests, root)
        manifests.contained[root.folder] = frozenset(map(manifests.real, workspace.local if workspace else ()))
    return manifests.contained[root.folder]
