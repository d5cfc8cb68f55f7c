"""Where the bytes of a program, or of another text that a file contains in a quoted form, stand in the file.

A text is assembled from bytes of the file and from other bytes; its segments say which are the former.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable
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


def compose(segments: Iterable[Segment], offsets: tuple[Segment, ...]) -> tuple[Segment, ...]:
    """Translate segments of a program into segments of the file; `offsets` are those of the program.

    Empty segments around bytes that are not copied from the file record what they correspond to.
    """
    found: list[Segment] = []
    for at, start, length in segments:
        end = start + length
        if is_literal(offsets, start, end):
            found.append((at, locate(offsets, start, end).start, length))
            continue
        span = locate(offsets, start, end)
        found.append((at, span.start, 0))
        index = max(bisect_right(offsets, (start, _END, _END)) - 1, 0)
        for outer, in_file, size in offsets[index:]:
            if outer >= end:
                break
            first, last = max(start, outer), min(end, outer + size)
            if first < last:
                found.append((at + first - start, in_file + first - outer, last - first))
        found.append((at + length, span.end, 0))
    return tuple(found)


# Texts under construction


class Text:
    """A text under construction, with the segments that are copied from the file."""

    def __init__(self, data: bytes) -> None:
        """`data` is the content of the file."""
        self._data = data
        self._pieces: list[bytes] = []
        self._size = 0
        self._segments: list[Segment] = []

    def copy(self, start: int, end: int) -> None:
        """Add bytes of the file."""
        if start < end:
            self._note(start, end - start)
            self.add(self._data[start:end])

    def add(self, text: bytes) -> None:
        """Add bytes that are not in the file."""
        self._pieces.append(text)
        self._size += len(text)

    def mark(self, at: int) -> None:
        """Record that the current end of the text corresponds to offset `at` in the file."""
        self._note(at, 0)

    def end_line(self, at: int) -> None:
        """Add LF for the line ending at offset `at` of the file."""
        if self._data[at : at + 1] == b"\n":
            self.copy(at, at + 1)
        else:
            self.add(b"\n")

    def append(self, text: bytes, offsets: Iterable[Segment]) -> None:
        """Add another text with its segments."""
        for in_text, in_file, length in offsets:
            self._note(in_file, length, in_text)
        self.add(text)

    def _note(self, in_file: int, length: int, ahead: int = 0) -> None:
        start = self._size + ahead
        if self._segments:
            last_start, last_in_file, last_length = self._segments[-1]
            if last_start + last_length == start and last_in_file + last_length == in_file:
                self._segments[-1] = (last_start, last_in_file, last_length + length)
                return
        self._segments.append((start, in_file, length))

    def result(self) -> tuple[str, tuple[Segment, ...]]:
        """The text in UTF-8, decoded, and its segments as in `Script.offsets`."""
        # Readers cut between characters, so nothing is ever replaced here.
        return b"".join(self._pieces).decode("utf-8", "replace"), tuple(self._segments)


def joined_lines(parts: Iterable[tuple[str, Iterable[Segment]]]) -> tuple[str, tuple[Segment, ...]]:
    """Texts with their segments, joined by LF."""
    result = Text(b"")
    for number, (text, offsets) in enumerate(parts):
        if number:
            result.add(b"\n")
        result.append(text.encode("utf-8"), offsets)
    return result.result()


def substitute(
    pattern: str, new: Callable[[re.Match[str]], str | None], text: str, offsets: tuple[Segment, ...]
) -> tuple[str, tuple[Segment, ...]]:
    """`text` with `new` of each match of a pattern in its place; if that is None, the match stays."""
    found = ((*match.span(), new(match)) for match in re.finditer(pattern, text))
    replacements = [(start, end, inserted) for start, end, inserted in found if inserted is not None]
    return rewrite(text, offsets, replacements) if replacements else (text, offsets)


def rewrite(
    text: str, offsets: tuple[Segment, ...], replacements: Iterable[tuple[int, int, str]]
) -> tuple[str, tuple[Segment, ...]]:
    """`text` with replacements, which are given in order with start and end in characters.

    A replacement is not in the file. An empty segment at each of its ends records what it replaces.
    """
    result = Text(b"")
    copied = position = index = 0
    for start, end, inserted in (*replacements, (len(text), len(text), "")):
        part = text[copied:start].encode("utf-8")
        stop = position + len(part)
        kept = []
        while index < len(offsets) and offsets[index][0] < stop:
            in_text, in_file, length = offsets[index]
            low, high = max(in_text, position), min(in_text + length, stop)
            if low < high:
                kept.append((low - position, in_file + low - in_text, high - low))
            if in_text + length > stop:
                break
            index += 1
        result.append(part, kept)
        position = stop + len(text[start:end].encode("utf-8"))
        copied = end
        if stop < position:
            span = locate(offsets, stop, position)
            result.mark(span.start)
            result.add(inserted.encode("utf-8"))
            result.mark(span.end)
    return result.result()


# Lines of build files


def lines(data: bytes) -> list[Span]:
    """Every line without its line ending, and without a byte order mark."""
    start = 3 if data.startswith(b"\xef\xbb\xbf") else 0
    found: list[Span] = []
    for line in data[start:].removesuffix(b"\n").split(b"\n") if start < len(data) else ():
        found.append(Span(start, start + len(line.removesuffix(b"\r"))))
        start += len(line) + 1
    return found


def decode(data: bytes, line: Span) -> str:
    """The text of a line."""
    return data[line.start : line.end].decode("utf-8", "replace")
