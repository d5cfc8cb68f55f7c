"""The words of a shell program: their values without quotes, escapes and expansions, and their bytes in the file.

The rules are POSIX's, "Shell Command Language", 2.2 and 2.6, with the quotes and expansions that bash adds.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from typing import TYPE_CHECKING

from dunnage.files.source import File
from dunnage.shell.bounds import Budget
from dunnage.shell.model import Values, Word
from dunnage.shell.offsets import Segment, compose, locate
from dunnage.shell.parts import (
    ANSI_C_ESCAPE,
    OPERATORS,
    RawWord,
    WordPart,
    apply_operator,
    decode_escape,
    fields,
    has_braces,
    joined,
    put_in,
)
from dunnage.shell.programs import Mask, ShellProgram, text_of
from dunnage.shell.scope import Scope, elements_of

if TYPE_CHECKING:
    from tree_sitter import Node

    from dunnage.shell.substitution import Substitutions


_MOST_LEVELS = 20
"""Expansions that are nested more deeply are unknown."""


class Reader:
    """Reads the words of one program."""

    def __init__(self, file: File, program: ShellProgram, budget: Budget) -> None:
        self._budget = budget
        self._file = file
        self._data = program.data
        self._offsets = program.offsets
        self._masks = program.masks
        self._mask_ends = [mask.end for mask in program.masks]
        self._substitutions: Substitutions | None = None

    def raw_word(self, nodes: Sequence[Node], scope: Scope) -> RawWord:
        """The word that adjacent `nodes` make up; these are several if line continuations separate them."""
        start, end = _start_of(self._data, nodes[0]), nodes[-1].end_byte
        if len(nodes) > 1:
            parts = self._between(start, end, nodes, scope, _PLAIN, 0)
        elif nodes[0].type == "word":
            parts = self._literal(start, end, _PLAIN)
        else:
            parts = self._parts(nodes[0], scope, False, 0)
        return RawWord(tuple(parts), start, end)

    def alternatives(self, raw: RawWord) -> list[tuple[Word, ...]]:
        """The words that `raw` becomes; each possible list of words if variables decide how many there are."""
        span = locate(self._offsets, raw.start, raw.end)
        text = self._file.data[span.start : span.end].decode("utf-8", "replace")
        if len(raw.parts) == 1 and raw.parts[0].is_literal and "{" not in text:
            return [(Word(span, raw.parts[0].values, text),)]
        lists = fields(raw.parts, self._budget)
        if lists is None or has_braces(raw.parts):
            splits = lists is not None or any(
                part.values is None and (part.is_array or not part.is_quoted) for part in raw.parts
            )
            return [(Word(span, None, text, splits),)]
        if all(len(words) == 1 for words in lists):
            return [(Word(span, tuple(dict.fromkeys(words[0] for words in lists)), text),)]
        return [tuple(Word(span, (value,), text) for value in words) for words in lists]

    def document(self, body: Node, scope: Scope, is_quoted: bool) -> RawWord:
        """The text of a here-document; the shell expands variables in the text unless the delimiter is quoted."""
        children = [] if is_quoted else body.children
        parts = self._between(body.start_byte, body.end_byte, children, scope, _RAW if is_quoted else _DOCUMENT, 0)
        return RawWord(tuple(parts), body.start_byte, body.end_byte)

    def program(self, raw_words: Sequence[RawWord]) -> ShellProgram:
        """The program that a shell reads from the values of `raw_words`, joined by spaces."""
        data = bytearray()
        offsets: list[Segment] = []
        masks: list[Mask] = []
        for raw in raw_words:
            if data:
                data += b" "
            for part in raw.parts:
                start, size = len(data), part.end - part.start
                if part.is_literal:
                    data += self._data[part.start : part.end]
                elif part.is_quoted and not part.is_array and part.values is not None and len(part.values) == 1:
                    data += part.values[0].encode("utf-8", "replace")
                    span = locate(self._offsets, part.start, part.end)
                    # The value differs from the text in the file, but corresponds to it.
                    offsets += ((start, span.start, 0), (len(data), span.end, 0))
                    continue
                else:
                    masks.append(Mask(start, start + size, None if part.is_array else part.values))
                    data += b"_" * size
                offsets += compose(((start, part.start, size),), self._offsets)
        return ShellProgram(bytes(data), tuple(offsets), tuple(masks))

    def value(self, node: Node, scope: Scope) -> Values:
        """The value of a variable to which the word `node` is assigned."""
        return joined(self._parts(node, scope, False, 0), self._budget)

    def _parts(self, node: Node, scope: Scope, is_quoted: bool, depth: int) -> list[WordPart]:
        kind = node.type
        start, end = _start_of(self._data, node), node.end_byte
        if depth > _MOST_LEVELS:
            return [WordPart(None, start, end, False, is_quoted)]
        if kind in ("string", "raw_string", "ansi_c_string"):
            return self._quoted(node, start, scope, depth)
        if kind == "translated_string":
            return self._parts(node.children[-1], scope, is_quoted, depth + 1)
        if kind == "$" and self._data[end : end + 1] == b'"':
            return []  # another syntax tree for `$"…"`
        if kind == "concatenation":
            return self._between(start, end, node.children, scope, _DOUBLE if is_quoted else _PLAIN, depth + 1)
        if kind == "simple_expansion":
            return self._variable(node, start, scope, is_quoted)
        if kind == "expansion":
            return [self._expansion(node, start, scope, is_quoted, depth)]
        if kind == "command_substitution" and depth <= 2:
            return [WordPart(self._printed(node, scope), start, end, False, is_quoted)]
        if kind in _SINGLE_WORDS or (node.children and kind != "word"):
            return [WordPart(None, start, end, False, is_quoted or kind in _SINGLE_WORDS)]
        return self._literal(start, end, _DOUBLE if is_quoted else _PLAIN)

    def _printed(self, node: Node, scope: Scope) -> Values:
        """The output of a command substitution."""
        if self._substitutions is None:
            from dunnage.shell.substitution import Substitutions

            self._substitutions = Substitutions(self._data, self, self._budget)
        return self._substitutions.printed(node, scope)

    def _quoted(self, node: Node, start: int, scope: Scope, depth: int) -> list[WordPart]:
        end = node.end_byte - 1
        if node.type == "raw_string":
            inside = self._literal(start + 1, end, _RAW)
        elif node.type == "ansi_c_string":
            inside = self._ansi_c(start + 2, end)
        else:
            inside = self._between(start + 1, end, node.children[1:-1], scope, _DOUBLE, depth + 1)
            if len(inside) == 1 and inside[0].is_array:
                return inside  # an empty array becomes no word
        return [WordPart(("",), start, start, True, True), *inside]

    def _between(
        self, start: int, end: int, children: Sequence[Node], scope: Scope, escapes: frozenset[bytes] | None, depth: int
    ) -> list[WordPart]:
        """Everything from `start` to `end`: `children`, and the plain text between them.

        tree-sitter-bash has no node for some of that text.
        """
        if not self._budget.afford_words(len(children)):
            return [WordPart(None, start, end, False, escapes is not _PLAIN)]
        parts: list[WordPart] = []
        position = start
        for child in children:
            first = _start_of(self._data, child)
            if child.type in _PLAIN_TEXT or first < position:
                continue
            parts += self._literal(position, first, escapes)
            parts += self._parts(child, scope, escapes is not _PLAIN, depth + 1)
            position = child.end_byte
        return parts + self._literal(position, end, escapes)

    def _literal(self, start: int, end: int, escapes: frozenset[bytes] | None) -> list[WordPart]:
        """Plain text without the backslashes before one of `escapes`, or before any character if that is None."""
        if not self._masks:
            return self._unescaped(start, end, escapes)
        parts: list[WordPart] = []
        position = start
        for index in range(bisect_right(self._mask_ends, start), len(self._masks)):
            mask = self._masks[index]
            if mask.start >= end:
                break
            parts += self._unescaped(position, mask.start, escapes)
            first, last = max(position, mask.start), min(end, mask.end)
            parts.append(put_in(mask.values, first, last, escapes is not _PLAIN))
            position = last
        return parts + self._unescaped(position, end, escapes)

    def _unescaped(self, start: int, end: int, escapes: frozenset[bytes] | None) -> list[WordPart]:
        data = self._data
        is_quoted = escapes is not _PLAIN
        if escapes is _RAW or data.find(b"\\", start, end) < 0:
            text = data[start:end].decode("utf-8", "replace")
            return [WordPart((text,), start, end, True, is_quoted)] if start < end else []
        parts: list[WordPart] = []
        while start < end:
            slash = data.find(b"\\", start, end)
            while escapes is not None and slash >= 0 and data[slash + 1 : min(slash + 2, end)] not in escapes:
                slash = data.find(b"\\", slash + 2, end)
            stop = slash if 0 <= slash < end - 1 else end
            if stop > start:
                text = data[start:stop].decode("utf-8", "replace")
                parts.append(WordPart((text,), start, stop, True, is_quoted))
            if stop == end:
                break
            start = slash + 2
            if data[slash + 1 : start] != b"\n":
                # The character may have several bytes.
                while start < end and data[start] & 0xC0 == 0x80:
                    start += 1
                text = data[slash + 1 : start].decode("utf-8", "replace")
                parts.append(WordPart((text,), slash, start, False, True))
        return parts

    def _ansi_c(self, start: int, end: int) -> list[WordPart]:
        """The inside of `$'…'`."""
        following = bisect_right(self._mask_ends, start)
        if following < len(self._masks) and self._masks[following].start < end:
            return [WordPart(None, start, end, False, True)]
        parts: list[WordPart] = []
        position = 0
        for escape in re.finditer(ANSI_C_ESCAPE, self._data[start:end], re.DOTALL):
            parts += self._literal(start + position, start + escape.start(), _RAW)
            decoded = decode_escape(escape[0].decode("utf-8", "replace"))
            parts.append(WordPart((decoded,), start + escape.start(), start + escape.end(), False, True))
            position = escape.end()
        return parts + self._literal(start + position, end, _RAW)

    def _variable(self, node: Node, start: int, scope: Scope, is_quoted: bool) -> list[WordPart]:
        name, end = self._text(node.children[-1]), node.end_byte
        if not name.isascii():
            # The parser sees an underscore for each byte beyond ASCII, but `$V…` is `$V` and an ellipsis.
            while not name.isascii():
                name = name[:-1]
            end = start + 1 + len(name)
            rest = self._literal(end, node.end_byte, _DOUBLE if is_quoted else _PLAIN)
            if not name:
                return [*self._literal(start, end, _RAW), *rest]
            return [WordPart(scope.get(name), start, end, False, is_quoted), *rest]
        if name == "@" or (name == "*" and not is_quoted):
            return [WordPart(None, start, end, False, is_quoted, True)]
        return [WordPart(scope.get(name), start, end, False, is_quoted or name in _NUMBERS)]

    def _expansion(self, node: Node, start: int, scope: Scope, is_quoted: bool, depth: int) -> WordPart:
        """`${…}`. Source of the operators: the bash manual, "Shell Parameter Expansion"."""
        end = node.end_byte
        unknown = WordPart(None, start, end, False, is_quoted)
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
            if operator not in OPERATORS:
                return unknown._replace(is_array=is_array)
            begin, stop = inside[1].end_byte, node.children[-1].start_byte
            operand = joined(self._between(begin, stop, inside[2:], scope, _PLAIN, depth + 1), self._budget)
            if is_array:
                # `${FLAGS[@]+"${FLAGS[@]}"}` means `"${FLAGS[@]}"` and also works in old shells.
                return WordPart(values if operator in (":+", "+") else None, start, end, False, is_quoted, True)
            values = apply_operator(operator, values, operand, scope.is_assigned(key), self._budget)
            if operator in (":=", "="):
                scope.set(name, values)
        return WordPart(values, start, end, False, is_quoted, is_array)

    def _text(self, node: Node) -> str:
        return text_of(node, self._data).strip()


# The characters that a backslash escapes: any outside of quotes (None), none in single quotes, and those in double
# quotes and in here-documents.
_PLAIN = None
_RAW: frozenset[bytes] = frozenset()
_DOUBLE = frozenset((b"$", b"`", b'"', b"\\", b"\n"))
_DOCUMENT = _DOUBLE - {b'"'}
_PLAIN_TEXT = frozenset(("string_content", "heredoc_content"))
_NUMBERS = frozenset("?#$!-0")
_SINGLE_WORDS = frozenset(("arithmetic_expansion", "process_substitution"))


def _start_of(data: bytes, node: Node) -> int:
    """The start of a node without the blanks that tree-sitter-bash includes before an expansion in a string."""
    start = node.start_byte
    if node.type in _MAY_HAVE_BLANKS:
        while start < node.end_byte and data[start : start + 1].isspace():
            start += 1
    return start


_MAY_HAVE_BLANKS = frozenset(("simple_expansion", "expansion", "command_substitution", "arithmetic_expansion"))
