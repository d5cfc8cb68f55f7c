"""The dependencies of a workspace, resolved with what its Cargo.lock contains.

This is the state from which Cargo's own resolver starts: each dependency of a package in a folder is resolved to the
locked package that satisfies it; the dependencies of all other packages are those in the lock. Nothing is judged here.

A locked package is identified by its index in the lock, a package in a folder by its folder.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from functools import cached_property
from typing import NamedTuple

from dunnage.cargo.dependency import Dependency
from dunnage.cargo.features import enabled_dependencies
from dunnage.cargo.lockfile import Edge, LockedPackage, Lockfile
from dunnage.cargo.source_id import SourceId
from dunnage.cargo.version import Version
from dunnage.cargo.workspace import Patch, Workspace
from dunnage.files.span import Span

_MOST_COMPARISONS = 500_000
"""How many versions the dependencies of all packages are compared with; real workspaces make a few thousand."""

Node = str | int
"""A package: the folder that it is in, or its index in the lock."""


class ResolvedDependency(NamedTuple):
    """A dependency that a package in a folder needs, and the package that satisfies it."""

    dependency: Dependency
    features: Collection[str]
    """The features that are requested, without `default`."""
    locked: int | None
    """The locked package; None if none satisfies the dependency."""
    folder: str | None
    """The folder of the package, if it is in one."""


class ResolvedPatch(NamedTuple):
    """An entry of `[patch]` and the package that it substitutes for others."""

    patch: Patch
    version: Version
    folder: str | None
    locked: int | None
    """The locked package; None if it is not locked, or only as an unused patch."""


class Resolution:
    """The packages that a workspace needs, and the locked packages that satisfy them."""

    def __init__(self, workspace: Workspace, lock: Lockfile) -> None:
        self.workspace = workspace
        self.lock = lock
        self.packages = lock.packages
        self.named: dict[str, dict[Version, str]] = defaultdict(dict)
        """The folders of packages, by name and version."""
        self.folders = self._assign_folders()
        """The folder of each locked package that is in one."""
        self.entries = self._find_entries()
        """The locked package of each folder, whatever its version."""
        self.ghosts = {
            index for index, package in enumerate(self.packages) if package.source is None and index not in self.folders
        }
        """Locked packages without a source that are in no known folder: Cargo ignores them."""
        self.edges: list[list[int]] = []
        """By locked package, those that it depends on."""
        self.dangling: list[dict[int, str]] = []
        """By locked package, the positions of dependencies that lead to no package, and why."""
        self.replaced: dict[int, int] = {}
        """Locked packages that `[replace]` replaces, each with its replacement."""
        self._resolve_edges()
        # No `functools.cache` of methods: the cycle would keep every resolution, because no garbage is collected.
        self._edges_by_name: dict[int, dict[str, list[int]]] = {}
        self._positions: dict[int, dict[int, int]] = {}
        self._comparisons = 0
        self.misread: set[SourceId] = set()
        """Git sources of the lock that Cargo does not recognize as the required ones, so that it ignores the commit."""
        self.outdated: dict[str, set[int]] = defaultdict(set)
        """By patched URL, the locked packages that an entry of `[patch]` provided before its reference was changed."""
        self.outdated_unused: set[LockedPackage] = set()
        """The same among the unused patches of the lock."""
        self.patches, self.unlocked_patches = self._resolve_patches()
        """The entries of `[patch]` by the patched URL; those that the lock should contain but does not.

        The latter are with a package that the lock contains from another reference of the same repository, if any.
        """
        self._replacements: dict[str, set[int]] = defaultdict(set)
        """By patched URL, the locked packages that `[patch]` substitutes for its packages."""
        self.patches_by_package: dict[tuple[str, str, Version], ResolvedPatch] = {}
        """The first entry of `[patch]` by URL, name and version of the package that it replaces; others are errors."""
        for url, patches in self.patches.items():
            for resolved in patches:
                identity = url, resolved.patch.dependency.package, resolved.version
                self.patches_by_package.setdefault(identity, resolved)
                if resolved.locked is not None:
                    self._replacements[url].add(resolved.locked)
        self.resolved: dict[str, list[ResolvedDependency]] = {}
        """By folder, the dependencies of each package that is needed."""
        self.reached: set[int] = set()
        """The locked packages that are needed."""
        self._enabled: dict[str, set[str]] = {
            folder: set(member.package.features) for folder, member in self.workspace.members.items()
        }
        """By folder, the features that are enabled in each package that is needed."""
        self._patched_in: set[str] = set()
        """Folders on which a locked package depends through `[patch]`; the lock does not say with which features."""
        self._visited: dict[str, tuple[int, bool]] = {}
        """By folder, at its last visit, the number of enabled features, and whether it was in `_patched_in`."""
        self._resolve_all()

    @cached_property
    def impostors(self) -> dict[tuple[str, Version], int]:
        """Locked packages with a source by name and version: one may have taken the place of a package in a folder."""
        return {
            (package.name, package.version): index
            for index, package in enumerate(self.packages)
            if package.source is not None
        }

    def provided(self, url: str) -> set[int]:
        """Return the locked packages that `[patch]` substitutes for packages from `url`, outdated ones included."""
        return self._replacements[url] | self.outdated[url]

    def position(self, index: int, target: int) -> int:
        """Return the position at which the dependencies of a locked package name another."""
        if index not in self._positions:
            self._positions[index] = self._find_positions(index)
        return self._positions[index][target]

    def _find_positions(self, index: int) -> dict[int, int]:
        dangling = self.dangling[index]
        positions = [position for position in range(len(self.packages[index].edges)) if position not in dangling]
        # An edge may occur twice: the first one counts.
        return dict(zip(reversed(self.edges[index]), reversed(positions), strict=True))

    def edges_by_name(self, index: int) -> dict[str, list[int]]:
        """Return the dependencies of a locked package, by name."""
        if index not in self._edges_by_name:
            edges = self._edges_by_name[index] = {}
            for target in self.edges[index]:
                edges.setdefault(self.packages[target].name, []).append(target)
        return self._edges_by_name[index]

    def _assign_folders(self) -> dict[int, str]:
        """Match packages without a source by name, and by version if several folders have a package of that name."""
        for folder, local in self.workspace.local.items():
            self.named[local.package.name][local.package.version] = folder
        folders = {}
        for index, package in enumerate(self.packages):
            if package.source is None and package.name in self.named:
                versions = self.named[package.name]
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
        """Return the package to which an edge refers among those of its name, or the reason why there is none."""
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
            # An edge to a package in a folder cannot name a source.
            found = [index for index in found if index in self.folders] or found
        if len(found) == 1:
            return found[0]
        return _AMBIGUOUS if found else _NOT_LOCKED

    def _resolve_patches(
        self,
    ) -> tuple[dict[str, list[ResolvedPatch]], list[tuple[Patch, LockedPackage | None]]]:
        patches: dict[str, list[ResolvedPatch]] = defaultdict(list)
        unlocked: list[tuple[Patch, LockedPackage | None]] = []
        if not self.workspace.patches:
            return patches, unlocked
        by_name: dict[str, list[tuple[LockedPackage, int | None]]] = defaultdict(list)
        for index, package in enumerate(self.packages):
            by_name[package.name].append((package, index))
        for package in self.lock.unused_patches:
            by_name[package.name].append((package, None))
        for patch in self.workspace.patches:
            dependency = patch.dependency
            if dependency.source.kind == "path":
                if (resolved := self._resolve_path_patch(patch)) is not None:
                    patches[patch.url].append(resolved)
                continue
            locked = by_name[dependency.package]
            if not self._may_compare(len(locked)):
                continue
            found = next((each for each in locked if self._satisfies(each[0], dependency)), None)
            if found is not None:
                patches[patch.url].append(ResolvedPatch(patch, found[0].version, None, found[1]))
                continue
            outdated = [each for each in locked if has_other_reference(each[0], dependency)]
            self.outdated[patch.url].update(index for _, index in outdated if index is not None)
            self.outdated_unused.update(package for package, index in outdated if index is None)
            unlocked.append((patch, outdated[0][0] if outdated else None))
        return patches, unlocked

    def _resolve_path_patch(self, patch: Patch) -> ResolvedPatch | None:
        folder = patch.dependency.source.url
        local = self.workspace.local.get(folder)
        if local is None or local.package.name != patch.dependency.package:
            return None
        return ResolvedPatch(patch, local.package.version, folder, self.entries.get(folder))

    def _satisfies(self, package: LockedPackage, dependency: Dependency) -> bool:
        """Whether a locked package satisfies a dependency, without regard to `[patch]`."""
        return (
            package.name == dependency.package
            and dependency.accepts(package.version)
            and (package.source == dependency.source or self._is_same_source(dependency.source, package))
        )

    def _is_same_source(self, required: SourceId, package: LockedPackage) -> bool:
        locked = package.source
        if locked is None:
            return False
        if required.is_same(locked):
            return True
        if required == package.intended:
            self.misread.add(locked)
            return True
        # Until format 2, `master` was the default branch.
        is_master = required.reference == "branch=master" and not locked.reference
        return self.lock.format <= 2 and is_master and locked.kind == "git" and required.url == locked.url

    def _resolve_all(self) -> None:
        """Resolve every dependency, from the members on, until no package needs more features than before."""
        pending: list[Node] = list(self._enabled)
        while pending:
            node = pending.pop()
            pending += self._visit_locked(node) if isinstance(node, int) else self._visit_local(node)

    def _visit_locked(self, index: int) -> Iterator[Node]:
        """Mark the dependencies of a locked package as needed. Yields those to visit."""
        for target in self.targets(index):
            folder = self.folders.get(target)
            if target not in self.reached:
                self.reached.add(target)
                if folder is None:
                    yield target
            if folder is not None and folder not in self._patched_in:
                self._patched_in.add(folder)
                self._enabled.setdefault(folder, set())
                yield folder

    def _visit_local(self, folder: str) -> Iterator[Node]:
        """Resolve the dependencies of a package in a folder. Yields those to visit, again if they need new features."""
        last = self._visited.get(folder)
        state = len(self._enabled[folder]), folder in self._patched_in
        package = self.workspace.local[folder].package
        cost = len(package.dependencies) + len(package.features)
        if last == state or (last is not None and not self._may_compare(cost)):
            return
        self._visited[folder] = state
        if folder in self.entries:
            self.reached.add(self.entries[folder])
        self.resolved[folder] = list(self._resolve(folder))
        for resolved in self.resolved[folder]:
            if resolved.locked is not None and resolved.locked not in self.reached:
                self.reached.add(resolved.locked)
                if resolved.folder is None:
                    yield resolved.locked
            if resolved.folder is not None:
                requested = {*resolved.features, *(("default",) if resolved.dependency.default_features else ())}
                enabled = self._enabled.get(resolved.folder)
                if enabled is None:
                    self._enabled[resolved.folder] = requested
                    yield resolved.folder
                elif not requested <= enabled:
                    enabled |= requested
                    yield resolved.folder

    def targets(self, index: int) -> list[int]:
        """Return the packages that a locked package depends on, its replacement included."""
        return [*self.edges[index], self.replaced[index]] if index in self.replaced else self.edges[index]

    def _resolve(self, folder: str) -> Iterator[ResolvedDependency]:
        """Yield the dependencies that a package in a folder needs, each with the package that satisfies it."""
        package = self.workspace.local[folder].package
        is_member = folder in self.workspace.members
        entry = self.entries.get(folder)
        edges = self.edges_by_name(entry) if entry is not None else {}
        enabled = enabled_dependencies(package.features, package.dependencies, self._enabled[folder])
        for dependency in package.dependencies:
            if not is_member:
                if dependency.kind == "dev":
                    continue
                may_be_enabled = folder in self._patched_in and dependency.package in edges
                if dependency.optional and dependency.name not in enabled and not may_be_enabled:
                    continue
            others = enabled.get(dependency.name, ())
            # Many entries may inherit one list of features.
            is_few = self._may_compare(len(dependency.features) + len(others))
            features = {*dependency.features, *others} if is_few else ()
            if dependency.source.kind == "path":
                path = dependency.source.url
                found = self.workspace.local.get(path)
                if found is None or found.package.name != dependency.package:
                    yield ResolvedDependency(dependency, features, None, None)
                    continue
                locked = self.entries.get(path)
                is_edge = locked in edges.get(dependency.package, ())
                yield ResolvedDependency(dependency, features, locked if is_edge else None, path)
            else:
                locked = self._find_edge(dependency, edges.get(dependency.package, ()))
                yield ResolvedDependency(
                    dependency, features, locked, None if locked is None else self.folders.get(locked)
                )

    def _find_edge(self, dependency: Dependency, edges: Iterable[int]) -> int | None:
        """Return the edge that satisfies a dependency that is not a path, among the edges with its name."""
        edges = list(edges)
        if not self._may_compare(len(edges)):
            return edges[0] if edges else None
        replacements = self._replacements[dependency.source.location]
        found = [
            index
            for index in edges
            if self._satisfies(self.packages[index], dependency)
            or (index in replacements and self._accepts_replacement(dependency, index))
        ]
        # Several satisfy it only if the manifest has two names for one package: Cargo takes the lowest version.
        return found[0] if len(found) == 1 else min(found, key=lambda index: self.packages[index].version, default=None)

    def _may_compare(self, count: int) -> bool:
        """Count comparisons of dependencies. Returns whether there are not too many, and notes it if there are."""
        self._comparisons += count
        if self._comparisons <= _MOST_COMPARISONS:
            return True
        message = f"comparing the dependencies with the lock takes more than {_MOST_COMPARISONS:,} steps"
        help = "; those after them are not checked"
        self.workspace.root.file.note_unread("input/too-large", message + help, Span(0, 0))
        return False

    def _accepts_replacement(self, dependency: Dependency, index: int) -> bool:
        """Whether a locked package of `[patch]` satisfies a requirement, or will do so at the version in its folder."""
        folder = self.folders.get(index)
        return dependency.accepts(self.packages[index].version) or (
            folder is not None and dependency.accepts(self.workspace.local[folder].package.version)
        )


def has_other_reference(package: LockedPackage, dependency: Dependency) -> bool:
    """Whether a package is locked from the git repository that a dependency names, but from another reference."""
    required, locked = dependency.source, package.source
    return (
        package.name == dependency.package
        and locked is not None
        and required.kind == locked.kind == "git"
        and required.url == locked.url
        and required.reference != locked.reference
    )


_NOT_LOCKED = "which is not locked"
_NO_SOURCE = "which is locked without a `source`, but is in no folder that a manifest or `[patch]` names"
_AMBIGUOUS = "which may be any of several locked packages"
