"""The strings of a TOML file as texts with their bytes in the file, by https://toml.io/en/v1.1.0#string."""

import re
from collections.abc import Iterator
from typing import Any

from dunnage.files import toml
from dunnage.files.source import File, SourceError
from dunnage.files.toml import Key
from dunnage.shell.assembly import Text
from dunnage.shell.model import Values
from dunnage.shell.offsets import Segment

Keys = tuple[Key, ...]
"""The path of a value in a file."""

_ESCAPES = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r", "e": "\x1b", '"': '"', "\\": "\\"}
_ESCAPE = (
    rb"\\(?:x(?P<x>[0-9A-Fa-f]{2})|u(?P<u>[0-9A-Fa-f]{4})|U(?P<U>[0-9A-Fa-f]{8})"
    rb"|(?P<break>[ \t]*\r?\n[ \t\r\n]*)|(?P<name>.))"
)


def parsed(file: File) -> dict[str, Any]:
    """A TOML file with tasks; empty if it is not TOML. Raises SourceError if it is not UTF-8, or too large."""
    if len(file.data) > toml.MAX_BYTES:
        raise SourceError(f"is larger than {toml.MAX_BYTES:,} bytes, the limit for TOML", rule="input/too-large")
    _ = file.text  # raises SourceError
    try:
        return toml.parse(file)
    except toml.TomlError:
        return {}


def tables(value: object) -> Iterator[tuple[str, Any]]:
    """The keys and values of a table; nothing for any other value."""
    yield from value.items() if isinstance(value, dict) else ()


def strings(keys: Keys, value: object) -> Iterator[tuple[Keys, str]]:
    """The strings of an array at the path `keys`, or a string there, each with its own path."""
    if isinstance(value, str):
        yield keys, value
    elif isinstance(value, list):
        yield from (((*keys, at), element) for at, element in enumerate(value) if isinstance(element, str))


def variables(table: object, template: str, prefix: str = "") -> dict[str, Values]:
    """The values of a table by name; a value with a `template` is unknown, and so is one that is no text or number."""
    found: dict[str, Values] = {}
    for name, value in tables(table):
        text = str(value).lower() if isinstance(value, bool) else str(value)
        is_known = isinstance(value, (str, int)) and template not in text
        found[f"{prefix}{name}"] = (text,) if is_known else None
    return found


def text_of(file: File, keys: Keys, value: str) -> tuple[str, tuple[Segment, ...]]:
    """The string at the path `keys`, which is `value`, with the bytes that are copied from the file."""
    span = toml.locate_value(file, keys)
    text = Text(file.data)
    quotes = 3 if file.data.startswith((b'"""', b"'''"), span.start, span.end) and span.end - span.start > 5 else 1
    start, end = span.start + quotes, span.end - quotes
    if quotes == 3:
        # A line break right after the opening quotes is not part of the string.
        newline = next((each for each in (b"\r\n", b"\n") if file.data.startswith(each, start, end)), b"")
        start += len(newline)
    if file.data.startswith(b"'", span.start):
        text.copy(start, end)
    else:
        _unescape(text, file.data, start, end)
    found, offsets = text.result()
    if found.replace("\r\n", "\n") != value:
        return value, ((0, span.start, 0), (len(value.encode("utf-8")), span.end, 0))
    return found, offsets


def _unescape(text: Text, data: bytes, start: int, end: int) -> None:
    """Add the inside of a string between double quotes."""
    for escape in re.compile(_ESCAPE, re.DOTALL).finditer(data, start, end):
        text.copy(start, escape.start())
        text.mark(escape.start())
        kind = escape.lastgroup or ""
        if kind == "name":
            text.add(_ESCAPES.get(escape[kind].decode("latin-1"), "").encode("utf-8"))
        elif kind != "break":
            text.add(chr(int(escape[kind], 16)).encode("utf-8"))
        start = escape.end()
        text.mark(start)
    text.copy(start, end)
