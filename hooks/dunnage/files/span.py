"""Places in a file, and edits of it.

These are named tuples and not dataclasses because importing `dataclasses` takes longer than a whole check.
"""

from typing import NamedTuple


class Span(NamedTuple):
    """Bytes of a file as it is on disk, with its byte order mark: from `start` up to, but not including, `end`."""

    start: int
    end: int


class Edit(NamedTuple):
    """Replace the bytes of the file at `path` from `start` up to, but not including, `end` with `text` in UTF-8."""

    path: str
    start: int
    end: int
    text: str
