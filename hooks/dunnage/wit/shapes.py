"""The structure of types and functions with all names expanded, as the component model compares them.

The component model treats two types as the same if they have the same structure: an alias changes nothing. A resource
is the same only as itself.
"""

from collections.abc import Callable, Mapping

from dunnage.wit.graph import WitGraph
from dunnage.wit.model import Definition, WitDocument

_CLOSING = frozenset([")", "}", ">"])
_OF_RESOURCE = "@"
"""The first character of the shape of a resource."""

ResourceKey = tuple[str, str]
"""An interface, by name without version, and a resource in it."""


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
