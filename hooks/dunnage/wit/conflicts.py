"""Versions of WIT packages that conflict or are missing, in WIT and in the manifests of wkg and cargo-component."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from dunnage.files.document import Problem
from dunnage.files.source import File, Tree
from dunnage.wit import package_folder
from dunnage.wit.package_folder import FolderPackage, ForeignReference, Sources, track
from dunnage.wit.values import WitRequirement

if TYPE_CHECKING:
    from dunnage.wit.cargo_component import Component
    from dunnage.wit.projects import Projects
    from dunnage.wit.wkg import WkgConfig

_Versions = Mapping[str, Mapping[str, ForeignReference]]
"""For each package, the first reference to each of its versions."""

_SAME_VERSION = "write the same version in both places"


def check_section(file: File, component: Component) -> Iterator[Problem]:
    """Find packages that the target and the imports of a component require in different but compatible versions.

    A host provides one version for both. A dependency with a different name is intended to be a second version.
    """
    from dunnage.wit.cargo_component import requirements
    from dunnage.wit.requirements import exact_version

    seen: dict[tuple[str, tuple[int, ...]], str] = {}
    unrenamed = (entry for entry in component.registry_dependencies if entry.name == entry.package)
    for requirement in requirements(file, unrenamed):
        version = exact_version(requirement.text)
        first = seen.setdefault((requirement.package, track(version)), version)
        if track(version) and first != version:
            message = f"`{requirement.package}` has version {version} here, but {first} elsewhere in this manifest"
            yield _in_manifest(requirement, message)


def check_worlds(path: str, tree: Tree) -> Iterator[Problem]:
    """Find packages to which one world of a WIT file refers in different but compatible versions."""
    for world in package_folder.worlds(path, tree):
        for package, versions in package_folder.by_version(world).items():
            seen: dict[tuple[int, ...], str] = {}
            for version, reference in versions.items():
                first = seen.setdefault(track(version), version)
                if track(version) and first != version:
                    message = (
                        f"this world requires `{package}` in version {version} here and in {first} at "
                        f"{versions[first].place}, but a host provides one version for both"
                    )
                    yield _in_wit(reference, message)


def check_folder(folder: str, projects: Projects, tree: Tree) -> Iterator[Problem]:
    """Compare the references in a WIT folder with each other and with the manifests of wkg and cargo-component."""
    roots, component = projects.wkg_roots(folder), projects.component(folder)
    pinned = [overridden(root.manifest.file, root.config) for root in roots if root.manifest and root.config]
    imported: list[WitRequirement] = []
    if component:
        from dunnage.wit import cargo_component

        manifest, section = component
        pinned.append(cargo_component.requirements(manifest.file, section.target_dependencies))
        # Except the packages that the component also names for its own WIT.
        named = {entry.package for entry in section.target_dependencies}
        dependencies = (entry for entry in section.dependencies if entry.package not in named)
        imported = cargo_component.requirements(manifest.file, dependencies)
    if not roots and not any(pinned) and not imported:
        return
    wit = package_folder.read(folder, tree)
    versions = package_folder.by_version(wit.references)
    for requirements in (_compatible(imported, versions), *pinned):
        yield from _check_pinned(requirements, versions)
    if roots:
        yield from _check_wkg_references(wit, versions, Sources(folder, projects, tree))


def overridden(file: File, config: WkgConfig) -> list[WitRequirement]:
    """The versions in the overrides of a `wkg.toml`. wkg ignores the version of an override that also has a path."""
    return [
        WitRequirement(override.package, "", override.version, file, (*override.keys, "version"))
        for override in config.overrides.values()
        if override.version is not None and override.path is None
    ]


def _check_wkg_references(wit: FolderPackage, versions: _Versions, sources: Sources) -> Iterator[Problem]:
    """Find references without a version, and references to versions of which wkg would fetch only one."""
    for reference in wit.references:
        if reference.version is None and not sources.is_settled(reference.package):
            message = f"`{reference.text}` has no version, so wkg fetches the latest version of `{reference.package}`"
            help = f"write `{reference.text}@1.2.3`, with the reviewed version in place of 1.2.3"
            yield Problem("wit-pins/unversioned", reference.file, message, help, span=reference.span)
    for package, wanted in versions.items():
        first, *others = wanted
        if others and (
            sources.has_folder(package) or all(sources.has_vendored(package, version) for version in wanted)
        ):
            continue
        for other in others:
            message = (
                f"`{package}` has version {other} here and {first} at {wanted[first].place}, but wkg fetches one "
                "version of a package"
            )
            yield _in_wit(wanted[other], message)


def _check_pinned(requirements: Sequence[WitRequirement], versions: _Versions) -> Iterator[Problem]:
    """Find packages whose exact version in a manifest differs from every version to which the WIT refers."""
    from dunnage.wit.requirements import exact_version

    exact: dict[str, list[tuple[WitRequirement, str]]] = {}
    for requirement in requirements:
        if version := exact_version(requirement.text):
            exact.setdefault(requirement.package, []).append((requirement, version))
    for package, pins in exact.items():
        wanted = versions.get(package, {})
        if wanted and {version.partition("+")[0] for version in wanted}.isdisjoint(pin for _, pin in pins):
            version, reference = next(iter(wanted.items()))
            for requirement, pin in pins:
                message = f"`{package}` has version {pin} here, but {version} at {reference.place}"
                yield _in_manifest(requirement, message)


def _compatible(requirements: Iterable[WitRequirement], versions: _Versions) -> list[WitRequirement]:
    """The requirements whose exact version is compatible with a version to which the WIT refers."""
    from dunnage.wit.requirements import exact_version

    compatible = []
    for requirement in requirements:
        own = track(exact_version(requirement.text))
        if own and own in map(track, versions.get(requirement.package, ())):
            compatible.append(requirement)
    return compatible


def _in_manifest(requirement: WitRequirement, message: str) -> Problem:
    return Problem("wit-pins/conflict", requirement.file, message, _SAME_VERSION, requirement.keys, about_value=True)


def _in_wit(reference: ForeignReference, message: str) -> Problem:
    return Problem("wit-pins/conflict", reference.file, message, _SAME_VERSION, span=reference.span)
