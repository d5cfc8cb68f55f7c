"""Whether components that were built for a world still fit another version of it.

`wasm-tools component semver-check` decides the same.

A component fits if it imports no more than the new world imports, and exports all that the new world exports. Types are
compared by structure. Versions of packages do not count.
"""

from collections.abc import Iterator
from typing import NamedTuple

from dunnage.wit.elaboration import ElaboratedWorld
from dunnage.wit.graph import WitGraph
from dunnage.wit.shapes import ResourceKey, Shapes, Structures, is_resource, scope_name


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
