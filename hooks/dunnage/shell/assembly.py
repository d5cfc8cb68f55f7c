"""Texts assembled from bytes of a file and from other bytes, with the offsets of the former."""

from __future__ import annotations

from collections.abc import Iterable

from dunnage.shell.offsets import Segment, locate


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
