"""tree-sitter's parsers, loaded only when there is something to parse."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dunnage.files.grammar import parser
from dunnage.shell.bounds import Budget

if TYPE_CHECKING:
    from tree_sitter import Tree

_FIRST_STEP = 4096
_STEP = 4 * _FIRST_STEP
_MOST_ERRORS = 1000
"""How many tokens of a program that is longer than the first step may be out of place; real programs have up to 142."""
_MOST_PIPES = 2000
"""How many `|` a program may have, because the parser takes time with the square of a pipe's length; real ones: 186."""

# tree-sitter-bash 0.25 indexes a table of 256 entries with the previous character; larger ones may crash it.
_TO_ASCII = bytes(byte if byte < 0x80 else ord("_") for byte in range(256))


def parse_bash(data: bytes, budget: Budget | None = None) -> Tree | None:
    """The syntax of a shell program; None if its errors exceed `budget`.

    Characters beyond ASCII, which have no meaning in a shell, are underscores in the syntax. tree-sitter recovers from
    errors, and the time for that grows with the square of their number. So a long program is parsed in steps, and
    parsing ends when there are too many errors.
    """
    budget = budget or Budget()
    if not budget.may_parse or data.count(b"|") > _MOST_PIPES:
        return None
    data = data.translate(_TO_ASCII)
    chosen = parser("bash")
    tree = chosen.parse(data[:_FIRST_STEP])
    errors = _errors(tree)
    size, point = min(_FIRST_STEP, len(data)), _after((0, 0), data[:_FIRST_STEP])
    while size < len(data) and errors <= _MOST_ERRORS:
        added = data[size : size + _STEP]
        end = _after(point, added)
        tree.edit(size, size, size + len(added), point, point, end)
        size, point = size + len(added), end
        tree = chosen.parse(data[:size], tree)
        errors = _errors(tree)
    budget.spend_recovery(errors)
    if len(data) <= _FIRST_STEP:
        return tree
    return chosen.parse(data) if errors <= _MOST_ERRORS else None


_SEPARATORS = frozenset(("\n", ";"))


def _errors(tree: Tree) -> int:
    """The number of tokens that are direct children of error nodes."""
    count = 0
    pending = [tree.root_node] if tree.root_node.has_error else []
    while pending:
        node = pending.pop()
        is_error = node.type == "ERROR"
        for child in node.children:
            if child.has_error:
                pending.append(child)
            elif is_error and not child.child_count and child.type not in _SEPARATORS:
                count += 1
    return count


def _after(point: tuple[int, int], text: bytes) -> tuple[int, int]:
    """The row and column at the end of `text`, which begins at `point`."""
    rows = text.count(b"\n")
    return (point[0] + rows, len(text) - text.rfind(b"\n") - 1) if rows else (point[0], point[1] + len(text))
