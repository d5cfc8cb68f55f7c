"""Words of the shell: quotes, escapes and expansions undone, and the byte that each character came from.

The rules are POSIX's, "Shell Command Language", 2.2 and 2.6, with the quotes and expansions that bash adds.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from itertools import product
from typing import TYPE_CHECKING, NamedTuple

from dunnage.files.source import File
from dunnage.shell.model import Segment, Values, Word, locate
from dunnage.shell.programs import Mask, Program, compose
from dunnage.shell.scope import END, MOST_VALUES, Scope, either, elements_of

if TYPE_CHECKING:
    from tree_sitter import Node


class Part(NamedTuple):
    """A stretch of a word that has one nature."""

    values: Values
    start: int
    end: int
    is_literal: bool
    """Its value is the bytes from `start` to `end`."""
    is_quoted: bool
    """Its value is never split into several words."""
    is_array: bool = False
    """Its values are lists, encoded as in a scope, or unknown lists."""


class Argument(NamedTuple):
    """A word as it is written."""

    parts: tuple[Part, ...]
    start: int
    end: int


_MOST_DEEP = 20
"""Expansions inside of expansions beyond this are unknown."""


class Reader:
    """Reads the words of one program."""

    def __init__(self, file: File, program: Program) -> None:
        self._file = file
        self._data = program.data
        self._offsets = program.offsets
        self._masks = program.masks
        self._mask_ends = [mask.end for mask in program.masks]

    def argument(self, nodes: Sequence[Node], scope: Scope) -> Argument:
        """The word made of neighbouring `nodes`, more than one if line continuations are between them."""
        start, end = begin(self._data, nodes[0]), nodes[-1].end_byte
        if len(nodes) == 1:
            parts = self._parts(nodes[0], scope, False, 0)
        else:
            parts = self._between(start, end, nodes, scope, _PLAIN, 0)
        return Argument(tuple(parts), start, end)

    def alternatives(self, argument: Argument) -> list[tuple[Word, ...]]:
        """The words that `argument` becomes; if variables decide how many those are, each way it may come out."""
        span = locate(self._offsets, argument.start, argument.end)
        text = self._file.data[span.start : span.end].decode("utf-8", "replace")
        if len(argument.parts) == 1 and argument.parts[0].is_literal and "{" not in text:
            return [(Word(span, argument.parts[0].values, text),)]
        ways = fields(argument.parts)
        if ways is None or _has_braces(argument.parts):
            splits = ways is not None or any(
                part.values is None and (part.is_array or not part.is_quoted) for part in argument.parts
            )
            return [(Word(span, None, text, splits),)]
        if all(len(way) == 1 for way in ways):
            return [(Word(span, tuple(dict.fromkeys(way[0] for way in ways)), text),)]
        return [tuple(Word(span, (value,), text) for value in way) for way in ways]

    def document(self, body: Node, scope: Scope, is_quoted: bool) -> Argument:
        """A here-document's text, in which expansions are made unless its delimiter is quoted."""
        children = [] if is_quoted else body.children
        parts = self._between(body.start_byte, body.end_byte, children, scope, _RAW if is_quoted else _DOCUMENT, 0)
        return Argument(tuple(parts), body.start_byte, body.end_byte)

    def program(self, arguments: Sequence[Argument]) -> Program:
        """The program that `arguments`, joined by spaces, are when a shell reads their value."""
        data = bytearray()
        offsets: list[Segment] = []
        masks: list[Mask] = []
        for argument in arguments:
            if data:
                data += b" "
            for part in argument.parts:
                start, size = len(data), part.end - part.start
                if part.is_literal:
                    data += self._data[part.start : part.end]
                elif part.is_quoted and not part.is_array and part.values is not None and len(part.values) == 1:
                    data += part.values[0].encode("utf-8", "replace")
                    span = locate(self._offsets, part.start, part.end)
                    # It is no longer what stands in the file, but that is where it comes from.
                    offsets += ((start, span.start, 0), (len(data), span.end, 0))
                    continue
                else:
                    masks.append(Mask(start, start + size, None if part.is_array else part.values))
                    data += b"_" * size
                offsets += compose(((start, part.start, size),), self._offsets)
        return Program(bytes(data), tuple(offsets), tuple(masks))

    def value(self, node: Node, scope: Scope) -> Values:
        """What a variable is when the word `node` is assigned to it."""
        return joined(self._parts(node, scope, False, 0))

    def _parts(self, node: Node, scope: Scope, is_quoted: bool, depth: int) -> list[Part]:
        kind = node.type
        start, end = begin(self._data, node), node.end_byte
        if depth > _MOST_DEEP:
            return [Part(None, start, end, False, is_quoted)]
        if kind == "string":
            inside = self._between(start + 1, end - 1, node.children[1:-1], scope, _DOUBLE, depth + 1)
            if len(inside) == 1 and inside[0].is_array:
                return inside  # no word at all if the array is empty
            return [Part(("",), start, start, True, True), *inside]
        if kind == "raw_string":
            return [Part(("",), start, start, True, True), *self._literal(start + 1, end - 1, _RAW)]
        if kind == "ansi_c_string":
            return [Part(("",), start, start, True, True), *self._ansi_c(start + 2, end - 1)]
        if kind == "translated_string":
            return self._parts(node.children[-1], scope, is_quoted, depth + 1)
        if kind == "$" and self._data[end : end + 1] == b'"':
            return []  # `$"…"` again, as it is parsed in most places
        if kind == "concatenation":
            return self._between(start, end, node.children, scope, _DOUBLE if is_quoted else _PLAIN, depth + 1)
        if kind == "simple_expansion":
            return self._variable(node, start, scope, is_quoted)
        if kind == "expansion":
            return [self._expansion(node, start, scope, is_quoted, depth)]
        if kind in ("arithmetic_expansion", "process_substitution") or (node.children and kind != "word"):
            is_one = is_quoted or kind in ("arithmetic_expansion", "process_substitution")
            return [Part(None, start, end, False, is_one)]
        return self._literal(start, end, _DOUBLE if is_quoted else _PLAIN)

    def _between(
        self, start: int, end: int, children: Iterable[Node], scope: Scope, escapes: frozenset[bytes] | None, depth: int
    ) -> list[Part]:
        """Everything from `start` to `end`: what `children` are, and the plain text between them.

        tree-sitter-bash makes no node of some of that text.
        """
        parts: list[Part] = []
        done = start
        for child in children:
            first = begin(self._data, child)
            if child.type in _PLAIN_TEXT or first < done:
                continue
            parts += self._literal(done, first, escapes)
            parts += self._parts(child, scope, escapes is not _PLAIN, depth + 1)
            done = child.end_byte
        return parts + self._literal(done, end, escapes)

    def _literal(self, start: int, end: int, escapes: frozenset[bytes] | None) -> list[Part]:
        """Plain text; a backslash before one of `escapes` goes, before any character if that is None."""
        parts: list[Part] = []
        done = start
        for mask in self._masks[bisect_right(self._mask_ends, done) :]:
            if mask.start >= end:
                break
            parts += self._unescaped(done, mask.start, escapes)
            first, last = max(done, mask.start), min(end, mask.end)
            parts.append(replaced(mask.values, first, last, escapes is not _PLAIN))
            done = last
        return parts + self._unescaped(done, end, escapes)

    def _unescaped(self, start: int, end: int, escapes: frozenset[bytes] | None) -> list[Part]:
        data = self._data
        parts: list[Part] = []
        is_quoted = escapes is not _PLAIN
        while start < end:
            slash = data.find(b"\\", start, end) if escapes is not _RAW else -1
            while escapes is not None and slash >= 0 and data[slash + 1 : min(slash + 2, end)] not in escapes:
                slash = data.find(b"\\", slash + 2, end)
            stop = slash if 0 <= slash < end - 1 else end
            if stop > start:
                text = data[start:stop].decode("utf-8", "replace")
                parts.append(Part((text,), start, stop, True, is_quoted))
            if stop == end:
                break
            start = slash + 2
            if data[slash + 1 : start] != b"\n":
                # The character may have more bytes than one: what follows the first is found as the next part.
                while start < end and data[start] & 0xC0 == 0x80:
                    start += 1
                text = data[slash + 1 : start].decode("utf-8", "replace")
                parts.append(Part((text,), slash, start, False, True))
        return parts

    def _ansi_c(self, start: int, end: int) -> list[Part]:
        """The inside of `$'…'`."""
        import re

        text = self._data[start:end]
        if b"\\" not in text:
            return self._literal(start, end, _RAW)
        if any(mask.start < end and start < mask.end for mask in self._masks):
            return [Part(None, start, end, False, True)]
        parts: list[Part] = []
        done = 0
        for escape in re.finditer(_ANSI_C, text, re.DOTALL):
            parts += self._literal(start + done, start + escape.start(), _RAW)
            decoded = _decode(escape[0].decode("utf-8", "replace"))
            parts.append(Part((decoded,), start + escape.start(), start + escape.end(), False, True))
            done = escape.end()
        return parts + self._literal(start + done, end, _RAW)

    def _variable(self, node: Node, start: int, scope: Scope, is_quoted: bool) -> list[Part]:
        name, end = self._text(node.children[-1]), node.end_byte
        if not name.isascii():
            # To the parser all that is beyond ASCII is an underscore: `$V…` is `$V` and an ellipsis.
            while not name.isascii():
                name = name[:-1]
            end = start + 1 + len(name)
            rest = self._literal(end, node.end_byte, _DOUBLE if is_quoted else _PLAIN)
            if not name:
                return [*self._literal(start, end, _RAW), *rest]
            return [Part(scope.get(name), start, end, False, is_quoted), *rest]
        if name == "@" or (name == "*" and not is_quoted):
            return [Part(None, start, end, False, is_quoted, True)]
        return [Part(scope.get(name), start, end, False, is_quoted or name in _NUMBERS)]

    def _expansion(self, node: Node, start: int, scope: Scope, is_quoted: bool, depth: int) -> Part:
        """`${…}`. Source of the operators: the bash manual, "Shell Parameter Expansion"."""
        end = node.end_byte
        unknown = Part(None, start, end, False, is_quoted)
        inside = node.children[1:-1]
        if not inside or node.has_error:
            return unknown
        first = inside[0]
        is_array = False
        if first.type in ("variable_name", "special_variable_name"):
            name = self._text(first)
            is_array = name == "@"
        elif first.type == "subscript" and self._text(first).endswith(("[@]", "[*]")):
            name = self._text(first)[:-3]
            is_array = True
        elif first.type == "#":
            return unknown._replace(is_quoted=True)
        else:
            return unknown
        key = elements_of(name) if is_array else name
        values = scope.get(key)
        if len(inside) > 1:
            operator = inside[1].type
            if operator not in _OPERATORS:
                return unknown._replace(is_array=is_array)
            operand = self._operand(inside[1].end_byte, node.children[-1].start_byte, inside[2:], scope, depth)
            if is_array:
                # `"${FLAGS[@]}"` and `${FLAGS[@]+"${FLAGS[@]}"}` are the same but for old shells.
                return Part(values if operator in (":+", "+") else None, start, end, False, is_quoted, True)
            values = _apply(operator, values, operand, key in scope.assigned)
            if operator in (":=", "="):
                scope.set(name, values)
        return Part(values, start, end, False, is_quoted, is_array)

    def _operand(self, start: int, end: int, children: Sequence[Node], scope: Scope, depth: int) -> Values:
        return joined(self._between(start, end, children, scope, _PLAIN, depth + 1))

    def _text(self, node: Node) -> str:
        return self._data[node.start_byte : node.end_byte].decode("utf-8", "replace").strip()


# The characters that a backslash takes the meaning from: any, none, those in double quotes, in a here-document.
_PLAIN = None
_RAW: frozenset[bytes] = frozenset()
_DOUBLE = frozenset((b"$", b"`", b'"', b"\\", b"\n"))
_DOCUMENT = _DOUBLE - {b'"'}
_PLAIN_TEXT = frozenset(("string_content", "heredoc_content"))
_NUMBERS = frozenset("?#$!-0")
_OPERATORS = frozenset((":-", "-", ":=", "=", ":+", "+", ":?", "?", "#", "##", "%", "%%"))
_ANSI_C = rb"\\(?:x[0-9A-Fa-f]{1,2}|u[0-9A-Fa-f]{1,4}|U[0-9A-Fa-f]{1,8}|[0-7]{1,3}|c.|.)"
_SINGLE = {
    "a": "\a",
    "b": "\b",
    "e": "\x1b",
    "E": "\x1b",
    "f": "\f",
    "n": "\n",
    "r": "\r",
    "t": "\t",
    "v": "\v",
}


def begin(data: bytes, node: Node) -> int:
    """Where a node begins: tree-sitter-bash counts the blanks before an expansion in a string as its own."""
    start = node.start_byte
    if node.type in _MAY_HAVE_BLANKS:
        while start < node.end_byte and data[start : start + 1].isspace():
            start += 1
    return start


_MAY_HAVE_BLANKS = frozenset(("simple_expansion", "expansion", "command_substitution", "arithmetic_expansion"))


def fields(parts: Sequence[Part]) -> list[tuple[str, ...]] | None:
    """The words that `parts` become, in each way they may; None if that is unknown."""
    choices = _choices(parts)
    return None if choices is None else list(dict.fromkeys(_split(parts, chosen) for chosen in product(*choices)))


def _choices(parts: Sequence[Part]) -> list[tuple[str, ...]] | None:
    """The values of each part; None if one is unknown, or if together they are too many."""
    count = 1
    choices = []
    for part in parts:
        if part.values is None:
            return None
        count *= len(part.values)
        if count > MOST_VALUES:
            return None
        choices.append(part.values)
    return choices


def _split(parts: Sequence[Part], values: tuple[str, ...]) -> tuple[str, ...]:
    done: list[str] = []
    current: str | None = None
    for part, value in zip(parts, values, strict=True):
        if part.is_array:
            pieces = value.split(END)[:-1]
        elif part.is_quoted or part.is_literal:
            pieces = [value]
        else:
            pieces = value.split()
            if current is not None and (value[:1].isspace() or not pieces) and value:
                done.append(current)
                current = None
        for index, piece in enumerate(pieces):
            if index and current is not None:
                done.append(current)
                current = None
            current = piece if current is None else current + piece
        if not part.is_quoted and not part.is_literal and pieces and value[-1:].isspace() and current is not None:
            done.append(current)
            current = None
    return (*done, current) if current is not None else tuple(done)


def joined(parts: Sequence[Part]) -> Values:
    """The value of `parts` where the shell splits nothing."""
    choices = _choices(parts)
    if choices is None:
        return None
    shown = [
        tuple(value.replace(END, " ").rstrip(" ") for value in values) if part.is_array else values
        for part, values in zip(parts, choices, strict=True)
    ]
    return tuple(dict.fromkeys("".join(chosen) for chosen in product(*shown)))


def replaced(values: Values, start: int, end: int, is_quoted: bool) -> Part:
    """What is put in place of a mask: text that the shell reads, quotes and all."""
    if values is None or not any(_SPECIAL.intersection(value) for value in values):
        return Part(values, start, end, False, is_quoted)
    if is_quoted or any((_SPECIAL - {'"', "'"}).intersection(value) for value in values):
        return Part(None, start, end, False, is_quoted)
    import shlex

    try:
        lists = tuple("".join(f"{word}{END}" for word in shlex.split(value)) for value in values)
    except ValueError:
        return Part(None, start, end, False, False)
    return Part(lists, start, end, False, False, True)


_SPECIAL = frozenset("\"'\\$`;&|<>()\n")


def is_plain(parts: Sequence[Part], characters: str) -> bool:
    """Whether none of `characters` is in the text of `parts` that is outside of quotes."""
    return not any(
        not part.is_quoted and part.is_literal and set(characters).intersection(value)
        for part in parts
        for value in part.values or ()
    )


def _has_braces(parts: Sequence[Part]) -> bool:
    """Whether a word is like `a{b,c}`, which bash makes two words of."""
    text = "".join(part.values[0] for part in parts if part.is_literal and not part.is_quoted and part.values)
    start = text.find("{")
    return start >= 0 and "," in text[start : text.rfind("}")]


def _decode(escape: str) -> str:
    kind = escape[1]
    digits = escape[2:]
    if kind in "xuU" and digits:
        return _character(int(digits, 16))
    if kind in "01234567":
        return _character(int(kind + digits, 8) & 0xFF)
    if kind == "c" and len(escape) > 2:
        return chr(ord(escape[2]) & 0x1F)
    return _SINGLE.get(kind, kind if kind in "\\'\"?" else escape)


def _character(code: int) -> str:
    return chr(code) if code < 0xD800 or 0xDFFF < code < 0x110000 else "\ufffd"


def _apply(operator: str, values: Values, operand: Values, is_assigned: bool) -> Values:
    if operator in (":-", ":=", "-", "="):
        if values is None:
            # Given from outside, or else the default: the only value that the file names.
            return None if is_assigned else operand
        if "" not in values or operator in ("-", "="):
            return values
        return either((tuple(value for value in values if value), operand))
    if values is None or operand is None:
        return values if operator in (":?", "?") else None
    if operator in (":?", "?"):
        return values
    if operator in (":+", "+"):
        empty = ("",) if operator == ":+" and "" in values else ()
        return either((operand if operator == "+" or any(values) else (), empty))
    if len(operand) != 1 or "\\" in operand[0]:
        return None
    return tuple(dict.fromkeys(_without(value, operator, operand[0]) for value in values))


def _without(value: str, operator: str, pattern: str) -> str:
    """`value` without the shortest or longest beginning or end that `pattern` matches."""
    from fnmatch import fnmatchcase

    lengths = range(min(len(value), 200) + 1)
    for length in lengths if len(operator) == 1 else reversed(lengths):
        if operator[0] == "#" and fnmatchcase(value[:length], pattern):
            return value[length:]
        if operator[0] == "%" and fnmatchcase(value[len(value) - length :], pattern):
            return value[: len(value) - length]
    return value
