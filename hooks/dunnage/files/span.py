"""Places in a file, and changes to it.

These are named tuples and not dataclasses because importing `dataclasses` takes longer than a whole check.
"""

from typing import NamedTuple


class Span(NamedTuple):
    """Bytes of a file as it is on disk, byte order mark included: from `start` up to but not including `end`."""

    start: int
    end: int


class Edit(NamedTuple):
    """Replace the bytes from `start` up to `end` of the file at `path` by `text` in UTF-8."""

    path: str
    start: int
    end: int
    text: str
