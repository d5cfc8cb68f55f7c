"""JSON arrays in instructions of a Dockerfile, with the position of each string."""

import re

Piece = str | tuple[int, int]
"""A part of an argument: a decoded escape, or the position of text in the line."""

JsonString = tuple[int, int, list[Piece]]
"""A string of a JSON array: its start and end, quotes included, and its pieces."""

_JSON_SPACE = " \t\r\n"
_PIECE = (
    r"[^\"\\\x00-\x1f]+|\\u[Dd][89ABab][0-9A-Fa-f]{2}\\u[Dd][C-Fc-f][0-9A-Fa-f]{2}"
    r"|\\(?:[\"\\/bfnrt]|u[0-9A-Fa-f]{4})"
)
"""Plain text, or an escape; a surrogate pair is one escape."""


def json_strings(text: str, start: int, end: int) -> list[JsonString] | None:
    """The strings of the JSON array from `start` up to `end`; None if it is not an array of strings."""
    found: list[JsonString] = []
    at = _after_space(text, start + 1, end)
    if text.startswith("]", at, end):
        return found if at + 1 == end else None
    while text.startswith('"', at, end):
        string = _json_string(text, at, end)
        if string is None:
            return None
        found.append(string)
        at = _after_space(text, string[1], end)
        if text.startswith("]", at, end):
            return found if at + 1 == end else None
        if not text.startswith(",", at, end):
            return None
        at = _after_space(text, at + 1, end)
    return None


def _after_space(text: str, at: int, end: int) -> int:
    while at < end and text[at] in _JSON_SPACE:
        at += 1
    return at


def _json_string(text: str, start: int, end: int) -> JsonString | None:
    parts: list[Piece] = []
    at = start + 1
    piece = re.compile(_PIECE)
    while match := piece.match(text, at, end):
        at = match.end()
        if match[0][0] == "\\":
            import json

            # A lone surrogate is not a character.
            parts.append(re.sub("[\ud800-\udfff]", "\ufffd", json.loads(f'"{match[0]}"')))
        else:
            parts.append(match.span())
    return (start, at + 1, parts) if text.startswith('"', at, end) else None


def is_json_array(text: str) -> bool:
    """Whether a text that begins with `[` is JSON as Go reads it."""
    import json

    def number(digits: str) -> float:
        value = float(digits)
        if value in (float("inf"), float("-inf")):
            raise ValueError
        return value

    def constant(name: str) -> float:
        raise ValueError(name)

    try:
        json.loads(text, parse_int=number, parse_float=number, parse_constant=constant)
    except (ValueError, RecursionError):
        return False
    return True
