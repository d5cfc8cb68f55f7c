"""The words of one simple command, and the ways in which they may come out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from typing import TYPE_CHECKING, NamedTuple

from dunnage.shell.assignments import assigned_value
from dunnage.shell.words import Argument, Reader

if TYPE_CHECKING:
    from tree_sitter import Node

    from dunnage.shell.model import Values, Word
    from dunnage.shell.scope import Scope

_MOST_WAYS = 8
"""If variables could make more commands than this of one, those variables count as unknown."""


class Simple(NamedTuple):
    """A simple command as it is written."""

    environment: tuple[tuple[str, Values], ...]
    arguments: list[Argument]
    text: Argument | None
    """What is given to it by `<<<`."""


def simple_command(node: Node, more: Sequence[Node], data: bytes, reader: Reader, scope: Scope) -> Simple:
    """Take a `command` apart; `more` are words of it that stand behind a redirection."""
    nodes: list[Node] = []
    environment: list[tuple[str, Values]] = []
    text: Argument | None = None
    for child in node.children:
        kind = child.type
        if kind == "variable_assignment":
            name = child.child_by_field_name("name")
            if name is not None:
                value = assigned_value(child.child_by_field_name("value"), reader, scope)
                environment.append((data[name.start_byte : name.end_byte].decode("utf-8", "replace"), value))
        elif kind == "command_name":
            nodes += child.children
        elif kind == "herestring_redirect":
            text = reader.argument((child.children[-1],), scope)
        elif kind == "file_redirect":
            nodes += child.children_by_field_name("destination")[1:]
        elif kind != "comment":
            nodes.append(child)
    arguments = [reader.argument(group, scope) for group in _groups((*nodes, *more), data)]
    return Simple(tuple(environment), arguments, text)


def ways(
    arguments: Sequence[Argument], reader: Reader
) -> Iterator[tuple[tuple[Word, ...], tuple[Argument | None, ...]]]:
    """Yield a command's words in each way they may come out, and for each word the argument that it alone is."""
    choices: list[list[tuple[Word, ...]]] = []
    count = 1
    for argument in arguments:
        alternatives = reader.alternatives(argument)
        count *= len(alternatives)
        if count > _MOST_WAYS:
            count //= len(alternatives)
            word = alternatives[0][0] if alternatives[0] else alternatives[1][0]
            alternatives = [(word._replace(values=None, splits=True),)]
        choices.append(alternatives)
    for chosen in product(*choices):
        words: list[Word] = []
        origins: list[Argument | None] = []
        for argument, made in zip(arguments, chosen, strict=True):
            words += made
            origins += [argument if len(made) == 1 else None] * len(made)
        if words:
            yield tuple(words), tuple(origins)


def _groups(nodes: Sequence[Node], data: bytes) -> Iterator[list[Node]]:
    """The nodes of each word: tree-sitter-bash makes two of a word with a line continuation or `\\ ` in it."""
    group: list[Node] = []
    for node in nodes:
        if group and _is_joined(data[group[-1].end_byte : node.start_byte]):
            group.append(node)
            continue
        if group:
            yield group
        group = [node]
    if group:
        yield group


def _is_joined(between: bytes) -> bool:
    """Whether what is between two words escapes every blank, so that they are one."""
    return len(between) % 2 == 0 and between[::2] == b"\\" * (len(between) // 2)
