"""The structure of types and functions with all names expanded, as the component model compares them.

Two types are the same to the component model if their structure is: a name in between changes nothing. A resource is
the same only as itself.
"""

from collections.abc import Mapping, Sequence

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


def shapes(graph: WitGraph, structures: Structures, same: Mapping[ResourceKey, str]) -> list[str | None]:
    """The shape of every type and function of a graph: a text that is equal for equal structures.

    It is None if it needs a type that is unknown, or itself. Graphs that are compared share `structures`. `same` holds
    the shapes of resources that have another name in the graph with which this one is compared.
    """
    texts: list[str | None] = [None] * len(graph.nodes)
    for number in graph.order:
        node = graph.nodes[number]
        if node.definition is None:
            ends = graph.edges[number]
            texts[number] = texts[ends[0][0]] if ends else None
        elif node.definition.kind == "resource":
            key = (scope_name(graph, node.scope), node.source.document.name(node.token))
            texts[number] = same.get(key, f"{_OF_RESOURCE}{key[0]}.{key[1]}")
        else:
            known = graph.types_of(node.scope)
            texts[number] = _shape(node.source.document, node.definition, known, texts, structures)
    return texts


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
    texts: Sequence[str | None],
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
