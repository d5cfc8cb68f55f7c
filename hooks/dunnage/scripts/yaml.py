"""YAML 1.2: mappings, sequences and scalars, with the bytes that each decoded text came from.

Syntax is tree-sitter's; what a scalar says is worked out here, by https://yaml.org/spec/1.2.2. Where the file is not
YAML, what is left of it can still be read. Anchors, aliases and merge keys are followed wherever a value is
asked for.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from typing import TYPE_CHECKING

from dunnage.files.source import File, SourceError
from dunnage.files.span import Span
from dunnage.shell import grammar
from dunnage.shell.assembly import Text
from dunnage.shell.model import Segment, Values

if TYPE_CHECKING:
    from tree_sitter import Node as Syntax
    from tree_sitter import Tree

MAX_BYTES = 1024 * 1024
# tree-sitter-yaml keeps lines as 16 bits and what blocks it is in as 1,024 bytes, four for each, of which there are
# up to three that begin in one column. Above that it reads nonsense or crashes. Real files have 20 such columns.
MAX_LINES = 32_000
MAX_COLUMNS = 80
_BLOCK_STARTS = rb"(?m)^[ \t]*(?:(?:[-?:]|[&!*][^ \t\r\n]*)[ \t]+)*"

_LONGEST_FLOW = 10_000
_MOST_MISSES = 20  # brackets that are not closed

_BREAK = rb"\r\n|\n|\r"
_MERGE = "<<"


class Node:
    """A value: a mapping, a sequence or a scalar; `unknown` if it is none of these because the file is broken."""

    __slots__ = ("_contents", "_decoded", "_document", "_index", "_syntax", "kind", "span", "style", "tag")

    kind: str
    """`mapping`, `sequence`, `scalar` or `unknown`."""
    span: Span
    """Its bytes, without an anchor or a tag in front. For an alias, those of what it stands for."""
    style: str
    """Of a scalar: `plain`, `single`, `double`, `literal` or `folded`."""
    tag: str
    """As it is written, `!reference`; empty if there is none."""

    def __init__(self, document: _Document, syntax: Syntax | None, at: int, tag: str = "") -> None:
        """`syntax` is what remains of the value without an anchor or a tag; None if it was left out, at `at`."""
        self._document = document
        self._syntax = syntax
        self._decoded: tuple[str, tuple[Segment, ...]] | None = None
        self._index: dict[str, Node] | None = None
        self._contents: list[tuple[Node | None, Node]] | None = None
        self.tag = tag
        if syntax is None:
            self.kind, self.style, self.span = "scalar", "plain", Span(at, at)
            return
        self.kind, self.style = _KINDS.get(syntax.type, ("unknown", ""))
        self.span = Span(syntax.start_byte, syntax.end_byte)
        if self.style == "literal" and document.data[self.span.start] == ord(">"):
            self.style = "folded"

    def __repr__(self) -> str:
        return f"<{self.style or self.kind} {self.span.start}:{self.span.end}>"

    @property
    def text(self) -> str:
        """What a scalar says; empty for what is none."""
        return self._decode()[0]

    @property
    def offsets(self) -> tuple[Segment, ...]:
        """Which bytes of `text` stand in the file as they are, as in `Script.offsets`."""
        return self._decode()[1]

    def pairs(self) -> list[tuple[Node, Node]]:
        """Keys and values of a mapping in the order of the file, without what merge keys add."""
        if self.kind != "mapping":
            return []
        return [(key, value) for key, value in self._read() if key is not None]

    def elements(self) -> list[Node]:
        """What is in a sequence."""
        return [value for _, value in self._read()] if self.kind == "sequence" else []

    def get(self, key: str) -> Node | None:
        """The value of `key` in a mapping, which merge keys may have brought there; None if there is none.

        Of keys that are there twice, which YAML does not allow, the last counts.
        """
        for mapping in self._merged():
            found = mapping.by_key().get(key)
            if found is not None:
                return found
        return None

    def path(self, *keys: str) -> Node | None:
        """The value that `keys` lead to through nested mappings."""
        node: Node | None = self
        for key in keys:
            node = node and node.get(key)
        return node

    def items(self) -> Iterator[tuple[str, Node]]:
        """Keys and values of a mapping: its own in order, then those that only merge keys bring."""
        seen: set[str] = set()
        for mapping in self._merged():
            for key, value in mapping.by_key().items():
                if key not in seen and not (key == _MERGE and self._document.merges):
                    seen.add(key)
                    yield key, value

    def _merged(self) -> Iterator[Node]:
        """This mapping, then those merged into it, nearest first, each once."""
        seen: set[int] = set()
        waiting = [self]
        while waiting:
            node = waiting.pop()
            if node.span.start in seen:
                continue
            seen.add(node.span.start)
            if node.kind == "sequence" and node is not self:
                waiting += reversed(node.elements())
            elif node.kind == "mapping":
                yield node
                if self._document.merges:
                    waiting += [value for key, value in reversed(node.pairs()) if _is_merge(key)]

    def by_key(self) -> dict[str, Node]:
        """Its own values by the text of their keys, merge keys among them."""
        if self._index is None:
            self._index = {key.text: value for key, value in self.pairs() if key.kind == "scalar"}
        return self._index

    def _decode(self) -> tuple[str, tuple[Segment, ...]]:
        if self._decoded is None:
            self._decoded = "", ()
            if self.kind == "scalar" and self._syntax is not None:
                self._decoded = _decode(self._document.data, self._syntax, self.style)
        return self._decoded

    def _read(self) -> list[tuple[Node | None, Node]]:
        if self._contents is None:
            self._contents = list(self._children())
        return self._contents

    def _children(self) -> Iterator[tuple[Node | None, Node]]:
        syntax = self._syntax
        if syntax is None:
            return
        node = self._document.node
        for child in [syntax] if syntax.type == "flow_pair" else syntax.named_children:
            if child.type in ("block_mapping_pair", "flow_pair"):
                if self.kind == "mapping":
                    key, value = child.child_by_field_name("key"), child.child_by_field_name("value")
                    yield node(key, child.start_byte), node(value, child.end_byte)
                else:
                    yield None, Node(self._document, child, child.start_byte)
            elif child.type == "block_sequence_item":
                values = [value for value in child.named_children if value.type in ("block_node", "flow_node")]
                yield None, node(values[0] if values else None, child.end_byte)
            elif child.type in ("block_node", "flow_node"):
                # In a flow mapping, a key that has no value.
                found = node(child, child.start_byte)
                yield (found, Node(self._document, None, child.end_byte)) if self.kind == "mapping" else (None, found)


_KINDS = {
    "block_mapping": ("mapping", ""),
    "flow_mapping": ("mapping", ""),
    "flow_pair": ("mapping", ""),
    "block_sequence": ("sequence", ""),
    "flow_sequence": ("sequence", ""),
    "plain_scalar": ("scalar", "plain"),
    "single_quote_scalar": ("scalar", "single"),
    "double_quote_scalar": ("scalar", "double"),
    "block_scalar": ("scalar", "literal"),
}


def documents(file: File) -> list[Node]:
    """The top value of each document in the file.

    Raises SourceError if the file is not UTF-8, or so large or deep that it is not read.
    """
    found: list[Node] = file.memo(_parse)[0]
    return found


def problem(file: File) -> Span | None:
    """The first place that is not YAML; None if all is. Raises SourceError like `documents`."""
    tree: Tree = file.memo(_parse)[1]
    cursor = tree.walk()
    if not tree.root_node.has_error:
        return None
    while True:
        node = cursor.node
        if node is None or node.is_error or node.is_missing:
            # Where the top is an error, all up to its end was understood, and nothing after it was looked at.
            return Span(node.end_byte if node.parent is None else node.start_byte, node.end_byte) if node else None
        found = cursor.goto_first_child()
        while found and cursor.node is not None and not (cursor.node.has_error or cursor.node.is_missing):
            found = cursor.goto_next_sibling()
        if not found:
            return Span(node.start_byte, node.end_byte)


def value(node: Node | None) -> Values:
    """The text that a program gets where a scalar is put, which for a number is not always as it is written.

    `1.20` without quotes is the number 1.2, `0x10` is 16, `True` is `true`. None for what is no scalar, or has a tag.
    """
    if node is None or node.kind != "scalar" or (node.tag and node.tag not in ("!", "!!str")):
        return None
    text = node.text
    if node.style != "plain" or node.tag:
        return (text,)
    return (_plain(text),)


def cautious_value(node: Node | None) -> Values:
    """As `value`, but None for what YAML 1.1, which most programs but GitHub still read, takes for something else."""
    known = value(node)
    if known is None or node is None or node.style != "plain" or node.tag or re.fullmatch(_OLD_SURE, node.text):
        return known
    return None if re.fullmatch(_OLD_TYPES, node.text) else known


def _is_merge(key: Node) -> bool:
    return key.style == "plain" and key.text == _MERGE


# What is the same in YAML 1.1 and 1.2, of what 1.1 would take for a number, a truth value or a date.
_OLD_SURE = r"0|-?[1-9][0-9]{0,14}|[0-9]{1,9}\.[0-9]{1,6}|[Tt]rue|[Ff]alse|TRUE|FALSE|~|[Nn]ull|NULL|"
_OLD_TYPES = (
    r"(?i)[-+]?(?:0b[01_]+|0x[0-9a-f_]+|0o[0-7]+|[0-9][0-9_,]*(?::[0-5]?[0-9])*(?:\.[0-9_]*)?(?:e[-+]?[0-9]+)?)"
    r"|[-+]?\.(?:[0-9_]+(?:e[-+]?[0-9]+)?|inf|nan)|y|yes|n|no|on|off|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[t ].*)?"
)


def _plain(text: str) -> str:
    """The text of what the core schema of YAML 1.2 makes of a plain scalar."""
    if text[:1] not in _FIRST_OF_CORE:
        return text
    if text in ("null", "Null", "NULL", "~"):
        return ""
    if text in ("true", "True", "TRUE", "false", "False", "FALSE"):
        return text.lower()
    if re.fullmatch(r"0o[0-7]{1,15}|0x[0-9a-fA-F]{1,12}", text):
        return str(int(text, 0))
    if len(text) < 40 and re.fullmatch(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?", text):
        return f"{float(text):.15G}".replace("-0", "0") if float(text) == 0 else f"{float(text):.15G}"
    return text


_FIRST_OF_CORE = frozenset("~nNtTfF0123456789+-.")


class _Document:
    """What the nodes of one document have in common."""

    def __init__(self, data: bytes, top: Syntax, merges: bool) -> None:
        self.data = data
        self.merges = merges
        self._top = top
        self._anchors: dict[bytes, tuple[list[int], list[Node]]] | None = None

    def node(self, syntax: Syntax | None, at: int) -> Node:
        """The value that a `block_node` or a `flow_node` holds, aliases followed."""
        if syntax is None:
            return Node(self, None, at)
        tag = ""
        content = None
        for child in syntax.named_children:
            if child.type == "tag":
                tag = self.data[child.start_byte : child.end_byte].decode("utf-8")
            elif child.type == "alias":
                return self._follow(child)
            elif child.type not in ("anchor", "comment"):
                content = child
        return Node(self, content, syntax.end_byte, tag)

    def _follow(self, alias: Syntax) -> Node:
        if self._anchors is None:
            self._anchors = self._find_anchors()
        places, nodes = self._anchors.get(self.data[alias.start_byte + 1 : alias.end_byte], ([], []))
        # A name may be given again, and the last one before the alias counts.
        before = bisect_left(places, alias.start_byte)
        return nodes[before - 1] if before else Node(self, alias, alias.start_byte)

    def _find_anchors(self) -> dict[bytes, tuple[list[int], list[Node]]]:
        anchors: dict[bytes, tuple[list[int], list[Node]]] = {}
        cursor = self._top.walk()
        while True:
            syntax = cursor.node
            if syntax is not None and syntax.type == "anchor" and syntax.parent is not None:
                places, nodes = anchors.setdefault(self.data[syntax.start_byte + 1 : syntax.end_byte], ([], []))
                places.append(syntax.start_byte)
                nodes.append(self.node(syntax.parent, syntax.end_byte))
            if cursor.goto_first_child():
                continue
            while not cursor.goto_next_sibling():
                if not cursor.goto_parent():
                    return anchors


def _parse(file: File) -> tuple[list[Node], Tree]:
    data = file.data
    if len(data) > MAX_BYTES:
        raise SourceError(f"is larger than {MAX_BYTES:,} bytes, the most that is read of YAML")
    _ = file.text  # which it must be
    _check_shape(data)
    parser = grammar.parser("yaml")
    tree = parser.parse(data)
    if tree.root_node.has_error and (b"[" in data or b"{" in data):
        other = parser.parse(_on_one_line(data))
        tree = tree if other.root_node.has_error else other
    merges = b"<<" in data
    found: list[Node] = []
    for document in tree.root_node.children:
        if document.type == "document":
            shared = _Document(data, document, merges)
            found += (
                shared.node(child, child.end_byte)
                for child in document.named_children
                if child.type in ("block_node", "flow_node")
            )
    return found, tree


# A flow collection that begins as the value of a key or of an item, and what in one is not just any character.
_FLOW = rb"""(?m)^[ \t]*(?:-[ \t]+)*(?:[^\s#'"\[{][^#'"\[{\r\n]*:[ \t]+)?(?=[\[{])"""
_FLOW_TOKEN = (
    rb"""(?<=[\s\[{,:])(?:"[^"\\]*(?:\\.[^"\\]*)*"|'[^']*'|(?P<comment>\#[^\r\n]*))"""
    rb"""|(?P<open>[\[{])|(?P<close>[\]}])|(?P<newline>[\r\n])"""
)


def _on_one_line(data: bytes) -> bytes:
    """`data`, byte for byte in the same place, with each flow collection on one line.

    YAML wants its lines to be indented further than the block around it. Most readers do not mind, tree-sitter does.
    """
    masked = bytearray(data)
    token = re.compile(_FLOW_TOKEN, re.DOTALL)
    done = misses = 0
    for start in re.finditer(_FLOW, data):
        if start.end() < done:
            continue
        if misses > _MOST_MISSES:
            break
        depth = 0
        misses += 1
        blanks: list[tuple[int, int]] = []
        for found in token.finditer(data, start.end(), start.end() + _LONGEST_FLOW):
            if found.lastgroup in ("comment", "newline"):
                blanks.append(found.span())
            depth += {"open": 1, "close": -1}.get(found.lastgroup or "", 0)
            if not depth:
                done = found.end()
                misses -= 1
                for begin, end in blanks:
                    masked[begin:end] = b" " * (end - begin)
                break
    return bytes(masked)


def _check_shape(data: bytes) -> None:
    if data.count(b"\n") + data.count(b"\r") > MAX_LINES:
        raise SourceError(f"has more than {MAX_LINES:,} lines, the most that is read of YAML")
    columns: set[int] = set()
    for start in re.finditer(_BLOCK_STARTS, data):
        whole = start[0]
        columns.add(len(whole) - len(whole.lstrip()))
        columns.update(piece.end() for piece in re.finditer(rb"[^ \t][ \t]+", whole))
        if len(columns) > MAX_COLUMNS:
            message = f"has blocks that begin in more than {MAX_COLUMNS} different columns, the most that is read"
            raise SourceError(message, Span(*start.span()))


# What scalars say


def _decode(data: bytes, syntax: Syntax, style: str) -> tuple[str, tuple[Segment, ...]]:
    start, end = syntax.start_byte, syntax.end_byte
    text = Text(data)
    if style in ("literal", "folded"):
        _decode_block(text, data, syntax)
    elif style == "plain":
        _decode_flow(text, data, start, end, b"")
    else:
        quote = data[start : start + 1]
        closed = end - start > 1 and data[end - 1 : end] == quote
        _decode_flow(text, data, start + 1, end - closed, quote)
    return text.done()


def _decode_flow(text: Text, data: bytes, start: int, end: int, quote: bytes) -> None:
    """A plain or quoted scalar: line endings are folded, white space around them is dropped."""
    position = start
    is_first = True
    while True:
        found = re.compile(_BREAK).search(data, position, end) if b"\n" in data or b"\r" in data else None
        line_end = found.start() if found else end
        begin, stop = position, line_end
        if not is_first:
            begin = _skip_blank(data, begin, stop)
        if found:
            stop = _strip_blank(data, begin, stop)
        escaped = False
        if quote == b'"':
            escaped = _unescape(text, data, begin, stop, line_end if found else stop)
        elif quote:
            _undouble(text, data, begin, stop)
        else:
            text.copy(begin, stop)
        if not found:
            return
        position = found.end()
        is_first = False
        breaks = []
        # Lines without anything in them.
        while True:
            here = _skip_blank(data, position, end)
            blank = re.compile(_BREAK).match(data, here, end)
            if not blank:
                break
            breaks.append(blank.start())
            position = blank.end()
        for at in breaks:
            text.end_line(at)
        if not breaks and not escaped:
            text.make(b" ")


def _skip_blank(data: bytes, start: int, end: int) -> int:
    while start < end and data[start] in b" \t":
        start += 1
    return start


def _strip_blank(data: bytes, start: int, end: int) -> int:
    while end > start and data[end - 1] in b" \t":
        end -= 1
    return end


def _undouble(text: Text, data: bytes, start: int, end: int) -> None:
    while (quote := data.find(b"''", start, end)) >= 0:
        text.copy(start, quote + 1)
        start = quote + 2
    text.copy(start, end)


_ESCAPES = {
    "0": "\0",
    "a": "\a",
    "b": "\b",
    "t": "\t",
    "\t": "\t",
    "n": "\n",
    "v": "\v",
    "f": "\f",
    "r": "\r",
    "e": "\x1b",
    " ": " ",
    '"': '"',
    "/": "/",
    "\\": "\\",
    "N": "\x85",
    "_": "\xa0",
    "L": "\u2028",
    "P": "\u2029",
}
_ESCAPE = rb"\\(?:x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|[^xuU\r\n])"
_SURROGATES = rb"\\u([Dd][89ABab][0-9A-Fa-f]{2})\\u([Dd][C-Fc-f][0-9A-Fa-f]{2})"


def _unescape(text: Text, data: bytes, start: int, end: int, line_end: int) -> bool:
    """One line of a double-quoted scalar; gives whether a backslash takes its line ending away."""
    pattern = re.compile(_ESCAPE, re.DOTALL)
    while (backslash := data.find(b"\\", start, end)) >= 0:
        text.copy(start, backslash)
        if backslash + 1 == end < line_end:
            # A blank after it is escaped, and so does not belong to the end of the line.
            end += 1
        if backslash + 1 >= line_end:
            return True
        text.mark(backslash)
        if pair := re.compile(_SURROGATES).match(data, backslash, end):
            high, low = int(pair[1], 16), int(pair[2], 16)
            text.make(chr(0x10000 + ((high - 0xD800) << 10) + low - 0xDC00).encode("utf-8"))
            start = pair.end()
        elif escape := pattern.match(data, backslash, end):
            start = escape.end()
            name = chr(escape[0][1])
            if name in "xuU":
                code = int.from_bytes(bytes.fromhex(escape[0][2:].decode()), "big")
                text.make((chr(code) if code < 0x110000 else "\ufffd").encode("utf-8", "replace"))
            elif name in ('"', "\\", "/", " ", "\t"):
                text.copy(backslash + 1, start)
            elif name in _ESCAPES:
                text.make(_ESCAPES[name].encode("utf-8"))
            else:
                text.copy(backslash, start)
        else:
            text.copy(backslash, backslash + 1)
            start = backslash + 1
        text.mark(start)
    text.copy(start, end)
    return False


def _decode_block(text: Text, data: bytes, syntax: Syntax) -> None:
    """A literal or a folded scalar, from its indicator to the end of the blank lines that follow it."""
    header = re.compile(rb"[|>]([-+1-9]{0,2})[^\r\n]*").match(data, syntax.start_byte)
    if header is None:
        return
    indicators = header[1].decode()
    digits = indicators.strip("+-")
    chomping = indicators.strip("123456789")
    indent = _parent_column(syntax) + int(digits[0]) if digits else -1
    lines = _block_lines(data, header.end(), indent, syntax.end_byte)
    # Blank lines at the end belong to chomping.
    last = len(lines)
    while last and lines[last - 1][0] == lines[last - 1][1]:
        last -= 1
    folds = data[syntax.start_byte] == ord(">")
    previous = -1  # the last line that has something in it
    for index in range(last):
        start, end = lines[index]
        if start == end:
            continue
        _join(text, data, lines, previous, index, folds)
        text.copy(start, end)
        previous = index
    if chomping == "+":
        for _, end in lines[max(last - 1, 0) :]:
            if end < len(data):
                text.end_line(end)
    elif not chomping and last and lines[last - 1][1] < len(data):
        text.end_line(lines[last - 1][1])


def _join(text: Text, data: bytes, lines: list[tuple[int, int]], previous: int, index: int, folds: bool) -> None:
    """Add what stands between two lines that have something in them; `previous` is -1 before the first."""
    breaks = [end for _, end in lines[max(previous, 0) : index]]
    if folds and previous >= 0 and not _starts_blank(data, lines[previous]) and not _starts_blank(data, lines[index]):
        del breaks[0]
        if not breaks:
            text.make(b" ")
    for at in breaks:
        text.end_line(at)


def _starts_blank(data: bytes, line: tuple[int, int]) -> bool:
    return data[line[0]] in b" \t"


def _block_lines(data: bytes, header_end: int, indent: int, syntax_end: int) -> list[tuple[int, int]]:
    """Where each line's text is, without indentation and line ending; both ends equal for a blank one.

    An `indent` of -1 is that of the first line that is not blank, if the scalar reaches that far.
    """
    lines: list[tuple[int, int]] = []
    line_break = re.compile(_BREAK)
    found = line_break.match(data, header_end)
    while found and found.end() < len(data):
        start = found.end()
        found = line_break.search(data, start)
        end = found.start() if found else len(data)
        spaces = start
        while spaces < end and data[spaces] == ord(" "):
            spaces += 1
        if spaces == end and (indent < 0 or spaces - start <= indent):
            lines.append((end, end))
            continue
        if indent < 0:
            if start >= syntax_end:
                break
            indent = spaces - start
        is_marker = indent == 0 and re.match(rb"(?:---|\.\.\.)(?:[ \t]|$)", data[start:end])
        if spaces - start < indent or is_marker:
            break
        lines.append((start + indent, end))
    return lines


def _parent_column(syntax: Syntax) -> int:
    """Where the block begins that a scalar's explicit indentation is counted from."""
    node = syntax.parent
    while node is not None:
        if node.type in ("block_mapping_pair", "block_sequence_item"):
            return node.start_point[1]
        node = node.parent
    return 0
