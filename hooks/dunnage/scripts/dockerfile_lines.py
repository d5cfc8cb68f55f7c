"""Logical lines of a Dockerfile, and the offsets of their characters in the file."""

from bisect import bisect_right
from itertools import accumulate
from typing import NamedTuple

from dunnage.files.source import File
from dunnage.files.span import Span
from dunnage.shell.offsets import Segment

SPACE = (
    "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006"
    "\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
)
"""The characters that are spaces in Go; Python has a few more."""


class InstructionArgument(NamedTuple):
    """One of the pieces into which the arguments of an instruction are split."""

    text: str
    """Without line continuations; a string of a JSON array is decoded; other quotes and variables are kept."""
    span: Span
    """From its first byte to its last; strings of a JSON array include their quotes."""
    offsets: tuple[Segment, ...]
    """The bytes of `text` that are copied from the file."""


class Offsets:
    """Converts positions in the text of a file to positions in its bytes."""

    def __init__(self, file: File) -> None:
        self._text = text = file.text
        size = len(text.encode())
        # The length of the byte order mark, which the text does not contain.
        self._shift = len(file.data) - size
        self._marks: list[int] | None = None
        if size != len(text):
            sizes = (len(text[at : at + 256].encode()) for at in range(0, len(text), 256))
            self._marks = list(accumulate(sizes, initial=self._shift))

    def at(self, index: int) -> int:
        """The offset of the character at `index`."""
        if self._marks is None:
            return index + self._shift
        return self._marks[index >> 8] + len(self._text[index & ~255 : index].encode())

    def span(self, start: int, end: int) -> Span:
        """The bytes of the characters from `start` up to `end`."""
        return Span(self.at(start), self.at(end))


class LogicalLine:
    """A line of a file and the lines that continue it, as one text."""

    def __init__(self, offsets: Offsets, start: int, text: str) -> None:
        self.text = text
        self._offsets = offsets
        self._starts = [0]
        self._origins = [start]
        self._pieces = [text]

    def add(self, start: int, text: str) -> None:
        """Append the text at position `start` of the file."""
        self._starts.append(self._starts[-1] + len(self._pieces[-1]))
        self._origins.append(start)
        self._pieces.append(text)

    def close(self) -> None:
        """Join the pieces that were added."""
        self.text = "".join(self._pieces)

    def origin(self, index: int) -> int:
        """The position in the file of the character at `index`."""
        piece = bisect_right(self._starts, index) - 1
        return self._origins[piece] + index - self._starts[piece]

    def span(self, start: int, end: int) -> Span:
        """The bytes in the file of the characters from `start` up to `end`."""
        if start < end:
            return self._offsets.span(self.origin(start), self.origin(end - 1) + 1)
        here = self.origin(start - 1) + 1 if start else self.origin(0)
        return self._offsets.span(here, here)

    def segments(self, start: int, end: int) -> list[Segment]:
        """The segments of the text of the characters from `start` up to `end`."""
        found = []
        at = 0
        piece = bisect_right(self._starts, start) - 1
        while start < end:
            stop = min(end, self._starts[piece] + len(self._pieces[piece]))
            if start < stop:
                origin = self._origins[piece] + start - self._starts[piece]
                place = self._offsets.span(origin, origin + stop - start)
                found.append((at, place.start, place.end - place.start))
                at += place.end - place.start
            start = stop
            piece += 1
        return found

    def argument(self, start: int, end: int) -> InstructionArgument:
        """The argument that consists of the text from `start` up to `end`."""
        if len(self._starts) == 1 and start < end:
            span = self._offsets.span(self._origins[0] + start, self._origins[0] + end)
            return InstructionArgument(self.text[start:end], span, ((0, span.start, span.end - span.start),))
        return InstructionArgument(self.text[start:end], self.span(start, end), tuple(self.segments(start, end)))
