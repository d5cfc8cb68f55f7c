"""JSON, JSON with comments, and JSON5, with the bytes of each value in the file.

No library has wheels, positions and a time that grows with the length of the text alone. Syntax: https://spec.json5.org
"""

import re
from collections.abc import Iterator
from typing import NamedTuple, TypeAlias

from dunnage.files.source import File, SourceError, offsets
from dunnage.files.span import Span

MAX_BYTES = 1024 * 1024
MAX_DEPTH = 100


Value: TypeAlias = dict[str, "Node"] | list["Node"] | str | float | bool | None


class Node(NamedTuple):
    """A value."""

    value: Value
    span: Span

    def get(self, *keys: str) -> "Node | None":
        """The value that keys lead to through objects; None if there is none."""
        node: Node | None = self
        for key in keys:
            node = node.value.get(key) if node is not None and isinstance(node.value, dict) else None
        return node

    def items(self) -> "dict[str, Node]":
        """The values of an object by their keys; nothing for other values."""
        return self.value if isinstance(self.value, dict) else {}

    def elements(self) -> "list[Node]":
        """The values of an array; nothing for other values."""
        return self.value if isinstance(self.value, list) else []

    def texts(self, *keys: str) -> "list[tuple[str, Span]]":
        """The strings of the array that keys lead to, or the string there alone, with their places."""
        node = self.get(*keys)
        found = node.elements() or [node] if node is not None else []
        return [(element.value, element.span) for element in found if isinstance(element.value, str)]


_SPACE = r"(?:\s+|\ufeff|//[^\n\r\u2028\u2029]*|/\*[\s\S]*?\*/)*"
_STRING = r"\"[^\"\\\n\r]*(?:\\(?:\r\n|[\s\S])[^\"\\\n\r]*)*\"|'[^'\\\n\r]*(?:\\(?:\r\n|[\s\S])[^'\\\n\r]*)*'"
_NUMBER = r"[+-]?(?:0[xX][0-9a-fA-F]+|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|Infinity|NaN)(?![\w$])"
_JSON_NUMBER = r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?"
_NAME = r"(?:[^\W\d]|[$_]|\\u[0-9a-fA-F]{4})(?:[\w$\u200c\u200d]|\\u[0-9a-fA-F]{4})*"
_ESCAPE = r"\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|(\r\n|[\s\S]))"
_ESCAPED = {
    "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "0": "\0",
    "\r\n": "", "\n": "", "\r": "", "\u2028": "", "\u2029": "",
}  # fmt: skip
_WORDS: dict[str, bool | None] = {"true": True, "false": False, "null": None}


def parse(file: File, *, is_json5: bool) -> Node:
    """The value in a file. Without `is_json5`, only comments and commas before a closing bracket go beyond JSON.

    An empty file is an empty object, as Renovate has it. Raises SourceError.
    """
    if len(file.data) > MAX_BYTES:
        raise SourceError(f"is larger than {MAX_BYTES:,} bytes, the limit for JSON", rule="input/too-large")
    return _Parser(file, is_json5).whole()


def comments(file: File) -> Iterator[tuple[Span, str]]:
    """Yield the comments that begin with `//`, without these characters. Raises SourceError."""
    offset = offsets(file)
    # A string that is not closed ends with the text: looking for its end again and again would take quadratic time.
    for token in re.finditer(rf"{_STRING}|/\*[\s\S]*?(?:\*/|\Z)|//[^\n\r]*|[\"']", file.text):
        if token[0] in ("'", '"'):
            return
        if token[0].startswith("//"):
            yield Span(offset(token.start()), offset(token.end())), token[0][2:]


class _Parser:
    def __init__(self, file: File, is_json5: bool) -> None:
        self._text = file.text
        self._is_json5 = is_json5
        self._offset = offsets(file)
        self._at = 0
        self._space, self._string, self._number, self._name = map(re.compile, (_SPACE, _STRING, _NUMBER, _NAME))

    def whole(self) -> Node:
        self._skip()
        if self._at == len(self._text):
            return Node({}, Span(self._offset(0), self._offset(0)))
        found = self._value(0)
        self._skip()
        if self._at < len(self._text):
            raise self._error("there is text after the value")
        return found

    def _error(self, message: str, rule: str = "input/unreadable") -> SourceError:
        offset = self._offset(self._at)
        kind = "JSON5" if self._is_json5 else "JSON with comments"
        text = message if rule == "input/too-deep" else f"is not {kind}: {message}"
        return SourceError(text, Span(offset, offset), rule)

    def _skip(self) -> None:
        found = self._space.match(self._text, self._at)
        self._at = found.end() if found else self._at

    def _take(self, character: str) -> bool:
        self._skip()
        if self._text.startswith(character, self._at):
            self._at += 1
            return True
        return False

    def _value(self, depth: int) -> Node:
        if depth > MAX_DEPTH:
            raise self._error(f"is nested deeper than {MAX_DEPTH} levels, the limit for JSON", "input/too-deep")
        self._skip()
        start = self._offset(self._at)
        value: Value
        if self._take("{"):
            value = self._object(depth)
        elif self._take("["):
            value = self._array(depth)
        else:
            value = self._scalar()
        return Node(value, Span(start, self._offset(self._at)))

    def _object(self, depth: int) -> "dict[str, Node]":
        found: dict[str, Node] = {}
        while not self._take("}"):
            if found and not self._take(","):
                raise self._error("a `,` or `}` is missing")
            if found and self._take("}"):
                break
            self._skip()
            before = self._at
            key = self._key()
            if key in found and not self._is_json5:
                self._at = before
                raise self._error(f"the key {key} occurs twice")
            if not self._take(":"):
                raise self._error("a `:` is missing")
            found[key] = self._value(depth + 1)
        return found

    def _array(self, depth: int) -> "list[Node]":
        found: list[Node] = []
        while not self._take("]"):
            if found and not self._take(","):
                raise self._error("a `,` or `]` is missing")
            if found and self._take("]"):
                break
            found.append(self._value(depth + 1))
        return found

    def _key(self) -> str:
        if self._text.startswith(("'", '"'), self._at):
            return self._quoted()
        match = self._name.match(self._text, self._at)
        if match is None or not self._is_json5:
            raise self._error("a key in quotes is missing")
        self._at = match.end()
        return _text(match[0])

    def _quoted(self) -> str:
        match = self._string.match(self._text, self._at)
        if match is None or (match[0][0] == "'" and not self._is_json5):
            raise self._error("a string is not closed" if match is None else "a string is in single quotes")
        self._at = match.end()
        return _text(match[0][1:-1])

    def _scalar(self) -> "str | float | bool | None":
        if self._text.startswith(("'", '"'), self._at):
            return self._quoted()
        number = self._number.match(self._text, self._at)
        if number is not None:
            if not self._is_json5 and re.fullmatch(_JSON_NUMBER, number[0]) is None:
                raise self._error("a number is written as in JSON5")
            self._at = number.end()
            return _number(number[0])
        word = self._name.match(self._text, self._at)
        if word is None or word[0] not in _WORDS:
            raise self._error("a value is missing")
        self._at = word.end()
        return _WORDS[word[0]]


def _text(written: str) -> str:
    """A string without its escapes. Two that are halves of a character become that character."""
    if "\\" not in written:
        return written
    halves = re.sub(_ESCAPE, _unescaped, written)
    return halves.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _unescaped(match: "re.Match[str]") -> str:
    code = match[1] or match[2]
    return chr(int(code, 16)) if code else _ESCAPED.get(match[3], match[3])


def _number(text: str) -> float:
    digits = text.lstrip("+-")
    try:
        value = float(int(digits, 16)) if digits[:2] in ("0x", "0X") else float(digits.replace("Infinity", "inf"))
    except OverflowError:
        value = float("inf")
    return -value if text.startswith("-") else value
