"""The tokens and comments of WIT, as wit-parser's lexer reads them.

A file is decoded as Latin-1. All characters with a meaning in WIT are ASCII, so an offset in the text is also the
offset in the file.
"""

import re
from array import array
from collections.abc import Callable, Iterator
from functools import cache, lru_cache
from itertools import islice
from typing import NoReturn

from dunnage.files.source import File, SourceError
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


# A position in the tokens, and the errors that a reader reports there. The grammar is WIT.md of the component model in
# the form that wit-parser 0.262 accepts.


_SHOWN = 40
"""How many characters of a long token a message shows."""


class WitError(SourceError):
    """wasm-tools would reject the file."""


class TooDeep(WitError):
    """The file nests types more deeply than wasm-tools accepts."""


class Cursor:
    """The tokens of one file and the number of the next one to read.

    Each method that reads starts at the token `at` and stops after the last token that it read. It raises WitError if
    the grammar does not allow the token that it finds.
    """

    def __init__(self, tokens: Tokens) -> None:
        self.tokens = tokens
        self.texts = tokens.texts
        self.identifiers = tokens.identifiers
        self.at = 0
        self.references: list[int] = []
        """Numbers of the first tokens of all references to a package."""
        self.unstable: set[int] = set()
        """Numbers of all tokens of items with the attribute `@unstable`."""
        self.deferred: WitError | None = None
        """The first error that wit-parser detects only in its second pass. A syntax error takes precedence over it."""

    def name(self, token: int) -> str:
        """The identifier whose token has this number."""
        return self.texts[token].removeprefix("%")

    def expect(self, word: str) -> None:
        """Read the token `word`."""
        if self.texts[self.at] != word:
            self.unexpected(f"`{word}`")
        self.at += 1

    def identifier(self) -> int:
        """Read an identifier and return the number of its token."""
        token = self.at
        if self.texts[token] not in self.identifiers:
            self.unexpected("an identifier")
        self.at = token + 1
        return token

    def version(self) -> int:
        """Read a version, with or without a preceding `@`, and return the number of its token."""
        self.at += self.texts[self.at] == "@"
        token = self.at
        word = self.texts[token]
        if not (word[:1].isdecimal() and "." in word):
            self.unexpected("a version such as `1.2.3`")
        if not _is_version(word):
            self.fail(token, f"`{_shortened(word)}` is not a semantic version")
        if keyword := _keyword_in(word):
            self.fail(token, f"the keyword `{keyword}` cannot be a part of the version `{_shortened(word)}`")
        self.at += 1
        # wit-parser accepts a trailing `-` or `+` as the start of an empty part.
        if "-" not in word and "+" not in word:
            self.at += self.texts[self.at] == "-"
        if "+" not in word:
            self.at += self.texts[self.at] == "+"
        return token

    def string(self) -> None:
        """Read a string in quotes."""
        word = self.texts[self.at]
        if not is_quoted(word):
            self.unexpected("a string")
        if not _is_utf8(word):
            self.fail(self.at, "the content of this string is not UTF-8")
        self.at += 1

    def items(self, end: str, read: Callable[[], None]) -> None:
        """Call `read` for each item of a list with commas, and read the token `end` after it."""
        while self.texts[self.at] != end:
            read()
            self.comma(end)
        self.at += 1

    def comma(self, end: str) -> None:
        """Read the comma after an item of a list; before the token `end` it may be missing."""
        if self.texts[self.at] == ",":
            self.at += 1
        elif self.texts[self.at] != end:
            self.unexpected(f"`,` or `{end}`")

    def unexpected(self, wanted: str, token: int | None = None) -> NoReturn:
        """Reject a token, by default the next one. `wanted` names what the grammar allows in its place."""
        token = self.at if token is None else token
        self.fail(token, f"expected {wanted}, found {self._described(token, wanted)}")

    def fail(self, token: int, message: str) -> NoReturn:
        """Raise WitError at a token."""
        raise WitError(f"is not valid WIT: {message}", self.tokens.span(token))

    def defer(self, token: int, message: str) -> None:
        """Keep an error, to report it if the rest of the file has no syntax error. Only the first one is kept."""
        if self.deferred is None:
            self.deferred = WitError(f"is not valid WIT: {message}", self.tokens.span(token))

    def _described(self, token: int, wanted: str) -> str:
        word = self.texts[token]
        if not word:
            return "the end of the file"
        if word == "\r":
            return "a carriage return without a line feed"
        if word == "/" and self.texts[token + 1] == "*":
            return "an unterminated comment"
        if word[:1] == '"' and not is_quoted(word):
            return "a string that is unterminated or has an invalid escape"
        shown = _shortened(word.encode("latin-1").decode("utf-8", "replace"))
        if word in KEYWORDS:
            return f"the keyword `{shown}`" + (f"; write `%{shown}` as a name" if "identifier" in wanted else "")
        if word not in self.identifiers and (word[0].isalpha() or word[0] in "%_"):
            return f"`{shown}`, which is not an identifier: its words must be in one case and joined by `-`"
        return f"`{shown}`"


def _shortened(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


@lru_cache(maxsize=1000)
def _is_version(text: str) -> bool:
    """Whether Rust's `semver` accepts a version of three numbers: no leading zero, no number of more than 64 bits."""
    numbers, _, pre = text.partition("+")[0].partition("-")
    parts = numbers.split(".") + [part for part in pre.split(".") if part.isdecimal()]
    return all(part == "0" or not part.startswith("0") for part in parts) and all(
        len(part) <= 20 and int(part) < 2**64 for part in parts[:3]
    )


@lru_cache(maxsize=1000)
def _keyword_in(version: str) -> str:
    """The first keyword among the tokens of a pre-release or of build metadata, at which wit-parser ends the version;
    empty if there is none.
    """
    words = re.findall("[A-Za-z][A-Za-z0-9-]*", version)
    return next((word for word in words if word in KEYWORDS), "")


def _is_utf8(quoted: str) -> bool:
    """Whether a string in quotes, read as Latin-1, is UTF-8 after its escapes are replaced."""
    if "\\" not in quoted:
        return True
    try:
        re.sub(r"\\(?:u\{([^}]*)\}|([0-9A-Fa-f]{2})|.)", _unescaped, quoted).encode("latin-1").decode("utf-8")
    except (OverflowError, ValueError):
        return False
    return True


def _unescaped(match: "re.Match[str]") -> str:
    if match[1] is not None:
        if match[1].endswith("_"):
            raise ValueError(match[1])
        return chr(int(match[1].replace("_", ""), 16)).encode("utf-8").decode("latin-1")
    return chr(int(match[2], 16)) if match[2] else ""
