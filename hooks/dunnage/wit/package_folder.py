"""The WIT package in a folder: what it refers to, and for which of that nobody has said which version it is."""

from __future__ import annotations

import os
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from functools import cached_property
from itertools import islice
from typing import NamedTuple

from dunnage.files import document
from dunnage.files.document import Refused
from dunnage.files.source import File, SourceError, Tree
from dunnage.files.span import Span
from dunnage.wit import lock, syntax
from dunnage.wit.projects import DEPS, WORKSPACE_OUT, Projects, own_files, vendored
from dunnage.wit.syntax import Document, PackageName

# More than any repository has below a lock; bounds against links and against folders of other people's files.
_MOST_FOLDERS = 20_000
_NOT_LOOKED_INTO = frozenset((".git", "node_modules", "target", ".venv"))


class Reference(NamedTuple):
    """What stands in WIT for an interface or a world of a package."""

    package: str
    """NAMESPACE:NAME."""
    version: str | None
    text: str
    """NAMESPACE:NAME/ITEM, and `@` and the version if there is one."""
    file: File
    span: Span

    @property
    def place(self) -> str:
        """The file and the line, as they are printed."""
        return f"{self.file.path}:{self.file.position(self.span.start)[0]}"


class Package(NamedTuple):
    """What the files directly in a folder hold."""

    names: frozenset[str]
    """What is defined there: the package itself, and those nested in its files."""
    references: tuple[Reference, ...]
    """Those to other packages."""


def read(folder: str, tree: Tree) -> Package:
    """Read the WIT files directly in a folder. One that is not well-formed is passed over."""
    documents = list(_documents(own_files(folder), tree))
    names = frozenset(_name(it) for _, found in documents for it in _defined(found))
    references = (it for file, found in documents for it in _references(file, found))
    return Package(names, tuple(it for it in references if it.package not in names))


def worlds(path: str, tree: Tree) -> list[list[Reference]]:
    """The references in each world of a WIT file; none if it is not well-formed."""
    worlds: dict[int, list[Reference]] = {}
    for file, found in _documents([path], tree):
        scopes = [scope for package in (found.own, *found.nested) for scope in package.scopes]
        kinds = sorted((found.tokens.span(scope.at).start, scope.kind) for scope in scopes)
        starts = [start for start, _ in kinds]
        for it in _references(file, found):
            at = bisect_right(starts, it.span.start) - 1
            if at >= 0 and kinds[at][1] == "world":
                worlds.setdefault(at, []).append(it)
    return list(worlds.values())


def by_version(references: Iterable[Reference]) -> dict[str, dict[str, Reference]]:
    """By package, the first reference to each of its versions, where one is named."""
    found: dict[str, dict[str, Reference]] = {}
    for it in references:
        if it.version is not None:
            found.setdefault(it.package, {}).setdefault(it.version, it)
    return found


def track(text: str) -> tuple[int, ...]:
    """What all releases share of which the newest stands in for the others when a component is run: the numbers up to
    the first that is not 0. Nothing for a version that no other is compatible with: a pre-release, or 0.0.z.
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
    """Where wkg has the packages from that the WIT in a folder refers to, other than a registry."""

    def __init__(self, folder: str, projects: Projects, tree: Tree) -> None:
        self._roots = projects.wkg_roots(folder)
        self._tree = tree
        component = projects.component(folder)
        self._asked = {it.package for it in component[1].target_dependencies} if component else set()
        deps = [os.path.join(folder, DEPS)]
        deps += [os.path.join(root.folder, WORKSPACE_OUT, DEPS) for root in self._roots if root.is_workspace]
        paths = [path for one in deps for found in vendored(one) for path in found.files]
        self._wasm = [path for path in paths if path.endswith(".wasm")]
        self._texts = [path for path in paths if not path.endswith(".wasm")]

    def has_folder(self, package: str) -> bool:
        """Whether a package is taken from a folder, in whatever versions are there; so if that cannot be told."""
        overrides = [root.config.overrides.get(package) for root in self._roots if root.config]
        return any(it is not None and it.path is not None for it in overrides) or any(it.refused for it in self._roots)

    def has_vendored(self, package: str, version: str) -> bool:
        """Whether a package is vendored in a version. A binary spells its interfaces out."""
        spelled, at = f"{package}/".encode(), f"@{version}".encode()
        return (package, version) in self._vendored or any(spelled in it and at in it for it in self._binaries)

    def is_settled(self, package: str) -> bool:
        """Whether it does not matter which version of a package is the newest: it is overridden, locked, asked for in
        a manifest of cargo-component, or defined anywhere below, from where a build may well take it.
        """
        return (
            package in self._asked
            or self.has_folder(package)
            or any(root.config is not None and package in root.config.overrides for root in self._roots)
            or self._locked is None
            or package in self._locked
            or any(f"{package}/".encode() in it for it in self._binaries)
            or package in self._defined
        )

    @cached_property
    def _vendored(self) -> set[tuple[str, str | None]]:
        packages = (it for _, found in _documents(self._texts, self._tree) for it in _defined(found))
        return {(_name(it), it.version) for it in packages}

    @cached_property
    def _binaries(self) -> list[bytes]:
        return [file.data for file in _files(self._wasm, self._tree)]

    @cached_property
    def _locked(self) -> set[str] | None:
        """The packages that are locked; None if a lock cannot be read."""
        names: set[str] = set()
        for root in self._roots:
            try:
                names.update(it.name for it in lock.read(document.read(self._tree, root.lock)))
            except FileNotFoundError:
                continue
            except Refused:
                return None
        return names

    @cached_property
    def _defined(self) -> set[str]:
        """The packages that are defined in WIT below the folders that wkg runs in."""
        names = {name for root in self._roots for wit in root.wit_folders for name in read(wit, self._tree).names}
        for root in self._roots:
            for folder, below, _ in islice(os.walk(root.folder), _MOST_FOLDERS):
                below[:] = [name for name in below if name not in _NOT_LOOKED_INTO]
                names |= read(folder, self._tree).names
        return names


def _files(paths: Iterable[str], tree: Tree) -> Iterator[File]:
    for path in paths:
        try:
            yield tree.read(path)
        except (FileNotFoundError, SourceError):
            continue


def _documents(paths: Iterable[str], tree: Tree) -> Iterator[tuple[File, Document]]:
    for file in _files(paths, tree):
        try:
            yield file, syntax.parse(file)
        except SourceError:
            continue


def _defined(document: Document) -> list[PackageName]:
    packages = (document.package, *(nested.name for nested in document.nested))
    return [package for package in packages if package is not None]


def _references(file: File, document: Document) -> Iterator[Reference]:
    for it in document.references:
        name = _name(it.package)
        version = f"@{it.package.version}" if it.package.version else ""
        yield Reference(name, it.package.version, f"{name}/{'/'.join(it.path)}{version}", file, it.span)


def _name(package: PackageName) -> str:
    return f"{package.namespace}:{package.name}"
