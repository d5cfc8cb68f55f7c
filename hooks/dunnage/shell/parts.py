"""The parts of a shell word, and the words or the value that they become.

The rules for the operators of `${NAME…}` and the escapes of `$'…'` are those of the bash manual, "Shell Parameter
Expansion" and "ANSI-C Quoting".
"""

from collections.abc import Sequence
from itertools import product
from typing import TYPE_CHECKING, NamedTuple

from dunnage.shell.bounds import MOST_TRIMMED, Budget, are_few, union
from dunnage.shell.model import Values
from dunnage.shell.scope import END

if TYPE_CHECKING:
    from tree_sitter import Node


class WordPart(NamedTuple):
    """A stretch of a word that is quoted, expanded or plain as a whole."""

    values: Values
    start: int
    end: int
    is_literal: bool
    """Its value is the bytes from `start` to `end`."""
    is_quoted: bool
    """Its value is never split into several words."""
    is_array: bool = False
    """Its values are lists, encoded as in a scope, or unknown lists."""


class RawWord(NamedTuple):
    """A word as it is written."""

    parts: tuple[WordPart, ...]
    start: int
    end: int


def index_of(nodes: "Sequence[Node]", *kinds: str) -> int:
    """The index of the first node of one of these kinds; the number of nodes if there is none."""
    return next((index for index, node in enumerate(nodes) if node.type in kinds), len(nodes))


def fields(parts: Sequence[WordPart], budget: Budget) -> list[tuple[str, ...]] | None:
    """Each list of words that `parts` may become; None if those are unknown or too many."""
    choices = _choices(parts)
    if choices is None or not are_few(choices):
        return None
    found: dict[tuple[str, ...], None] = {}
    for chosen in product(*choices):
        if not budget.afford(sum(map(len, chosen))):
            return None
        words = _split(parts, chosen)
        if len(words) > 1 and not budget.afford(0, len(words)):
            return None
        found[words] = None
    return list(found)


def joined(parts: Sequence[WordPart], budget: Budget) -> Values:
    """The value of `parts` where the shell does not split words."""
    choices = _choices(parts)
    if choices is None:
        return None
    shown = [
        tuple(value.replace(END, " ").rstrip(" ") for value in values) if part.is_array else values
        for part, values in zip(parts, choices, strict=True)
    ]
    return budget.product(shown)


def _choices(parts: Sequence[WordPart]) -> list[tuple[str, ...]] | None:
    """The values of each part; None if one is unknown."""
    choices = [part.values for part in parts if part.values is not None]
    return choices if len(choices) == len(parts) else None


def _split(parts: Sequence[WordPart], values: tuple[str, ...]) -> tuple[str, ...]:
    words: list[str] = []
    # The pieces of the current word; empty between words.
    pieces: list[str] = []

    def end_word() -> None:
        if pieces:
            words.append("".join(pieces))
            pieces.clear()

    for part, value in zip(parts, values, strict=True):
        if part.is_array:
            found = value.split(END)[:-1]
        elif part.is_quoted or part.is_literal:
            pieces.append(value)
            continue
        else:
            found = value.split()
            if value and (value[0].isspace() or not found):
                end_word()
        for index, piece in enumerate(found):
            if index:
                end_word()
            pieces.append(piece)
        if found and value[-1].isspace():
            end_word()
    end_word()
    return tuple(words)


def put_in(values: Values, start: int, end: int, is_quoted: bool) -> WordPart:
    """The part for the values of a mask; the shell interprets quotes in them."""
    if values is None or not any(_SPECIAL.intersection(value) for value in values):
        return WordPart(values, start, end, False, is_quoted)
    if is_quoted or any((_SPECIAL - {'"', "'"}).intersection(value) for value in values):
        return WordPart(None, start, end, False, is_quoted)
    import shlex

    try:
        lists = tuple("".join(f"{word}{END}" for word in shlex.split(value)) for value in values)
    except ValueError:
        return WordPart(None, start, end, False, False)
    return WordPart(lists, start, end, False, False, True)


_SPECIAL = frozenset("\"'\\$`;&|<>()\n")


def is_plain(parts: Sequence[WordPart], characters: str) -> bool:
    """Whether the text of `parts` that is outside of quotes holds none of `characters`."""
    return not any(
        not part.is_quoted and part.is_literal and set(characters).intersection(value)
        for part in parts
        for value in part.values or ()
    )


def has_braces(parts: Sequence[WordPart]) -> bool:
    """Whether a word contains a brace expansion: `{b,c}`."""
    text = "".join(part.values[0] for part in parts if part.is_literal and not part.is_quoted and part.values)
    start = text.find("{")
    return start >= 0 and "," in text[start : text.rfind("}")]


# Expansions

OPERATORS = frozenset((":-", "-", ":=", "=", ":+", "+", ":?", "?", "#", "##", "%", "%%"))
"""The operators that `apply_operator` knows."""

ANSI_C_ESCAPE = rb"\\(?:x[0-9A-Fa-f]{1,2}|u[0-9A-Fa-f]{1,4}|U[0-9A-Fa-f]{1,8}|[0-7]{1,3}|c.|.)"
"""An escape in `$'…'`."""

_SINGLE = dict(zip("abeEfnrtv", "\a\b\x1b\x1b\f\n\r\t\v", strict=True))


def decode_escape(escape: str) -> str:
    """The character that an escape in `$'…'` stands for."""
    kind = escape[1]
    digits = escape[2:]
    if kind in "xuU" and digits:
        return _character(int(digits, 16))
    if kind in "01234567":
        return _character(int(kind + digits, 8) & 0xFF)
    if kind == "c" and len(escape) > 2:
        return chr(ord(escape[2]) & 0x1F)
    return _SINGLE.get(kind, kind if kind in "\\'\"?" else escape)


def _character(code: int) -> str:
    return chr(code) if code < 0xD800 or 0xDFFF < code < 0x110000 else "\ufffd"


def apply_operator(operator: str, values: Values, operand: Values, is_assigned: bool, budget: Budget) -> Values:
    """The value of `${NAME<operator><operand>}`; `is_assigned` says that the program itself assigns the variable."""
    if operator in (":-", ":=", "-", "="):
        if values is None:
            # It may come from the environment; the default is the only value in the file.
            return None if is_assigned else operand
        if "" not in values or operator in ("-", "="):
            return values
        return union((tuple(value for value in values if value), operand))
    if operator in (":?", "?"):
        return values
    if values is None or operand is None:
        return None
    if operator in (":+", "+"):
        empty = ("",) if operator == ":+" and "" in values else ()
        return union((operand if operator == "+" or any(values) else (), empty))
    if len(operand) != 1 or "\\" in operand[0]:
        return None
    size = max(map(len, values), default=0)
    if size > MOST_TRIMMED or not budget.afford(size * len(operand[0]) * len(values)):
        return None
    return tuple(dict.fromkeys(_trimmed(value, operator, operand[0]) for value in values))


def _trimmed(value: str, operator: str, pattern: str) -> str:
    """`value` without the shortest or longest beginning or end that `pattern` matches."""
    from fnmatch import fnmatchcase

    lengths = range(len(value) + 1)
    for length in lengths if len(operator) == 1 else reversed(lengths):
        if operator[0] == "#" and fnmatchcase(value[:length], pattern):
            return value[length:]
        if operator[0] == "%" and fnmatchcase(value[len(value) - length :], pattern):
            return value[: len(value) - length]
    return value
