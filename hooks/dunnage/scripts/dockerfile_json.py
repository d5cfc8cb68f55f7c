"""JSON arrays in instructions of a Dockerfile, with the position of each string."""

Piece = str | tuple[int, int]
"""A part of an argument: a decoded escape, or the position of text in the line."""

JsonString = tuple[int, int, list[Piece]]
"""A string of a JSON array: its start and end, quotes included, and its pieces."""

_JSON_SPACE = " \t\r\n"
_ESCAPES = {'"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}


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
    while True:
        first = at
        while at < end and text[at] not in '"\\':
            if text[at] < " ":
                return None
            at += 1
        if at == end:
            return None
        if first < at:
            parts.append((first, at))
        if text[at] == '"':
            return start, at + 1, parts
        escaped = text[at + 1 : at + 2]
        if escaped == "u":
            code = _code_unit(text, at, end)
            if code is None:
                return None
            at += 6
            low = _code_unit(text, at, end) if 0xD800 <= code < 0xDC00 else None
            if low is not None and 0xDC00 <= low < 0xE000:
                code = 0x10000 + ((code - 0xD800) << 10) + low - 0xDC00
                at += 6
            # Half of a surrogate pair is no character.
            parts.append("\ufffd" if 0xD800 <= code < 0xE000 else chr(code))
        elif escaped in _ESCAPES:
            parts.append(_ESCAPES[escaped])
            at += 2
        else:
            return None


def _code_unit(text: str, at: int, end: int) -> int | None:
    digits = text[at + 2 : min(at + 6, end)]
    if not text.startswith("\\u", at, end) or len(digits) < 4 or digits.strip("0123456789abcdefABCDEF"):
        return None
    return int(digits, 16)


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
