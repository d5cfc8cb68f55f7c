"""Dockerfiles: their instructions, as BuildKit splits them.

The rules are those of BuildKit's own parser and of the Dockerfile reference, https://docs.docker.com/reference/dockerfile/.
BuildKit reads lines first: it strips comments, joins continued lines and takes the lines of here-documents; only then
does it look at what an instruction says. So every text here is one of joined lines, and knows where its pieces stand.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from itertools import accumulate
from typing import NamedTuple

from dunnage.files.source import File
from dunnage.files.span import Span
from dunnage.scripts.dockerfile_words import LexError, words
from dunnage.shell.model import Segment


class Argument(NamedTuple):
    """One of the pieces that an instruction's arguments are split into."""

    text: str
    """Line continuations undone; a string of a JSON array decoded; elsewhere quotes and variables as they are."""
    span: Span
    """From its first byte to its last; of a JSON array, with the quotes."""
    offsets: tuple[Segment, ...]
    """Which bytes of `text` stand in the file as they are."""


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
    """In upper case, and of `ONBUILD RUN` the `RUN`; as it is written if there is no such instruction."""
    span: Span
    """From its keyword to the end of its last line, here-documents included."""
    lines: tuple[int, int]
    """Its first and last line, from 1."""
    flags: tuple[Argument, ...] = ()
    """`--mount=…`, quotes removed."""
    arguments: tuple[Argument, ...] = ()
    """The one command line of a shell form, the strings of an exec form, `NAME`, `VALUE`, … of `ENV` and `LABEL`,
    `NAME` or `NAME=VALUE` of `ARG`, else what stands between blanks. `HEALTHCHECK` has its type in front.
    """
    form: str = "shell"
    """`exec` if the arguments were a JSON array."""
    heredocs: tuple[Heredoc, ...] = ()
    onbuild: bool = False
    """It is run when another image is built from this one."""
    stage: int = -1
    """The build stage it is in, from 0; -1 before the first `FROM`."""


class Refusal(NamedTuple):
    """A reason for which BuildKit would not build."""

    message: str
    """A clause whose subject is the file."""
    span: Span


class Dockerfile(NamedTuple):
    """What a Dockerfile says."""

    instructions: tuple[Instruction, ...]
    """All of them, also where BuildKit would have stopped at a refusal."""
    refusals: tuple[Refusal, ...]
    """What is not the syntax of a Dockerfile; unknown instructions are. No BuildKit builds if there is one."""
    escape: str
    """The character that continues lines: a backslash or a backtick."""


def read(file: File) -> Dockerfile:
    """Split a Dockerfile into its instructions. Raises SourceError if it is not UTF-8."""
    return _Reader(file).read()


# Lines: comments, continuations, here-documents

_MOST_BYTES = 65_535
"""The longest line that BuildKit reads, without its line feed."""

_SPACE = (
    "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006"
    "\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
)
"""What Go takes for a space; Python has a few more."""

_ASCII_SPACE = "\t\n\v\f\r "

_BLANKS = "\t\v\f\r "
"""What separates the keyword from its arguments, and arguments from each other."""

_JSON_OR_TEXT = frozenset({"CMD", "ENTRYPOINT", "RUN", "SHELL"})
_JSON_OR_LIST = frozenset({"ADD", "COPY", "VOLUME"})
_LIST = frozenset({"EXPOSE", "FROM"})
_PAIRS = frozenset({"ENV", "LABEL"})
_TEXT = frozenset({"MAINTAINER", "STOPSIGNAL", "USER", "WORKDIR"})
_KEYWORDS = frozenset({"ARG", "HEALTHCHECK", "ONBUILD", *_JSON_OR_TEXT, *_JSON_OR_LIST, *_LIST, *_PAIRS, *_TEXT})
_BY_LOWER_CASE = {keyword.lower(): keyword for keyword in _KEYWORDS}
_WITH_HEREDOCS = frozenset({"ADD", "COPY", "RUN"})
_DIRECTIVES = frozenset({"check", "escape", "syntax"})


class _Offsets:
    """Where the characters of a file stand, in bytes."""

    def __init__(self, file: File) -> None:
        self._text = text = file.text
        size = len(text.encode())
        # A byte order mark, which the text has no more.
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
        return Span(self.at(start), self.at(end))


class _Line:
    """Lines of a file that are continued, as one text."""

    def __init__(self, offsets: _Offsets, start: int, text: str) -> None:
        self.text = text
        self._offsets = offsets
        self._starts = [0]
        self._origins = [start]
        self._pieces = [text]

    def add(self, start: int, text: str) -> None:
        """Continue it with what stands at `start` of the file."""
        self._starts.append(self._starts[-1] + len(self._pieces[-1]))
        self._origins.append(start)
        self._pieces.append(text)

    def close(self) -> None:
        """Join what was added."""
        self.text = "".join(self._pieces)

    def origin(self, index: int) -> int:
        """Which character of the file is the one at `index` here."""
        piece = bisect_right(self._starts, index) - 1
        return self._origins[piece] + index - self._starts[piece]

    def span(self, start: int, end: int) -> Span:
        """The bytes in the file of the characters from `start` up to `end`."""
        if start < end:
            return self._offsets.span(self.origin(start), self.origin(end - 1) + 1)
        here = self.origin(start - 1) + 1 if start else self.origin(0)
        return self._offsets.span(here, here)

    def segments(self, start: int, end: int, at: int = 0) -> list[Segment]:
        """The same as bytes, piece by piece, for a text in which they stand from `at` on."""
        found = []
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

    def argument(self, start: int, end: int) -> Argument:
        """An argument that is the text from `start` up to `end`."""
        if len(self._starts) == 1 and start < end:
            span = self._offsets.span(self._origins[0] + start, self._origins[0] + end)
            return Argument(self.text[start:end], span, ((0, span.start, span.end - span.start),))
        return Argument(self.text[start:end], self.span(start, end), tuple(self.segments(start, end)))


def joined(segments: Iterable[Segment]) -> Iterator[Segment]:
    """Make one of neighbours."""
    last: Segment | None = None
    for segment in segments:
        if last is None:
            last = segment
        elif segment[1] == last[1] + last[2] and segment[0] == last[0] + last[2]:
            last = (last[0], last[1], last[2] + segment[2])
        else:
            yield last
            last = segment
    if last is not None:
        yield last


class _Refused(Exception):
    """BuildKit would stop here."""


class _Reader:
    """The reading of one Dockerfile."""

    def __init__(self, file: File) -> None:
        self._file = file
        self._text = file.text
        self._offsets = _Offsets(file)
        self._lines = self._text.split("\n")
        self._starts = list(accumulate((len(line) + 1 for line in self._lines), initial=0))
        if not self._lines[-1]:
            self._lines.pop()
        self._escape = "\\"
        self._directives: set[str] | None = set()
        self._refusals: list[Refusal] = []
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
        if not found:
            self._refuse("holds no instruction", Span(0, 0))
        self._refuse_long_lines()
        return Dockerfile(tuple(found), tuple(self._refusals), self._escape)

    def _refuse(self, message: str, span: Span) -> None:
        self._refusals.append(Refusal(message, span))

    def _refuse_long_lines(self) -> None:
        data = self._file.data
        start = 0
        while len(data) - start > _MOST_BYTES:
            end = data.find(b"\n", start)
            end = len(data) if end < 0 else end
            if end - start > _MOST_BYTES:
                self._refuse(f"holds a line of more than {_MOST_BYTES:,} bytes", Span(start, end))
                return
            start = end + 1

    def _logical_line(self) -> _Line | None:
        """Take the next line, with those that continue it; None if there is no instruction in it."""
        index = self._next
        self._next = index + 1
        raw = self._lines[index].rstrip("\r")
        text = raw.lstrip(_SPACE)
        start = self._starts[index] + len(raw) - len(text)
        if text.startswith("#"):
            self._directive(text, start)
            return None
        self._directives = None
        text, goes_on = self._without_continuation(text)
        if not goes_on and not text:
            return None
        line = _Line(self._offsets, start, text)
        while goes_on and self._next < len(self._lines):
            index = self._next
            self._next = index + 1
            text = self._lines[index].rstrip("\r")
            stripped = text.lstrip(_SPACE)
            # Comments, and with a warning empty lines, may stand between the lines that continue each other.
            if stripped and not stripped.startswith("#"):
                text, goes_on = self._without_continuation(text)
                line.add(self._starts[index], text)
        line.close()
        return line

    def _without_continuation(self, text: str) -> tuple[str, bool]:
        """Take the character that continues a line off its end; whether there was one."""
        stripped = text.rstrip(" \t")
        if not stripped.endswith(self._escape) or stripped[-2:-1] == self._escape:
            return text, False
        return stripped[:-1], True

    def _directive(self, text: str, start: int) -> None:
        """Read a comment that may be a directive: those stand before everything else, also before other comments."""
        if self._directives is None:
            return
        name, equals, value = text[1:].lstrip(_SPACE).partition("=")
        name = name.rstrip("\t\f\r ").lower()
        if not equals or not value or name not in _DIRECTIVES:
            self._directives = None
            return
        value = value.strip("\t\f\r ")
        span = self._offsets.span(start, start + len(text))
        if name in self._directives:
            self._refuse(f"has the directive `{name}` twice", span)
        elif name == "escape" and value not in ("\\", "`"):
            self._refuse(f"has `{value}` as escape character, which must be a backslash or a backtick", span)
        elif name == "escape":
            self._escape = value
        self._directives.add(name)

    def _instruction(self, line: _Line, first: int) -> Instruction:
        parser = _Parser(line, self._escape)
        heredocs: tuple[Heredoc, ...] = ()
        try:
            parser.parse()
            if parser.keyword in _WITH_HEREDOCS and parser.form == "shell" and "<<" in line.text:
                heredocs = tuple(self._heredocs(line.text))
        except _Refused as error:
            self._refuse(str(error), line.span(0, len(line.text)))
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
            # BuildKit leaves this to the shell.
            return []
        heredocs = []
        for word in found:
            heredoc = _heredoc(word)
            if heredoc is not None:
                name, chomp = heredoc
                heredocs.append(self._heredoc(name, chomp))
        return heredocs

    def _heredoc(self, name: str, chomp: bool) -> Heredoc:
        """Take the lines of a here-document."""
        end = self._last_line(name, chomp)
        if end < self._next:
            raise _Refused(f"never ends the here-document `{name}`")
        start = self._next
        end = next(index for index in range(start, end + 1) if self._ending(index, chomp) == name)
        self._next = end + 1
        after = self._starts[end] + len(self._lines[end].rstrip("\r"))
        content = self._offsets.span(self._starts[start], self._starts[end])
        return Heredoc(name, chomp, content, self._offsets.span(after - len(name), after))

    def _ending(self, index: int, chomp: bool) -> str:
        """A line as it is compared with the name of a here-document."""
        text = self._lines[index].rstrip("\r")
        return text.lstrip("\t") if chomp else text

    def _last_line(self, name: str, chomp: bool) -> int:
        """The last line that could end a here-document, lest each of many that never end be looked for to the end."""
        if chomp not in self._last_lines:
            self._last_lines[chomp] = {self._ending(index, chomp): index for index in range(len(self._lines))}
        return self._last_lines[chomp].get(name, -1)


def is_heredoc(text: str) -> bool:
    """Whether a command line is `<<EOF` and nothing else: then the here-document itself is the program."""
    try:
        return _heredoc(text) is not None
    except _Refused:
        return False


def _heredoc(word: str) -> tuple[str, bool] | None:
    """The name of the here-document that a word announces, and whether it drops tabs.

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
    except LexError as error:
        raise _Refused(f"has a here-document whose name cannot be read: {error}") from None
    if len(quoted) != 1:
        raise _Refused("has a here-document whose name cannot be read")
    return names[0], chomp


# Instructions: keyword, flags, arguments


_Part = str | tuple[int, int]
"""A piece of an argument: text that stands in its line nowhere, or where it stands."""


class _Parser:
    """The parsing of one instruction."""

    def __init__(self, line: _Line, escape: str) -> None:
        self._line = line
        self._escape = escape
        self.start = 0
        self.keyword = ""
        self.flags: tuple[Argument, ...] = ()
        self.arguments: tuple[Argument, ...] = ()
        self.form = "shell"
        self.onbuild = False

    def parse(self) -> None:
        """Raises _Refused for what is no syntax; what was read up to there stands."""
        start, end = self._split(0, len(self._line.text))
        if self.keyword == "ONBUILD" and start < end:
            flags = self.flags
            self.onbuild = True
            at = self.start
            start, end = self._split(start, end)
            self.flags = flags + self.flags
            self.start = at
        keyword = self.keyword
        if start == end or (self.onbuild and keyword == "ONBUILD"):
            return
        if keyword == "HEALTHCHECK":
            text = self._line.text
            space = next((at for at in range(start, end) if text[at] in _ASCII_SPACE), end)
            kind = self._line.argument(start, space)
            rest = end - len(text[space:end].lstrip(_ASCII_SPACE))
            if rest < end:
                self._json_or(rest, end, whole=True)
            self.arguments = (kind, *self.arguments)
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

    def _strip(self, start: int, end: int) -> tuple[int, int]:
        text = self._line.text[start:end]
        start = end - len(text.lstrip(_SPACE))
        return start, max(start, start + len(text.strip(_SPACE)))

    def _split(self, start: int, end: int) -> tuple[int, int]:
        """Read keyword and flags; where the arguments stand."""
        start, end = self._strip(start, end)
        text = self._line.text
        self.start = at = start
        while at < end and text[at] not in _BLANKS:
            at += 1
        written = text[start:at]
        self.keyword = _BY_LOWER_CASE.get(written.lower(), written)
        while at < end and text[at] in _BLANKS:
            at += 1
        flags: list[Argument] = []
        if text.startswith("--", at, end):
            at = self._flags(at, end, flags)
        self.flags = tuple(flags)
        return self._strip(at, end)

    def _flags(self, at: int, end: int, flags: list[Argument]) -> int:
        """Read the words that start with `--`, up to the word `--`; where the rest starts."""
        text = self._line.text
        while True:
            while at < end and text[at] in _SPACE:
                at += 1
            if not text.startswith("--", at, end):
                return at
            start = at
            quote = ""
            quoted = False
            parts: list[_Part] = []
            taken = at
            while at < end and (quote or text[at] not in _SPACE):
                character = text[at]
                if character in (self._escape, quote) or (not quote and character in "'\""):
                    parts.append((taken, at))
                    taken = at + 1
                    if character == self._escape:
                        # What follows is taken as it is; at the very end, nothing does.
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

    def _argument(self, start: int, end: int, parts: Iterable[_Part]) -> Argument:
        """An argument made of what stands in the line, and of other text."""
        texts: list[str] = []
        segments: list[Segment] = []
        done = 0
        for part in parts:
            if isinstance(part, str):
                text = part
            else:
                text = self._line.text[slice(*part)]
                segments += self._line.segments(*part, done)
            texts.append(text)
            done += len(text.encode())
        return Argument("".join(texts), self._line.span(start, end), tuple(joined(segments)))

    def _list(self, start: int, end: int) -> None:
        text = self._line.text
        found = []
        while start < end:
            at = start
            while at < end and text[at] not in _BLANKS:
                at += 1
            found.append(self._line.argument(start, at))
            while at < end and text[at] in _BLANKS:
                at += 1
            start = at
        self.arguments = tuple(found)

    def _words(self, start: int, end: int) -> list[tuple[int, int]]:
        """Where words stand, between spaces that are neither quoted nor escaped."""
        text = self._line.text
        found = []
        at = start
        while at < end:
            while at < end and text[at] in _SPACE:
                at += 1
            start = at
            quote = ""
            cut = 0
            while at < end and (quote or text[at] not in _SPACE):
                character = text[at]
                if character == self._escape and quote != "'":
                    # The last character of all is dropped.
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
                raise _Refused(f"has `{self.keyword}` with a name and no value")
            self.arguments = (self._line.argument(start, at), self._line.argument(value, end))
            return
        arguments: list[Argument] = []
        for first, last in found:
            equals = text.find("=", first, last)
            if equals < 0:
                raise _Refused(f"has `{text[first:last]}` in `{self.keyword}`, which is not `NAME=VALUE`")
            arguments += (self._line.argument(first, equals), self._line.argument(equals + 1, last))
        self.arguments = tuple(arguments)

    def _json_or(self, start: int, end: int, whole: bool) -> None:
        """Read a JSON array of strings; what is no JSON is text, taken whole or split at blanks."""
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
                raise _Refused(f"has a JSON array in `{self.keyword}` that does not hold strings alone")
        if whole:
            self.arguments = (self._line.argument(start, end),)
        else:
            self._list(start, end)


_String = tuple[int, int, list[_Part]]
"""A string of a JSON array: where it starts and ends, quotes included, and what it is made of."""

_JSON_SPACE = " \t\r\n"
_ESCAPES = {'"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}


def _json_strings(text: str, start: int, end: int) -> list[_String] | None:
    """The strings of the JSON array that stands from `start` up to `end`; None if it is none of strings alone."""
    found: list[_String] = []
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


def _json_string(text: str, start: int, end: int) -> _String | None:
    parts: list[_Part] = []
    at = start + 1
    while True:
        first = at
        while at < end and text[at] not in '"\\':
            if text[at] < " ":
                return None
            at += 1
        if at == end:
            return None
        if first < at:
            parts.append((first, at))
        if text[at] == '"':
            return start, at + 1, parts
        escaped = text[at + 1 : at + 2]
        if escaped == "u":
            code = _code_unit(text, at, end)
            if code is None:
                return None
            at += 6
            low = _code_unit(text, at, end) if 0xD800 <= code < 0xDC00 else None
            if low is not None and 0xDC00 <= low < 0xE000:
                code = 0x10000 + ((code - 0xD800) << 10) + low - 0xDC00
                at += 6
            # Half a character is none.
            parts.append("\ufffd" if 0xD800 <= code < 0xE000 else chr(code))
        elif escaped in _ESCAPES:
            parts.append(_ESCAPES[escaped])
            at += 2
        else:
            return None


def _code_unit(text: str, at: int, end: int) -> int | None:
    digits = text[at + 2 : min(at + 6, end)]
    if not text.startswith("\\u", at, end) or len(digits) < 4 or digits.strip("0123456789abcdefABCDEF"):
        return None
    return int(digits, 16)


def _is_json_array(text: str) -> bool:
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
