"""One instruction of a Dockerfile: its keyword, flags and arguments."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from dunnage.scripts.dockerfile_lines import SPACE, InstructionArgument, LogicalLine

if TYPE_CHECKING:
    from dunnage.scripts.dockerfile_json import Piece

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
        elif keyword in _JSON_OR_TEXT:
            self._json_or(start, end, whole=True)
        elif keyword in _JSON_OR_LIST:
            self._json_or(start, end, whole=False)
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
        start = end - len(text.lstrip(SPACE))
        return start, max(start, start + len(text.strip(SPACE)))

    def _split(self, start: int, end: int) -> tuple[int, int]:
        """Read keyword and flags; return where the arguments stand."""
        start, end = self._strip(start, end)
        text = self._line.text
        self.start = at = start
        while at < end and text[at] not in _BLANKS:
            at += 1
        written = text[start:at]
        self.keyword = _BY_LOWER_CASE.get(written.lower(), written)
        while at < end and text[at] in _BLANKS:
            at += 1
        flags: list[InstructionArgument] = []
        if text.startswith("--", at, end):
            at = self._flags(at, end, flags)
        self.flags = tuple(flags)
        return self._strip(at, end)

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
            parts: list[Piece] = []
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

    def _argument(self, start: int, end: int, parts: Iterable[Piece]) -> InstructionArgument:
        """The argument that consists of these parts."""
        from dunnage.shell.assembly import Text

        text = Text(b"")
        for part in parts:
            if isinstance(part, str):
                text.add(part.encode())
            else:
                text.append(self._line.text[slice(*part)].encode(), self._line.segments(*part))
        program, offsets = text.result()
        return InstructionArgument(program, self._line.span(start, end), offsets)

    def _list(self, start: int, end: int) -> None:
        text = self._line.text
        found: list[InstructionArgument] = []
        at = start
        while at < end:
            if text[at] in _BLANKS:
                at += 1
                continue
            start = at
            while at < end and text[at] not in _BLANKS:
                at += 1
            found.append(self._line.argument(start, at))
        self.arguments = tuple(found)

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
            at = start
            while at < end and text[at] not in _BLANKS:
                at += 1
            value = at
            while value < end and text[value] in _BLANKS:
                value += 1
            if value == at:
                raise RejectedInstruction(f"has `{self.keyword}` with a name and no value")
            self.arguments = (self._line.argument(start, at), self._line.argument(value, end))
            return
        arguments: list[InstructionArgument] = []
        for first, last in found:
            equals = text.find("=", first, last)
            if equals < 0:
                raise RejectedInstruction(f"has `{text[first:last]}` in `{self.keyword}`, which is not `NAME=VALUE`")
            arguments += (self._line.argument(first, equals), self._line.argument(equals + 1, last))
        self.arguments = tuple(arguments)

    def _json_or(self, start: int, end: int, whole: bool) -> None:
        """Read a JSON array of strings; other text is one argument, or is split at blanks."""
        text = self._line.text
        opening = start if text[start].isascii() else self._strip(start, end)[0]
        if text.startswith("[", opening, end):
            from dunnage.scripts.dockerfile_json import is_json_array, json_strings

            strings = json_strings(text, opening, end)
            if strings is not None:
                self.form = "exec"
                self.arguments = tuple(self._argument(*string) for string in strings)
                return
            if is_json_array(text[opening:end]):
                self.form = "exec"
                raise RejectedInstruction(
                    f"has a JSON array in `{self.keyword}` that contains something other than strings"
                )
        if whole:
            self.arguments = (self._line.argument(start, end),)
        else:
            self._list(start, end)
