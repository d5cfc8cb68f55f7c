"""TOML: fast parsing, and the places of keys, values and comments when a finding needs them."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from dunnage.files.source import File, SourceError
from dunnage.files.span import Span

if TYPE_CHECKING:
    from tree_sitter import Node, Tree

Key: TypeAlias = "str | int"
"""A table's key, or an index from 0 into an array."""

# No lock file or manifest comes near these limits. Without them, a small file can keep tomli busy for minutes: its time
# grows with the square of the number of parts of a key and of the header above it.
MAX_BYTES = 2 * 1024 * 1024
MAX_KEY_PARTS = 50

_KEY = rb"""(?:[A-Za-z0-9_-]+|"(?:[^"\\\n]|\\.)*"|'[^'\n]*')"""
# Patterns are compiled when they are needed, because compiling these takes as long as parsing a few manifests.
_LONG_KEY = rb"(?m)(?:^|[\[{,])[ \t]*(%b(?:[ \t]*\.[ \t]*%b){%d})" % (_KEY, _KEY, MAX_KEY_PARTS)
_LONG_INTEGER = rb"[0-9][0-9_]{4299,}"  # Python's own limit on what it converts

# The strings of valid TOML, in which brackets and `#` are only text, and the brackets, comments and newlines outside.
_TOKEN = (
    rb"""(?s)(?P<string>"{3}[^"\\]*(?:(?:\\.|"(?!""))[^"\\]*)*"{3,5}|'{3}.*?'{3,5}|"[^"\\]*(?:\\.[^"\\]*)*"|'[^']*')"""
    rb"""|(?P<comment>\#[^\r\n]*)|(?P<open>[\[{])|(?P<close>[\]}])|(?P<newline>\r?\n)"""
)

# tomli stops at 400 levels or when Python's stack is full, which is not a fixed number. The finding points here.
_DEEP = 100


class Section(NamedTuple):
    """A table with a header, or the part above all headers, and the keys in it."""

    keys: tuple[Key, ...]
    """The path of the table."""
    start: int
    """The start of its header; the start of the file for the part above all headers."""
    keys_start: int
    """The end of its header."""
    end: int
    """The end of the value of its last key, or of its header if it has no key."""


_DUPLICATES = ("Cannot ", "Duplicate ")
"""The beginnings of tomli's messages about keys and tables that are defined twice."""


class TomlError(SourceError):
    """The file is not TOML, or it would overwhelm a parser."""


def parse(file: File) -> dict[str, Any]:
    """The parsed file. Every call returns the same object, so do not change it.

    Raises TomlError with the place where parsing stopped.
    """
    return file.memo(_parse)


def lookup(data: Any, keys: tuple[Key, ...]) -> Any:
    """The value at the path `keys` of tables in parsed TOML; None if it is not there."""
    for key in keys:
        data = data.get(key) if isinstance(data, dict) else None
    return data


def table_at(data: Any, keys: tuple[Key, ...] = ()) -> dict[str, Any]:
    """The table at the path `keys` in parsed TOML or JSON; empty if there is none."""
    found = lookup(data, keys)
    return found if isinstance(found, dict) else {}


def texts_at(data: Any, keys: tuple[Key, ...] = ()) -> tuple[str, ...]:
    """The strings in the array at the path `keys`; empty if there is none."""
    found = lookup(data, keys)
    return tuple(text for text in found if isinstance(text, str)) if isinstance(found, list) else ()


def locate(file: File, keys: tuple[Key, ...]) -> Span:
    """The place of the key at the path `keys`, including quotes.

    For a table, that is in its header; for an element of `[[tables]]`, in the header of that element. Other elements of
    an array have no key, so their value counts. A missing path means its nearest existing ancestor. Without one, or if
    the file is not TOML, the span is empty, at the start.
    """
    return _find(file, keys).key


def locate_value(file: File, keys: tuple[Key, ...]) -> Span:
    """The place of the value at the path `keys`: for a table with a header, the header and the lines below it.

    A missing path is treated as in `locate`.
    """
    return _find(file, keys).value


def sections(file: File) -> tuple[Section, ...]:
    """The sections of a file in order; the first is the part above all headers. Empty if the file is not TOML."""
    return file.memo(_sections)


def comments(file: File) -> Iterator[tuple[Span, str]]:
    """Yield every comment in order, with its text without `#`. Yields nothing if the file is not TOML."""
    for token in _tokens(file, "comment"):
        yield Span(*token.span()), token[0][1:].decode("utf-8")


def strings(file: File) -> Iterator[Span]:
    """Yield the place of every string in order, quoted keys included. Yields nothing if the file is not TOML."""
    for token in _tokens(file, "string"):
        yield Span(*token.span())


def _tokens(file: File, kind: str) -> "Iterator[re.Match[bytes]]":
    try:
        parse(file)
    except TomlError:
        return
    yield from (token for token in re.finditer(_TOKEN, file.data) if token.lastgroup == kind)


def _parse(file: File) -> dict[str, Any]:
    import tomli

    data = file.data
    if len(data) > MAX_BYTES:
        raise TomlError(f"is larger than {MAX_BYTES:,} bytes, the limit for TOML")
    try:
        text = file.text
    except SourceError as error:
        raise TomlError(error.message, error.span) from None
    dotted = any(len(line) > 2 * MAX_KEY_PARTS and line.count(b".") >= MAX_KEY_PARTS for line in data.split(b"\n"))
    if dotted and (key := re.search(_LONG_KEY, data)):
        raise TomlError(f"has a key of more than {MAX_KEY_PARTS} parts, the limit for keys", Span(*key.span(1)))
    try:
        return tomli.loads(text)
    except tomli.TOMLDecodeError as error:
        place = _character(data, error.lineno, error.colno)
        if error.msg.startswith(_DUPLICATES):
            place = _duplicate(data, place.start)
            duplicate = data[place.start : place.end].decode("utf-8")
            raise TomlError(f"is not valid TOML: `{duplicate}` is defined twice", place) from None
        raise TomlError(f"is not valid TOML: {error.msg}", place) from None
    except RecursionError:
        message = "has arrays or inline tables that are nested too deeply"
        raise TomlError(message, _first_deep_bracket(data)) from None
    except ValueError:
        # The only other cause is that Python does not convert a number far beyond the 64 bits of TOML.
        integer = re.search(_LONG_INTEGER, data)
        raise TomlError(
            "has an integer with too many digits", Span(*integer.span()) if integer else Span(0, 0)
        ) from None


def _character(data: bytes, line: int, column: int) -> Span:
    """The character at a line and column from 1, if only LF ends a line. Empty at the end of the file."""
    rest = data.split(b"\n", line - 1)[-1].decode("utf-8")
    if line == 1:
        rest = rest.removeprefix("\ufeff")
    start = len(data) - len(rest[column - 1 :].encode("utf-8"))
    return Span(start, start + len(rest[column - 1 : column].encode("utf-8")))


def _duplicate(data: bytes, end: int) -> Span:
    """Find a key that is defined twice: the last one before `end`, where tomli reports the end of its value or header.

    The file is TOML up to there.
    """
    statement = 0
    opened: list[int] = []
    """For each bracket that is open, where its last element begins."""
    position = 0
    for token in re.finditer(_TOKEN, data[:end]):
        comma = data.rfind(b",", position, token.start())
        if opened and comma >= 0:
            opened[-1] = comma + 1
        position = token.end()
        if token.lastgroup == "open":
            opened.append(position)
        elif token.lastgroup == "close" and opened:
            opened.pop()
        elif token.lastgroup == "newline" and not opened:
            statement = position
    comma = data.rfind(b",", position, end)
    if opened and comma >= 0:
        opened[-1] = comma + 1
    path = rb"[ \t]*(%b(?:[ \t]*\.[ \t]*%b)*)" % (_KEY, _KEY)
    header = re.compile(rb"[ \t]*\[\[?" + path).match(data, statement, end)
    blank = rb"(?:[ \t\r\n]|#[^\n]*\n)*"
    found = header or re.compile(blank + path).match(data, opened[-1] if opened else statement, end)
    return Span(*found.span(1)) if found else Span(end, end)


def _first_deep_bracket(data: bytes) -> Span:
    depth = 0
    for token in re.finditer(_TOKEN, data):
        if token.lastgroup == "open":
            depth += 1
            if depth > _DEEP:
                return Span(*token.span())
        elif token.lastgroup == "close":
            depth -= 1
    return Span(0, 0)


class _Place:
    """A value in the file: the places of its key and of the value, and its children.

    `unread` is the syntax node of the children until they are needed, because a file has far more places than findings.
    """

    __slots__ = ("children", "key", "unread", "value")

    def __init__(self, key: Span, value: Span, unread: "Node | None" = None) -> None:
        self.key = key
        self.value = value
        self.unread = unread
        self.children: dict[Key, _Place] = {}


class _Element(_Place):
    """An element of an array that has no children, of which a file may have half a million."""

    __slots__ = ()

    def __init__(self, span: Span) -> None:
        self.key = self.value = span
        self.unread = None
        self.children = _NO_CHILDREN


_NO_CHILDREN: dict[Key, _Place] = {}
_NESTED = ("array", "inline_table")


def _find(file: File, keys: tuple[Key, ...]) -> _Place:
    place = file.memo(_top)
    for key in keys:
        _read(file, place)
        if key not in place.children:
            break
        place = place.children[key]
    return place


def _top(file: File) -> _Place:
    tree = file.memo(_tree)
    if tree is None:
        return _Place(Span(0, 0), Span(0, 0))
    top = _Place(Span(0, 0), Span(0, 0), tree.root_node)
    for node in tree.root_node.named_children:
        if node.type in ("table", "table_array_element"):
            _add_header(file, top, node)
    return top


def _sections(file: File) -> tuple[Section, ...]:
    tree = file.memo(_tree)
    if tree is None:
        return ()
    nodes = tree.root_node.named_children
    found = [Section((), 0, 0, max((node.end_byte for node in nodes if node.type == "pair"), default=0))]
    last_entries: dict[tuple[Key, ...], int] = {}
    for node in nodes:
        if node.type not in ("table", "table_array_element"):
            continue
        keys: tuple[Key, ...] = ()
        for part in _key_parts(_named(node)[0]):
            # A header continues in the last entry of an array of tables.
            keys = (*keys, last_entries[keys]) if keys in last_entries else keys
            keys = (*keys, _key_text(file, part))
        if node.type == "table_array_element":
            last_entries[keys] = last_entries.get(keys, -1) + 1
            keys = (*keys, last_entries[keys])
        header = next(child for child in node.children if child.type in ("]", "]]")).end_byte
        end = max((child.end_byte for child in node.named_children if child.type == "pair"), default=header)
        found.append(Section(keys, node.start_byte, header, end))
    return tuple(found)


def _add_header(file: File, top: _Place, table: "Node") -> None:
    start = table.start_byte
    span = Span(start, start + len(file.data[start : table.end_byte].rstrip()))
    parts = _key_parts(_named(table)[0])
    place = top
    for part in parts:
        # A header continues in the last element of an array of tables.
        place = place.children.get(len(place.children) - 1, place)
        place = place.children.setdefault(_key_text(file, part), _Place(_span(part), span))
    if table.type == "table_array_element":
        place.children[len(place.children)] = _Place(_span(parts[-1]), span, table)
    else:
        place.key, place.value, place.unread = _span(parts[-1]), span, table


def _read(file: File, place: _Place) -> None:
    node, place.unread = place.unread, None
    if node is None:
        return
    for child in _named(node):
        if child.type == "pair":
            _add_pair(file, place, child)
        elif node.type == "array":
            span = _span(child)
            place.children[len(place.children)] = _Place(span, span, child) if child.type in _NESTED else _Element(span)


def _add_pair(file: File, table: _Place, pair: "Node") -> None:
    key, value = _named(pair)[:2]
    whole = Span(key.start_byte, value.end_byte)
    place = table
    for part in _key_parts(key):
        place = place.children.setdefault(_key_text(file, part), _Place(_span(part), whole))
    place.value, place.unread = _span(value), value


def _named(node: "Node") -> "list[Node]":
    return [child for child in node.named_children if child.type not in ("comment", "ERROR")]


def _key_parts(key: "Node") -> "list[Node]":
    parts = []
    while key.type == "dotted_key":  # dotted keys nest to the left
        parts.append(key.named_children[-1])
        key = key.named_children[0]
    return [key, *reversed(parts)]


def _key_text(file: File, key: "Node") -> str:
    text = file.data[key.start_byte : key.end_byte].decode("utf-8")
    if "\\" in text:
        import tomli

        return next(iter(tomli.loads(f"{text} = 0")))
    return text[1:-1] if text[0] in "\"'" else text


def _span(node: "Node") -> Span:
    return Span(node.start_byte, node.end_byte)


def _tree(file: File) -> "Tree | None":
    """The syntax tree of a TOML file; None for other files, because the tree of a broken file may take minutes."""
    try:
        parse(file)
    except TomlError:
        return None
    from dunnage.files.grammar import parser

    chosen = parser("toml")
    tree = chosen.parse(file.data)
    return chosen.parse(_as_toml_1_0(file.data)) if tree.root_node.has_error else tree


def _as_toml_1_0(data: bytes) -> bytes:
    """Convert valid TOML 1.1, which tomli and cargo accept, to TOML 1.0 for tree-sitter-toml.

    Every key and value keeps its place. Inline tables lose their line breaks, comments and final comma, and strings the
    escapes that are new in TOML 1.1.
    """
    masked = bytearray(data)
    opened: list[bytes] = []
    for token in re.finditer(_TOKEN, data):
        start, end = token.span()
        in_table = bool(opened) and opened[-1] == b"{"
        if token.lastgroup == "string" and token[0].startswith(b'"'):
            masked[start:end] = re.sub(rb"\\[^\r\n\t ]", b"__", token[0])
        elif token.lastgroup == "open":
            opened.append(token[0])
        elif token.lastgroup == "close":
            opened.pop()
            last = start - 1
            while in_table and masked[last] in b" \t":
                last -= 1
            if in_table and masked[last] == ord(","):
                masked[last] = ord(" ")
        elif in_table and token.lastgroup in ("comment", "newline"):
            masked[start:end] = b" " * (end - start)
    return bytes(masked)
