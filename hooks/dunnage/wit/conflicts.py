"""The packages to which WIT refers, and their versions that conflict or are missing, in WIT and in the manifests of wkg
and cargo-component.
"""

import os
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from dunnage.files import document
from dunnage.files.document import Problem, Refused
from dunnage.files.source import File, SourceError, Tree
from dunnage.files.span import Span
from dunnage.files.walk import folders, upwards
from dunnage.wit import lock, syntax
from dunnage.wit.lock_comparison import binary_mentions
from dunnage.wit.model import WitDocument
from dunnage.wit.projects import (
    CARGO_MANIFEST,
    DEPS,
    WORKSPACE_OUT,
    Projects,
    WitRequirement,
    WkgRoot,
    own_files,
    vendored,
)
from dunnage.wit.wit_deps import is_wit

if TYPE_CHECKING:
    from dunnage.wit.cargo_component import Component
    from dunnage.wit.projects import Projects


class ForeignReference(NamedTuple):
    """A reference in WIT to an interface or a world of another package."""

    package: str
    """NAMESPACE:NAME."""
    version: str | None
    text: str
    """NAMESPACE:NAME/ITEM, and `@` and the version if there is one."""
    file: File
    span: Span

    @property
    def place(self) -> str:
        """The file and the line as messages show them."""
        return f"{self.file.path}:{self.file.position(self.span.start)[0]}"


class FolderPackage(NamedTuple):
    """The content of the WIT files directly in a folder."""

    names: frozenset[str]
    """The packages that they define: the folder's own, and nested ones."""
    references: tuple[ForeignReference, ...]
    """The references to other packages."""


def read_folder(folder: str, tree: Tree) -> FolderPackage:
    """Read the WIT files directly in a folder. A file that cannot be parsed is skipped."""
    documents = list(_documents(own_files(folder), tree))
    names = frozenset(name.unversioned for _, document in documents for name in document.defined)
    references = (reference for file, document in documents for reference in _references(file, document))
    return FolderPackage(names, tuple(reference for reference in references if reference.package not in names))


def worlds(path: str, tree: Tree) -> list[list[ForeignReference]]:
    """The references in each world of a WIT file. A file that cannot be parsed has none."""
    by_world: dict[int, list[ForeignReference]] = {}
    for file, wit in _documents([path], tree):
        scopes = [scope for package in (wit.own, *wit.nested) for scope in package.scopes]
        kinds = sorted((wit.tokens.span(scope.token).start, scope.kind) for scope in scopes)
        starts = [start for start, _ in kinds]
        for reference in _references(file, wit):
            index = bisect_right(starts, reference.span.start) - 1
            if index >= 0 and kinds[index][1] == "world":
                by_world.setdefault(index, []).append(reference)
    return list(by_world.values())


def by_version(references: Iterable[ForeignReference]) -> dict[str, dict[str, ForeignReference]]:
    """For each package, the first reference to each of its versions. References without a version are left out."""
    found: dict[str, dict[str, ForeignReference]] = {}
    for reference in references:
        if reference.version is not None:
            found.setdefault(reference.package, {}).setdefault(reference.version, reference)
    return found


def track(text: str) -> tuple[int, ...]:
    """The numbers up to the first that is not 0, which all compatible releases of a version share.

    A host provides the newest of these releases for all of them. The result is empty for a version with which no other
    is compatible: a pre-release, or 0.0.z.
    """
    from dunnage.cargo.version import Version, VersionError

    try:
        version = Version.parse(text)
    except VersionError:
        return ()
    if version.pre:
        return ()
    return (version.major,) if version.major else (0, version.minor) if version.minor else ()


class Sources:
    """Where wkg finds the packages to which the WIT in a folder refers, apart from a registry."""

    def __init__(self, folder: str, projects: Projects, tree: Tree) -> None:
        roots = projects.wkg_roots(folder)
        known = tree.own(_known_roots)
        folders = tuple(root.folder for root in roots)
        if folders not in known:
            known[folders] = _Roots(roots, tree)
        self._of_roots = known[folders]
        self._vendored = (_Vendored([os.path.join(folder, DEPS)], tree), self._of_roots.vendored)
        component = component_of(folder, projects, tree)
        self._required = {entry.package for entry in (component.target_dependencies if component else ())}

    def has_folder(self, package: str) -> bool:
        """Whether a package comes from a folder, in any version. Also True if a `wkg.toml` cannot be read."""
        return package in self._of_roots.with_folder or self._of_roots.is_refused

    def has_vendored(self, package: str, version: str) -> bool:
        """Whether a version of a package is vendored. A binary holds the full names of its interfaces."""
        return any(
            (package, version) in each.in_texts or f"={version}" in each.in_binaries.get(package, ())
            for each in self._vendored
        )

    def is_settled(self, package: str) -> bool:
        """Whether a new release of a package has no effect.

        True if the package is overridden, locked, or required by a manifest of cargo-component. Also True if the
        project defines it, because a build may take it from there.
        """
        roots = self._of_roots
        return (
            package in roots.overridden
            or package in self._required
            or self.has_folder(package)
            or roots.locked is None
            or package in roots.locked
            or any(package in each.in_binaries for each in self._vendored)
            or package in roots.defined
        )


class _Vendored:
    """The names and versions of packages in folders `deps`."""

    def __init__(self, folders: Iterable[str], tree: Tree) -> None:
        self._tree = tree
        paths = [path for folder in folders for entry in vendored(folder) for path in entry.files]
        self._binaries = [path for path in paths if path.endswith(".wasm")]
        self._texts = [path for path in paths if not path.endswith(".wasm")]

    @cached_property
    def in_texts(self) -> set[tuple[str, str | None]]:
        """The packages that WIT defines."""
        names = (name for _, document in _documents(self._texts, self._tree) for name in document.defined)
        return {(name.unversioned, name.version) for name in names}

    @cached_property
    def in_binaries(self) -> dict[str, set[str]]:
        """For each package to whose interfaces binaries refer, the requirements on it."""
        found: dict[str, set[str]] = {}
        for path in self._binaries:
            for name, text in binary_mentions(self._tree.content(path) or b""):
                found.setdefault(name, set()).add(text)
        return found


class _Roots:
    """What folders in which wkg runs hold for all of their WIT folders."""

    def __init__(self, roots: Sequence[WkgRoot], tree: Tree) -> None:
        self._roots = roots
        self._tree = tree
        overrides = [entry for root in roots if root.config for entry in root.config.overrides.values()]
        self.with_folder = {entry.package for entry in overrides if entry.path is not None}
        self.overridden = {entry.package for entry in overrides}
        self.is_refused = any(root.refused for root in roots)
        workspaces = [os.path.join(root.folder, WORKSPACE_OUT, DEPS) for root in roots if root.is_workspace]
        self.vendored = _Vendored(workspaces, tree)

    @cached_property
    def locked(self) -> set[str] | None:
        """The locked packages; None if a lock cannot be read."""
        names: set[str] = set()
        for root in self._roots:
            try:
                names.update(package.name for package in lock.read(document.read(self._tree, root.lock)))
            except FileNotFoundError:
                continue
            except Refused:
                return None
        return names

    @cached_property
    def defined(self) -> set[str]:
        """The packages that are defined anywhere below the folders."""
        names: set[str] = set()
        for root in self._roots:
            names.update(*(read_folder(wit, self._tree).names for wit in root.wit_folders))
            for folder, files in folders(root.folder):
                paths = [os.path.join(folder, name) for name in files if is_wit(name)]
                documents = _documents(paths, self._tree)
                names.update(name.unversioned for _, document in documents for name in document.defined)
        return names


def _known_roots(_tree: Tree) -> dict[tuple[str, ...], _Roots]:
    """What is known of the folders in which wkg runs, for `Tree.own`: many WIT folders share them."""
    return {}


def _documents(paths: Iterable[str], tree: Tree) -> Iterator[tuple[File, WitDocument]]:
    for file in filter(None, map(tree.find, paths)):
        try:
            yield file, syntax.parse(file)
        except SourceError:
            continue


def _references(file: File, document: WitDocument) -> Iterator[ForeignReference]:
    for package, item, span in document.references:
        name = package.unversioned
        version = f"@{package.version}" if package.version else ""
        yield ForeignReference(name, package.version, f"{name}/{item}{version}", file, span)


def component_of(wit: str, projects: Projects, tree: Tree) -> "Component | None":
    """The section of the component whose WIT is in a WIT folder; None if there is none.

    Only the nearest `Cargo.toml` is read. One that cannot be read has no component.
    """
    paths = (os.path.join(folder, CARGO_MANIFEST) for folder in upwards(wit))
    path = next(filter(tree.exists, paths), None)
    if path is None or b"component" not in (tree.content(path) or b""):
        return None
    folder = os.path.dirname(path)
    from dunnage.wit import cargo_component

    try:
        manifest = projects.manifests.find(folder)
    except Refused:
        return None
    component = manifest and cargo_component.component(manifest.file)
    return component if component and wit == _wit_folder_of(folder, component) else None


def _wit_folder_of(folder: str, component: "Component") -> str | None:
    """The WIT folder of a component, or the folder of its WIT file; None if it has no WIT of its own."""
    if component.wit_path is None:
        return None
    path = os.path.normpath(os.path.join(folder, component.wit_path))
    return os.path.dirname(path) if is_wit(path) and not os.path.isdir(path) else path


# Conflicts


_Versions = Mapping[str, Mapping[str, ForeignReference]]
"""For each package, the first reference to each of its versions."""

_SAME_VERSION = "write the same version in both places"


def check_section(component: "Component") -> Iterator[Problem]:
    """Find packages that the target and the imports of a component require in different but compatible versions.

    A host provides one version for both. A dependency with a different name is intended to be a second version.
    """
    from dunnage.wit.cargo_component import requirements
    from dunnage.wit.requirements import exact_version

    seen: dict[tuple[str, tuple[int, ...]], str] = {}
    unrenamed = (entry for entry in component.all_dependencies if entry.name == entry.package)
    for requirement in requirements(unrenamed):
        version = exact_version(requirement.text)
        first = seen.setdefault((requirement.package, track(version)), version)
        if track(version) and first != version:
            message = f"`{requirement.package}` has version {version} here, but {first} elsewhere in this manifest"
            yield _in_manifest(requirement, message)


def check_worlds(path: str, tree: Tree) -> Iterator[Problem]:
    """Find packages to which one world of a WIT file refers in different but compatible versions."""
    for world in worlds(path, tree):
        for package, versions in by_version(world).items():
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
    roots, component = projects.wkg_roots(folder), component_of(folder, projects, tree)
    pinned = [root.config.requirements(root.manifest) for root in roots if root.manifest and root.config]
    imported: list[WitRequirement] = []
    if component:
        from dunnage.wit import cargo_component

        pinned.append(cargo_component.requirements(component.target_dependencies))
        # Except the packages that the component also names for its own WIT.
        named = {entry.package for entry in component.target_dependencies}
        dependencies = (entry for entry in component.dependencies if entry.package not in named)
        imported = cargo_component.requirements(dependencies)
    if not roots and not any(pinned) and not imported:
        return
    wit = read_folder(folder, tree)
    versions = by_version(wit.references)
    for requirements in (_compatible(imported, versions), *pinned):
        yield from _check_pinned(requirements, versions)
    if roots:
        yield from _check_wkg_references(wit, versions, Sources(folder, projects, tree))


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
