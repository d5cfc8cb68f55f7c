"""The instructions of a Dockerfile.

The rules are those of BuildKit's own parser and of the Dockerfile reference, https://docs.docker.com/reference/dockerfile/.
BuildKit first strips comments, joins continued lines and extracts here-documents, and then parses the instructions. So
every text here consists of joined lines, with their positions in the file.
"""

from contextlib import suppress
from itertools import accumulate
from typing import NamedTuple

from dunnage.files.source import File
from dunnage.files.span import Span
from dunnage.scripts.dockerfile_instruction import (
    SPACE,
    InstructionArgument,
    InstructionParser,
    LogicalLine,
    Offsets,
    RejectedInstruction,
)
from dunnage.scripts.dockerfile_words import LexError, words


class Heredoc(NamedTuple):
    """A here-document that an instruction reads."""

    name: str
    """The word that ends it, without quotes."""
    chomp: bool
    """`<<-`: tabs at the start of its lines are dropped."""
    content: Span
    """Its lines, with their ends."""
    end: Span
    """The word that ends it."""


class Instruction(NamedTuple):
    """One instruction of a Dockerfile."""

    keyword: str
    """In upper case; as it is written if it is unknown. The keyword of `ONBUILD RUN` is `RUN`."""
    span: Span
    """From its keyword to the end of its last line, here-documents included."""
    lines: tuple[int, int]
    """Its first and last line, from 1."""
    flags: tuple[InstructionArgument, ...] = ()
    """`--mount=…`, quotes removed."""
    arguments: tuple[InstructionArgument, ...] = ()
    """The one command line of a shell form, the strings of an exec form, `NAME`, `VALUE`, … of `ENV` and `LABEL`,
    `NAME` or `NAME=VALUE` of `ARG`, else the words between blanks. `HEALTHCHECK` has its type in front.
    """
    form: str = "shell"
    """`exec` if the arguments were a JSON array."""
    heredocs: tuple[Heredoc, ...] = ()
    onbuild: bool = False
    """It runs when another image is built from this one."""
    stage: int = -1
    """Its build stage, from 0; -1 before the first `FROM`."""


class Dockerfile(NamedTuple):
    """The contents of a Dockerfile."""

    instructions: tuple[Instruction, ...]
    """All instructions, also those after the point where BuildKit stops because of a syntax error."""
    escape: str
    """The character that continues lines: a backslash or a backtick."""
    syntax: Span | None = None
    """The value of the directive `syntax`, the image of the frontend that reads the file."""


def read(file: File) -> Dockerfile:
    """Split a Dockerfile into its instructions. Raises SourceError if it is not UTF-8."""
    return file.memo(_read)


def _read(file: File) -> Dockerfile:
    return _Reader(file).read()


# Lines: comments, continuations, here-documents

_WITH_HEREDOCS = frozenset({"ADD", "COPY", "RUN"})
_DIRECTIVES = frozenset({"check", "escape", "syntax"})


class _Reader:
    """Reads one Dockerfile."""

    def __init__(self, file: File) -> None:
        self._text = file.text
        self._offsets = Offsets(file)
        self._lines = self._text.split("\n")
        self._starts = list(accumulate((len(line) + 1 for line in self._lines), initial=0))
        if not self._lines[-1]:
            self._lines.pop()
        self._escape = "\\"
        self._directives: set[str] | None = set()
        self._syntax: Span | None = None
        self._last_lines: dict[bool, dict[str, int]] = {}
        self._stage = -1
        self._next = 0

    def read(self) -> Dockerfile:
        found = []
        while self._next < len(self._lines):
            first = self._next
            line = self._logical_line()
            if line is not None:
                instruction = self._instruction(line, first)
                self._stage = instruction.stage
                found.append(instruction)
        return Dockerfile(tuple(found), self._escape, self._syntax)

    def _logical_line(self) -> LogicalLine | None:
        """Take the next line and those that continue it; None if they contain no instruction."""
        index = self._next
        self._next = index + 1
        raw = self._lines[index].rstrip("\r")
        text = raw.lstrip(SPACE)
        start = self._starts[index] + len(raw) - len(text)
        if text.startswith("#"):
            self._directive(text, start)
            return None
        self._directives = None
        text, is_continued = self._without_continuation(text)
        if not is_continued and not text:
            return None
        line = LogicalLine(self._offsets, start, text)
        while is_continued and self._next < len(self._lines):
            index = self._next
            self._next = index + 1
            text = self._lines[index].rstrip("\r")
            stripped = text.lstrip(SPACE)
            # Comments, and with a warning empty lines, may stand between the lines that continue each other.
            if stripped and not stripped.startswith("#"):
                text, is_continued = self._without_continuation(text)
                line.add(self._starts[index], text)
        line.close()
        return line

    def _without_continuation(self, text: str) -> tuple[str, bool]:
        """The line without the character that continues it, and whether there is one."""
        stripped = text.rstrip(" \t")
        if not stripped.endswith(self._escape) or stripped[-2:-1] == self._escape:
            return text, False
        return stripped[:-1], True

    def _directive(self, text: str, start: int) -> None:
        """Read a comment that may be a directive; directives precede everything else, also other comments."""
        if self._directives is None:
            return
        name, equals, value = text[1:].lstrip(SPACE).partition("=")
        name = name.rstrip("\t\f\r ").lower()
        if not equals or not value or name not in _DIRECTIVES:
            self._directives = None
            return
        value = value.strip("\t\f\r ")
        # BuildKit rejects a directive that stands twice, and other escape characters.
        is_first = name not in self._directives
        if is_first and name == "escape" and value in ("\\", "`"):
            self._escape = value
        elif is_first and name == "syntax":
            at = start + text.rindex(value)
            self._syntax = self._offsets.span(at, at + len(value))
        self._directives.add(name)

    def _instruction(self, line: LogicalLine, first: int) -> Instruction:
        parser = InstructionParser(line, self._escape)
        heredocs: tuple[Heredoc, ...] = ()
        with suppress(RejectedInstruction):
            parser.parse()
            if parser.keyword in _WITH_HEREDOCS and parser.form == "shell" and "<<" in line.text:
                heredocs = tuple(self._heredocs(line.text))
        last = self._next - 1
        end = self._starts[last] + len(self._lines[last].rstrip("\r"))
        is_stage = parser.keyword == "FROM" and not parser.onbuild
        return Instruction(
            parser.keyword,
            Span(self._offsets.at(line.origin(parser.start)), self._offsets.at(end)),
            (first + 1, self._next),
            parser.flags,
            parser.arguments,
            parser.form,
            heredocs,
            parser.onbuild,
            self._stage + is_stage,
        )

    def _heredocs(self, text: str) -> list[Heredoc]:
        try:
            found = words(text, raw_escapes=True)
        except LexError:
            # BuildKit leaves the error to the shell.
            return []
        return [self._heredoc(*begun) for word in found if (begun := _heredoc(word))]

    def _heredoc(self, name: str, chomp: bool) -> Heredoc:
        """Take the lines of a here-document."""
        end = self._last_line(name, chomp)
        if end < self._next:
            raise RejectedInstruction  # its end is missing
        start = self._next
        end = next(index for index in range(start, end + 1) if self._ending(index, chomp) == name)
        self._next = end + 1
        after = self._starts[end] + len(self._lines[end].rstrip("\r"))
        content = self._offsets.span(self._starts[start], self._starts[end])
        return Heredoc(name, chomp, content, self._offsets.span(after - len(name), after))

    def _ending(self, index: int, chomp: bool) -> str:
        """The line as BuildKit compares it with the name of a here-document."""
        text = self._lines[index].rstrip("\r")
        return text.lstrip("\t") if chomp else text

    def _last_line(self, name: str, chomp: bool) -> int:
        """The last line that may end a here-document; so the search for many missing ends stays linear."""
        if chomp not in self._last_lines:
            self._last_lines[chomp] = {self._ending(index, chomp): index for index in range(len(self._lines))}
        return self._last_lines[chomp].get(name, -1)


def is_heredoc(text: str) -> bool:
    """Whether a command line consists of `<<EOF`, so that the here-document is the program."""
    try:
        return _heredoc(text) is not None
    except RejectedInstruction:
        return False


def _heredoc(word: str) -> tuple[str, bool] | None:
    """The name of the here-document that a word begins, and whether it drops tabs.

    Grammar: digits, `<<`, perhaps `-`, perhaps blanks, a name without `<`, which may be quoted.
    """
    digits, arrows, rest = word.partition("<<")
    if not arrows or digits.strip("0123456789"):
        return None
    chomp = rest.startswith("-")
    rest = rest[chomp:].lstrip("\t\n\f\r ")
    if not rest or "<" in rest:
        return None
    try:
        names = words(rest, raw_quotes=False)
        if len(names) != 1:
            return None
        quoted = words(rest)
    except LexError:
        raise RejectedInstruction from None
    if len(quoted) != 1:
        raise RejectedInstruction
    return names[0], chomp
