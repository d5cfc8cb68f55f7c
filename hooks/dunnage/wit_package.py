"""The WIT package in a folder: what it refers to, and for which of that nobody has said which version it is."""

from __future__ import annotations

import os
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from functools import cached_property
from itertools import islice
from typing import NamedTuple

from dunnage import document
from dunnage.document import Refused
from dunnage.finding import Span
from dunnage.source import File, SourceError, Tree
from dunnage.wit import lock, syntax
from dunnage.wit.syntax import Document, PackageName
from dunnage.wit_projects import DEPS, WORKSPACE_OUT, Projects, own_files, vendored

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


def are_compatible(first: str, second: str) -> bool:
    """Whether the newer of two versions stands in for the older when a component is run: both are releases, and they
    differ only behind the first number that is not 0.
    """
    return _shared(first) == _shared(second) != ()


def _shared(text: str) -> tuple[int, ...]:
    """What compatible releases share; nothing for a version that no other is compatible with."""
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
        self._paths = [path for one in deps for found in vendored(one) for path in found.files]

    @cached_property
    def _vendored(self) -> set[tuple[str, str | None]]:
        """The packages that are vendored, each with its version, and for whatever version with none."""
        paths = [path for path in self._paths if not path.endswith(".wasm")]
        packages = [it for _, found in _documents(paths, self._tree) for it in _defined(found)]
        return {(_name(it), version) for it in packages for version in (it.version, None)}

    @cached_property
    def _binaries(self) -> list[bytes]:
        return [file.data for file in _files([it for it in self._paths if it.endswith(".wasm")], self._tree)]

    def has_vendored(self, package: str, version: str | None = None) -> bool:
        """Whether a package is vendored, if need be in this version. A binary spells its interfaces out."""
        spelled = f"{package}/".encode()
        at = f"@{version or ''}".encode()
        return (package, version) in self._vendored or any(spelled in it and at in it for it in self._binaries)

    def has_folder(self, package: str) -> bool:
        """Whether a package is taken from a folder, in whatever versions are there; so if that cannot be told."""
        overrides = [root.config.overrides.get(package) if root.config else None for root in self._roots]
        return any(it is not None and it.path is not None for it in overrides) or any(it.refused for it in self._roots)

    def is_settled(self, package: str) -> bool:
        """Whether it does not matter which version of a package is the newest: it is overridden, locked, vendored,
        asked for in a manifest of cargo-component, or defined in any WIT below.
        """
        return (
            package in self._asked
            or self.has_folder(package)
            or any(root.config is not None and package in root.config.overrides for root in self._roots)
            or any(_is_locked(package, root.lock, self._tree) for root in self._roots)
            or self.has_vendored(package)
            or any(package in read(folder, self._tree).names for folder in self._folders())
        )

    def _folders(self) -> Iterator[str]:
        """Every folder in which there may be WIT for a package: a build may well take it from any of them."""
        for root in self._roots:
            yield from root.wit_folders
            for folder, below, _ in islice(os.walk(root.folder), _MOST_FOLDERS):
                below[:] = [name for name in below if name not in _NOT_LOOKED_INTO]
                yield folder


def _is_locked(package: str, path: str, tree: Tree) -> bool:
    try:
        return any(locked.name == package for locked in lock.read(document.read(tree, path)))
    except FileNotFoundError:
        return False
    except Refused:
        return True  # nobody knows


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
