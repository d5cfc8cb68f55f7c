"""A position in the tokens of a WIT file, and the errors that a reader reports there.

The grammar is WIT.md of the component model in the form that wit-parser 0.262 accepts.
"""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import NoReturn

from dunnage.files.source import SourceError
from dunnage.wit.lexer import KEYWORDS, Tokens, is_quoted

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
            self.fail(token, f"is not valid WIT: `{_shortened(word)}` is not a semantic version")
        if keyword := _keyword_in(word):
            self.fail(
                token, f"is not valid WIT: the keyword `{keyword}` cannot be a part of the version `{_shortened(word)}`"
            )
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
            self.fail(self.at, "is not valid WIT: the content of this string is not UTF-8")
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
        self.fail(token, f"is not valid WIT: expected {wanted}, found {self._described(token, wanted)}")

    def fail(self, token: int, message: str) -> NoReturn:
        """Raise WitError at a token."""
        raise WitError(message, self.tokens.span(token))

    def defer(self, token: int, message: str) -> None:
        """Keep an error, to report it if the rest of the file has no syntax error. Only the first one is kept."""
        if self.deferred is None:
            self.deferred = WitError(message, self.tokens.span(token))

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
