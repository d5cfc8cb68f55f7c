"""The WIT package in a folder, the packages that it refers to, and which of those have a version fixed elsewhere."""

import os
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import NamedTuple

from dunnage.files import document
from dunnage.files.document import Refused
from dunnage.files.source import File, SourceError, Tree
from dunnage.files.span import Span
from dunnage.files.walk import folders
from dunnage.wit import lock, syntax
from dunnage.wit.model import WitDocument
from dunnage.wit.projects import DEPS, WORKSPACE_OUT, Projects, own_files, vendored
from dunnage.wit.wit_deps import is_wit


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


def read(folder: str, tree: Tree) -> FolderPackage:
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
        self._roots = projects.wkg_roots(folder)
        self._tree = tree
        component = projects.component(folder)
        self._required = {entry.package for entry in component[1].target_dependencies} if component else set()
        deps = [os.path.join(folder, DEPS)]
        deps += [os.path.join(root.folder, WORKSPACE_OUT, DEPS) for root in self._roots if root.is_workspace]
        paths = [path for folder in deps for entry in vendored(folder) for path in entry.files]
        self._wasm = [path for path in paths if path.endswith(".wasm")]
        self._texts = [path for path in paths if not path.endswith(".wasm")]

    def has_folder(self, package: str) -> bool:
        """Whether a package comes from a folder, in any version. Also True if a `wkg.toml` cannot be read."""
        overrides = [root.config.overrides.get(package) for root in self._roots if root.config]
        has_path = any(override is not None and override.path is not None for override in overrides)
        return has_path or any(root.refused for root in self._roots)

    def has_vendored(self, package: str, version: str) -> bool:
        """Whether a version of a package is vendored. A binary holds the full names of its interfaces."""
        item, at = f"{package}/".encode(), f"@{version}".encode()
        return (package, version) in self._vendored or any(item in data and at in data for data in self._binaries)

    def is_settled(self, package: str) -> bool:
        """Whether a new release of a package has no effect.

        True if the package is overridden, locked, or required by a manifest of cargo-component. Also True if the
        project defines it, because a build may take it from there.
        """
        return (
            package in self._required
            or self.has_folder(package)
            or any(root.config is not None and package in root.config.overrides for root in self._roots)
            or self._locked is None
            or package in self._locked
            or any(f"{package}/".encode() in data for data in self._binaries)
            or package in self._defined
        )

    @cached_property
    def _vendored(self) -> set[tuple[str, str | None]]:
        names = (name for _, document in _documents(self._texts, self._tree) for name in document.defined)
        return {(name.unversioned, name.version) for name in names}

    @cached_property
    def _binaries(self) -> list[bytes]:
        return [self._tree.content(path) or b"" for path in self._wasm]

    @cached_property
    def _locked(self) -> set[str] | None:
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
    def _defined(self) -> set[str]:
        """The packages that are defined anywhere below the folders in which wkg runs."""
        names = {name for root in self._roots for wit in root.wit_folders for name in read(wit, self._tree).names}
        for root in self._roots:
            for folder, files in folders(root.folder):
                paths = [os.path.join(folder, name) for name in files if is_wit(name)]
                documents = _documents(paths, self._tree)
                names.update(name.unversioned for _, document in documents for name in document.defined)
        return names


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
