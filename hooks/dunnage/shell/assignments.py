"""The variables that a part of a shell program assigns, and their values."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import TYPE_CHECKING

from dunnage.shell.model import DIRECTORY, PUSHED
from dunnage.shell.parts import fields, is_plain
from dunnage.shell.scope import END, Scope, elements_of
from dunnage.shell.words import Reader

if TYPE_CHECKING:
    from tree_sitter import Node

    from dunnage.shell.model import Values

CALCULATIONS = frozenset(("binary_expression", "postfix_expression", "unary_expression"))
"""Syntax nodes that may assign a variable by `=`, `+=` or `++`."""

_ASSIGNING = frozenset(("++", "--", *(f"{operator}=" for operator in ("", *"+-*/%&^|", "**", "<<", ">>"))))
_LOCAL = frozenset(("local", "declare", "typeset"))


def declare(node: Node, data: bytes, reader: Reader, scope: Scope) -> None:
    """Apply an assignment, or a command that declares variables: `export`, `local`, `unset`."""
    keyword = node.children[0].type
    for child in (node,) if node.type == "variable_assignment" else node.children:
        if child.type == "variable_assignment":
            _assign(child, data, reader, scope)
        elif child.type == "variable_name" and keyword in ("local", "unset"):
            scope.forget((_name(child, data),))


def _assign(node: Node, data: bytes, reader: Reader, scope: Scope) -> None:
    name, value = node.child_by_field_name("name"), node.child_by_field_name("value")
    if name is None:
        return
    key = _name(name, data)
    if name.type == "subscript":
        scope.forget((key,))
        return
    values: Values
    if value is not None and value.type == "array":
        key = elements_of(key)
        values = _elements(value, reader, scope)
    else:
        values = assigned_value(value, reader, scope)
    if any(child.type == "+=" for child in node.children):
        old = scope.get(key)
        values = None if old is None or values is None else scope.budget.product((old, values))
    scope.set(key, values)


def assigned_value(value: Node | None, reader: Reader, scope: Scope) -> Values:
    """The value that a variable gets from `value`, which follows an equals sign."""
    if value is None:
        return ("",)
    return None if value.has_error else reader.value(value, scope)


def _elements(array: Node, reader: Reader, scope: Scope) -> Values:
    if not scope.budget.afford_words(array.child_count):
        return None
    choices: list[tuple[str, ...]] = []
    for child in array.children:
        if not child.is_named or child.type == "comment":
            continue
        raw = reader.raw_word((child,), scope)
        lists = fields(raw.parts, scope.budget)
        if lists is None or not is_plain(raw.parts, "*?[{="):
            return None
        choices.append(tuple("".join(f"{element}{END}" for element in words) for words in lists))
    return scope.budget.product(choices)


def functions(root: Node) -> list[Node]:
    """The functions of a program, without those inside of functions."""
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
    """The variables that are assigned in `nodes`; `with_locals` False leaves out local variables of functions."""
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
        else:
            names.update(changed(node, data))
        pending += children
    return names


def changed(node: Node, data: bytes) -> list[str]:
    """The variable that the node of a calculation assigns: `V = 1`, `V += 1`, `V++`."""
    if node.type not in CALCULATIONS:
        return []
    children = node.children
    if not any(child.type in _ASSIGNING for child in children):
        return []
    return [_name(child, data) for child in children if child.type == "variable_name"]


def read_by(command: Node, data: bytes) -> list[str]:
    """The variables that a built-in command assigns; `cd` and its like set the working directory."""
    nodes = (child for child in command.children if child.is_named and child.type != "variable_assignment")
    words = (_name(node, data) for node in nodes)
    name = next(words, "")
    if name in ("cd", "pushd", "popd"):
        return [DIRECTORY] if name == "cd" else [DIRECTORY, PUSHED]
    if name == "printf":
        return [*islice(words, 1)] if next(words, "") == "-v" else []
    if name == "let":
        return [word.partition("=")[0].strip("\"'+-*/") for word in words]
    is_assigning = name in ("read", "mapfile", "readarray", "getopts")
    return [word for word in words if not word.startswith("-")] if is_assigning else []


def _name(node: Node, data: bytes) -> str:
    return data[node.start_byte : node.end_byte].decode("utf-8", "replace").partition("[")[0]
