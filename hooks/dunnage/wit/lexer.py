"""The tokens and comments of WIT, as wit-parser's lexer reads them.

A file is decoded as Latin-1. All characters with a meaning in WIT are ASCII, so an offset in the text is also the
offset in the file.
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
_MAX_CLASSIFIED = 10_000
"""How many distinct tokens are remembered as identifiers or not."""
_BOM = b"\xef\xbb\xbf"
_ESCAPE = r"""\\(?:["'tnr\\]|[0-9A-Fa-f]{2}|u\{[0-9A-Fa-f][0-9A-Fa-f_]*\})"""
_PLAIN = r'[^"\\\x00-\x1f\x7f]*'
_STRING = rf'"{_PLAIN}(?:{_ESCAPE}{_PLAIN})*"'
# An unterminated string is one token as well. Otherwise a search for the end would start at every quote in it, which
# takes time proportional to the square of its length.
_MAYBE_UNTERMINATED = f"{_STRING}?"
# A character outside ASCII belongs to no valid token, so it does not matter which token it joins here. A version is one
# token, because wit-parser rejects white space in it.
_TOKEN = (
    r"[A-Za-z_%\x80-\xff][A-Za-z0-9_\x80-\xff-]*|"
    r"[0-9]+(?:\.[0-9]+\.[0-9]+(?:-[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?)?|"
    rf"->|{_MAYBE_UNTERMINATED}|[^ \t\n]"
)
_NEXT_TOKEN = rf"[ \t\n]*(?://[^\n]*|({_TOKEN})|\Z)"
# No word matches two alternatives: otherwise the number of combinations to try before a mismatch would be exponential.
_NAME = r"(?:[a-z][a-z0-9]*|[A-Z][A-Z0-9]*)(?:-(?:[0-9]*[a-z][a-z0-9]*|[0-9]*[A-Z][A-Z0-9]*|[0-9]+))*"


class Tokens:
    """The tokens of a file without comments and white space, and their positions."""

    def __init__(self, data: bytes) -> None:
        """`data` may be any bytes. A character that begins no token is a token by itself."""
        # Spaces replace what the pattern for tokens cannot skip: carriage returns, the byte order mark, block comments.
        text = data.decode("latin-1").replace("\r\n", " \n")
        if data.startswith(_BOM):
            text = "   " + text[len(_BOM) :]
        if "/*" in text:
            text = _without_blocks(text)
        self._text = text
        self._starts = array("L")
        self._rest: Iterator[int] | None = None
        self.texts: list[str] = list(filter(None, re.compile(_NEXT_TOKEN).findall(text)))
        """Each token as it is written. An empty one follows the last."""
        self.texts.append("")
        self.identifiers = _identifiers(set(self.texts))
        """The identifiers among the tokens, with their `%`."""

    def span(self, first: int, last: int | None = None) -> Span:
        """The bytes from token number `first` to the end of token number `last`, by default the same. From 0."""
        last = first if last is None else last
        return Span(self._start(first), self._start(last) + len(self.texts[last]))

    def _start(self, number: int) -> int:
        if number >= len(self.texts) - 1:
            return len(self._text)
        # Few callers need positions, and mostly near the beginning of the file.
        if self._rest is None:
            matches = re.compile(_NEXT_TOKEN).finditer(self._text)
            self._rest = (match.start(1) for match in matches if match[1])
        self._starts.extend(islice(self._rest, max(number + 1 - len(self._starts), 0)))
        return self._starts[number]


def is_quoted(token: str) -> bool:
    """Whether a token is a string with both quotes."""
    return token.startswith('"') and re.fullmatch(_STRING, token) is not None


def is_plain(data: bytes) -> bool:
    """Whether text is ASCII without control codes. Such text has no character that WIT always rejects."""
    return data.isascii() and len(data.translate(None, _CONTROLS)) == len(data)


def _identifiers(texts: set[str]) -> set[str]:
    """Return the identifiers among texts. A text that several files have in common is classified once."""
    identifiers, others = _classified()
    if len(identifiers) + len(others) > _MAX_CLASSIFIED:
        identifiers.clear()
        others.clear()
    matches = re.compile(_NAME).fullmatch
    for text in texts - identifiers - others:
        is_identifier = text not in KEYWORDS and matches(text, text.startswith("%"))
        (identifiers if is_identifier else others).add(text)
    return texts & identifiers


@cache
def _classified() -> tuple[set[str], set[str]]:
    """The texts known to be identifiers, and those known not to be."""
    return set(), set()


def comments(file: File) -> Iterator[tuple[Span, str]]:
    """Yield the comments of a WIT file in order, each without its marker. A file of another kind has none."""
    if not file.path.endswith(".wit"):
        return
    for start, end in comment_places(file.data.decode("latin-1")):
        inner = file.data[start + 2 : end - 2 * file.data.startswith(b"/*", start)]
        yield Span(start, end), inner.decode("utf-8", "replace")


def comment_places(text: str) -> Iterator[tuple[int, int]]:
    """Yield the start and the end of each comment, without its line end. An unterminated block is no comment."""
    outside, inside = re.compile(rf"//[^\n]*|/\*|{_MAYBE_UNTERMINATED}"), re.compile(r"/\*|\*/")
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
    """Replace block comments, which may be nested, by spaces."""
    pieces: list[str] = []
    copied = 0
    for start, end in comment_places(text):
        if text.startswith("/*", start):
            pieces += (text[copied:start], " " * (end - start))
            copied = end
    return "".join((*pieces, text[copied:]))
