"""How large WIT types are once every name in them is expanded, as wasmparser counts in an encoded package.

A type counts one plus all types that it consists of. An interface or a world counts one plus all its types and
functions. An encoded package counts the sum of these. wasm-tools rejects a sum of a million, but only when it encodes
the package, long after the text was committed.
"""

from collections.abc import Iterator
from typing import NamedTuple

from dunnage.wit.elaboration import Elaboration
from dunnage.wit.graph import Item, WitGraph

MAX_SIZE = 1_000_000
"""wasm-tools encodes only effective sizes below this."""
MAX_LEVELS = 100
"""How many levels of nesting wasm-tools encodes, including those that an encoded package adds around a type."""
MAX_COUNTED = 10**15
"""Larger sizes are counted as this one."""


class Measures(NamedTuple):
    """Measures of each type and function of a graph. A node that can reach a cycle counts as one type."""

    sizes: list[int]
    levels: list[int]
    """How deeply types are nested after all names are expanded."""
    named_levels: list[int]
    """The deepest nesting that is reached through a name; 0 without names."""
    steps: list[int]
    """How many names in a row are only aliases of another name, including this one."""


class Excess(NamedTuple):
    """An interface, a world or a package that is too large for wasm-tools to encode."""

    kind: str
    """`interface`, `world` or `package`."""
    item: Item
    """For a package, the item with which it becomes too large."""
    size: int


def measure(graph: WitGraph) -> Measures:
    """Measure every type and function."""
    count = len(graph.nodes)
    measures = Measures([1] * count, [1] * count, [0] * count, [0] * count)
    sizes, levels, named_levels, steps = measures
    for number in graph.order:
        definition = graph.nodes[number].definition
        edges = graph.edges[number]
        if definition is None:
            size = 0 if edges else 1
            level = 1
            is_alias = True
        else:
            size = definition.size + len(definition.type_names) - len(edges)
            level = definition.levels
            is_alias = not definition.size and definition.kind == "type"
        deepest = 0
        for end, edge_level in edges:
            size += sizes[end]
            deepest = max(deepest, levels[end] + edge_level - 1)
        sizes[number] = min(size, MAX_COUNTED)
        levels[number] = max(level, deepest)
        named_levels[number] = deepest
        if is_alias:
            steps[number] = 1 + (steps[edges[0][0]] if edges else 0)
    return measures


def encoded(graph: WitGraph, measures: Measures) -> tuple[list[Excess], set[int], bool]:
    """Return what is too large to be encoded, the numbers of the interfaces that are part of a world, and whether
    everything was measured.

    If a package is too large because of one item in it, only the item is returned.
    """
    encoder = _Encoder(graph, measures)
    excesses = [excess for package in graph.packages for excess in encoder.package(list(package.scopes.values()))]
    return excesses, encoder.in_worlds, encoder.elaboration.steps_left > 0


class _Encoder:
    """Counts as wasmparser does for the packages that wit-component encodes."""

    def __init__(self, graph: WitGraph, measures: Measures) -> None:
        self.graph = graph
        self.in_worlds: set[int] = set()
        self.elaboration = Elaboration(graph)
        self.world_sizes: dict[int, int] = {}
        # The size of each interface as an instance: of its types alone, which other interfaces need, and of all of it.
        self.type_sizes = [1] * len(graph.scopes)
        self.whole_sizes = [1] * len(graph.scopes)
        for node, size in zip(graph.nodes, measures.sizes, strict=True):
            self.whole_sizes[node.scope] += size
            if node.definition is None or node.definition.kind != "func":
                self.type_sizes[node.scope] += size

    def package(self, scopes: list[int]) -> Iterator[Excess]:
        total = 1
        for number in scopes:
            part, scope = self.graph.scopes[number]
            size = self.world(number) + 1 if scope.kind == "world" else self.interface(number)
            total += size
            item = Item(part.source, scope.token)
            if size >= MAX_SIZE:
                yield Excess(scope.kind, item, size)
                return
            if total >= MAX_SIZE:
                yield Excess("package", item, total)
                return

    def interface(self, number: int) -> int:
        """The size of an interface and of the types of all interfaces that it needs."""
        total = 1 + self.whole_sizes[number]
        seen = {number}
        queue = [number]
        while queue and total < MAX_SIZE and self.elaboration.steps_left > 0:
            self.elaboration.steps_left -= 1
            for end in self.graph.used(queue.pop()):
                if end not in seen:
                    seen.add(end)
                    queue.append(end)
                    total += self.type_sizes[end]
        return total

    def world(self, number: int) -> int:
        """The size of a world and of all interfaces that it needs."""
        world = self.elaboration.world(number)
        if world is None:
            return 1
        named = {item.number for item in world.items.values() if item.kind == "interface"}
        self.in_worlds |= world.imports.keys() | world.exports.keys() | named
        needed = sum(self.whole_sizes[end] for ends in (world.imports, world.exports) for end in ends)
        return 1 + self.own_size(number) + needed

    def own_size(self, number: int) -> int:
        """The size of the types and functions of a world and of all that it includes, named interfaces included."""
        for world in self.elaboration.order[len(self.world_sizes) :]:
            size = self.whole_sizes[world] - 1
            size += sum(self.world_sizes.get(end, 0) for end in self.graph.included(world))
            size += sum(self.whole_sizes[link.number] for link in self.graph.linked(world) if link.is_named)
            self.world_sizes[world] = min(size, MAX_COUNTED)
        return self.world_sizes[number]
