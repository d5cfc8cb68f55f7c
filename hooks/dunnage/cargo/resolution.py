"""What the manifests of a workspace ask for, followed through its Cargo.lock.

This is where Cargo's own resolver would start from: each dependency of a package in a folder is led to the locked
package that serves it; what a package from elsewhere depends on is taken from the lock. Nothing is judged here.

Locked packages are named by their index in the lock, packages in folders by their folder.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from dunnage.cargo.features import turned_on
from dunnage.cargo.lockfile import Edge, LockedPackage, Lockfile
from dunnage.cargo.manifest import Dependency
from dunnage.cargo.source_id import SourceId, decoded
from dunnage.cargo.version import Version
from dunnage.cargo.workspace import Local, Patch, Workspace


class Wanted(NamedTuple):
    """A dependency that a package in a folder needs."""

    dependency: Dependency
    features: set[str]
    """Asked for, those by `default-features` aside."""
    locked: int | None
    """The locked package that serves it; None if there is none."""
    folder: str | None
    """The folder of the package that serves it, if it stands in one."""


class Patched(NamedTuple):
    """What an entry of `[patch]` puts in place of packages."""

    patch: Patch
    version: Version
    folder: str | None
    locked: int | None
    """The locked package it is; None if it is not locked, or only as unused."""


class Resolution:
    """A workspace and its lock, each seen in the light of the other."""

    def __init__(self, workspace: Workspace, lock: Lockfile) -> None:
        self.workspace = workspace
        self.lock = lock
        self.packages = lock.packages
        self.folders = self._assign_folders()
        """The folder of each locked package that stands in one."""
        self.entries = self._find_entries()
        """The locked package of each folder, whatever its version."""
        self.ghosts = {
            index for index, package in enumerate(self.packages) if package.source is None and index not in self.folders
        }
        """Locked packages without a source that stand in no known folder: Cargo passes over them."""
        self.edges: list[list[int]] = []
        """By locked package, those it depends on."""
        self.dangling: list[dict[int, str]] = []
        """By locked package, the positions of dependencies that lead to no package, and why."""
        self.replaced: dict[int, int] = {}
        """Locked packages that `[replace]` replaces, and by which."""
        self._resolve_edges()
        self._positions: dict[int, dict[int, int]] = {}
        self.patches, self.unlocked_patches = self._resolve_patches()
        """Entries of `[patch]` by the URL that is patched; those that the lock should know but does not."""
        self.put_in_place = {
            url: {patched.locked for patched in entries if patched.locked is not None}
            for url, entries in self.patches.items()
        }
        """The locked packages that `[patch]` puts in place, by the URL that is patched."""
        self.patched: dict[tuple[str, str, Version], list[Patched]] = defaultdict(list)
        """Entries of `[patch]` by the URL, the name and the version of what they replace."""
        for url, entries in self.patches.items():
            for entry in entries:
                self.patched[url, entry.patch.dependency.package, entry.version].append(entry)
        self.wanted: dict[str, list[Wanted]] = {}
        """What each package in a folder needs, for those that are needed themselves."""
        self.reached: set[int] = set()
        """The locked packages that are needed."""
        self._follow()

    def position(self, index: int, target: int) -> int:
        """Find where among the dependencies of a locked package it names another."""
        if index not in self._positions:
            dangling = self.dangling[index]
            positions = [position for position in range(len(self.packages[index].edges)) if position not in dangling]
            # An edge may stand there twice: the first is meant.
            self._positions[index] = dict(zip(reversed(self.edges[index]), reversed(positions), strict=True))
        return self._positions[index][target]

    def _assign_folders(self) -> dict[int, str]:
        """Match packages without a source by name, and by version where several folders have a package of the name."""
        named: dict[str, dict[Version, str]] = defaultdict(dict)
        for folder, local in self.workspace.local.items():
            named[local.package.name][local.package.version] = folder
        folders = {}
        for index, package in enumerate(self.packages):
            if package.source is None and package.name in named:
                versions = named[package.name]
                if len(versions) == 1:
                    folders[index] = next(iter(versions.values()))
                elif package.version in versions:
                    folders[index] = versions[package.version]
        return folders

    def _find_entries(self) -> dict[str, int]:
        entries: dict[str, int] = {}
        for index, folder in self.folders.items():
            if folder not in entries or self.packages[index].version == self.workspace.local[folder].package.version:
                entries[folder] = index
        return entries

    def _resolve_edges(self) -> None:
        named: dict[str, dict[str, list[int]]] = defaultdict(dict)
        for index, package in enumerate(self.packages):
            if index not in self.ghosts:
                named[package.name].setdefault(str(package.version), []).append(index)
        ghosts = {self.packages[index].name for index in self.ghosts}
        for index, package in enumerate(self.packages):
            edges = []
            dangling = {}
            for position, edge in enumerate(package.edges):
                found = self._lookup(edge, named.get(edge.name), ghosts)
                if isinstance(found, int):
                    edges.append(found)
                else:
                    dangling[position] = found
            self.edges.append(edges)
            self.dangling.append(dangling)
            if package.replace is not None:
                found = self._lookup(package.replace, named.get(package.replace.name), ghosts)
                if isinstance(found, int):
                    self.replaced[index] = found

    def _lookup(self, edge: Edge, versions: dict[str, list[int]] | None, ghosts: set[str]) -> int | str:
        """Find the package that an edge means among those of its name, or say why there is none."""
        if not versions:
            return _NO_SOURCE if edge.name in ghosts else _NOT_LOCKED
        if edge.version is not None:
            found = versions.get(edge.version, [])
        elif len(versions) == 1:
            found = next(iter(versions.values()))
        else:
            return _AMBIGUOUS
        if edge.source is not None:
            found = [index for index in found if self.packages[index].source == edge.source]
        elif len(found) > 1:
            # What stands in a folder has no source to be told apart by.
            found = [index for index in found if index in self.folders] or found
        if len(found) == 1:
            return found[0]
        return _AMBIGUOUS if found else _NOT_LOCKED

    def _resolve_patches(self) -> tuple[dict[str, list[Patched]], list[Patch]]:
        patches: dict[str, list[Patched]] = defaultdict(list)
        unlocked = []
        named: dict[str, list[int]] = defaultdict(list)
        unused_named: dict[str, list[LockedPackage]] = defaultdict(list)
        if self.workspace.patches:
            for number, package in enumerate(self.packages):
                named[package.name].append(number)
            for package in self.lock.unused_patches:
                unused_named[package.name].append(package)
        for patch in self.workspace.patches:
            dependency = patch.dependency
            folder = dependency.source.url if dependency.source.kind == "path" else None
            if folder is not None:
                local = self.workspace.local.get(folder)
                if local is not None and local.package.name == dependency.package:
                    index = self.entries.get(folder)
                    if index is not None and self.packages[index].version != local.package.version:
                        index = None
                    patches[patch.url].append(Patched(patch, local.package.version, folder, index))
                continue
            index = next(
                (index for index in named[dependency.package] if self._is(self.packages[index], dependency)), None
            )
            unused = next(
                (package for package in unused_named[dependency.package] if self._is(package, dependency)), None
            )
            if index is not None:
                patches[patch.url].append(Patched(patch, self.packages[index].version, None, index))
            elif unused is not None:
                patches[patch.url].append(Patched(patch, unused.version, None, None))
            else:
                unlocked.append(patch)
        return patches, unlocked

    def _is(self, package: LockedPackage, dependency: Dependency) -> bool:
        """Whether a locked package is what a dependency asks for, `[patch]` aside."""
        return (
            package.name == dependency.package
            and package.source is not None
            and (package.source == dependency.source or self._is_same_source(dependency.source, package.source))
            and dependency.accepts(package.version)
        )

    def _is_same_source(self, asked: SourceId, locked: SourceId) -> bool:
        if asked.is_same(locked):
            return True
        if asked.kind != "git" or locked.kind != "git" or asked.url != locked.url or self.lock.format > 3:
            return False
        # Format 3 writes references without encoding them; until format 2, `master` was the default branch.
        is_master = self.lock.format <= 2 and asked.reference == "branch=master" and not locked.reference
        return is_master or decoded(asked.reference) == locked.reference

    def _follow(self) -> None:
        """Follow every dependency from the members on, until no package is needed for more than it was."""
        features = {folder: set(member.package.features) for folder, member in self.workspace.members.items()}
        asked_by_strangers: set[str] = set()
        """Folders that a package from elsewhere depends on through `[patch]`, with features the lock does not tell.
        """
        pending: list[str | int] = list(features)
        while pending:
            node = pending.pop()
            if isinstance(node, int):
                for index in self._targets(node):
                    folder = self.folders.get(index)
                    if index not in self.reached:
                        self.reached.add(index)
                        if folder is None:
                            pending.append(index)
                    if folder is not None and folder not in asked_by_strangers:
                        asked_by_strangers.add(folder)
                        features.setdefault(folder, set())
                        pending.append(folder)
                continue
            if node in self.entries:
                self.reached.add(self.entries[node])
            local = self.workspace.local[node]
            self.wanted[node] = list(self._needs(local, features[node], node in asked_by_strangers))
            for wanted in self.wanted[node]:
                if wanted.locked is not None and wanted.locked not in self.reached:
                    self.reached.add(wanted.locked)
                    if wanted.folder is None:
                        pending.append(wanted.locked)
                if wanted.folder is not None:
                    asked = wanted.features | ({"default"} if wanted.dependency.default_features else set())
                    known = features.get(wanted.folder)
                    if known is None:
                        features[wanted.folder] = asked
                        pending.append(wanted.folder)
                    elif not asked <= known:
                        known |= asked
                        pending.append(wanted.folder)

    def _targets(self, index: int) -> list[int]:
        return [*self.edges[index], self.replaced[index]] if index in self.replaced else self.edges[index]

    def _needs(self, local: Local, features: set[str], asked_by_strangers: bool) -> Iterator[Wanted]:
        """Yield the dependencies of a package in a folder that are needed, and what serves each."""
        package = local.package
        folder = local.manifest.folder
        is_member = folder in self.workspace.members
        entry = self.entries.get(folder)
        edges: dict[str, list[int]] = defaultdict(list)
        for index in self.edges[entry] if entry is not None else ():
            edges[self.packages[index].name].append(index)
        on = turned_on(package.features, package.dependencies, features)
        for dependency in package.dependencies:
            name = dependency.name
            if not is_member:
                if dependency.kind == "dev":
                    continue
                if dependency.optional and name not in on and not (asked_by_strangers and dependency.package in edges):
                    continue
            asked = {*dependency.features, *on[name]} if name in on else set(dependency.features)
            if dependency.source.kind == "path":
                path = dependency.source.url
                found = self.workspace.local.get(path)
                if found is None or found.package.name != dependency.package:
                    yield Wanted(dependency, asked, None, None)
                    continue
                locked = self.entries.get(path)
                yield Wanted(dependency, asked, locked if locked in edges[dependency.package] else None, path)
            else:
                locked = self._serving(dependency, edges.get(dependency.package, ()))
                yield Wanted(dependency, asked, locked, None if locked is None else self.folders.get(locked))

    def _serving(self, dependency: Dependency, edges: Iterable[int]) -> int | None:
        """Find which of a package's edges of the right name serves a dependency that is no path."""
        patches = self.put_in_place.get(dependency.source.url, ())
        found = [
            index
            for index in edges
            if self._is(self.packages[index], dependency)
            or (index in patches and dependency.accepts(self.packages[index].version))
        ]
        # Where several fit, which takes two names for one package, Cargo settles on the lowest version.
        return found[0] if len(found) == 1 else min(found, key=lambda index: self.packages[index].version, default=None)


_NOT_LOCKED = "which is not locked"
_NO_SOURCE = "which is locked without a `source`, as if it stood in this workspace"
_AMBIGUOUS = "which may be any of several locked packages"
