"""Packages in folders: whether their entries in the lock match their manifests."""

from collections import defaultdict
from collections.abc import Sequence
from functools import cache, cached_property

from dunnage.cargo.dependency import Dependency
from dunnage.cargo.lock_report import LockReport, describe, describe_source
from dunnage.cargo.patch_comparison import PatchComparison, find_package
from dunnage.cargo.resolution import Resolution, ResolvedDependency, has_other_reference
from dunnage.cargo.source_id import SourceId
from dunnage.cargo.version import Version
from dunnage.cargo.workspace import LocalPackage


class LocalComparison:
    """Compares the packages in folders with the lock."""

    def __init__(self, resolution: Resolution, report: LockReport, patches: PatchComparison) -> None:
        self._resolution = resolution
        self._workspace = resolution.workspace
        self._packages = resolution.packages
        self._report = report
        self._patches = patches
        self._dangling = cache(self._find_dangling)

    def is_other_lock(self, local: Sequence[LocalPackage]) -> bool:
        """Whether the lock contains none of several packages. Reports this once, not for each package."""
        if len(local) < 2 or any(package.manifest.folder in self._resolution.entries for package in local):
            return False
        message = (
            f"none of the {len(local)} packages of this workspace is in {self._report.lock_name}: "
            "it belongs to another workspace, or was emptied"
        )
        self._report.stale(self._resolution.lock.file, (), message)
        return True

    def check_versions(self, local: Sequence[LocalPackage], is_other_lock: bool) -> None:
        """Report packages that the lock does not contain at all, or not at their version."""
        drifted: list[tuple[LocalPackage, Version]] = []
        by_identity: dict[tuple[str, Version], LocalPackage] = {}
        for package in local:
            identity = name, version = package.package.name, package.package.version
            other = by_identity.setdefault(identity, package)
            if other is not package:
                message = f"{other.manifest.file.path} also has a package `{name}` at version {version}"
                help = "rename one of them, or change its version: a lock cannot distinguish them"
                self._report.bad_manifest(package.manifest.file, package.name_keys, message, help)
            entry = self._resolution.entries.get(package.manifest.folder)
            if entry is None:
                self._check_absent(package, is_other_lock)
            elif self._packages[entry].version != version:
                drifted.append((package, self._packages[entry].version))
        self._report.drifted(drifted)

    def _check_absent(self, package: LocalPackage, is_other_lock: bool) -> None:
        name = package.package.name
        impostor = self._resolution.impostors.get((name, package.package.version))
        if impostor is not None:
            folder = describe_source(SourceId("path", package.manifest.folder))
            self._report.foreign_source(self._packages[impostor], f"`{name}` is in {folder}")
        elif not is_other_lock:
            message = f"the package `{name}` is not in {self._report.lock_name}"
            self._report.stale(package.manifest.file, package.name_keys, message)

    def check(self, local: LocalPackage) -> None:
        """Compare what a package needs with the dependencies of its entry in the lock."""
        folder = local.manifest.folder
        entry = self._resolution.entries.get(folder)
        missed = set()
        for resolved in self._resolution.resolved[folder]:
            dependency = resolved.dependency
            if dependency.source.kind == "path":
                self._check_path(local, dependency)
            if resolved.folder is not None:
                self._check_features(local, resolved, self._workspace.local[resolved.folder])
            if entry is None:
                continue
            if resolved.locked is not None:
                self._patches.check_not_superseded(dependency.source.location, resolved.locked)
                continue
            missed.add(dependency.package)
            if dependency.source.kind == "path":
                self._report_missed_path(local, dependency, entry)
            else:
                self._report_missed(local, dependency, entry)
        self._report.missed_names |= missed
        if entry is not None:
            self._check_edges(local, entry, missed)

    def _check_path(self, local: LocalPackage, dependency: Dependency) -> None:
        found = find_package(self._workspace, dependency, local.manifest.file, self._report)
        if found is not None and not dependency.accepts(found.package.version):
            reason = f"but {found.manifest.file.path} is at version {found.package.version}"
            self._report.unmet("cargo-lock/bad-manifest", local, dependency, reason)

    def _check_features(self, local: LocalPackage, resolved: ResolvedDependency, found: LocalPackage) -> None:
        for feature in sorted(resolved.features):
            if feature not in found.package.features:
                self._report.bad_manifest(
                    local.manifest.file,
                    resolved.dependency.keys,
                    f"`{local.package.name}` requires the feature `{feature}` of `{found.package.name}`, "
                    f"which {found.manifest.file.path} does not define",
                    "correct the feature's name, or define it there",
                )

    def _report_missed_path(self, local: LocalPackage, dependency: Dependency, entry: int) -> None:
        """Report a path dependency that the entry of its package does not have."""
        if (
            dependency.source.url in self._resolution.entries
            and not self._report_foreign(local, dependency, entry)
            and not self._report_dangling(dependency, entry)
        ):
            reason = f"on `{dependency.package}`, but {self._report.lock_name} does not list this dependency"
            self._report.missed(local, dependency, "depend", reason)

    def _report_missed(self, local: LocalPackage, dependency: Dependency, entry: int) -> None:
        """Report a dependency that the entry of its package does not have, or not in a version that satisfies it."""
        of_other_version = self._resolution.edges_by_name(entry).get(dependency.package, ())
        if not self._resolution.outdated[dependency.source.location].isdisjoint(of_other_version):
            return  # reported at the entry of `[patch]`
        for index in of_other_version:
            if has_other_reference(self._packages[index], dependency):
                subject = f"`{local.package.name}` requires"
                self._report.other_reference(local.manifest.file, dependency, self._packages[index], subject)
                return
        if self._report_foreign(local, dependency, entry):
            return
        if not of_other_version and self._report_dangling(dependency, entry):
            return
        lock_name = self._report.lock_name
        if of_other_version:
            versions = " and ".join(sorted(str(self._packages[index].version) for index in of_other_version))
            self._report.unmet("cargo-lock/stale", local, dependency, f"but {lock_name} has {versions}")
            return
        elsewhere = self._versions.get(dependency.package)
        if elsewhere:
            actual = f"has `{dependency.package}` ({', '.join(sorted(elsewhere))}) only for other packages"
        else:
            actual = f"has no `{dependency.package}`"
        self._report.missed(local, dependency, "require", f"{describe(dependency)}, but {lock_name} {actual}")

    def _report_foreign(self, local: LocalPackage, dependency: Dependency, entry: int) -> bool:
        """Report an edge that satisfies a dependency in all but its source. Returns whether there is one."""
        edges = self._resolution.edges_by_name(entry).get(dependency.package, ())
        foreign = [index for index in edges if dependency.accepts(self._packages[index].version)]
        if foreign:
            expected = f"`{local.package.name}` requires {describe(dependency)}"
            self._report.foreign_source(self._packages[foreign[0]], expected)
        return bool(foreign)

    def _report_dangling(self, dependency: Dependency, entry: int) -> bool:
        """Report an edge with the name of a dependency that leads to no package. Returns whether there is one."""
        position = self._dangling(entry).get(dependency.package)
        if position is None:
            return False
        self._report.dangling(self._packages[entry], position, self._resolution.dangling[entry][position])
        return True

    def _check_edges(self, local: LocalPackage, entry: int, missed: set[str]) -> None:
        """Report the locked dependencies of a package that its manifest does not ask for."""
        used = {resolved.locked for resolved in self._resolution.resolved[local.manifest.folder]}
        for index in dict.fromkeys(self._resolution.edges[entry]):
            if index in used:
                continue
            self._report.unwanted.add(index)
            package = self._packages[index]
            if package.name not in missed:
                position = self._resolution.position(entry, index)
                self._report.stale(
                    self._resolution.lock.file,
                    (*self._packages[entry].keys, "dependencies", position),
                    f"{self._report.lock_name} lists `{package}` as a dependency of `{local.package.name}`, "
                    f"but {local.manifest.file.path} does not require it",
                )

    def _find_dangling(self, entry: int) -> dict[str, int]:
        """Return, by name, the first position at which a dependency of a locked package leads to no package."""
        edges = self._packages[entry].edges
        return {edges[position].name: position for position in reversed(self._resolution.dangling[entry])}

    @cached_property
    def _versions(self) -> dict[str, set[str]]:
        """The versions of all locked packages, by name."""
        versions: dict[str, set[str]] = defaultdict(set)
        for package in self._packages:
            versions[package.name].add(str(package.version))
        return versions
