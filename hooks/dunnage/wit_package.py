"""The WIT package in a folder: what it refers to, and for which of that nobody has said which version it is."""

from __future__ import annotations

import os
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from dunnage import document
from dunnage.cargo.version import Version, VersionError
from dunnage.document import Refused
from dunnage.finding import Span
from dunnage.source import File, SourceError, Tree
from dunnage.wit import lock, syntax
from dunnage.wit.syntax import Document, PackageName
from dunnage.wit_projects import DEPS, WORKSPACE_OUT, Projects, own_files, vendored


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
    names = frozenset(name for _, found in documents for name in _defined(found))
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


def are_compatible(first: str, second: str) -> bool:
    """Whether the newer of two versions stands in for the older when a component is run: both are releases, and they
    differ only behind the first number that is not 0.
    """
    try:
        return _track(first) == _track(second) != ()
    except VersionError:
        return False


def _track(text: str) -> tuple[int, ...]:
    """What compatible releases share; nothing for a version that no other is compatible with."""
    version = Version.parse(text)
    if version.pre:
        return ()
    return (version.major,) if version.major else (0, version.minor) if version.minor else ()


class Unsettled:
    """The packages of which wkg would take the newest version, where the WIT in a folder names none."""

    def __init__(self, folder: str, projects: Projects, tree: Tree) -> None:
        self._folder = folder
        self._projects = projects
        self._tree = tree
        self._settled: dict[str, bool] = {}

    def __contains__(self, package: str) -> bool:
        if package not in self._settled:
            self._settled[package] = self._is_settled(package)
        return not self._settled[package]

    def _is_settled(self, package: str) -> bool:
        """Whether the package is overridden, locked, a member of the workspace, asked for, or vendored."""
        deps = [os.path.join(self._folder, DEPS)]
        for root in self._projects.wkg_roots(self._folder):
            if root.config and package in root.config.overrides:
                return True
            if root.refused or _is_locked(package, root.lock, self._tree):
                return True
            if root.is_workspace:
                deps.append(os.path.join(root.folder, WORKSPACE_OUT, DEPS))
                if any(package in read(member, self._tree).names for member in root.wit_folders):
                    return True
        component = self._projects.component(self._folder)
        if component and any(it.package == package for it in component[1].target_dependencies):
            return True
        return any(_is_vendored(package, folder, self._tree) for folder in deps)


def _is_locked(package: str, path: str, tree: Tree) -> bool:
    try:
        return any(locked.name == package for locked in lock.read(document.read(tree, path)))
    except FileNotFoundError:
        return False
    except Refused:
        return True  # nobody knows


def _is_vendored(package: str, deps: str, tree: Tree) -> bool:
    for found in vendored(deps):
        binaries = [path for path in found.files if path.endswith(".wasm")]
        texts = [path for path in found.files if path not in binaries]
        if any(package in _defined(document) for _, document in _documents(texts, tree)):
            return True
        if any(_holds(path, package, tree) for path in binaries):
            return True
    return False


def _holds(path: str, package: str, tree: Tree) -> bool:
    """Whether a binary has anything to do with a package: its interfaces are spelled out in it."""
    try:
        return f"{package}/".encode() in tree.read(path).data
    except (FileNotFoundError, SourceError):
        return False


def _documents(paths: Iterable[str], tree: Tree) -> Iterator[tuple[File, Document]]:
    for path in paths:
        try:
            file = tree.read(path)
            yield file, syntax.parse(file)
        except (FileNotFoundError, SourceError):
            continue


def _defined(document: Document) -> list[str]:
    packages = (document.package, *(nested.name for nested in document.nested))
    return [_name(package) for package in packages if package is not None]


def _references(file: File, document: Document) -> Iterator[Reference]:
    for it in document.references:
        name = _name(it.package)
        version = f"@{it.package.version}" if it.package.version else ""
        yield Reference(name, it.package.version, f"{name}/{'/'.join(it.path)}{version}", file, it.span)


def _name(package: PackageName) -> str:
    return f"{package.namespace}:{package.name}"
