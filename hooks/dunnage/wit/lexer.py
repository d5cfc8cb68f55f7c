"""The tokens and the comments of WIT, as wit-parser's lexer sees them.

A file is looked at as Latin-1: all that has a meaning in WIT is ASCII, and so an offset in the text is one in the file.
"""

import re
from array import array
from collections.abc import Iterator
from functools import cache
from itertools import islice

from dunnage.files.source import File
from dunnage.files.span import Span

_KEYWORDS = """
    as async bool borrow char constructor enum error-context export f32 f64 flags from func future import include
    interface list map option own package record resource result s16 s32 s64 s8 static stream string tuple type u16
    u32 u64 u8 use variant with world _
"""
KEYWORDS = frozenset(_KEYWORDS.split())

_CONTROLS = bytes({*range(0x20), 0x7F} - set(b"\t\n\r"))
_MOST_KNOWN = 10_000
_BOM = b"\xef\xbb\xbf"
_ESCAPE = r"""\\(?:["'tnr\\]|[0-9A-Fa-f]{2}|u\{[0-9A-Fa-f][0-9A-Fa-f_]*\})"""
_PLAIN = r'[^"\\\x00-\x1f\x7f]*'
_STRING = rf'"{_PLAIN}(?:{_ESCAPE}{_PLAIN})*"'
# One that does not end is one token as well: to look for its end from every quote in it takes the square of its length.
_BEGUN = f"{_STRING}?"
# What is not ASCII belongs to no token, so it does not matter with what it is taken together here. A version is one
# token: whatever wit-parser makes one of, it refuses if there is space in it.
_TOKEN = (
    r"[A-Za-z_%\x80-\xff][A-Za-z0-9_\x80-\xff-]*|"
    r"[0-9]+(?:\.[0-9]+\.[0-9]+(?:-[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?)?|"
    rf"->|{_BEGUN}|[^ \t\n]"
)
# No word fits two alternatives: with many that do, there would be too many ways to try before a name is refused.
_NAME = r"(?:[a-z][a-z0-9]*|[A-Z][A-Z0-9]*)(?:-(?:[0-9]*[a-z][a-z0-9]*|[0-9]*[A-Z][A-Z0-9]*|[0-9]+))*"


class Tokens:
    """The tokens of a file, comments and white space left out, and where they stand."""

    def __init__(self, data: bytes) -> None:
        """`data` may be anything. What no token begins with is a token of one character."""
        # Spaces stand in for all that is passed over and would take a pattern more than a moment to pass over.
        text = data.decode("latin-1").replace("\r\n", " \n")
        if data.startswith(_BOM):
            text = "   " + text[len(_BOM) :]
        if "/*" in text:
            text = _without_blocks(text)
        self._text = text
        self._starts = array("L")
        self._rest: Iterator[int] | None = None
        self.texts: list[str] = list(filter(None, _pattern().findall(text)))
        """Each token as it is written; after the last one stands an empty one."""
        self.texts.append("")
        self.names = _names(set(self.texts))
        """The identifiers among the tokens, `%` included."""

    def span(self, first: int, last: int | None = None) -> Span:
        """From the token of number `first` to the end of that of number `last`, both from 0."""
        last = first if last is None else last
        return Span(self._start(first), self._start(last) + len(self.texts[last]))

    def _start(self, number: int) -> int:
        if number >= len(self.texts) - 1:
            return len(self._text)
        # Positions are of interest in few files, and mostly near the beginning.
        if self._rest is None:
            matches = _pattern().finditer(self._text)
            self._rest = (match.start(1) for match in matches if match[1])
        self._starts.extend(islice(self._rest, max(number + 1 - len(self._starts), 0)))
        return self._starts[number]


def is_quoted(token: str) -> bool:
    """Whether a token is a string in quotes, both of them."""
    return token.startswith('"') and re.fullmatch(_STRING, token) is not None


def is_plain(data: bytes) -> bool:
    """Whether text is ASCII without control codes, and so has no character that WIT does not allow anywhere."""
    return data.isascii() and len(data.translate(None, _CONTROLS)) == len(data)


def _names(texts: set[str]) -> set[str]:
    """Return the identifiers among texts. What most files have in common is looked at once."""
    known, others = _known()
    if len(known) + len(others) > _MOST_KNOWN:
        known.clear()
        others.clear()
    is_name = re.compile(_NAME).fullmatch
    for text in texts - known - others:
        is_new = text not in KEYWORDS and is_name(text, text.startswith("%"))
        (known if is_new else others).add(text)
    return texts & known


@cache
def _known() -> tuple[set[str], set[str]]:
    """What is known to be an identifier, and what is known to be none."""
    return set(), set()


def comments(file: File) -> Iterator[tuple[Span, str]]:
    """Yield the comments of a WIT file in their order, each without its marker; none for a file of another name."""
    if not file.path.endswith(".wit"):
        return
    for start, end in comment_places(file.data.decode("latin-1")):
        inner = file.data[start + 2 : end - 2 * file.data.startswith(b"/*", start)]
        yield Span(start, end), inner.decode("utf-8", "replace")


def comment_places(text: str) -> Iterator[tuple[int, int]]:
    """Yield where comments begin and end, line ends left out. A block comment that does not end is none."""
    outside, inside = _comment_patterns()
    at = 0
    while match := outside.search(text, at):
        at = match.end()
        if match[0] != "/*":
            if match[0][0] == "/":
                yield match.start(), at - match[0].endswith("\r")
            continue
        depth = 1
        while depth and (mark := inside.search(text, at)):
            depth += 1 if mark[0] == "/*" else -1
            at = mark.end()
        if depth:
            return
        yield match.start(), at


def _without_blocks(text: str) -> str:
    """Put spaces where block comments are, which may be nested."""
    pieces: list[str] = []
    done = 0
    for start, end in comment_places(text):
        if text.startswith("/*", start):
            pieces += (text[done:start], " " * (end - start))
            done = end
    return "".join((*pieces, text[done:]))


@cache
def _pattern() -> re.Pattern[str]:
    return re.compile(rf"[ \t\n]*(?://[^\n]*|({_TOKEN})|\Z)")


@cache
def _comment_patterns() -> tuple[re.Pattern[str], re.Pattern[str]]:
    return re.compile(rf"//[^\n]*|/\*|{_BEGUN}"), re.compile(r"/\*|\*/")
