"""Whether components that were built for a world still fit another version of it.

`wasm-tools component semver-check` decides the same.

A component fits if it imports no more than the new world imports, and exports all that the new world exports. Types are
compared by structure. Versions of packages do not count.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from dunnage.wit.elaboration import ElaboratedWorld
from dunnage.wit.graph import WitGraph
from dunnage.wit.model import Definition, WitDocument

_CLOSING = frozenset([")", "}", ">"])
_OF_RESOURCE = "@"
"""The first character of the shape of a resource."""

ResourceKey = tuple[str, str]
"""An interface, by name without version, and a resource in it."""


class Break(NamedTuple):
    """Why a component does not fit the new world."""

    is_import: bool
    """Whether it concerns an import of the world; otherwise it concerns an export."""
    interface: str
    """The full name of the interface, without a version; empty for an item that the world itself names."""
    item: str
    """The function or type, as the component model names it; empty if it is about the whole interface."""
    change: str
    """`added`, `removed` or `changed`."""


class Side(NamedTuple):
    """One version of a world: the old or the new one."""

    graph: WitGraph
    world: ElaboratedWorld


class Comparison:
    """The types and functions of two graphs."""

    def __init__(self, old: WitGraph, new: WitGraph) -> None:
        self._old, self._new = old, new
        structures = Structures()
        self._new_scopes = {scope_name(new, number): number for number in range(len(new.scopes))}
        self._new_shapes = Shapes(new, structures)
        self._old_shapes = Shapes(old, structures, self._same_resource)

    def _same_resource(self, key: ResourceKey) -> str | None:
        """The shape of the resource that has the same name in the new interface."""
        interface, resource = key
        number = self._new_scopes.get(interface)
        node = None if number is None else self._new.types_of(number).get(resource)
        shape = None if node is None else self._new_shapes.of(node)
        return shape if is_resource(shape) else None

    def differ(self, old: int, new: int) -> bool:
        """Whether two types or functions, given by their nodes, are known to differ."""
        before, after = self._old_shapes.of(old), self._new_shapes.of(new)
        return before is not None and after is not None and before != after

    def is_same(self, old: int, new: int) -> bool:
        """Whether two types or functions are known to have the same structure."""
        before = self._old_shapes.of(old)
        return before is not None and before == self._new_shapes.of(new)

    def differences(self, old: int, new: int, is_import: bool, live: set[int]) -> Iterator[tuple[str, str]]:
        """Yield the items of an interface that no longer fit, and how each one changed.

        In an imported interface, only `live` nodes count. In an exported one, the items of the new interface count.
        """
        olds, news = members(self._old, old), members(self._new, new)
        for name, node in olds.items() if is_import else news.items():
            if is_import and node not in live:
                continue
            if name not in olds or name not in news:
                yield name, "removed" if is_import else "added"
            elif self.differ(olds[name], news[name]) or (
                not is_import and _defines_resource(self._old, olds[name]) > _defines_resource(self._new, news[name])
            ):
                yield name, "changed"


def breaks(old: Side, new: Side, comparison: Comparison | None = None) -> Iterator[Break]:
    """Yield why components that were built for the old world do not fit the new one.

    Items that depend on unknown types are assumed to fit. `comparison` is that of both graphs, if it already exists.
    """
    comparison = comparison or Comparison(old.graph, new.graph)
    live = _live(old)
    for is_import in (True, False):
        olds, news = (_interfaces(side, is_import) for side in (old, new))
        for name in olds if is_import else news:
            if name in olds and name in news:
                for item, change in comparison.differences(olds[name], news[name], is_import, live):
                    yield Break(is_import, name, item, change)
            elif not is_import:
                yield Break(False, name, "", "added")
            elif live.intersection(old.graph.nodes_of(olds[name])):
                yield Break(True, name, "", "removed")
    yield from _named(old, new, comparison, live)


def _named(old: Side, new: Side, comparison: Comparison, live: set[int]) -> Iterator[Break]:
    """Yield the differences between the items that the worlds themselves name."""
    for is_import in (True, False):
        keyword = "import" if is_import else "export"
        olds, news = (
            {name: item for (key, name), item in side.world.items.items() if key == keyword} for side in (old, new)
        )
        for name in olds if is_import else news:
            if name not in olds:
                yield Break(False, "", name, "added")
                continue
            before = olds[name]
            is_used = (
                before.number in live
                if before.kind != "interface"
                else bool(live.intersection(old.graph.nodes_of(before.number)))
            )
            if name not in news:
                if is_used:
                    yield Break(True, "", name, "removed")
                continue
            after = news[name]
            if before.kind != after.kind:
                yield Break(is_import, "", name, "changed")
            elif before.kind == "interface":
                found = comparison.differences(before.number, after.number, is_import, live)
                yield from (Break(is_import, name, item, change) for item, change in found)
            elif is_used and comparison.differ(before.number, after.number):
                yield Break(is_import, "", name, "changed")


def _defines_resource(graph: WitGraph, node: int) -> bool:
    """Whether a node is the definition of a resource, and not a name for one."""
    definition = graph.nodes[node].definition
    return definition is not None and definition.kind == "resource"


def members(graph: WitGraph, number: int) -> dict[str, int]:
    """The nodes of the types and functions of an interface, by their names in the component model."""
    found = {}
    for node in graph.nodes_of(number):
        item = graph.nodes[node]
        document, definition = item.source.document, item.definition
        is_function = definition is not None and definition.kind == "func"
        name = document.function_name(definition) if definition and is_function else document.name(item.token)
        found[name] = node
    return found


def _interfaces(side: Side, is_import: bool) -> dict[str, int]:
    """The interfaces that a world imports or exports, by name without version."""
    return {
        scope_name(side.graph, number): number for number in (side.world.imports if is_import else side.world.exports)
    }


def _live(side: Side) -> set[int]:
    """The nodes that a component of the world needs: functions and resources, and everything that they consist of.

    wit-component leaves other types of imported interfaces out of what a component imports.
    """
    graph, world = side.graph, side.world
    needed: list[int] = []

    def is_needed(node: int) -> bool:
        definition = graph.nodes[node].definition
        return definition is not None and definition.kind in ("func", "resource")

    for number in world.imports:
        needed += filter(is_needed, graph.nodes_of(number))
    for number in world.exports:
        needed += graph.nodes_of(number)
    for (keyword, _), item in world.items.items():
        if item.kind != "interface":
            needed.append(item.number)
        elif keyword == "import":
            needed += filter(is_needed, graph.nodes_of(item.number))
        else:
            needed += graph.nodes_of(item.number)
    live: set[int] = set()
    while needed:
        node = needed.pop()
        if node not in live:
            live.add(node)
            needed += (end for end, _ in graph.edges[node])
    return live


# Shapes: the structure of types and functions with all names expanded, as the component model compares them. Two types
# are the same if they have the same structure: an alias changes nothing. A resource is the same only as itself.


class Structures:
    """Short names for structures, so that types that double at each step stay short."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}

    def name(self, structure: str) -> str:
        """The name of a structure."""
        return self._known.setdefault(structure, f"#{len(self._known)}")


class Shapes:
    """The shapes of the types and functions of a graph, each computed when it is first needed."""

    def __init__(
        self, graph: WitGraph, structures: Structures, same: Callable[[ResourceKey], str | None] = lambda _: None
    ) -> None:
        """Graphs that are compared share `structures`.

        `same` gives the shape of a resource that has another name in the graph with which this one is compared.
        """
        self._graph = graph
        self._structures = structures
        self._same = same
        self._texts: dict[int, str | None] = {}
        self._ordered = frozenset(graph.order)

    def of(self, number: int) -> str | None:
        """The shape of a node: a text that is equal for equal structures.

        None if it needs an unknown type, or itself.
        """
        pending = [number]
        while pending:
            node = pending[-1]
            if node not in self._texts and node in self._ordered:
                needed = [end for end, _ in self._graph.edges[node] if end not in self._texts]
                if needed:
                    pending += needed
                    continue
            pending.pop()
            if node not in self._texts:
                self._texts[node] = self._shape(node) if node in self._ordered else None
        return self._texts[number]

    def _shape(self, number: int) -> str | None:
        graph = self._graph
        node = graph.nodes[number]
        if node.definition is None:
            ends = graph.edges[number]
            return self._texts[ends[0][0]] if ends else None
        if node.definition.kind == "resource":
            key = (scope_name(graph, node.scope), node.source.document.name(node.token))
            return self._same(key) or f"{_OF_RESOURCE}{key[0]}.{key[1]}"
        known = graph.types_of(node.scope)
        return _shape(node.source.document, node.definition, known, self._texts, self._structures)


def scope_name(graph: WitGraph, number: int) -> str:
    """The full name of an interface or world without the version of its package."""
    part, scope = graph.scopes[number]
    package = (part.package.name or "").partition("@")[0]
    return f"{package}/{part.source.document.name(scope.token)}"


def is_resource(shape: str | None) -> bool:
    """Whether a shape is that of a resource."""
    return shape is not None and shape.startswith(_OF_RESOURCE)


def _shape(
    document: WitDocument,
    definition: Definition,
    known: Mapping[str, int],
    texts: Mapping[int, str | None],
    structures: Structures,
) -> str | None:
    """The shape of a definition: its tokens without what has no meaning, each type in it by the name of its structure.

    `known` are the nodes of the types that it may name, and `texts` their shapes. None if a type in it is unknown.
    """
    tokens = document.tokens.texts
    names = {token for token, _ in definition.type_names}
    # Frames of type constructors that are not closed; each begins with the word of the constructor.
    frames: list[list[str]] = [[]]
    for at in range(definition.token + 1, definition.end):
        word = tokens[at]
        if word == "," and tokens[at + 1] in _CLOSING:
            continue
        if at in names:
            target = known.get(document.name(at))
            found = None if target is None else texts[target]
            if found is None:
                return None
            is_handle = tokens[at - 1] == "<" and tokens[at - 2] in ("own", "borrow")
            is_alone = definition.kind == "type" and len(frames) == 1
            if is_resource(found) and not is_handle and not is_alone:
                found = structures.name(f"own<{found}>")
            frames[-1].append(found)
        elif word == "<":
            frames.append([frames[-1].pop(), "<"])
        elif word == ">":
            structure = "".join((*frames.pop(), ">"))
            frames[-1].append(structures.name(structure))
        else:
            frames[-1].append(word.removeprefix("%"))
    text = " ".join(frames[0])
    if definition.kind == "type":
        return text.removeprefix("= ").removesuffix(" ;")
    return text if definition.kind == "func" else structures.name(f"{definition.kind} {text}")
