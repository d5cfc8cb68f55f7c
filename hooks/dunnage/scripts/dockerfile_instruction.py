"""One instruction of a Dockerfile: its logical line, and its keyword, flags and arguments in that."""

import re
from bisect import bisect_right
from collections.abc import Iterable
from itertools import accumulate
from typing import NamedTuple

from dunnage.files.source import File
from dunnage.files.span import Span
from dunnage.shell.offsets import Segment, Text

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
        if self._marks is None:
            return Span(start + self._shift, end + self._shift)
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


# Instructions

_ASCII_SPACE = "\t\n\v\f\r "

_BLANKS = "\t\v\f\r "
"""The characters that separate the keyword from its arguments, and arguments from each other."""

_JSON_OR_TEXT = frozenset({"CMD", "ENTRYPOINT", "RUN", "SHELL"})
_JSON_OR_LIST = frozenset({"ADD", "COPY", "VOLUME"})
_LIST = frozenset({"EXPOSE", "FROM"})
_PAIRS = frozenset({"ENV", "LABEL"})
_TEXT = frozenset({"MAINTAINER", "STOPSIGNAL", "USER", "WORKDIR"})
_KEYWORDS = frozenset({"ARG", "HEALTHCHECK", "ONBUILD", *_JSON_OR_TEXT, *_JSON_OR_LIST, *_LIST, *_PAIRS, *_TEXT})
_BY_LOWER_CASE = {keyword.lower(): keyword for keyword in _KEYWORDS}


_Piece = str | tuple[int, int]
"""A part of an argument: a decoded escape, or the position of text in the line, which is empty after an escape."""

_JsonString = tuple[int, int, list[_Piece]]
"""A string of a JSON array: its start and end, quotes included, and its pieces."""

_JSON_SPACE = " \t\r\n"
_PIECE = (
    r"[^\"\\\x00-\x1f]+|\\u[Dd][89ABab][0-9A-Fa-f]{2}\\u[Dd][C-Fc-f][0-9A-Fa-f]{2}"
    r"|\\(?:[\"\\/bfnrt]|u[0-9A-Fa-f]{4})"
)
"""Plain text, or an escape; a surrogate pair is one escape."""


class RejectedInstruction(Exception):
    """BuildKit rejects the instruction."""


class InstructionParser:
    """Parses one instruction."""

    def __init__(self, line: LogicalLine, escape: str) -> None:
        self._line = line
        self._escape = escape
        self.start = 0
        self.keyword = ""
        self.flags: tuple[InstructionArgument, ...] = ()
        self.arguments: tuple[InstructionArgument, ...] = ()
        self.form = "shell"
        self.onbuild = False

    def parse(self) -> None:
        """Parse the line. Raises RejectedInstruction; what was read before the error is kept."""
        start, end = self._split(0, len(self._line.text))
        if self.keyword == "ONBUILD" and start < end:
            flags = self.flags
            self.onbuild = True
            at = self.start
            start, end = self._split(start, end)
            self.flags = flags + self.flags
            self.start = at
        if start < end and not (self.onbuild and self.keyword == "ONBUILD"):
            self._parse_arguments(start, end)

    def _parse_arguments(self, start: int, end: int) -> None:
        keyword = self.keyword
        if keyword == "HEALTHCHECK":
            self._healthcheck(start, end)
        elif keyword in _JSON_OR_TEXT or keyword in _JSON_OR_LIST:
            self._json_or(start, end, whole=keyword in _JSON_OR_TEXT)
        elif keyword in _LIST:
            self._list(start, end)
        elif keyword in _PAIRS:
            self._pairs(start, end)
        elif keyword == "ARG":
            self.arguments = tuple(self._line.argument(*word) for word in self._words(start, end))
        elif keyword in _TEXT:
            self.arguments = (self._line.argument(start, end),)

    def _healthcheck(self, start: int, end: int) -> None:
        text = self._line.text
        space = next((at for at in range(start, end) if text[at] in _ASCII_SPACE), end)
        kind = self._line.argument(start, space)
        rest = end - len(text[space:end].lstrip(_ASCII_SPACE))
        if rest < end:
            self._json_or(rest, end, whole=True)
        self.arguments = (kind, *self.arguments)

    def _strip(self, start: int, end: int) -> tuple[int, int]:
        text = self._line.text[start:end]
        without_start = text.lstrip(SPACE)
        start = end - len(without_start)
        return start, start + len(without_start.rstrip(SPACE))

    def _split(self, start: int, end: int) -> tuple[int, int]:
        """Read keyword and flags; return where the arguments stand."""
        start, end = self._strip(start, end)
        text = self._line.text
        self.start = start
        stop, at = self._word(start, end)
        written = text[start:stop]
        self.keyword = _BY_LOWER_CASE.get(written.lower(), written)
        flags: list[InstructionArgument] = []
        if text.startswith("--", at, end):
            at = self._flags(at, end, flags)
        self.flags = tuple(flags)
        return self._strip(at, end)

    def _word(self, start: int, end: int) -> tuple[int, int]:
        """The end of the word at `start`, and that of the blanks after it."""
        text = self._line.text
        stop = start
        while stop < end and text[stop] not in _BLANKS:
            stop += 1
        after = stop
        while after < end and text[after] in _BLANKS:
            after += 1
        return stop, after

    def _flags(self, at: int, end: int, flags: list[InstructionArgument]) -> int:
        """Read the words that start with `--`, up to the word `--`; return where the rest starts."""
        text = self._line.text
        while True:
            while at < end and text[at] in SPACE:
                at += 1
            if not text.startswith("--", at, end):
                return at
            start = at
            quote = ""
            quoted = False
            parts: list[_Piece] = []
            taken = at
            while at < end and (quote or text[at] not in SPACE):
                character = text[at]
                if character in (self._escape, quote) or (not quote and character in "'\""):
                    parts.append((taken, at))
                    taken = at + 1
                    if character == self._escape:
                        # The next character is kept; at the end there is none.
                        at = min(at + 1, end - 1)
                    else:
                        quote = "" if quote else character
                        quoted = True
                at += 1
            parts.append((taken, at))
            flag = self._argument(start, at, parts)
            if flag.text == "--":
                return at
            if flag.text or quoted:
                flags.append(flag)

    def _argument(self, start: int, end: int, parts: Iterable[_Piece]) -> InstructionArgument:
        """The argument that consists of these parts."""
        text = Text(b"")
        for part in parts:
            if isinstance(part, str):
                text.add(part.encode())
            elif part[0] == part[1]:
                text.mark(self._line.span(*part).start)
            else:
                text.append(self._line.text[slice(*part)].encode(), self._line.segments(*part))
        program, offsets = text.result()
        return InstructionArgument(program, self._line.span(start, end), offsets)

    def _list(self, start: int, end: int) -> None:
        words = re.compile(r"[^\t\v\f\r ]+").finditer(self._line.text, start, end)
        self.arguments = tuple(self._line.argument(*word.span()) for word in words)

    def _words(self, start: int, end: int) -> list[tuple[int, int]]:
        """The positions of words, between spaces that are neither quoted nor escaped."""
        text = self._line.text
        found = []
        at = start
        while at < end:
            while at < end and text[at] in SPACE:
                at += 1
            start = at
            quote = ""
            cut = 0
            while at < end and (quote or text[at] not in SPACE):
                character = text[at]
                if character == self._escape and quote != "'":
                    # At the end of the text, the escape character is dropped.
                    cut = at + 1 == end
                    at += 1
                elif character == quote:
                    quote = ""
                elif not quote and character in "'\"":
                    quote = character
                at += 1
            at = min(at, end)
            if start < at - cut:
                found.append((start, at - cut))
        return found

    def _pairs(self, start: int, end: int) -> None:
        """Read `NAME=VALUE …`, or in the old spelling `NAME VALUE`."""
        text = self._line.text
        found = self._words(start, end)
        if not found:
            return
        if "=" not in text[slice(*found[0])]:
            at, value = self._word(start, end)
            if value == at:
                raise RejectedInstruction  # a name without a value
            self.arguments = (self._line.argument(start, at), self._line.argument(value, end))
            return
        arguments: list[InstructionArgument] = []
        for first, last in found:
            equals = text.find("=", first, last)
            if equals < 0:
                raise RejectedInstruction
            arguments += (self._line.argument(first, equals), self._line.argument(equals + 1, last))
        self.arguments = tuple(arguments)

    def _json_or(self, start: int, end: int, whole: bool) -> None:
        """Read a JSON array of strings; other text is one argument, or is split at blanks."""
        text = self._line.text
        opening = start if text[start].isascii() else self._strip(start, end)[0]
        if text.startswith("[", opening, end):
            strings = _json_strings(text, opening, end)
            if strings is not None:
                self.form = "exec"
                self.arguments = tuple(self._argument(*string) for string in strings)
                return
            if _is_json_array(text[opening:end]):
                self.form = "exec"
                raise RejectedInstruction  # something in it is not a string
        if whole:
            self.arguments = (self._line.argument(start, end),)
        else:
            self._list(start, end)


# JSON arrays


def _json_strings(text: str, start: int, end: int) -> list[_JsonString] | None:
    """The strings of the JSON array from `start` up to `end`; None if it is not an array of strings."""
    found: list[_JsonString] = []
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


def _json_string(text: str, start: int, end: int) -> _JsonString | None:
    parts: list[_Piece] = []
    at = start + 1
    piece = re.compile(_PIECE)
    while match := piece.match(text, at, end):
        at = match.end()
        if match[0][0] == "\\":
            import json

            # A lone surrogate is not a character.
            parts += (re.sub("[\ud800-\udfff]", "\ufffd", json.loads(f'"{match[0]}"')), (at, at))
        else:
            parts.append(match.span())
    return (start, at + 1, parts) if text.startswith('"', at, end) else None


def _is_json_array(text: str) -> bool:
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
