"""Packages in folders, and `[patch]`: whether the lock contains what the manifests require and replace."""

from collections import defaultdict
from collections.abc import Sequence
from functools import cached_property

from dunnage.cargo.dependency import Dependency
from dunnage.cargo.lock_report import CHANGE_VERSION, LockReport, describe, describe_source
from dunnage.cargo.lockfile import LockedPackage
from dunnage.cargo.manifests import LocalPackage
from dunnage.cargo.resolution import Resolution, ResolvedDependency, ResolvedPatch, has_other_reference
from dunnage.cargo.source_id import SourceId
from dunnage.cargo.version import Version
from dunnage.cargo.workspace import IF_SUBMODULE, Patch, Workspace
from dunnage.files.document import Keys, Problem
from dunnage.files.source import File, display

_MOST_NAMED = 10
"""How many versions of a package a message names."""


class PatchComparison:
    """Compares the patches of a workspace with its lock."""

    def __init__(self, resolution: Resolution, report: LockReport) -> None:
        self._resolution = resolution
        self._workspace = resolution.workspace
        self._report = report
        self._superseded: set[tuple[File, Keys]] = set()
        """The places of entries that have been reported because the lock still contains the original package."""

    def check_entries(self) -> None:
        """Report every entry of `[patch]` without a replacement, and versions that have several."""
        for patch in self._workspace.patches:
            self._check_entry(patch)
        for patch, outdated in self._resolution.unlocked_patches:
            self._report_unlocked(patch, outdated)
        for name, version, dependency in self._workspace.replacements:
            self._check_replacement(name, version, dependency)
        for patches in self._resolution.patches.values():
            self._check_duplicates(patches)

    def _check_entry(self, patch: Patch) -> None:
        dependency = patch.dependency
        if dependency.source.kind == "path":
            found = _find_package(self._workspace, dependency, patch.file, self._report)
            if found is not None and not dependency.accepts(found.package.version):
                actual = f"{found.manifest.file.path} is at version {found.package.version}"
                message = f"`[patch]` requires {describe(dependency)}, but {actual}"
                self._report.bad_manifest(patch.file, dependency.keys, message, CHANGE_VERSION)
        elif dependency.source.url == patch.url:
            self._report.bad_manifest(
                patch.file,
                dependency.keys,
                f"`[patch]` replaces `{dependency.package}` from {dependency.source} with itself",
                "name another source with `git` or `path`, or remove the entry",
            )

    def _report_unlocked(self, patch: Patch, outdated: LockedPackage | None) -> None:
        dependency = patch.dependency
        if outdated is not None:
            self._report.other_reference(patch.file, dependency, outdated, "`[patch]` provides")
            return
        message = f"`[patch]` provides {describe(dependency)}, but {self._report.lock_name} does not contain it"
        self._report.stale(patch.file, dependency.keys, message)

    def _check_replacement(self, name: str, version: str, dependency: Dependency) -> None:
        """Report a folder in `[replace]` whose package differs in version from the replaced one, if that is needed."""
        found = self._workspace.local.get(dependency.source.url) if dependency.source.kind == "path" else None
        if found is None or str(found.package.version) == version:
            return
        if name in self._replaced_names:
            actual = f"{found.manifest.file.path} is at version {found.package.version}"
            message = f"`[replace]` requires version {version} of `{name}`, but {actual}"
            help = "change one of the two versions"
            self._report.bad_manifest(self._workspace.root.file, dependency.keys, message, help)

    @cached_property
    def _replaced_names(self) -> set[str]:
        """The names of the packages that are needed and that `[replace]` replaces."""
        resolution = self._resolution
        return {resolution.packages[index].name for index in resolution.reached & resolution.replaced.keys()}

    def _check_duplicates(self, patches: list[ResolvedPatch]) -> None:
        seen: set[tuple[str, Version]] = set()
        for resolved in patches:
            dependency = resolved.patch.dependency
            if (dependency.package, resolved.version) in seen:
                message = f"several entries of `[patch]` provide `{dependency.package} {resolved.version}`"
                self._report.bad_manifest(resolved.patch.file, dependency.keys, message, "remove all but one")
            seen.add((dependency.package, resolved.version))

    def check_not_superseded(self, url: str, index: int) -> None:
        """Report a locked package for which `[patch]` has a replacement of the same version. `url` is its source."""
        package = self._resolution.packages[index]
        resolved = self._resolution.patches_by_package.get((url, package.name, package.version))
        if resolved is None or resolved.locked == index:
            return
        dependency = resolved.patch.dependency
        place = resolved.patch.file, dependency.keys
        if place not in self._superseded:
            self._superseded.add(place)
            self._report.stale(
                *place,
                f"`[patch]` provides `{package}` from {describe_source(dependency.source)}, "
                f"but {self._report.lock_name} still has it from {describe_source(package.source)}",
            )

    def check_unused(self) -> None:
        """Compare `[[patch.unused]]` with the entries of `[patch]` that nothing uses."""
        expected: dict[tuple[str, Version, SourceId], Problem] = {}
        for resolved in (resolved for patches in self._resolution.patches.values() for resolved in patches):
            is_used = resolved.locked in self._resolution.reached or resolved.folder in self._resolution.resolved
            patch, dependency = resolved.patch, resolved.patch.dependency
            if not is_used and (patch.file, dependency.keys) not in self._superseded:
                message = (
                    f"nothing uses `{dependency.package} {resolved.version}`, which `[patch]` provides, "
                    f"but {self._report.lock_name} does not list it under `[[patch.unused]]`"
                )
                problem = self._report.stale_problem(patch.file, dependency.keys, message)
                expected[dependency.package, resolved.version, dependency.source] = problem
        for package in self._resolution.lock.unused_patches:
            source = package.source or self._folder_source(package)
            if source is None or package in self._resolution.outdated_unused:
                continue
            if expected.pop((package.name, package.version, source), None) is None:
                name = self._report.lock_name
                message = f"{name} lists `{package}` as an unused patch, but `[patch]` has no unused entry for it"
                self._report.stale(self._resolution.lock.file, package.keys, message)
        for problem in expected.values():
            self._report.add(problem)

    def _folder_source(self, package: LockedPackage) -> SourceId | None:
        """Return the folder of an unused patch; None if it is not known, in which case Cargo ignores the entry."""
        found = self._resolution.named.get(package.name, {})
        folder = next(iter(found.values())) if len(found) == 1 else found.get(package.version)
        return None if folder is None else SourceId("path", folder)


def _find_package(workspace: Workspace, dependency: Dependency, file: File, report: LockReport) -> LocalPackage | None:
    """Return the package in the folder that an entry in `file` names. If it is not there, report that."""
    folder = dependency.source.url
    found = workspace.local.get(folder)
    if found is not None and found.package.name == dependency.package:
        return found
    if folder in workspace.unreadable:
        report.rejected_manifest(workspace.unreadable[folder])
    elif found is not None:
        report.bad_manifest(
            file,
            dependency.keys,
            f"`{dependency.package}` is expected in {display(folder)}, but there is `{found.package.name}`",
            f'add `package = "{found.package.name}"` to the dependency, or correct its `path`',
        )
    else:
        report.bad_manifest(
            file,
            dependency.keys,
            f"there is no Cargo.toml in {display(folder)}, where `{dependency.package}` is expected",
            f"correct the `path`; {IF_SUBMODULE}",
        )
    return None


class LocalComparison:
    """Compares the packages in folders with the lock."""

    def __init__(self, resolution: Resolution, report: LockReport, patches: PatchComparison) -> None:
        self._resolution = resolution
        self._workspace = resolution.workspace
        self._packages = resolution.packages
        self._report = report
        self._patches = patches
        self._dangling: dict[int, dict[str, int]] = {}

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
        found = _find_package(self._workspace, dependency, local.manifest.file, self._report)
        if found is not None and not dependency.accepts(found.package.version):
            reason = f"but {found.manifest.file.path} is at version {found.package.version}"
            self._report.unmet("cargo-lock/bad-manifest", local, dependency, reason)

    def _check_features(self, local: LocalPackage, resolved: ResolvedDependency, found: LocalPackage) -> None:
        for feature in sorted({*resolved.features}):
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
            actual = f"has `{dependency.package}` ({elsewhere}) only for other packages"
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
        if entry not in self._dangling:
            # By name, the first position at which a dependency of the locked package leads to no package.
            edges, dangling = self._packages[entry].edges, self._resolution.dangling[entry]
            self._dangling[entry] = {edges[position].name: position for position in reversed(dangling)}
        position = self._dangling[entry].get(dependency.package)
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

    @cached_property
    def _versions(self) -> dict[str, str]:
        """The versions of all locked packages, by name."""
        versions: dict[str, set[str]] = defaultdict(set)
        for package in self._packages:
            versions[package.name].add(str(package.version))
        return {
            name: ", ".join(sorted(found)[:_MOST_NAMED])
            + (f" and {len(found) - _MOST_NAMED} more" if len(found) > _MOST_NAMED else "")
            for name, found in versions.items()
        }
