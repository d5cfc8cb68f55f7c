"""tree-sitter's parsers, loaded only when there is something to parse."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dunnage.files.grammar import parser
from dunnage.shell.bounds import Budget

if TYPE_CHECKING:
    from tree_sitter import Tree

_FIRST_STEP = 4096
_STEP = 4 * _FIRST_STEP
_FEW_MARKS = 1_000_000
_WEIGHT = 4
_MOST_ERRORS = 1000
"""How many tokens of a program that is longer than the first step may be out of place; real programs have up to 142."""
_MOST_PIPES = 2000
"""How many `|` a program may have, because the parser takes time with the square of a pipe's length; real ones: 186."""

_PIECE = 65_536
# tree-sitter-bash 0.25 indexes a table of 256 entries with the previous character; larger ones may crash it.
_TO_ASCII = bytes(byte if byte < 0x80 else ord("_") for byte in range(256))


def parse_bash(data: bytes, budget: Budget | None = None) -> Tree | None:
    """The syntax of a shell program; None if it takes more than `budget`.

    Characters beyond ASCII, which have no meaning in a shell, are underscores in the syntax. tree-sitter recovers from
    errors, and the time for that grows with the square of their number. So a long program is parsed in steps, until
    there are too many errors, and the parser is stopped when it has worked on errors for long.
    """
    budget = budget or Budget()
    if not budget.afford_here_documents(_weighted_marks(data), len(data)) or not budget.afford_words(data.count(b"${")):
        return None
    if not budget.may_parse or data.count(b"|") > _MOST_PIPES:
        return None
    data = data.translate(_TO_ASCII)
    if len(data) > _FIRST_STEP:
        tree = _parse_in_steps(data, budget) if budget.afford_steps(len(data)) else None
    else:
        tree = _parse(data, budget)
    if tree is not None:
        budget.spend_errors(_errors(tree))
    return tree


def _parse(data: bytes, budget: Budget, before: Tree | None = None) -> Tree | None:
    """Parse a program; `before` is the edited tree of its beginning. None if recovery takes more than `budget`.

    The parser reports its progress after a fixed number of steps, so the result does not depend on the machine.
    """

    def piece(offset: int, _point: object) -> bytes:
        return data[offset : offset + _PIECE]

    def stops(offset: int, has_error: bool) -> bool:
        if has_error:
            budget.spend_recovery(len(data) - offset)
        return not budget.may_parse

    chosen = parser("bash")
    try:
        if before is None:
            return chosen.parse(piece, encoding="utf8", progress_callback=stops)
        return chosen.parse(piece, before, encoding="utf8", progress_callback=stops)
    except ValueError:  # it was stopped
        chosen.reset()
        return None


def _parse_in_steps(data: bytes, budget: Budget) -> Tree | None:
    tree = _parse(data[:_FIRST_STEP], budget)
    size, point = _FIRST_STEP, _after((0, 0), data[:_FIRST_STEP])
    while tree is not None and size < len(data) and _errors(tree) <= _MOST_ERRORS:
        added = data[size : size + _STEP]
        end = _after(point, added)
        tree.edit(size, size, size + len(added), point, point, end)
        size, point = size + len(added), end
        tree = _parse(data[:size], budget, tree)
    return _parse(data, budget) if tree is not None and _errors(tree) <= _MOST_ERRORS else None


def _weighted_marks(data: bytes) -> int:
    """The number of `<<` in a program; those that share a line take the parser longer."""
    count = data.count(b"<<")
    if count * len(data) < _FEW_MARKS:
        return count
    return count + _WEIGHT * sum(on_line for line in data.split(b"\n") if (on_line := line.count(b"<<")) > 1)


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
