"""Where the bytes of a program, or of another text that a file contains in a quoted form, stand in the file."""

from __future__ import annotations

from bisect import bisect_right
from typing import TypeAlias

from dunnage.files.span import Span

Segment: TypeAlias = tuple[int, int, int]
"""Bytes of a program that are copied from the file: offset in the program, offset in the file, length."""


def locate(offsets: tuple[Segment, ...], start: int, end: int) -> Span:
    """The bytes of the file that correspond to those of a program from `start` up to `end`.

    Bytes that are not copied from the file correspond to those between the copied bytes around them.
    """
    first = bisect_right(offsets, (start, _END, _END)) - 1
    if first >= 0:
        in_text, in_file, length = offsets[first]
        if start <= end <= in_text + length:
            return Span(in_file + start - in_text, in_file + end - in_text)
    # The end corresponds to the end of the last byte.
    last = bisect_right(offsets, (max(start, end - 1), _END, _END)) - 1
    if first < 0:
        begins = offsets[0][1] if offsets else 0
    else:
        in_text, in_file, length = offsets[first]
        begins = in_file + min(start - in_text, length)
    if last >= 0 and end <= offsets[last][0] + offsets[last][2]:
        ends = offsets[last][1] + end - offsets[last][0]
    elif last + 1 < len(offsets):
        ends = offsets[last + 1][1]
    else:
        ends = offsets[last][1] + offsets[last][2] if offsets else 0
    return Span(begins, max(begins, ends))


_END = 1 << 62


def is_literal(offsets: tuple[Segment, ...], start: int, end: int) -> bool:
    """Whether the bytes of a program from `start` up to `end` are one copy of bytes of the file."""
    at = bisect_right(offsets, (start, _END, _END)) - 1
    return at >= 0 and end <= offsets[at][0] + offsets[at][2]
