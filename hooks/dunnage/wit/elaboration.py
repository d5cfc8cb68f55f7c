"""What worlds import and export, after their includes and all interfaces that they need have been added, and how large
packages are.

wit-parser does the same in `elaborate_world`. The code is not recursive, and it limits the number of steps: worlds may
include the same worlds, and need the same interfaces, many times.

Sizes are those of types once every name in them is expanded, as wasmparser counts in an encoded package. A type counts
one plus all types that it consists of. An interface or a world counts one plus all its types and functions. An encoded
package counts the sum of these. wasm-tools rejects a sum of a million, but only when it encodes the package, long after
the text was committed.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from dunnage.wit.graph import Item, WitGraph

MAX_STEPS = 500_000
"""The largest number of visits to interfaces and items. Real packages need a few hundred."""


class Cause(NamedTuple):
    """The statement that added something to a world."""

    keyword: str
    """`import`, `export`, `include` or `use`."""
    token: int
    """Number of the first token of what the statement names."""


class NamedItem(NamedTuple):
    """An interface, a function or a type to which a world gives a name of its own."""

    kind: str
    """`interface`, `func` or `type`."""
    number: int
    """Number of the interface, or of the node of the type or function."""


class ElaboratedWorld(NamedTuple):
    """A world with all worlds that it includes, and all interfaces that it needs."""

    imports: dict[int, Cause]
    """The other interfaces, by number."""
    exports: dict[int, Cause]
    items: dict[tuple[str, str], NamedItem]
    """By `import` or `export`, and the name. Types are imports."""
    missing: dict[str, Cause]
    """The unresolved paths. The items that they would add are unknown."""


class Elaboration:
    """The worlds of a graph."""

    def __init__(self, graph: WitGraph) -> None:
        self.graph = graph
        self.steps_left = MAX_STEPS
        self.worlds: dict[int, ElaboratedWorld | None] = {}
        self.order: list[int] = []
        """The worlds that are known so far, each after all worlds that it includes."""

    def world(self, number: int) -> ElaboratedWorld | None:
        """A world with all worlds that it includes; None if it includes itself, or if no steps are left."""
        stack = [number]
        entered: set[int] = set()
        while stack:
            current = stack[-1]
            new = [end for end in self.graph.included(current) if end not in self.worlds and end not in entered]
            if current in self.worlds or current in entered or not new:
                stack.pop()
                if current not in self.worlds:
                    self.worlds[current] = self._elaborate(current)
                    self.order.append(current)
            else:
                entered.add(current)
                stack += new
        return self.worlds[number]

    def _elaborate(self, number: int) -> ElaboratedWorld | None:
        name = self.graph.scopes[number].part.source.document.name
        world = ElaboratedWorld({}, {}, {}, {})
        for include, end in self.graph.inclusions(number):
            included = self.worlds.get(end)
            self.steps_left -= 1
            if included is None or self.steps_left <= 0:
                return None
            self.steps_left -= len(included.imports) + len(included.exports) + len(included.items)
            cause = Cause("include", include.path.token)
            for known, found in ((world.imports, included.imports), (world.exports, included.exports)):
                for interface in found:
                    known.setdefault(interface, cause)
            for path in included.missing:
                world.missing.setdefault(path, cause)
            renamed = {name(old): name(new) for old, new in include.names}
            for (keyword, item), found_item in included.items.items():
                world.items[keyword, renamed.get(item, item)] = found_item
        queue = self._own(number, world)
        self._import_all(queue, world)
        return world if self.steps_left > 0 else None

    def _own(self, number: int, world: ElaboratedWorld) -> list[tuple[int, Cause]]:
        """Add the items that a world itself names, and return the interfaces that it imports or needs."""
        graph = self.graph
        part, scope = graph.scopes[number]
        name = part.source.document.name
        queue: list[tuple[int, Cause]] = []
        for use in scope.uses:
            end = graph.find(part, use.path)
            if end is not None and use.names:
                queue.append((end, Cause("use", use.path.token)))
        exporting: list[tuple[int, Cause]] = []
        for link in graph.linked(number):
            cause = Cause("import" if link.is_import else "export", link.token)
            if link.is_named:
                world.items[cause.keyword, name(link.token)] = NamedItem("interface", link.number)
            elif not link.is_import:
                world.exports[link.number] = cause
            if not link.is_import:
                exporting.append((link.number, cause))
            elif link.is_named:
                queue += self._needs(link.number, cause, world)
            else:
                world.imports.pop(link.number, None)  # a statement of its own names the cause best
                queue.append((link.number, cause))
        # An interface that an exported one needs is exported too. If it is not, it is imported with all that it needs.
        for exported, cause in exporting:
            queue += [(end, cause) for end, _ in self._needs(exported, cause, world) if end not in world.exports]
        self._add_definitions(number, world)
        self._note_missing(number, world)
        return queue

    def _add_definitions(self, number: int, world: ElaboratedWorld) -> None:
        """Add the functions and types of a world."""
        graph = self.graph
        document = graph.scopes[number].part.source.document
        for node in graph.nodes_of[number]:
            token, definition = graph.nodes[node].token, graph.nodes[node].definition
            keyword = "export" if document.tokens.texts[token - 1] == "export" else "import"
            if definition is not None and definition.kind == "func":
                world.items[keyword, document.function_name(definition)] = NamedItem("func", node)
            else:
                world.items["import", document.name(token)] = NamedItem("type", node)

    def _note_missing(self, number: int, world: ElaboratedWorld) -> None:
        for keyword, path in self.graph.missing(number):
            world.missing.setdefault(path.full_name, Cause(keyword, path.token))

    def _needs(self, number: int, cause: Cause, world: ElaboratedWorld) -> Iterable[tuple[int, Cause]]:
        """The interfaces from which an interface uses types. Missing ones are recorded."""
        for _, path in self.graph.missing(number):
            world.missing.setdefault(path.full_name, cause._replace(keyword="use"))
        return [(end, cause) for end in self.graph.used(number)]

    def _import_all(self, queue: list[tuple[int, Cause]], world: ElaboratedWorld) -> None:
        """Import the interfaces in `queue`, and all that they need, as long as steps are left.

        Those that a statement brings in come in through the first statement.
        """
        queue.reverse()
        while queue and self.steps_left > 0:
            end, cause = queue.pop()
            if end not in world.imports:
                self.steps_left -= 1
                world.imports[end] = cause
                queue += self._needs(end, cause, world)


# Sizes


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
