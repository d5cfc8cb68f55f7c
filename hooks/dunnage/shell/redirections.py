"""A command with redirections, in the order in which a shell reads it.

In the syntax tree of tree-sitter-bash, whatever follows the delimiter of a here-document on its line belongs to the
here-document, and words after the file name of a redirection are further file names.
"""

from typing import NamedTuple

from tree_sitter import Node

LISTS = frozenset(("list", "pipeline", "negated_command"))
"""Nodes with several commands; a redirection after such a node belongs to its last command."""


class Redirections(NamedTuple):
    """The parts of a `redirected_statement`."""

    body: Node | None
    redirects: list[Node]
    words: list[Node]
    """Further words of the command."""
    documents: list[tuple[Node, bool]]
    """The bodies of here-documents, and whether the delimiter is quoted, which disables expansions."""
    pipe: list[Node]
    """The commands that the command is piped into, in order."""
    rest: list[tuple[str, Node]]
    """The operators `&&` and `||`, and what follows them."""


def redirections(node: Node, data: bytes) -> Redirections:
    """Split a `redirected_statement` into its parts."""
    redirects = node.children_by_field_name("redirect")
    found = Redirections(node.child_by_field_name("body"), redirects, [], [], [], [])
    for redirect in redirects:
        if redirect.type == "file_redirect":
            found.words.extend(redirect.children_by_field_name("destination")[1:])
        elif redirect.type == "heredoc_redirect":
            _document(redirect, data, found)
    return found


def last_of(node: Node) -> Node:
    """The last command of a list or pipe."""
    while node.type in LISTS and node.children:
        node = node.children[-1]
    return node


def _document(redirect: Node, data: bytes, found: Redirections) -> None:
    is_quoted = False
    for child in redirect.children:
        if child.type == "heredoc_start":
            delimiter = data[child.start_byte : child.end_byte]
            is_quoted = any(quote in delimiter for quote in (b"'", b'"', b"\\"))
        elif child.type == "heredoc_body" and not child.has_error:
            found.documents.append((child, is_quoted))
        elif child.type == "file_redirect":
            found.words.extend(child.children_by_field_name("destination")[1:])
        elif child.type == "pipeline":
            found.pipe.extend(_flat(child))
    found.words.extend(redirect.children_by_field_name("argument"))
    right, operator = redirect.child_by_field_name("right"), redirect.child_by_field_name("operator")
    if right is not None and operator is not None:
        found.rest.append((operator.type, right))


def _flat(pipeline: Node) -> list[Node]:
    parts: list[Node] = []
    for child in pipeline.children:
        if child.type == "pipeline":
            parts += (part for part in child.children if part.is_named)
        elif child.is_named:
            parts.append(child)
    return parts
