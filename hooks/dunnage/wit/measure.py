"""How large WIT types are once every name in them is written out, as wasmparser counts when a package is encoded.

A type counts one, and all that it is made of; an interface and a world count one, and all types and functions in them;
an encoded package counts all of that together. wasm-tools refuses a sum of a million, long after the text was
committed.
"""

from collections.abc import Iterator
from typing import NamedTuple

from dunnage.wit.graph import Graph, Item

MAX_SIZE = 1_000_000
"""What an effective size has to be below."""
MAX_LEVELS = 100
"""In so many levels types can stand in each other, with those that an encoded package puts round them."""
MAX_STEPS = 500_000
"""After so many looks at an interface, what is left is taken to be small."""
MOST = 10**15
"""Sizes are counted up to here."""


class Measures(NamedTuple):
    """What each type and function of a graph comes to; one that leads to a cycle counts as a single type."""

    sizes: list[int]
    levels: list[int]
    """In how many levels types stand in each other."""
    named_levels: list[int]
    """The same, where a name is on the way; 0 if there is none."""
    steps: list[int]
    """How many names stand for nothing but another name, from this one on."""


class Excess(NamedTuple):
    """An interface, a world or a package that is too large for wasm-tools to encode."""

    kind: str
    """`interface`, `world` or `package`."""
    item: Item
    """Of a package, what makes it too large."""
    size: int


def measure(graph: Graph) -> Measures:
    """Measure every type and function once."""
    count = len(graph.nodes)
    measures = Measures([1] * count, [1] * count, [0] * count, [0] * count)
    sizes, levels, named_levels, steps = measures
    for number in graph.order:
        definition = graph.nodes[number].definition
        edges = graph.edges[number]
        if definition is None:
            size = level = 1
            is_alias = True
            if edges:
                size = 0
        else:
            size = definition.size + len(definition.names) - len(edges)
            level = definition.levels
            is_alias = not definition.size and definition.kind == "type"
        deepest = 0
        for end, at in edges:
            size += sizes[end]
            deepest = max(deepest, levels[end] + at - 1)
        sizes[number] = min(size, MOST)
        levels[number] = max(level, deepest)
        named_levels[number] = deepest
        if is_alias:
            steps[number] = 1 + (steps[edges[0][0]] if edges else 0)
    return measures


def encoded(graph: Graph, measures: Measures) -> tuple[list[Excess], set[int]]:
    """Look for what is too large when packages are encoded; and for the interfaces that take part in a world.

    Of a package that is too large because something in it is, only that is returned.
    """
    encoder = _Encoder(graph, measures)
    found = [excess for package in graph.packages for excess in encoder.package(list(package.scopes.values()))]
    return found, encoder.in_worlds


class _World(NamedTuple):
    """What a world comes to, with the worlds that it includes."""

    size: int
    """Of its own types and functions, and of interfaces that have a name of their own there."""
    imports: set[int]
    exports: set[int]
    """The other interfaces, by number."""
    named: set[int]
    """Those that have a name of their own there."""


class _Encoder:
    """Counts as wasmparser does for what wit-component writes."""

    def __init__(self, graph: Graph, measures: Measures) -> None:
        self.graph = graph
        self.in_worlds: set[int] = set()
        self.worlds: dict[int, _World | None] = {}
        # An interface as an instance: only its types, which is what others need of it, and all of it.
        self.types = [1] * len(graph.places)
        self.whole = [1] * len(graph.places)
        for node, size in zip(graph.nodes, measures.sizes, strict=True):
            self.whole[node.scope] += size
            if node.definition is None or node.definition.kind != "func":
                self.types[node.scope] += size
        # Interfaces and worlds may need the same others over and over. Real packages need some hundreds of steps.
        self.left = MAX_STEPS

    def package(self, scopes: list[int]) -> Iterator[Excess]:
        total = 1
        for number in scopes:
            place = self.graph.places[number]
            size = self.world(number) + 1 if place.scope.kind == "world" else self.interface(number)
            total += size
            item = Item(place.part.source, place.scope.at)
            if size >= MAX_SIZE:
                yield Excess(place.scope.kind, item, size)
                return
            if total >= MAX_SIZE:
                yield Excess("package", item, total)
                return

    def interface(self, number: int) -> int:
        """Count an interface and the types of those that it needs."""
        total = 1 + self.whole[number]
        seen = {number}
        queue = [number]
        while queue and total < MAX_SIZE and self.left > 0:
            self.left -= 1
            for end in self.graph.used(queue.pop()):
                if end not in seen:
                    seen.add(end)
                    queue.append(end)
                    total += self.types[end]
        return total

    def world(self, number: int) -> int:
        """Count a world and all interfaces that it needs."""
        world = self.elaborated(number)
        if world is None:
            return 1
        self.in_worlds |= world.imports | world.exports | world.named
        return 1 + world.size + sum(self.whole[end] for ends in (world.imports, world.exports) for end in ends)

    def elaborated(self, number: int) -> "_World | None":
        """What a world imports and exports in the end; None if that is too much work, or if it includes itself."""
        waiting = [number]
        opened: set[int] = set()
        while waiting:
            at = waiting[-1]
            place = self.graph.places[at]
            found = (self.graph.find(place.part, use.path) for use in place.scope.includes)
            included = [end for end in found if end is not None]
            new = [end for end in included if end not in self.worlds and end not in opened]
            if at in self.worlds or at in opened or not new:
                waiting.pop()
                if at not in self.worlds:
                    self.worlds[at] = self.elaborate(at, [self.worlds.get(end) for end in included])
            else:
                opened.add(at)
                waiting += new
        return self.worlds[number]

    def elaborate(self, number: int, included: "list[_World | None]") -> "_World | None":
        size = self.whole[number] - 1
        imports = list(self.graph.used(number))
        imported: set[int] = set()
        exports: set[int] = set()
        named: set[int] = set()
        exporting: list[int] = []
        for world in included:
            self.left -= len(world.imports) + len(world.exports) + 1 if world else 1
            if world is None or self.left <= 0:
                return None
            size += world.size
            imported |= world.imports
            exports |= world.exports
            named |= world.named
        for link in self.graph.linked(number):
            if link.is_named:
                size += self.whole[link.number]
                named.add(link.number)
                if link.is_import:
                    imports += self.graph.used(link.number)
                else:
                    exporting.append(link.number)
            elif link.is_import:
                imports.append(link.number)
            else:
                exports.add(link.number)
                exporting.append(link.number)
        # What an exported interface needs is exported too, or else imported with all that it needs.
        imports += [end for at in exporting for end in self.graph.used(at) if end not in exports]
        while imports:
            end = imports.pop()
            if end not in imported:
                self.left -= 1
                if self.left <= 0:
                    return None
                imported.add(end)
                imports += self.graph.used(end)
        return _World(size, imported, exports, named)
