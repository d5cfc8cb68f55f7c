"""Places in a file, and edits of files.

These are named tuples and not dataclasses because importing `dataclasses` takes longer than a whole check.
"""

from bisect import bisect_left
from collections.abc import Iterable
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


def apply(data: bytes, edits: Iterable[Edit]) -> bytes:
    """`data` after all edits. Equal edits count once. Their paths are ignored.

    Raises ValueError if two edits overlap, if two insert different text at one offset, or if one is out of bounds.
    """
    pieces: list[bytes] = []
    copied_to = 0
    before: Edit | None = None
    for edit in sorted(set(edits), key=lambda edit: edit[1:]):
        if not 0 <= edit.start <= edit.end <= len(data):
            raise ValueError(f"{edit} is outside of 0 to {len(data)}")
        if before is not None and overlap(before, edit):
            raise ValueError(f"{before} and {edit} overlap")
        pieces += (data[copied_to : edit.start], edit.text.encode("utf-8"))
        copied_to = edit.end
        before = edit
    return b"".join((*pieces, data[copied_to:]))


def overlap(first: Edit, second: Edit) -> bool:
    """Whether two different edits of one file exclude each other. `first` does not start after `second`."""
    return second.start < first.end or first[1:3] == second[1:3]


def take(edits: Iterable[Edit], taken: list[Edit]) -> bool:
    """Insert edits into `taken`, which is sorted, unless one of them overlaps one that is taken.

    Equal edits count once.
    """
    added: list[Edit] = []
    for edit in edits:
        at = bisect_left(taken, edit)
        if edit in taken[at : at + 1]:
            continue
        neighbours = taken[max(at - 1, 0) : at + 1]
        if any(edit.path == other.path and overlap(*sorted((edit, other))) for other in neighbours):
            for other in added:
                taken.remove(other)
            return False
        taken.insert(at, edit)
        added.append(edit)
    return True
