"""The keys of `[target]`: the name of a target, or a `cfg(…)` expression.

Source of the grammar: the Cargo book, "Platform specific dependencies", and the Rust reference, "Conditional
compilation".
"""

from __future__ import annotations

import re

_SYMBOL = r' *(?:(r#)?([A-Za-z_][A-Za-z0-9_]*)|("[^"]*")|([(),=]))'
_LISTS = ("all", "any", "not")


def is_platform(key: str) -> bool:
    """Whether Cargo accepts a key of `[target]`."""
    if key.startswith("cfg(") and key.endswith(")"):
        symbols = _symbols(key[4:-1])
        return symbols is not None and _is_expression(symbols)
    return all(character.isalnum() or character in "_-." for character in key)


def _symbols(text: str) -> list[str] | None:
    """Split an expression into names, strings and punctuation; None if it contains anything else."""
    symbols = []
    position = 0
    match_symbol = re.compile(_SYMBOL).match
    text = text.rstrip(" ")
    while position < len(text):
        match = match_symbol(text, position)
        if match is None:
            return None
        symbols.append("".join(group or "" for group in match.groups()))
        position = match.end()
    return symbols


def _is_expression(symbols: list[str]) -> bool:
    """Check an expression: a name, `name = "value"`, or `all(…)`, `any(…)`, `not(…)` of expressions."""
    symbols = [*symbols, "", "", ""]  # for looking ahead
    open_lists: list[str] = []
    may_close = False
    position = 0
    while True:
        symbol = symbols[position]
        if symbol in _LISTS:
            if symbols[position + 1] != "(":
                return False
            open_lists.append(symbol)
            may_close = symbol != "not"
            position += 2
            continue
        if symbol == ")" and may_close:
            open_lists.pop()
            position += 1
        elif length := _option_length(symbols, position):
            position += length
        else:
            return False
        while open_lists and symbols[position] == ")":
            open_lists.pop()
            position += 1
        if not open_lists:
            return not symbols[position]
        if symbols[position] != "," or open_lists[-1] == "not":
            return False
        position += 1
        may_close = True


def _option_length(symbols: list[str], position: int) -> int:
    """Count the symbols of `name` or `name = "value"` at a position; 0 if there is neither."""
    name, equals, value = symbols[position : position + 3]
    if not name.isidentifier() and not name.startswith("r#"):
        return 0
    if equals != "=":
        return 1
    return 3 if value.startswith('"') else 0
