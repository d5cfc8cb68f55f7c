"""How large WIT types are once every name in them is expanded, as wasmparser counts in an encoded package.

A type counts one plus all types that it consists of. An interface or a world counts one plus all its types and
functions. An encoded package counts the sum of these. wasm-tools rejects a sum of a million, but only when it encodes
the package, long after the text was committed.
"""

from collections.abc import Iterator
from typing import NamedTuple

from dunnage.wit.graph import Item, WitGraph

MAX_SIZE = 1_000_000
"""wasm-tools encodes only effective sizes below this."""
MAX_LEVELS = 100
"""How many levels of nesting wasm-tools encodes, those included that an encoded package adds around a type."""
MAX_COUNTED = 10**15
"""Larger sizes are counted as this one."""

_MAX_STEPS = 500_000
"""How many visits of interfaces an encoder makes."""


class Measures(NamedTuple):
    """Measures of each type and function of a graph. One from which a cycle can be reached counts as a single type."""

    sizes: list[int]
    levels: list[int]
    """How deeply types are nested, names expanded."""
    named_levels: list[int]
    """The deepest nesting that is reached through a name; 0 without names."""
    steps: list[int]
    """How many names in a row stand for nothing but another name, this one included."""


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
    return excesses, encoder.in_worlds, encoder.steps_left > 0


class _ElaboratedWorld(NamedTuple):
    """The size, imports and exports of a world and all worlds that it includes."""

    size: int
    """Of its own types and functions, and of the interfaces in `named`."""
    imports: set[int]
    exports: set[int]
    """The other interfaces, by number."""
    named: set[int]
    """The interfaces that the world names or defines itself."""


class _Encoder:
    """Counts as wasmparser does for the packages that wit-component encodes."""

    def __init__(self, graph: WitGraph, measures: Measures) -> None:
        self.graph = graph
        self.in_worlds: set[int] = set()
        self.worlds: dict[int, _ElaboratedWorld | None] = {}
        # The size of each interface as an instance: of its types alone, which other interfaces need, and of all of it.
        self.type_sizes = [1] * len(graph.scopes)
        self.whole_sizes = [1] * len(graph.scopes)
        for node, size in zip(graph.nodes, measures.sizes, strict=True):
            self.whole_sizes[node.scope] += size
            if node.definition is None or node.definition.kind != "func":
                self.type_sizes[node.scope] += size
        # Interfaces and worlds may need the same interfaces many times. Real packages need some hundreds of steps.
        self.steps_left = _MAX_STEPS

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
        while queue and total < MAX_SIZE and self.steps_left > 0:
            self.steps_left -= 1
            for end in self.graph.used(queue.pop()):
                if end not in seen:
                    seen.add(end)
                    queue.append(end)
                    total += self.type_sizes[end]
        return total

    def world(self, number: int) -> int:
        """The size of a world and of all interfaces that it needs."""
        world = self.elaborated(number)
        if world is None:
            return 1
        self.in_worlds |= world.imports | world.exports | world.named
        return 1 + world.size + sum(self.whole_sizes[end] for ends in (world.imports, world.exports) for end in ends)

    def elaborated(self, number: int) -> "_ElaboratedWorld | None":
        """A world with all worlds that it includes; None if it includes itself, or if no steps are left."""
        stack = [number]
        entered: set[int] = set()
        while stack:
            current = stack[-1]
            included = self.graph.included(current)
            new = [end for end in included if end not in self.worlds and end not in entered]
            if current in self.worlds or current in entered or not new:
                stack.pop()
                if current not in self.worlds:
                    self.worlds[current] = self.elaborate(current, [self.worlds.get(end) for end in included])
            else:
                entered.add(current)
                stack += new
        return self.worlds[number]

    def elaborate(self, number: int, included: "list[_ElaboratedWorld | None]") -> "_ElaboratedWorld | None":
        size = self.whole_sizes[number] - 1
        imported: set[int] = set()
        exports: set[int] = set()
        named: set[int] = set()
        for world in included:
            self.steps_left -= len(world.imports) + len(world.exports) + 1 if world else 1
            if world is None or self.steps_left <= 0:
                return None
            size += world.size
            imported |= world.imports
            exports |= world.exports
            named |= world.named
        queue = list(self.graph.used(number))
        exporting: list[int] = []
        for link in self.graph.linked(number):
            if link.is_named:
                size += self.whole_sizes[link.number]
                named.add(link.number)
            elif not link.is_import:
                exports.add(link.number)
            if not link.is_import:
                exporting.append(link.number)
            elif link.is_named:
                queue += self.graph.used(link.number)
            else:
                queue.append(link.number)
        # An interface that an exported one needs is exported too. If it is not, it is imported with all that it needs.
        queue += [end for exported in exporting for end in self.graph.used(exported) if end not in exports]
        self.import_all(queue, imported)
        return _ElaboratedWorld(size, imported, exports, named) if self.steps_left > 0 else None

    def import_all(self, queue: list[int], imported: set[int]) -> None:
        """Add the interfaces in `queue`, and all that they need, to `imported`, as long as steps are left."""
        while queue and self.steps_left > 0:
            end = queue.pop()
            if end not in imported:
                self.steps_left -= 1
                imported.add(end)
                queue += self.graph.used(end)
