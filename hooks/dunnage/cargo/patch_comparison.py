"""`[patch]` and `[[patch.unused]]`: whether the lock contains the replacements that the manifests name."""

from dunnage.cargo.dependency import Dependency
from dunnage.cargo.lock_report import CHANGE_VERSION, LockReport, describe, describe_source
from dunnage.cargo.lockfile import LockedPackage
from dunnage.cargo.resolution import Resolution, ResolvedPatch
from dunnage.cargo.source_id import SourceId
from dunnage.cargo.version import Version
from dunnage.cargo.workspace import LocalPackage, Patch, Workspace
from dunnage.files.document import Keys, Problem
from dunnage.files.source import File, display


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
            found = find_package(self._workspace, dependency, patch.file, self._report)
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
        packages = self._resolution.packages
        if any(packages[index].name == name for index in self._resolution.reached & self._resolution.replaced.keys()):
            actual = f"{found.manifest.file.path} is at version {found.package.version}"
            message = f"`[replace]` requires version {version} of `{name}`, but {actual}"
            help = "change one of the two versions"
            self._report.bad_manifest(self._workspace.root.file, dependency.keys, message, help)

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
        for resolved in self._resolution.patches_by_package.get((url, package.name, package.version), ()):
            dependency = resolved.patch.dependency
            place = resolved.patch.file, dependency.keys
            if resolved.locked != index and place not in self._superseded:
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
        self._report.problems += expected.values()

    def _folder_source(self, package: LockedPackage) -> SourceId | None:
        """Return the folder of an unused patch; None if it is not known, in which case Cargo ignores the entry."""
        found = {
            local.package.version: folder
            for folder, local in self._workspace.local.items()
            if local.package.name == package.name
        }
        folder = next(iter(found.values())) if len(found) == 1 else found.get(package.version)
        return None if folder is None else SourceId("path", folder)


def find_package(workspace: Workspace, dependency: Dependency, file: File, report: LockReport) -> LocalPackage | None:
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
            "correct the `path`; if the folder is a git submodule, run `git submodule update --init`",
        )
    return None
