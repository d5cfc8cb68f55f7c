"""The operators of `${NAME…}` and the escapes of `$'…'`, applied to known values.

The rules are those of the bash manual, "Shell Parameter Expansion" and "ANSI-C Quoting".
"""

from __future__ import annotations

from dunnage.shell.bounds import MOST_TRIMMED, Budget, union
from dunnage.shell.model import Values

OPERATORS = frozenset((":-", "-", ":=", "=", ":+", "+", ":?", "?", "#", "##", "%", "%%"))
"""The operators that `apply_operator` knows."""

ANSI_C_ESCAPE = rb"\\(?:x[0-9A-Fa-f]{1,2}|u[0-9A-Fa-f]{1,4}|U[0-9A-Fa-f]{1,8}|[0-7]{1,3}|c.|.)"
"""An escape in `$'…'`."""

_SINGLE = {
    "a": "\a",
    "b": "\b",
    "e": "\x1b",
    "E": "\x1b",
    "f": "\f",
    "n": "\n",
    "r": "\r",
    "t": "\t",
    "v": "\v",
}


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
