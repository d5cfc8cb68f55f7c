"""Whether components that were built for a world still fit another version of it.

`wasm-tools component semver-check` decides the same.

A component fits if it imports no more than the new world imports, and exports all that the new world exports. Types are
compared by structure: an alias changes nothing, and a resource is the same only as itself. Versions of packages do not
count.
"""

from collections.abc import Callable, Iterator
from itertools import product
from typing import NamedTuple

from dunnage.wit.elaboration import ElaboratedWorld, NamedItem
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

    def items(self, is_named: bool, is_import: bool) -> dict[str, NamedItem]:
        """What the world imports or exports: what it names itself, or the other interfaces by name without version."""
        if is_named:
            keyword = "import" if is_import else "export"
            return {name: item for (key, name), item in self.world.items.items() if key == keyword}
        interfaces = self.world.imports if is_import else self.world.exports
        return {scope_name(self.graph, number): NamedItem("interface", number) for number in interfaces}

    def nodes(self, item: NamedItem) -> range:
        """The nodes of an item of the world."""
        is_interface = item.kind == "interface"
        return self.graph.nodes_of[item.number] if is_interface else range(item.number, item.number + 1)


class Comparison:
    """The types and functions of two graphs."""

    def __init__(self, old: WitGraph, new: WitGraph) -> None:
        self._old, self._new = old, new
        structures: dict[str, str] = {}
        self._new_scopes = {scope_name(new, number): number for number in range(len(new.scopes))}
        self._new_shapes = Shapes(new, structures)
        self._old_shapes = Shapes(old, structures, self._same_resource)

    def _same_resource(self, key: ResourceKey) -> str | None:
        """The shape of the resource that has the same name in the new interface."""
        interface, resource = key
        number = self._new_scopes.get(interface)
        node = None if number is None else self._new.types_of[number].get(resource)
        shape = None if node is None else self._new_shapes.of(node)
        return shape if _is_resource(shape) else None

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
                not is_import and self._old.kind(olds[name]) == "resource" != self._new.kind(news[name])
            ):
                yield name, "changed"


def breaks(old: Side, new: Side, comparison: Comparison | None = None) -> Iterator[Break]:
    """Yield why components that were built for the old world do not fit the new one.

    Items that depend on unknown types are assumed to fit. `comparison` is that of both graphs, if it already exists.
    """
    comparison = comparison or Comparison(old.graph, new.graph)
    live = _live(old)
    for is_named, is_import in product((False, True), (True, False)):
        olds, news = (side.items(is_named, is_import) for side in (old, new))
        for name in olds if is_import else news:
            whole = ("", name) if is_named else (name, "")
            before, after = olds.get(name), news.get(name)
            is_used = before is not None and not live.isdisjoint(old.nodes(before))
            if before is None:
                yield Break(False, *whole, "added")
            elif after is None:
                if is_used:
                    yield Break(True, *whole, "removed")
            elif before.kind != after.kind:
                yield Break(is_import, *whole, "changed")
            elif before.kind == "interface":
                found = comparison.differences(before.number, after.number, is_import, live)
                yield from (Break(is_import, name, item, change) for item, change in found)
            elif is_used and comparison.differ(before.number, after.number):
                yield Break(is_import, *whole, "changed")


def members(graph: WitGraph, number: int) -> dict[str, int]:
    """The nodes of the types and functions of an interface, by their names in the component model."""
    found = {}
    for node in graph.nodes_of[number]:
        item = graph.nodes[node]
        definition = item.definition
        is_function = definition is not None and definition.kind == "func"
        found[item.source.document.function_name(definition) if definition and is_function else item.item.name] = node
    return found


def scope_name(graph: WitGraph, number: int) -> str:
    """The full name of an interface or world without the version of its package."""
    part, scope = graph.scopes[number]
    package = (part.package.name or "").partition("@")[0]
    return f"{package}/{part.source.document.name(scope.token)}"


def _live(side: Side) -> set[int]:
    """The nodes that a component of the world needs: functions and resources, and everything that they consist of.

    wit-component leaves other types of imported interfaces out of what a component imports.
    """
    graph, world = side.graph, side.world
    items = [(True, NamedItem("interface", number)) for number in world.imports]
    items += [(False, NamedItem("interface", number)) for number in world.exports]
    items += [(keyword == "import", item) for (keyword, _), item in world.items.items()]
    needed: list[int] = []
    for is_import, item in items:
        needs_all = not is_import or item.kind != "interface"
        needed += (node for node in side.nodes(item) if needs_all or graph.kind(node) in ("func", "resource"))
    live: set[int] = set()
    while needed:
        node = needed.pop()
        if node not in live:
            live.add(node)
            needed += (end for end, _ in graph.edges[node])
    return live


class Shapes:
    """The shapes of the types and functions of a graph, each computed when it is first needed."""

    def __init__(
        self, graph: WitGraph, structures: dict[str, str], same: Callable[[ResourceKey], str | None] = lambda _: None
    ) -> None:
        """`structures` holds short names for structures, so that types that double at each step stay short. Graphs that
        are compared share them.

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
            key = (scope_name(graph, node.scope), node.item.name)
            return self._same(key) or f"{_OF_RESOURCE}{key[0]}.{key[1]}"
        return self._of_definition(node.source.document, node.definition, graph.types_of[node.scope])

    def _of_definition(self, document: WitDocument, definition: Definition, known: dict[str, int]) -> str | None:
        """The shape of a definition: its tokens without what has no meaning, each type in it by its structure's name.

        `known` are the nodes of the types that it may name. None if a type in it is unknown.
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
                found = None if target is None else self._texts[target]
                if found is None:
                    return None
                is_handle = tokens[at - 1] == "<" and tokens[at - 2] in ("own", "borrow")
                is_alone = definition.kind == "type" and len(frames) == 1
                if _is_resource(found) and not is_handle and not is_alone:
                    found = self._name(f"own<{found}>")
                frames[-1].append(found)
            elif word == "<":
                frames.append([frames[-1].pop(), "<"])
            elif word == ">":
                structure = "".join((*frames.pop(), ">"))
                frames[-1].append(self._name(structure))
            else:
                frames[-1].append(word.removeprefix("%"))
        text = " ".join(frames[0])
        if definition.kind == "type":
            return text.removeprefix("= ").removesuffix(" ;")
        return text if definition.kind == "func" else self._name(f"{definition.kind} {text}")

    def _name(self, structure: str) -> str:
        return self._structures.setdefault(structure, f"#{len(self._structures)}")


def _is_resource(shape: str | None) -> bool:
    return shape is not None and shape.startswith(_OF_RESOURCE)
