"""What the names in WIT stand for: types that contain themselves, and how much a type comes to once it is written out.

Names that lead nowhere stand for nothing here; whoever misses them says so. Nothing calls itself, and each name is
followed once.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from dunnage.wit.syntax import Definition, Document, Package, Path, Scope

Edges = list[list[int]]


class Source(NamedTuple):
    """A WIT file of a package."""

    path: str
    document: Document


class Item(NamedTuple):
    """An interface, a world or a type, and where it is named."""

    source: Source
    at: int
    """Number of the token of its name."""

    @property
    def name(self) -> str:
        """Its name, without that of its package."""
        return self.source.document.name(self.at)


class Cycle(NamedTuple):
    """What leads back to itself."""

    kind: str
    """`type`, `interface`, `world` or `package`."""
    items: tuple[Item, ...]
    """Each leads to the next, and the last to the first. Of packages, where each is named by the one before."""
    names: tuple[str, ...]


class Node(NamedTuple):
    """A type, a name that a type has by `use`, or a function."""

    source: Source
    at: int
    """Number of the token of its name."""
    scope: int
    definition: Definition | None
    """None for what `use` brings."""

    @property
    def item(self) -> Item:
        """Where it is named."""
        return Item(self.source, self.at)

    @property
    def kind(self) -> str:
        """That of the definition, or `use`."""
        return self.definition.kind if self.definition else "use"


class Part(NamedTuple):
    """What one file has of one package."""

    source: Source
    package: "Members"
    content: Package
    used: dict[str, Path]
    """What `use` names at the top of the file, under the name that it has there."""
    scopes: dict[str, int]


class Members(NamedTuple):
    """The interfaces and worlds of a package."""

    name: str | None
    """With its version."""
    scopes: dict[str, int]


class Place(NamedTuple):
    """An interface or world, and the part that it stands in."""

    part: Part
    scope: Scope


class Link(NamedTuple):
    """An interface that a world imports or exports."""

    number: int
    is_import: bool
    is_named: bool
    """Whether it has a name of its own there, or is written there."""


class Graph:
    """All types and functions of some packages that belong together, and what they are made of."""

    def __init__(self, packages: Iterable[Sequence[Source]]) -> None:
        """Each package is the files of one folder, or one file."""
        self.nodes: list[Node] = []
        self.places: list[Place] = []
        self._parts: list[Part] = []
        self.packages: list[Members] = []
        self._named: dict[str, Members | None] = {}
        self._inner: dict[int, list[Link]] = {}
        self._used: dict[int, list[int]] = {}
        self._types: list[dict[str, int]] = []
        """Of each scope, the nodes of its types by name."""
        for sources in packages:
            self._add(sources)
        self._targets: Edges = [self._scope_targets(place) for place in self.places]
        self.edges: list[list[tuple[int, int]]] = self._edges()
        """Of each node, the nodes that it is made of, each with the level that it stands in."""
        self.order, self._left = _sorted([[node for node, _ in edges] for edges in self.edges])
        """The nodes that lead to no cycle, each after all that it is made of."""

    def _add(self, sources: Sequence[Source]) -> None:
        own = Members(
            next((_full_name(source.document.own) for source in sources if source.document.package), None), {}
        )
        self._name(own)
        for source in sources:
            self._add_part(source, own, source.document.own)
            for content in source.document.nested:
                nested = Members(_full_name(content), {})
                self._name(nested)
                self._add_part(source, nested, content)

    def _name(self, package: Members) -> None:
        self.packages.append(package)
        if package.name is not None:
            # Of two packages of one name neither is meant.
            self._named[package.name] = None if package.name in self._named else package

    def _add_part(self, source: Source, package: Members, content: Package) -> None:
        name = source.document.name
        part = Part(source, package, content, {name(use.names[0][1]): use.path for use in content.uses}, {})
        self._parts.append(part)
        for scope in content.scopes:
            part.scopes[name(scope.at)] = package.scopes[name(scope.at)] = len(self.places)
            self._add_scope(part, scope)

    def _add_scope(self, part: Part, scope: Scope) -> None:
        number = len(self.places)
        self.places.append(Place(part, scope))
        types: dict[str, int] = {}
        self._types.append(types)
        source = part.source
        for use in scope.uses:
            for _, at in use.names:
                types[source.document.name(at)] = len(self.nodes)
                self.nodes.append(Node(source, at, number, None))
        for definition in scope.definitions:
            if definition.kind != "func":
                types[source.document.name(definition.at)] = len(self.nodes)
            self.nodes.append(Node(source, definition.at, number, definition))
        for keyword, inner in scope.inner:
            self._inner.setdefault(number, []).append(Link(len(self.places), keyword == "import", is_named=True))
            self._add_scope(part, inner)

    def find(self, part: Part, path: Path) -> int | None:
        """The number of the interface or world that a path in this part leads to."""
        package = part.package
        if path.package is None:
            if path.item not in part.used:
                return part.scopes.get(path.item, package.scopes.get(path.item))
            path = part.used[path.item]
        if path.package is not None:
            found = self._named.get(path.package)
            return found and found.scopes.get(path.item)
        return package.scopes.get(path.item)

    def used(self, number: int) -> list[int]:
        """The interfaces that one interface or world uses a type of."""
        if number not in self._used:
            place = self.places[number]
            found = (self.find(place.part, use.path) for use in place.scope.uses if use.names)
            self._used[number] = list(dict.fromkeys(end for end in found if end is not None))
        return self._used[number]

    def linked(self, number: int) -> Iterator[Link]:
        """The interfaces that a world itself imports or exports."""
        place = self.places[number]
        texts = place.part.source.document.tokens.texts
        for keyword, path in place.scope.links:
            end = self.find(place.part, path)
            if end is not None:
                yield Link(end, keyword == "import", texts[path.at - 1] == ":")
        yield from self._inner.get(number, [])

    def _scope_targets(self, place: Place) -> list[int]:
        """The interfaces and worlds of the same package that this one cannot be without."""
        scope = place.scope
        paths = [use.path for use in (scope.includes if scope.kind == "world" else scope.uses)]
        found = (self.find(place.part, path) for path in paths if path.package is None)
        return [number for number in found if number is not None and self._is_same(place, number)]

    def _is_same(self, place: Place, number: int) -> bool:
        return self.places[number].part.package is place.part.package

    def _edges(self) -> list[list[tuple[int, int]]]:
        edges: list[list[tuple[int, int]]] = []
        for number, place in enumerate(self.places):
            texts = place.part.source.document.tokens.texts
            types = self._types[number]
            for use in place.scope.uses:
                target = self.find(place.part, use.path)
                known = {} if target is None else self._types[target]
                for at, _ in use.names:
                    node = known.get(texts[at].removeprefix("%"))
                    edges.append([] if node is None else [(node, 1)])
            for definition in place.scope.definitions:
                found = ((types.get(texts[at].removeprefix("%")), level) for at, level in definition.names)
                edges.append([(node, level) for node, level in found if node is not None])
        return edges

    def cycles(self) -> Iterator[Cycle]:
        """Yield what leads back to itself: one cycle of each knot of types, of interfaces and of packages.

        Interfaces and packages of which a cycle of types says it already are left out.
        """
        told: set[int] = set()
        for cycle in _cycles([[node for node, _ in edges] for edges in self.edges], self._left):
            items = tuple(self.nodes[node].item for node in cycle)
            told |= {self.nodes[node].scope for node in cycle if self.nodes[node].kind == "use"}
            yield Cycle("type", items, tuple(item.name for item in items))
        _, left = _sorted(self._targets)
        for cycle in _cycles(self._targets, left):
            if told.isdisjoint(cycle):
                items = tuple(Item(self.places[at].part.source, self.places[at].scope.at) for at in cycle)
                yield Cycle(self.places[cycle[0]].scope.kind, items, tuple(item.name for item in items))
        known = {self.places[at].part.package.name for at in told}
        yield from (cycle for cycle in self._package_cycles() if known.isdisjoint(cycle.names))

    def _package_cycles(self) -> Iterator[Cycle]:
        names = [name for name, package in self._named.items() if package]
        numbers = {name: number for number, name in enumerate(names)}
        targets: Edges = [[] for _ in names]
        places: dict[tuple[int, int], Item] = {}
        for part in self._parts:
            number = numbers.get(part.package.name or "")
            if number is None:
                continue
            for path in _paths(part.content):
                target = numbers.get(path.package or "")
                if target is not None and (number, target) not in places:
                    targets[number].append(target)
                    places[number, target] = Item(part.source, path.at)
        _, left = _sorted(targets)
        for cycle in _cycles(targets, left):
            items = tuple(places[cycle[at - 1], number] for at, number in enumerate(cycle))
            yield Cycle("package", items, tuple(names[number] for number in cycle))


def _full_name(package: Package) -> str | None:
    name = package.name
    if name is None:
        return None
    return f"{name.namespace}:{name.name}" + (f"@{name.version}" if name.version else "")


def _paths(package: Package) -> Iterator[Path]:
    """All that a package refers to by a path."""
    for use in package.uses:
        yield use.path
    for scope in package.scopes:
        yield from (use.path for use in scope.uses)
        yield from (use.path for use in scope.includes)
        yield from (path for _, path in scope.links)
        yield from (use.path for _, inner in scope.inner for use in inner.uses)


def _sorted(targets: Edges) -> tuple[list[int], list[int]]:
    """All nodes that lead to no cycle, each after those that it leads to; and the others."""
    sources: Edges = [[] for _ in targets]
    waiting = [len(ends) for ends in targets]
    for node, ends in enumerate(targets):
        for end in ends:
            sources[end].append(node)
    order = [node for node, count in enumerate(waiting) if not count]
    for node in order:
        for source in sources[node]:
            waiting[source] -= 1
            if not waiting[source]:
                order.append(source)
    return order, [node for node, count in enumerate(waiting) if count]


def _cycles(targets: Edges, nodes: Sequence[int]) -> Iterator[list[int]]:
    """Yield a short cycle of each strongly connected component among the nodes, from its first node."""
    for component in _components(targets, nodes):
        cycle = _shortest_cycle(targets, component)
        if cycle:
            yield cycle


def _shortest_cycle(targets: Edges, component: frozenset[int]) -> list[int]:
    """The shortest way from a component's first node back to it; none if it is alone and does not lead to itself."""
    first = min(component)
    before: dict[int, int] = {}
    queue = [first]
    for node in queue:  # which grows
        for end in targets[node]:
            if end == first:
                cycle = [node]
                while cycle[-1] != first:
                    cycle.append(before[cycle[-1]])
                return cycle[::-1]
            if end in component and end not in before:
                before[end] = node
                queue.append(end)
    return []


def _components(targets: Edges, nodes: Sequence[int]) -> Iterator[frozenset[int]]:
    """Yield the strongly connected components among nodes, by Tarjan's algorithm with a stack of its own."""
    found: dict[int, int] = {}
    lowest: dict[int, int] = {}
    stack: list[int] = []
    on_stack: set[int] = set()
    inside = frozenset(nodes)
    for start in nodes:
        if start in found:
            continue
        calls = [(start, iter(targets[start]))]
        found[start] = lowest[start] = len(found)
        stack.append(start)
        on_stack.add(start)
        while calls:
            node, ends = calls[-1]
            for end in ends:
                if end not in found and end in inside:
                    found[end] = lowest[end] = len(found)
                    stack.append(end)
                    on_stack.add(end)
                    calls.append((end, iter(targets[end])))
                    break
                if end in on_stack:
                    lowest[node] = min(lowest[node], found[end])
            else:
                calls.pop()
                if calls:
                    above = calls[-1][0]
                    lowest[above] = min(lowest[above], lowest[node])
                if lowest[node] == found[node]:
                    component = [stack.pop()]
                    while component[-1] != node:
                        component.append(stack.pop())
                    on_stack.difference_update(component)
                    yield frozenset(component)
