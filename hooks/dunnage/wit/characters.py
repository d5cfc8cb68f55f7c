"""Characters that hide what WIT says: they are invisible, they reorder the text, or they look like other characters."""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from dunnage.files.source import File
from dunnage.files.span import Span
from dunnage.wit.lexer import comment_places

_CONTROLS = "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f"
# The characters with Unicode's property Bidi_Control.
_BIDI = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
# Characters that fonts do not draw: all default-ignorable ones except those with a glyph.
_INVISIBLE = (
    "\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200d\u2028\u2029\u2060-\u2065\u206a-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
# Many languages join and separate letters with these, and emoji sequences contain them.
_JOINERS = "\u200c\u200d"
# These select the form of the preceding character, in emoji and in Chinese.
_SELECTORS = "\ufe00-\ufe0f\U000e0020-\U000e007f\U000e0100-\U000e01ef"
_KEYCAP = "\u20e3"

# The module `re` keeps what it compiles.
_SPECIAL = f"[{_CONTROLS}{_BIDI}{_INVISIBLE}]"
_SUSPECT = f"[{_CONTROLS}]|[^\x00-\x7f]"
_STRING = r'"[^"\n]*"?'

# Words of an ASCII character and those that look like it in most fonts, apart from compatibility forms such as
# full-width letters.
_LIKE = (
    "\"\u201c\u201d '\u2019 ,\u201a -\u2010\u2011\u2012\u2013\u2014\u2212 /\u2044\u2215 :\u0589 <\u2039 "
    ">\u203a A\u0410\u0391 B\u0412\u0392 C\u0421 E\u0415\u0395 H\u041d\u0397 I\u0406\u0399 J\u0408 "
    "K\u041a\u039a M\u041c\u039c N\u039d O\u041e\u039f P\u0420\u03a1 S\u0405 T\u0422\u03a4 X\u0425\u03a7 "
    "Y\u0423\u03a5 Z\u0396 a\u0430\u0251\u03b1 b\u042c c\u0441 d\u0501 e\u0435 g\u0261 h\u04bb "
    "i\u0456\u0131\u0269\u03b9 j\u0458 k\u03ba l\u04cf m\u043c n\u0578\u03b7 o\u043e\u03bf p\u0440\u03c1 "
    "q\u051b s\u0455 u\u057d\u03c5 v\u0475\u03bd w\u051d x\u0445\u03c7 y\u0443\u03b3"
)


class Hidden(NamedTuple):
    """A character that hides something."""

    character: str
    span: Span
    problem: str
    """A clause whose subject is the character."""


def hidden(file: File) -> Iterator[Hidden]:
    """Yield the first character of each line that hides something in a WIT file. Raises SourceError if it is not UTF-8.

    In documentation comments, whose text may be in any language, only bidirectional controls and control codes count.
    In other comments invisible characters count too, except where the text needs them. Outside of comments, characters
    that look like ASCII count as well.
    """
    text = file.text
    offset = len(file.data) - len(text.encode("utf-8"))
    counted = line_end = 0
    for kind, start, end in _segments(text):
        pattern = re.compile(_SUSPECT if kind in ("code", "string") else _SPECIAL)
        match = pattern.search(text, max(start, line_end), end)
        while match:
            at = match.start()
            after = at + 1
            problem = _problem(text, at, kind)
            if problem:
                offset += len(text[counted:at].encode("utf-8"))
                counted = at
                yield Hidden(match[0], Span(offset, offset + len(match[0].encode("utf-8"))), problem)
                after = line_end = text.find("\n", at) + 1 or len(text)
            match = pattern.search(text, after, end)


def _segments(text: str) -> Iterator[tuple[str, int, int]]:
    """Yield the kind, start and end of each segment: `documentation`, other `comment`, `string`, or other `code`."""
    previous = 0
    for start, end in comment_places(text.replace("\r\n", " \n")):
        yield from _code(text, previous, start)
        yield "documentation" if text.startswith(("///", "/**"), start) else "comment", start, end
        previous = end
    yield from _code(text, previous, len(text))


def _code(text: str, start: int, end: int) -> Iterator[tuple[str, int, int]]:
    for match in re.compile(_STRING).finditer(text, start, end):
        yield "code", start, match.start()
        yield "string", match.start(), match.end()
        start = match.end()
    yield "code", start, end


def _problem(text: str, at: int, kind: str) -> str | None:
    character = text[at]
    if re.match(f"[{_BIDI}]", character):
        return "can change the order in which text appears"
    if character < "\u00a0":
        return "is a control code"
    if not re.match(_SPECIAL, character):
        return _looks_like(text, at, kind)
    return None if kind == "documentation" or (kind == "comment" and _is_needed(text, at)) else "is invisible"


def _is_needed(text: str, at: int) -> bool:
    """Whether this invisible character has a purpose: it is beside a character whose form it changes."""
    before, after = text[at - 1 : at], text[at + 1 : at + 2]
    if text[at] in _JOINERS:
        return not before.isascii() and not after.isascii()
    return bool(re.match(f"[{_SELECTORS}]", text[at])) and (not before.isascii() or after == _KEYCAP)


def _looks_like(text: str, at: int, kind: str) -> str | None:
    """The ASCII character that a reader takes this one for, as a clause. A string may hold text in another script."""
    known = _plain(text[at])
    if not known.isascii() or (kind == "string" and not re.search("[A-Za-z0-9]", text[at - 1 : at + 2])):
        return None
    return "looks like a space" if known == " " else f"looks like `{known}`"


@lru_cache(maxsize=4096)
def _plain(character: str) -> str:
    """The ASCII character that a reader takes this one for, or else what Unicode holds to be the same."""
    import unicodedata

    like = next((word[0] for word in _LIKE.split() if character in word), "")
    return like or unicodedata.normalize("NFKC", character)
