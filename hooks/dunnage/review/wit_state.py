"""The packages in a WIT folder and in its `deps` at one time, and what their items mean.

Only the needed packages are parsed. Comments, order, trailing commas, `%`, `@since` and `@deprecated` have no meaning.
"""

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache, cached_property
from typing import NamedTuple

from dunnage.files.source import File, SourceError
from dunnage.wit import is_package
from dunnage.wit.elaboration import ElaboratedWorld, Elaboration
from dunnage.wit.graph import PackageScopes, Source, WitGraph
from dunnage.wit.model import WitDocument, WitScope
from dunnage.wit.syntax import parse

_DEPENDENCIES = "deps"
_MOST_REPEATED = 2000
"""How often packages are resolved for files beside each other that do not form a package, such as those of tests."""
_MOST_REPEATED_TOKENS = 2_000_000
"""How many tokens these packages have together."""
_PACKAGE = rb"package\s+%?([a-z][a-z0-9-]*:%?[a-z][a-z0-9-]*(?:@[0-9A-Za-z.+-]+)?)"


class Foreign(NamedTuple):
    """A package in `deps`."""

    name: str
    """NAMESPACE:NAME."""
    version: str
    """Empty if it has none."""
    graph: WitGraph
    package: PackageScopes
    unit: str
    """The path of its folder or file in `deps`."""
    file: File
    """The file that names it, or the first one."""

    @property
    def full_name(self) -> str:
        """With the version."""
        return full_name(self.name, self.version)


class OwnWorld(NamedTuple):
    """A world that is defined in the WIT folder itself."""

    name: str
    """NAMESPACE:NAME/WORLD, without a version."""
    graph: WitGraph
    number: int
    file: File


class WitState:
    """The packages of a WIT folder."""

    def __init__(
        self, folder: str, files: Mapping[str, File], changed: Iterable[str], later: "WitState | None" = None
    ) -> None:
        """`changed` are the paths of the files that differ, whose packages are needed in any case.

        A package that the folder lacks, but refers to, is taken from `later`: what a version of a package holds is what
        it held before.
        """
        self.folder = folder
        self.files = files
        self.unreadable: dict[str, str] = {}
        """Why files cannot be parsed, by path."""
        self._units: dict[str, list[str]] = {}
        for path in files:
            if path.endswith(".wit"):
                self._units.setdefault(_unit(folder, path), []).append(path)
        self._later = later
        self._loaded: dict[str, list[Source]] = {}
        self._changed = {_unit(folder, path) for path in changed}
        self._load([unit for unit in self._units if unit == folder or unit in self._changed])
        self.graphs = list(self._graphs())
        self.elaboration = cache(Elaboration)
        """The worlds of one of the graphs."""

    def foreign(self) -> Iterator[Foreign]:
        """The packages in `deps` whose files changed."""
        for graph in self.graphs:
            for package in graph.packages:
                number = next(iter(package.scopes.values()), None)
                if number is None or package.name is None:
                    continue
                path = graph.scopes[number].part.source.path
                file, unit = self.files.get(path), _unit(self.folder, path)
                if file is not None and unit != self.folder and unit in self._changed:
                    name, _, version = package.name.partition("@")
                    yield Foreign(name, version, graph, package, unit, file)

    def worlds(self) -> Iterator[OwnWorld]:
        """The worlds of packages whose files are in the WIT folder itself."""
        for graph in self.graphs:
            for number, (part, scope) in enumerate(graph.scopes):
                is_own = os.path.dirname(part.source.path) == self.folder and part.content is part.source.document.own
                if is_own and scope.kind == "world":
                    package = (part.package.name or "").partition("@")[0]
                    name = part.source.document.name(scope.token)
                    yield OwnWorld(f"{package}/{name}", graph, number, self.files[part.source.path])

    def broken_units(self) -> set[str]:
        """The packages of which a file cannot be parsed."""
        return {_unit(self.folder, path) for path in self.unreadable}

    def elaborated(self, world: OwnWorld) -> ElaboratedWorld | None:
        """What a world imports and exports; None if it includes itself, or more than is looked at."""
        return self.elaboration(world.graph).world(world.number)

    def _load(self, units: list[str]) -> None:
        """Parse units, and those of all packages to which they refer."""
        pending = list(units)
        while pending:
            unit = pending.pop()
            if unit in self._loaded:
                continue
            sources = self._loaded[unit] = list(self.parsed(unit))
            for package in _referenced(sources):
                found = self.declaring(package)
                pending += found
                if not found and self._later is not None:
                    self._borrow(package, self._later)

    def _borrow(self, package: str, later: "WitState") -> None:
        """Take a package, and those to which it refers, from another state."""
        pending = [package]
        while pending:
            name = pending.pop()
            for unit in later.declaring(name):
                key = f"{unit}\0later"
                if key not in self._loaded and not self.declaring(name):
                    sources = self._loaded[key] = list(later.parsed(unit))
                    pending += _referenced(sources)

    def declaring(self, package: str) -> Mapping[str, None]:
        """The units in which a package with this full name seems to be declared."""
        return self._declared.get(package, {})

    @cached_property
    def _declared(self) -> dict[str, dict[str, None]]:
        found: dict[str, dict[str, None]] = {}
        for unit, paths in self._units.items():
            for path in paths:
                for name in re.findall(_PACKAGE, self.files[path].data):
                    found.setdefault(name.decode().replace("%", ""), {})[unit] = None
        return found

    def parsed(self, unit: str) -> Iterator[Source]:
        """The files of a unit that can be parsed."""
        for path in self._units[unit]:
            try:
                yield Source(path, parse(self.files[path]))
            except SourceError as error:
                self.unreadable[path] = error.message

    def _graphs(self) -> Iterator[WitGraph]:
        dependencies = [sources for unit, sources in self._loaded.items() if unit != self.folder and sources]
        packages = [part for sources in dependencies for part in _packages(sources)]
        own = self._loaded.get(self.folder, [])
        if not own or is_package(own):
            yield WitGraph([*([own] if own else []), *packages], hides_unstable=True)
        elif len(own) * len(packages) > _MOST_REPEATED or len(own) * _tokens(packages) > _MOST_REPEATED_TOKENS:
            yield WitGraph(packages, hides_unstable=True)
        else:  # files that have nothing to do with each other
            yield from (WitGraph([[source], *packages], hides_unstable=True) for source in own)


def full_name(name: str, version: str | None) -> str:
    """A name with the version; the name itself if it has none."""
    return f"{name}@{version}" if version else name


def _packages(sources: list[Source]) -> list[list[Source]]:
    return [sources] if is_package(sources) else [[source] for source in sources]


def _tokens(packages: list[list[Source]]) -> int:
    return sum(len(source.document.tokens.texts) for sources in packages for source in sources)


def _referenced(sources: Iterable[Source]) -> Iterator[str]:
    """The full names of all packages to which files refer."""
    for source in sources:
        for package, _, _ in source.document.references:
            yield package.full


def _unit(folder: str, path: str) -> str:
    """The folder or file that is a package: the WIT folder itself, or what is in `deps`."""
    above = os.path.dirname(path)
    return path if os.path.basename(above) == _DEPENDENCIES and above != folder else above


_CLOSING = frozenset([")", "}", ">"])


class Content(NamedTuple):
    """An item of an interface or world."""

    text: str
    token: int
    """Number of a token in it, where a finding about it is placed."""


Contents = dict[str, Content]
"""The items of an interface or world: types and functions by their names in the component model, and statements of
worlds by what they say, without versions.
"""


def contents(document: WitDocument, scope: WitScope) -> Contents:
    """The items of an interface or world."""
    return {name: Content(text, token) for name, text, token in _items(document, scope)}


def meaning(document: WitDocument) -> object:
    """The meaning of a file. Files with the same meaning give equal values."""
    name = document.name
    found = []
    for package in (document.own, *document.nested):
        uses = {name(use.names[0][1]): use.path.full_name for use in package.uses}
        scopes = {
            name(scope.token): (scope.kind, {item: each.text for item, each in contents(document, scope).items()})
            for scope in package.scopes
        }
        found.append((package.name, uses, scopes, len(package.scopes)))
    return found


def _items(document: WitDocument, scope: WitScope) -> Iterator[tuple[str, str, int]]:
    name = document.name
    for use in scope.uses:
        for token, alias in use.names:
            yield name(alias), f"use {use.path.full_name} {name(token)}", alias
    for definition in scope.definitions:
        if definition.kind == "resource":
            yield name(definition.token), "resource", definition.token
            continue
        text = _text(document, definition.token + 1, definition.end)
        if definition.kind == "func":
            is_linked = scope.kind == "world" and definition.resource < 0
            is_exported = document.tokens.texts[definition.token - 1] == "export"
            keyword = ("export " if is_exported else "import ") if is_linked else ""
            yield f"{keyword}{document.function_name(definition)}", text, definition.token
        else:
            yield name(definition.token), f"{definition.kind} {text}", definition.token
    for include in scope.includes:
        renamed = sorted(f"{name(old)} as {name(new)}" for old, new in include.names)
        unversioned, _, version = include.path.full_name.partition("@")
        yield f"include {unversioned}", " ".join((version, *renamed)), include.path.token
    for keyword, path in scope.links:
        unversioned, _, version = path.full_name.partition("@")
        # A world may give a name to what it imports or exports.
        own_name = f"{name(path.token - 2)}: " if document.tokens.texts[path.token - 1] == ":" else ""
        yield f"{keyword} {own_name}{unversioned}", version, path.token
    for keyword, inner in scope.inner:
        texts = sorted(f"{item}: {content.text}" for item, content in contents(document, inner).items())
        yield f"{keyword} {name(inner.token)}", "; ".join(texts), inner.token


def _text(document: WitDocument, start: int, end: int) -> str:
    texts = document.tokens.texts
    words = (
        texts[at].removeprefix("%") for at in range(start, end) if not (texts[at] == "," and texts[at + 1] in _CLOSING)
    )
    return " ".join(words)
