"""TOML: read fast, and keys, values and comments found in the bytes when there is a finding to place."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from dunnage.files.source import File, SourceError
from dunnage.files.span import Span

if TYPE_CHECKING:
    from tree_sitter import Node, Tree

Key: TypeAlias = "str | int"
"""A table's key, or an index from 0 into an array."""

# No lock file or manifest comes near these. Without them, a file that is cloned in a moment keeps tomli busy for
# minutes: its time grows with the square of the parts of a key and of the header above it.
MAX_BYTES = 2 * 1024 * 1024
MAX_KEY_PARTS = 50

_KEY = rb"""(?:[A-Za-z0-9_-]+|"(?:[^"\\\n]|\\.)*"|'[^'\n]*')"""
# Patterns are text until they are needed: to compile these takes as long as to parse a few manifests.
_LONG_KEY = rb"(?m)(?:^|[\[{,])[ \t]*(%b(?:[ \t]*\.[ \t]*%b){%d})" % (_KEY, _KEY, MAX_KEY_PARTS)
_LONG_INTEGER = rb"[0-9][0-9_]{4299,}"  # Python's own limit on what it converts

# Every place in valid TOML where a bracket or `#` is only text, and the brackets and comments that are not.
_TOKEN = (
    rb"""(?s)(?P<string>"{3}[^"\\]*(?:(?:\\.|"(?!""))[^"\\]*)*"{3,5}|'{3}.*?'{3,5}|"[^"\\]*(?:\\.[^"\\]*)*"|'[^']*')"""
    rb"""|(?P<comment>\#[^\r\n]*)|(?P<open>[\[{])|(?P<close>[\]}])|(?P<newline>\r?\n)"""
)

# tomli gives up at 400 levels or when Python's stack is full, which is no fixed number; the finding points here.
_DEEP = 100


class Section(NamedTuple):
    """A table with a header, or what stands above all headers, and the keys that are written in it."""

    keys: tuple[Key, ...]
    """The path of the table."""
    start: int
    """Where its header begins; the start of the file for what stands above all headers."""
    keys_start: int
    """Where its header ends."""
    end: int
    """Where the value of its last key ends, or its header, if it has no key."""


class TomlError(SourceError):
    """A file that is not TOML, or one made to overwhelm what reads it."""


def parse(file: File) -> dict[str, Any]:
    """What the file says; every call gives the same object, so it is not to be changed.

    Raises TomlError with the place where reading stopped.
    """
    return file.memo(_parse)


def locate(file: File, keys: tuple[Key, ...]) -> Span:
    """Where the last of `keys`, a path from the top, is defined.

    That is the bytes of the key itself, quotes included: in its own header for a table, in the header of the right
    one for an element of `[[tables]]`. An element of an array has no key, so it is its value. If there is no such
    path, its nearest ancestor's; if there is none, or the file is not TOML, an empty span at the start.
    """
    return _find(file, keys).key


def locate_value(file: File, keys: tuple[Key, ...]) -> Span:
    """Where the value at `keys` is: for a table with a header, the header and what is under it.

    A path that does not exist is treated as by `locate`.
    """
    return _find(file, keys).value


def sections(file: File) -> tuple[Section, ...]:
    """The sections of a file in their order, first what stands above all headers. None if the file is not TOML."""
    return file.memo(_sections)


def comments(file: File) -> Iterator[tuple[Span, str]]:
    """Every comment in the order of the file, with its text without `#`. None if the file is not TOML."""
    try:
        parse(file)
    except TomlError:
        return
    for token in re.finditer(_TOKEN, file.data):
        if token.lastgroup == "comment":
            yield Span(*token.span()), token[0][1:].decode("utf-8")


def _parse(file: File) -> dict[str, Any]:
    import tomli

    data = file.data
    if len(data) > MAX_BYTES:
        raise TomlError(f"is larger than {MAX_BYTES:,} bytes, the most that is read of TOML")
    try:
        text = file.text
    except SourceError as error:
        raise TomlError(error.message, error.span) from None
    dotted = any(len(line) > 2 * MAX_KEY_PARTS and line.count(b".") >= MAX_KEY_PARTS for line in data.split(b"\n"))
    if dotted and (key := re.search(_LONG_KEY, data)):
        raise TomlError(f"has a key of more than {MAX_KEY_PARTS} parts, the most that is read", Span(*key.span(1)))
    try:
        return tomli.loads(text)
    except tomli.TOMLDecodeError as error:
        raise TomlError(f"is not TOML: {error.msg}", _character(data, error.lineno, error.colno)) from None
    except RecursionError:
        message = "has arrays or inline tables that are nested too deeply to be read"
        raise TomlError(message, _first_deep_bracket(data)) from None
    except ValueError:
        # All that is left is Python's refusal to convert a number that is far beyond TOML's 64 bits.
        integer = re.search(_LONG_INTEGER, data)
        raise TomlError(
            "has an integer of too many digits to be read", Span(*integer.span()) if integer else Span(0, 0)
        ) from None


def _character(data: bytes, line: int, column: int) -> Span:
    """The character at a line and column from 1, where only LF ends a line; an empty span at the end of the file."""
    rest = data.split(b"\n", line - 1)[-1].decode("utf-8")
    if line == 1:
        rest = rest.removeprefix("\ufeff")
    start = len(data) - len(rest[column - 1 :].encode("utf-8"))
    return Span(start, start + len(rest[column - 1 : column].encode("utf-8")))


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
    """A value in the file: where its key and the value are, and what is in it.

    `unread` is the syntax of what is in it, until that is asked for: a file has far more places than findings.
    """

    __slots__ = ("children", "key", "unread", "value")

    def __init__(self, key: Span, value: Span, unread: "Node | None" = None) -> None:
        self.key = key
        self.value = value
        self.unread = unread
        self.children: dict[Key, _Place] = {}


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
            # A header goes on in the last entry of an array of tables.
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
        # A header goes on in the last element of an array of tables.
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
            place.children[len(place.children)] = _Place(_span(child), _span(child), child)


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
    while key.type == "dotted_key":  # its parts lean to the left
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
    """The syntax tree of a file that is TOML; none of another, as a broken one may take minutes to build."""
    try:
        parse(file)
    except TomlError:
        return None
    import tree_sitter
    import tree_sitter_toml

    parser = tree_sitter.Parser(tree_sitter.Language(tree_sitter_toml.language()))
    tree = parser.parse(file.data)
    return parser.parse(_as_toml_1_0(file.data)) if tree.root_node.has_error else tree


def _as_toml_1_0(data: bytes) -> bytes:
    """Valid TOML 1.1, which tomli and Cargo read, as the TOML 1.0 that tree-sitter-toml reads, key for key and byte
    for byte in the same place: inline tables on one line, without comments and a last comma, and no new escapes.
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
