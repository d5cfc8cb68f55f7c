"""Programs as a shell reads them: bytes, their offsets in the file, the expressions in them, and their syntax.

tree-sitter's parsers are loaded only when there is something to parse.
"""

from typing import TYPE_CHECKING, NamedTuple

from dunnage.files.grammar import parser
from dunnage.shell.bounds import PROGRAM_UNITS, Budget
from dunnage.shell.expression import insides, resolve
from dunnage.shell.model import Script, Values
from dunnage.shell.offsets import Segment, compose

if TYPE_CHECKING:
    from tree_sitter import Node, Tree


class Mask(NamedTuple):
    """An expression that is replaced before the shell reads the program; its bytes here are underscores."""

    start: int
    end: int
    values: Values


class ShellProgram(NamedTuple):
    """A program as bytes."""

    data: bytes
    offsets: tuple[Segment, ...]
    masks: tuple[Mask, ...] = ()


def text_of(node: "Node", data: bytes) -> str:
    """The text of a node in a program. The parser reads pieces of that, so asking the node for its text crashes."""
    return data[node.start_byte : node.end_byte].decode("utf-8", "replace")


def program_of(script: Script) -> ShellProgram:
    """A script as a shell reads it, with masks for its expressions."""
    data = script.text.encode("utf-8", "replace")
    masks: tuple[Mask, ...] = ()
    if script.expressions:
        data, masks = _masked(data, script)
    program = ShellProgram(data, script.offsets, masks)
    return _without_carriage_returns(program) if b"\r\n" in data else program


def _masked(data: bytes, script: Script) -> tuple[bytes, tuple[Mask, ...]]:
    """Mask every expression, since its text may contain characters that are special to a shell."""
    opening = "${{" if script.expressions == "github" else "{{"
    masks: list[Mask] = []
    pieces: list[bytes] = []
    copied = 0
    for first, last in insides(data.decode("latin-1"), opening):  # one character for each byte
        start, end = first - len(opening), last + 2
        masks.append(Mask(start, end, resolve(data[first:last].decode("utf-8", "replace"), script.variables)))
        pieces += (data[copied:start], b"_" * (end - start))
        copied = end
    return b"".join((*pieces, data[copied:])), tuple(masks)


def _without_carriage_returns(program: ShellProgram) -> ShellProgram:
    """The program with LF for CRLF, because shells need LF."""
    lines = program.data.split(b"\r\n")
    segments: list[Segment] = []
    start = 0
    for removed, line in enumerate(lines):
        segments.append((start - removed, start, len(line)))
        # The LF is kept.
        segments.append((start - removed + len(line), start + len(line) + 1, 1))
        start += len(line) + 2
    segments.pop()
    masks: list[Mask] = []
    for mask in program.masks:
        before = program.data.count(b"\r\n", 0, mask.start)
        masks.append(Mask(mask.start - before, mask.end - before, mask.values))
    return ShellProgram(b"\n".join(lines), compose(segments, program.offsets), tuple(masks))


# Syntax

_FIRST_STEP = 4096
_GROWTH = 4
"""How much more of a program each step parses than the one before."""
_STEPS = 4
"""What the steps between two reports of the parser take, in pieces that it reads in that time."""
_FEW_MARKS = 1_000_000
_WEIGHT = 4
_MOST_ERRORS = 1000
"""How many tokens of a program that is longer than the first step may be out of place; real programs have up to 142."""
_MOST_PIPES = 2000
"""How many `|` a program may have, because the parser takes time with the square of a pipe's length; real ones: 186."""

_PIECE = 256
_pieces: dict[int, bytearray] = {}
"""A piece of each length that has been read. py-tree-sitter 0.26 never frees what it is given."""
# tree-sitter-bash 0.25 indexes a table of 256 entries with the previous character; larger ones may crash it. It takes
# NUL for the end of the program, and looks for that end again and again.
_TO_ASCII = bytes(byte if 0 < byte < 0x80 else ord("_") for byte in range(256))


def parse_bash(data: bytes, budget: Budget | None = None) -> "Tree | None":
    """The syntax of a shell program; None if it takes more than `budget`.

    Characters beyond ASCII and NUL, which have no meaning in a shell, are underscores in the syntax. tree-sitter
    recovers from errors, and the time for that grows with the square of their number. So a long program is parsed in
    steps, until there are too many errors, and the parser is stopped when it has worked on errors for long.
    """
    budget = budget or Budget()
    budget.units += PROGRAM_UNITS
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


def _parse(data: bytes, budget: Budget) -> "Tree | None":
    """Parse a program. None if it takes more than `budget`.

    The parser reads pieces of a fixed size, again where it looks ahead, and reports its progress after a fixed number
    of steps. So the result does not depend on the machine.
    """

    def piece(offset: int, _point: object) -> bytes | bytearray:
        if not budget.afford_parsing(1):
            return b""
        text = data[offset : offset + _PIECE]
        shared = _pieces.setdefault(len(text), bytearray(len(text)))
        shared[:] = text
        return shared

    def stops(offset: int, has_error: bool) -> bool:
        budget.afford_parsing(_STEPS)
        if has_error:
            budget.spend_recovery(len(data) - offset)
        return not budget.may_parse

    chosen = parser("bash")
    try:
        tree = chosen.parse(piece, encoding="utf8", progress_callback=stops)
    except ValueError:  # it was stopped
        chosen.reset()
        return None
    return tree if budget.may_parse else None


def _parse_in_steps(data: bytes, budget: Budget) -> "Tree | None":
    size = _FIRST_STEP
    while size < len(data):
        tree = _parse(data[:size], budget)
        if tree is None or _errors(tree) > _MOST_ERRORS:
            return None
        size *= _GROWTH
    return _parse(data, budget)


def _weighted_marks(data: bytes) -> int:
    """The number of `<<` in a program; those that share a line take the parser longer."""
    count = data.count(b"<<")
    if count * len(data) < _FEW_MARKS:
        return count
    return count + _WEIGHT * sum(on_line for line in data.split(b"\n") if (on_line := line.count(b"<<")) > 1)


_SEPARATORS = frozenset(("\n", ";"))


def _errors(tree: "Tree") -> int:
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
