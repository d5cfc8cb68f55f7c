"""Which variables a piece of a shell program assigns, before it is read for what it assigns to them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tree_sitter import Node

CALCULATIONS = frozenset(("binary_expression", "postfix_expression", "unary_expression"))
"""Syntax that may assign a variable by `=`, `+=` or `++`."""

_LOCAL = frozenset(("local", "declare", "typeset"))


def functions(root: Node) -> list[Node]:
    """The functions of a program, but for those in functions."""
    found: list[Node] = []
    pending = [root]
    while pending:
        node = pending.pop()
        if node.type == "function_definition":
            found.append(node)
        elif node.type not in ("command", "variable_assignment", "test_command"):
            pending += node.children
    return found


def assigned(nodes: Iterable[Node], data: bytes, with_locals: bool = True) -> set[str]:
    """The variables that anything in `nodes` assigns; `with_locals` False leaves out those of functions."""
    names: set[str] = set()
    pending = list(nodes)
    while pending:
        node = pending.pop()
        children = node.children
        kind = node.type
        if kind == "declaration_command" and not with_locals and children[0].type in _LOCAL:
            continue
        if kind == "variable_assignment":
            names.add(_name(children[0], data))
        elif kind in ("for_statement", "c_style_for_statement"):
            names.update(_name(child, data) for child in children if child.type == "variable_name")
        elif kind == "unset_command":
            names.update(_name(child, data) for child in children)
        elif kind == "command":
            names.update(read_by(node, data))
            children = [child for child in children if child.type != "variable_assignment"]
        elif kind == "expansion" and any(child.type in (":=", "=") for child in children):
            names.update(_name(child, data) for child in children if child.type == "variable_name")
        elif kind in CALCULATIONS:
            names.update(changed(node, data))
        pending += children
    return names


def changed(node: Node, data: bytes) -> set[str]:
    """The variables that a calculation assigns: `V = 1`, `V += 1`, `V++`."""
    names: set[str] = set()
    pending = [node] if node.type in CALCULATIONS else []
    while pending:
        node = pending.pop()
        for child in node.children:
            operator = child.type
            if operator in ("++", "--") or (operator[-1:] == "=" and operator not in ("==", "!=", "<=", ">=")):
                names.update(_name(other, data) for other in node.children if other.type == "variable_name")
            elif child.type in CALCULATIONS or child.type == "parenthesized_expression":
                pending.append(child)
    return names


def read_by(command: Node, data: bytes) -> list[str]:
    """The variables that a built-in command assigns."""
    words = [_name(child, data) for child in command.children if child.is_named and child.type != "variable_assignment"]
    if not words or words[0] not in ("read", "mapfile", "readarray", "getopts", "printf", "let"):
        return []
    if words[0] == "printf":
        return words[2:3] if words[1:2] == ["-v"] else []
    if words[0] == "let":
        return [word.partition("=")[0].strip("\"'+-*/") for word in words[1:]]
    return [word for word in words[1:] if not word.startswith("-")]


def _name(node: Node, data: bytes) -> str:
    return data[node.start_byte : node.end_byte].decode("utf-8", "replace").partition("[")[0]
