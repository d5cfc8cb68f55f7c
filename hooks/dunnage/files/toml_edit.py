"""The one place that edits TOML: operations on a document become edits of its bytes, and each change is proved.

tomlkit carries the operations out. It is given one section at a time, down to the last key and without the comments
that follow, so that a new key cannot come to stand below the comment on the next section, and tables that are out of
order do not matter. What it returns is compared with what it was given, and what differs is the edit.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from copy import deepcopy
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

from dunnage.files import toml
from dunnage.files.document import Keys
from dunnage.files.source import File, SourceError, apply, take
from dunnage.files.span import Edit

if TYPE_CHECKING:
    from tomlkit import TOMLDocument
    from tomlkit.items import Item, Key

    Pair = tuple[Key, Item]

_BOM = b"\xef\xbb\xbf"
# A larger file is not edited. Of a smaller one, tomlkit reads no more bytes than these for all changes, which takes it
# some seconds; from 64 KiB in one piece on, it takes more than twice the time for twice as much.
_MOST_BYTES = 512 * 1024
_MOST_COST = 512 * 1024
_LEAST_COST = 256
_LARGE = 64 * 1024
# How many changes are proved one by one, if not all fit together.
_MOST_ALONE = 40
_LINE = r"[^\n]*\n|[^\n]+"
_PIECE = r""""[^"\n]*"|'[^'\n]*'|\w+|\s+|."""


class Set(NamedTuple):
    """Give a key or an entry of an array a value. A table that is missing is added.

    Where the old value is part of the new one, it stays as it is written.
    """

    keys: Keys
    value: Any

    def carry_out(self, data: dict[str, Any]) -> None:
        """Do it to what the file says."""
        _table(data, self.keys[:-1])[self.keys[-1]] = deepcopy(self.value)

    def edits(self, file: File) -> list[Edit]:
        """Do it to the bytes of the file."""
        key = self.keys[-1]
        if not _exists(toml.parse(file), self.keys):
            return _add(file, self.keys[:-1], [_pair(str(key), self.value)])

        import tomlkit

        # To read the value alone takes no longer where there are thousands like it.
        span = toml.locate_value(file, self.keys)
        old = tomlkit.value(file.data[span.start : span.end].decode("utf-8"))
        return [Edit(file.path, span.start, span.end, _item(self.value, old).as_string())]


class AddTable(NamedTuple):
    """Add a table with a header of its own."""

    keys: Keys
    values: dict[str, Any]

    def carry_out(self, data: dict[str, Any]) -> None:
        """Do it to what the file says."""
        _table(data, self.keys).update(deepcopy(self.values))

    def edits(self, file: File) -> list[Edit]:
        """Do it to the bytes of the file."""
        if _exists(toml.parse(file), self.keys):
            return []
        return _add_header(file, self.keys, [_pair(key, value) for key, value in self.values.items()])


class Remove(NamedTuple):
    """Remove a key. The comments in its value and after it stay, each in a line of its own."""

    keys: Keys

    def carry_out(self, data: dict[str, Any]) -> None:
        """Do it to what the file says."""
        del _at(data, self.keys[:-1])[self.keys[-1]]

    def edits(self, file: File) -> list[Edit]:
        """Do it to the bytes of the file."""

        def remove(document: TOMLDocument, keys: Keys) -> None:
            from tomlkit.items import Comment, Trivia

            line = _line(document.body, keys)
            if line is None:
                del _at(document, keys[:-1])[keys[-1]]
                _space(document, keys[:-1])
                return
            item = document.body[line][1]
            for key in keys[1:]:
                item = item.value.item(key)
            trivia = item.trivia
            text = f"x = {item.as_string()}{trivia.comment_ws}{trivia.comment}\n"
            comments = toml.comments(File("", text.encode()))
            indent = document.body[line][1].trivia.indent or trivia.indent
            document.body[line : line + 1] = [
                (None, Comment(Trivia(indent, "", f"#{comment}", _newline(file)))) for _, comment in comments
            ]

        return _edit_section(file, self.keys, remove)


class Rename(NamedTuple):
    """Give a key another name and another value, in its place."""

    keys: Keys
    name: str
    value: Any

    def carry_out(self, data: dict[str, Any]) -> None:
        """Do it to what the file says."""
        table = _at(data, self.keys[:-1])
        if self.name in table:
            raise KeyError(self.name)
        del table[self.keys[-1]]
        table[self.name] = deepcopy(self.value)

    def edits(self, file: File) -> list[Edit]:
        """Do it to the bytes of the file."""

        def rename(document: TOMLDocument, keys: Keys) -> None:
            table: Any = _at(document, keys[:-1])
            body = table.body if hasattr(table, "body") else table.value.body
            line = _line(body, keys[-1:])
            if line is not None:
                key, item = _pair(self.name, self.value)
                item.trivia.__dict__.update(body[line][1].trivia.__dict__)
                body[line] = key, item

        return _edit_section(file, self.keys, rename)


class Move(NamedTuple):
    """Move a key to another table as it is written, with the comments in it and after it.

    If that table is missing, it is added, with the keys of `beside` too.
    """

    keys: Keys
    table: Keys
    beside: dict[str, Any]

    def carry_out(self, data: dict[str, Any]) -> None:
        """Do it to what the file says."""
        beside = {} if _exists(data, self.table) else self.beside
        table = _table(data, self.table)
        if self.keys[-1] in table:
            raise KeyError(self.keys[-1])
        table[str(self.keys[-1])] = _at(data, self.keys[:-1]).pop(self.keys[-1])
        table.update(beside)

    def edits(self, file: File) -> list[Edit]:
        """Do it to the bytes of the file."""
        moved: list[Any] = []

        def take(document: TOMLDocument, keys: Keys) -> None:
            line = _line(document.body, keys)
            if line is not None and len(keys) == 1:
                moved.append(document.body.pop(line))

        cut = _edit_section(file, self.keys, take)
        if not moved:
            return []
        if not _exists(toml.parse(file), self.table):
            moved += [_pair(key, value) for key, value in self.beside.items()]
        return [*cut, *_add(file, self.table, moved)]


class AddHeader(NamedTuple):
    """Put a header over keys that stand above all headers, which are then those of that table."""

    table: str
    keys: tuple[str, ...]

    def carry_out(self, data: dict[str, Any]) -> None:
        """Do it to what the file says."""
        if self.table in data:
            raise KeyError(self.table)
        data[self.table] = {key: data.pop(key) for key in self.keys}

    def edits(self, file: File) -> list[Edit]:
        """Do it to the bytes of the file."""
        first = min(toml.locate(file, (key,)).start for key in self.keys)
        at = _above(file, first)
        return [Edit(file.path, at, at, f"[{self.table}]{_newline(file)}")]


class ArrangeTables(NamedTuple):
    """Write the tables of an array, each of which has a header of its own, in another order and with other values.

    A table may be written twice; one that is left out is removed.
    """

    keys: Keys
    entries: tuple[tuple[int, dict[str, Any]], ...]
    """The index that each has now, and the values that it is given."""

    def carry_out(self, data: dict[str, Any]) -> None:
        """Do it to what the file says."""
        tables = _at(data, self.keys)
        tables[:] = [tables[index] | deepcopy(values) for index, values in self.entries]

    def edits(self, file: File) -> list[Edit]:
        """Do it to the bytes of the file."""
        count = len(_at(toml.parse(file), self.keys))
        spans = [toml.locate_value(file, (*self.keys, index)) for index in range(count)]
        gaps = [file.data[before.end : after.start] for before, after in pairwise(spans)]
        if any(gap.strip() for gap in gaps) or not all(file.data.startswith(b"[[", span.start) for span in spans):
            return []
        blocks = []
        for index, values in self.entries:
            start, end = spans[index]
            own = [edit for key in values for edit in Set((*self.keys, index, key), values[key]).edits(file)]
            shifted = [edit._replace(start=edit.start - start, end=edit.end - start) for edit in own]
            blocks.append(apply(file.data[start:end], shifted))
        gap = gaps[0] if gaps else 2 * _newline(file).encode()
        return [Edit(file.path, spans[0].start, spans[-1].end, gap.join(blocks).decode("utf-8"))]


Operation = Set | AddTable | Remove | Rename | Move | AddHeader | ArrangeTables


class Change(NamedTuple):
    """Operations that belong together."""

    description: str
    """How it is reported once it has been written."""
    operations: tuple[Operation, ...]


def edits(file: File, changes: Sequence[Change | None]) -> list[tuple[Edit, ...]]:
    """The edits that each change takes; none for a change that cannot be proved.

    Those of several changes that do not overlap can be made together.
    """
    left = _MOST_COST if len(file.data) <= _MOST_BYTES else 0
    found: list[tuple[Edit, ...]] = []
    for change in changes:
        cost = _cost(file, change.operations) if change and left >= _LEAST_COST else _MOST_COST
        is_affordable = change is not None and cost < left
        left -= cost if is_affordable else 0
        found.append(_edits(file, change.operations) if change and is_affordable else ())
    fitting: set[int] = set()
    taken: list[Edit] = []
    operations: dict[str, Operation] = {}
    for index, (change, own) in enumerate(zip(changes, found, strict=True)):
        if change and own and take(own, taken):
            fitting.add(index)
            operations.update((repr(operation), operation) for operation in change.operations)
    # There may be thousands, so they are proved together first; and one by one where they do not fit together.
    is_side_by_side = is_proved(file, taken, operations.values())
    proved = fitting if is_side_by_side else set()
    alone = [index for index, own in enumerate(found) if own and index not in proved][:_MOST_ALONE]
    for index in alone:
        change = changes[index]
        if change and (is_side_by_side or not proved) and is_proved(file, found[index], change.operations):
            proved = proved | {index}
    return [own if index in proved else () for index, own in enumerate(found)]


def is_proved(file: File, edits: Sequence[Edit], operations: Iterable[Operation]) -> bool:
    """Whether the edits do what the operations say, and no more: every comment is still there, lines end as they did,
    and the file begins with a byte order mark and ends with a newline if it did.
    """
    try:
        expected = deepcopy(toml.parse(file))
        for operation in operations:
            operation.carry_out(expected)
        after = File(file.path, apply(file.data, edits))
        is_same = _is_same(toml.parse(after), expected)
    except (AttributeError, LookupError, TypeError, ValueError, SourceError):
        return False  # something else is in the way, or two edits are
    return is_same and _comments(after) >= file.memo(_comments) and (not file.data or _outline(after) == _outline(file))


def _edits(file: File, operations: Sequence[Operation]) -> tuple[Edit, ...]:
    from tomlkit.exceptions import TOMLKitError

    try:
        return tuple(edit for operation in operations for edit in operation.edits(file))
    except (TOMLKitError, LookupError, TypeError, ValueError, AttributeError):
        return ()  # tomlkit has no way to do it there


def _cost(file: File, operations: Iterable[Operation]) -> int:
    cost = 0
    for operation in operations:
        size = _LEAST_COST
        if isinstance(operation, Set) and _exists(toml.parse(file), operation.keys):
            span = toml.locate_value(file, operation.keys)
            size += span.end - span.start
        elif not isinstance(operation, AddHeader) and (section := _section(file, operation.keys)):
            size += section.end - section.keys_start
        cost += size + size * size // _LARGE
    return cost


def _is_same(first: Any, second: Any) -> bool:
    """Whether two values are the same and of the same type. To `==`, 1 is 1.0 and true, and nan is not nan."""
    if type(first) is not type(second):
        return False
    if isinstance(first, dict):
        return first.keys() == second.keys() and all(_is_same(first[key], second[key]) for key in first)
    if isinstance(first, list):
        return len(first) == len(second) and all(map(_is_same, first, second))
    return repr(first) == repr(second)


def _comments(file: File) -> Counter[str]:
    return Counter(text.strip() for _, text in toml.comments(file))


def _outline(file: File) -> tuple[bool, bool, bool]:
    """Whether a file begins with a byte order mark, has CRLF for each line end, and ends with a newline."""
    data = file.data
    is_crlf = b"\r\n" in data and data.count(b"\r\n") == data.count(b"\n")
    return data.startswith(_BOM), is_crlf, data.endswith(b"\n")


def _section(file: File, keys: Keys) -> toml.Section | None:
    """The section in which a key is written, or to which it would be added."""
    at = toml.locate(file, keys).start
    for section in toml.sections(file):
        is_above = keys[: len(section.keys)] == section.keys
        if is_above and (section.keys_start <= at < section.end or section.keys == keys[:-1]):
            return section
    return None


def _edit_section(file: File, keys: Keys, change: Callable[[TOMLDocument, Keys], None]) -> list[Edit]:
    """What a function changes in the section of a key, given the section and the path of the key in it."""
    import tomlkit

    section = _section(file, keys)
    if section is None:
        return []
    start, end = _lines(file.data, section)
    before = file.data[start:end].decode("utf-8")
    is_cut_short = end == len(file.data) > 0 and not file.data.endswith(b"\n")
    newline = _newline(file)
    document = tomlkit.parse(before + newline if is_cut_short and before else before)
    change(document, keys[len(section.keys) :])
    after = document.as_string()
    if is_cut_short:
        # What is missing at the end is the newline of the last key; if there is none, that of the header.
        header_end = newline if section.keys else ""
        after = (header_end + after).removesuffix(newline)
        if before:
            before, start = header_end + before, start - len(header_end)
    return _difference(file.path, start, before, after)


def _lines(data: bytes, section: toml.Section) -> tuple[int, int]:
    """Where the lines of the keys of a section begin and end."""
    start = section.keys_start
    if section.keys:
        start = _next_line(data, start)
    elif data.startswith(_BOM):
        start = len(_BOM)
    return start, max(start, _next_line(data, section.end)) if section.end > section.keys_start else start


def _difference(path: str, start: int, before: str, after: str) -> list[Edit]:
    """The edit that makes one text of another: whole lines that are added or removed, or whole strings and words."""
    old, new, skipped = _without_common(_split(_LINE, before), _split(_LINE, after))
    if old and new:
        old, new, inner = _without_common(_split(_PIECE, "".join(old)), _split(_PIECE, "".join(new)))
        skipped += inner
    at = start + len(skipped.encode())
    return [Edit(path, at, at + len("".join(old).encode()), "".join(new))] if old or new else []


def _split(pattern: str, text: str) -> list[str]:
    return re.findall(pattern, text, re.DOTALL)


def _without_common(old: list[str], new: list[str]) -> tuple[list[str], list[str], str]:
    """Two texts without the pieces with which both begin and end, and those with which both begin."""
    shorter = min(len(old), len(new))
    begin = next((index for index in range(shorter) if old[index] != new[index]), shorter)
    most = shorter - begin
    end = next((index for index in range(most) if old[-1 - index] != new[-1 - index]), most)
    return old[begin : len(old) - end], new[begin : len(new) - end], "".join(old[:begin])


def _add(file: File, table: Keys, pairs: Sequence[Pair]) -> list[Edit]:
    """Add keys to a table where it is written, or under a new header if it has none."""
    place = (*table, pairs[0][0].key)
    if table and not _exists(toml.parse(file), table):
        return _add_header(file, table, pairs)

    def add(document: TOMLDocument, keys: Keys) -> None:
        inner: Any = _at(document, keys[:-1])
        for key, item in pairs:
            if len(keys) == 1:
                previous = [other.trivia.indent for name, other in document.body if name is not None]
                item.trivia.indent, item.trivia.trail = previous[-1] if previous else "", _newline(file)
                document.append(key, item)
            else:
                inner[key] = item
        _space(document, keys[:-1])

    is_written = _section(file, place) is not None
    return _edit_section(file, place, add) if is_written else _add_header(file, table, pairs)


def _add_header(file: File, table: Keys, pairs: Sequence[Pair]) -> list[Edit]:
    """A header with keys: over the tables in it if there are any, after those beside it, or at the end of the file."""
    import tomlkit

    newline, data = _newline(file), file.data
    document = tomlkit.document()
    for key, item in pairs:
        item.trivia.trail = newline
        document.append(key, item)
    name = ".".join(tomlkit.key(str(key)).as_string() for key in table)
    text = f"[{name}]{newline}{document.as_string()}"
    headers = toml.sections(file)[1:]
    within = [section.start for section in headers if section.keys[: len(table)] == table]
    beside = [index for index, section in enumerate(headers) if section.keys[:1] == table[:1]]
    following = within[:1] or [section.start for section in headers[max(beside, default=len(headers)) + 1 :]]
    if following:
        at = _above(file, following[0])
        is_parted = not data[:at].strip() or bool(re.search(rb"\n[ \t]*\r?\n\Z", data[:at])) or bool(within)
        return [Edit(file.path, at, at, f"{'' if is_parted else newline}{text}{newline}")]
    gap = "" if not data.strip() else newline if data.endswith(b"\n") else newline * 2
    if data and not data.endswith(b"\n"):
        text = text.removesuffix(newline)
    return [Edit(file.path, len(data), len(data), gap + text)]


def _line(body: Sequence[tuple[Any, Any]], keys: Keys) -> int | None:
    """Which of the lines of a section, or of the keys of an inline table, has a key, which may be a dotted one."""
    for index, (key, item) in enumerate(body):
        if key is not None and key.key == keys[0]:
            if len(keys) == 1:
                return index
            if key.is_dotted() and _line(item.value.body, keys[1:]) is not None:
                return index
    return None


def _pair(name: str, value: Any) -> Pair:
    import tomlkit

    return tomlkit.key(name), _item(value)


def _item(value: Any, old: Any = None) -> Item:
    """A value as tomlkit has it, in which the old one stays as it is written."""
    import tomlkit
    from tomlkit.items import Item, StringType

    if isinstance(old, Item) and _is_same(old.unwrap(), value):
        present: Item = old
        return present
    if isinstance(value, dict):
        kept = old.unwrap() if isinstance(old, Item) else None
        items = {name: _item(inner, old if _is_same(inner, kept) else None) for name, inner in value.items()}
        pairs = [f"{tomlkit.key(name).as_string()} = {item.as_string()}" for name, item in items.items()]
        return tomlkit.value(f"{{ {', '.join(pairs)} }}" if pairs else "{}")
    is_literal = getattr(old, "_t", None) == StringType.SLL
    if is_literal and isinstance(value, str) and re.fullmatch(r"[^'\x00-\x1f\x7f]*", value):
        return tomlkit.string(value, literal=True)
    new: Item = tomlkit.item(value)
    return new


def _space(document: TOMLDocument, keys: Keys) -> None:
    """Write an inline table with one space between all its parts, if it is one in a single line."""
    import tomlkit
    from tomlkit.items import InlineTable

    table: Any = _at(document, keys)
    if isinstance(table, InlineTable) and "\n" not in table.as_string():
        pairs = [f"{key.as_string().strip()} = {item.as_string()}" for key, item in table.value.body if key is not None]
        _at(document, keys[:-1])[keys[-1]] = tomlkit.value(f"{{ {', '.join(pairs)} }}" if pairs else "{}")


def _at(data: Any, keys: Keys) -> Any:
    for key in keys:
        data = data[key]
    return data


def _table(data: Any, keys: Keys) -> Any:
    """The table or array at `keys`, of which tables are added that are missing."""
    for key in keys:
        data = data[key] if isinstance(key, int) else data.setdefault(key, {})
    return data


def _exists(data: Any, keys: Keys) -> bool:
    try:
        _at(data, keys)
    except (LookupError, TypeError):
        return False
    return True


def _newline(file: File) -> str:
    return "\r\n" if b"\r\n" in file.data else "\n"


def _next_line(data: bytes, offset: int) -> int:
    """Where the line after the one at `offset` starts; the end of the file if there is none."""
    return data.find(b"\n", offset) + 1 or len(data)


def _above(file: File, offset: int) -> int:
    """Where the comments begin that fill the lines right above the line of `offset`, or that line if they are at the
    top of the file, where a comment is about the file.
    """
    data = file.data
    top = len(_BOM) if data.startswith(_BOM) else 0
    line = start = data.rfind(b"\n", top, offset) + 1 or top
    while start > top and data[(previous := data.rfind(b"\n", top, start - 1) + 1 or top) : start].lstrip()[:1] == b"#":
        start = previous
    return start if start > top else line
