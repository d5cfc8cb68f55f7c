"""Editing TOML: operations on a document become edits of its bytes, and each change is proved.

All edits of TOML are made here. tomlkit applies an operation to one section. The difference between the section before
and after is the edit.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from copy import deepcopy
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

from dunnage.files import toml
from dunnage.files.document import Keys
from dunnage.files.source import File, SourceError
from dunnage.files.span import Edit, apply, take
from dunnage.files.toml_section import (
    BOM,
    add_header,
    add_keys,
    edit_section,
    exists,
    is_same,
    line_of,
    new_item,
    new_pair,
    newline_of,
    section_of,
    space_table,
    start_with_comments,
    value_at,
)

if TYPE_CHECKING:
    from tomlkit import TOMLDocument

# Larger files are not edited. For all changes of a file together, tomlkit parses at most _MOST_COST bytes, which takes
# a few seconds. Its time grows faster than linearly with sections of more than 64 KiB.
_MOST_BYTES = 512 * 1024
_MOST_COST = 512 * 1024
_LEAST_COST = 256
_LARGE = 64 * 1024
# What each key and each entry of an array counts at least, in bytes: tomlkit makes several objects of each.
_LEAST_ENTRY = 8
# How many changes are proved one by one, if they do not all fit together.
_MOST_ALONE = 40


class Set(NamedTuple):
    """Set the value of a key or of an entry of an array. Missing tables are added.

    Parts of the old value that are also in the new one keep their spelling.
    """

    keys: Keys
    value: Any

    def carry_out(self, data: dict[str, Any]) -> None:
        """Apply the operation to the parsed file."""
        _table(data, self.keys[:-1])[self.keys[-1]] = deepcopy(self.value)

    def edits(self, file: File) -> list[Edit]:
        """Return the edits of the file that apply the operation."""
        key = self.keys[-1]
        if not exists(toml.parse(file), self.keys):
            return add_keys(file, self.keys[:-1], [new_pair(str(key), self.value)])

        import tomlkit

        # Parsing only the value takes the same time however many values the file has.
        span = toml.locate_value(file, self.keys)
        old = tomlkit.value(file.data[span.start : span.end].decode("utf-8"))
        return [Edit(file.path, span.start, span.end, new_item(self.value, old).as_string())]


class AddTable(NamedTuple):
    """Add a table with its own header."""

    keys: Keys
    values: dict[str, Any]

    def carry_out(self, data: dict[str, Any]) -> None:
        """Apply the operation to the parsed file."""
        _table(data, self.keys).update(deepcopy(self.values))

    def edits(self, file: File) -> list[Edit]:
        """Return the edits of the file that apply the operation."""
        if exists(toml.parse(file), self.keys):
            return []
        return add_header(file, self.keys, [new_pair(key, value) for key, value in self.values.items()])


class AddKeys(NamedTuple):
    """Add new keys to a table. A missing table is added."""

    keys: Keys
    values: dict[str, Any]

    def carry_out(self, data: dict[str, Any]) -> None:
        """Apply the operation to the parsed file."""
        _table(data, self.keys).update(deepcopy(self.values))

    def edits(self, file: File) -> list[Edit]:
        """Return the edits of the file that apply the operation."""
        return add_keys(file, self.keys, [new_pair(key, value) for key, value in self.values.items()])


def _is_none_dropped(_: str) -> bool:
    return False


class Remove(NamedTuple):
    """Remove a key. The comments in its value and after it are kept, each on its own line."""

    keys: Keys
    is_dropped: Callable[[str], bool] = _is_none_dropped
    """Whether a comment in its value, after it or directly above it is removed with it."""

    def carry_out(self, data: dict[str, Any]) -> None:
        """Apply the operation to the parsed file."""
        del value_at(data, self.keys[:-1])[self.keys[-1]]

    def edits(self, file: File) -> list[Edit]:
        """Return the edits of the file that apply the operation."""

        def remove(document: "TOMLDocument", keys: Keys) -> None:
            from tomlkit.items import Comment, Trivia

            line = line_of(document.body, keys)
            if line is None:
                del value_at(document, keys[:-1])[keys[-1]]
                space_table(document, keys[:-1])
                return
            item = document.body[line][1]
            for key in keys[1:]:
                item = item.value.item(key)
            trivia = item.trivia
            text = f"x = {item.as_string()}{trivia.comment_ws}{trivia.comment}\n"
            comments = toml.comments(File("", text.encode()))
            indent = document.body[line][1].trivia.indent or trivia.indent
            first = line
            while first and isinstance(above := document.body[first - 1][1], Comment):
                if not self.is_dropped(above.trivia.comment[1:]):
                    break
                first -= 1
            document.body[first : line + 1] = [
                (None, Comment(Trivia(indent, "", f"#{comment}", newline_of(file))))
                for _, comment in comments
                if not self.is_dropped(comment)
            ]

        return edit_section(file, self.keys, remove)


class Rename(NamedTuple):
    """Rename a key and set its value, in the same place."""

    keys: Keys
    name: str
    value: Any

    def carry_out(self, data: dict[str, Any]) -> None:
        """Apply the operation to the parsed file."""
        table = value_at(data, self.keys[:-1])
        if self.name in table:
            raise KeyError(self.name)
        del table[self.keys[-1]]
        table[self.name] = deepcopy(self.value)

    def edits(self, file: File) -> list[Edit]:
        """Return the edits of the file that apply the operation."""

        def rename(document: "TOMLDocument", keys: Keys) -> None:
            table: Any = value_at(document, keys[:-1])
            body = table.body if hasattr(table, "body") else table.value.body
            line = line_of(body, keys[-1:])
            if line is not None:
                key, item = new_pair(self.name, self.value)
                item.trivia.__dict__.update(body[line][1].trivia.__dict__)
                body[line] = key, item

        return edit_section(file, self.keys, rename)


class Move(NamedTuple):
    """Move a key to another table, with its spelling and its comments.

    A missing table is added, with the keys of `beside` as well.
    """

    keys: Keys
    table: Keys
    beside: dict[str, Any]

    def carry_out(self, data: dict[str, Any]) -> None:
        """Apply the operation to the parsed file."""
        beside = {} if exists(data, self.table) else self.beside
        table = _table(data, self.table)
        if self.keys[-1] in table:
            raise KeyError(self.keys[-1])
        table[str(self.keys[-1])] = value_at(data, self.keys[:-1]).pop(self.keys[-1])
        table.update(beside)

    def edits(self, file: File) -> list[Edit]:
        """Return the edits of the file that apply the operation."""
        moved: list[Any] = []

        def take(document: "TOMLDocument", keys: Keys) -> None:
            line = line_of(document.body, keys)
            if line is not None and len(keys) == 1:
                moved.append(document.body.pop(line))

        cut = edit_section(file, self.keys, take)
        if not moved:
            return []
        if not exists(toml.parse(file), self.table):
            moved += [new_pair(key, value) for key, value in self.beside.items()]
        return [*cut, *add_keys(file, self.table, moved)]


class AddHeader(NamedTuple):
    """Add a header above keys at the top of the file, so that they become keys of that table."""

    table: str
    keys: tuple[str, ...]

    def carry_out(self, data: dict[str, Any]) -> None:
        """Apply the operation to the parsed file."""
        data[self.table] = {key: data.pop(key) for key in self.keys}

    def edits(self, file: File) -> list[Edit]:
        """Return the edits of the file that apply the operation."""
        first = min(toml.locate(file, (key,)).start for key in self.keys)
        at = start_with_comments(file, first)
        return [Edit(file.path, at, at, f"[{self.table}]{newline_of(file)}")]


class ArrangeTables(NamedTuple):
    """Write the `[[tables]]` of an array in another order and with other values.

    A table may be written twice. One that is left out is removed.
    """

    keys: Keys
    entries: tuple[tuple[int, dict[str, Any]], ...]
    """For each table, its current index and the values to set."""

    def carry_out(self, data: dict[str, Any]) -> None:
        """Apply the operation to the parsed file."""
        tables = value_at(data, self.keys)
        tables[:] = [tables[index] | deepcopy(values) for index, values in self.entries]

    def edits(self, file: File) -> list[Edit]:
        """Return the edits of the file that apply the operation."""
        count = len(value_at(toml.parse(file), self.keys))
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
        gap = gaps[0] if gaps else 2 * newline_of(file).encode()
        return [Edit(file.path, spans[0].start, spans[-1].end, gap.join(blocks).decode("utf-8"))]


Operation = Set | AddTable | AddKeys | Remove | Rename | Move | AddHeader | ArrangeTables


class Change(NamedTuple):
    """Operations that belong together."""

    description: str
    """The report once it has been written."""
    operations: tuple[Operation, ...]


def edits(file: File, changes: Sequence[Change | None], notes: list[str] | None = None) -> list[tuple[Edit, ...]]:
    """The edits for each change; empty for a change that cannot be proved.

    Edits of several changes that do not overlap can be applied together. `notes` gets a line if changes are left out
    because the file has too many bytes, keys or entries.
    """
    left = _MOST_COST if len(file.data) <= _MOST_BYTES else 0
    found: list[tuple[Edit, ...]] = []
    are_left_out = False
    for change in changes:
        cost = _cost(file, change.operations) if change and left >= _LEAST_COST else _MOST_COST
        is_affordable = change is not None and cost < left
        left -= cost if is_affordable else 0
        found.append(_edits(file, change.operations) if change and is_affordable else ())
        are_left_out |= change is not None and not is_affordable
    if are_left_out and notes is not None:
        notes.append(f"{file.path} has too many keys or entries for all fixes; make the other changes by hand")
    fitting: set[int] = set()
    taken: list[Edit] = []
    operations: dict[str, Operation] = {}
    for index, (change, own) in enumerate(zip(changes, found, strict=True)):
        if change and own and take(own, taken):
            fitting.add(index)
            operations.update((repr(operation), operation) for operation in change.operations)
    # There may be thousands, so they are first proved together, and one by one only if they do not fit together.
    is_side_by_side = is_proved(file, taken, operations.values())
    proved = fitting if is_side_by_side else set()
    alone = [index for index, own in enumerate(found) if own and index not in proved][:_MOST_ALONE]
    for index in alone:
        change = changes[index]
        if change and (is_side_by_side or not proved) and is_proved(file, found[index], change.operations):
            proved = proved | {index}
    return [own if index in proved else () for index, own in enumerate(found)]


def is_proved(file: File, edits: Sequence[Edit], operations: Collection[Operation]) -> bool:
    """Whether the edits do what the operations say, and no more: every comment is still there that no operation drops,
    lines end as they did, and the file begins with a byte order mark and ends with a newline if it did.
    """
    if not edits:
        return False
    try:
        expected = deepcopy(toml.parse(file))
        for operation in operations:
            operation.carry_out(expected)
        after = File(file.path, apply(file.data, edits))
        is_expected = is_same(toml.parse(after), expected)
    except (AttributeError, LookupError, TypeError, ValueError, SourceError, RecursionError):
        return False  # the operations or edits conflict, or tables are nested too deeply to compare
    lost = file.memo(_comments) - after.memo(_comments)
    removals = [operation for operation in operations if isinstance(operation, Remove)]
    keeps_comments = all(any(removal.is_dropped(text) for removal in removals) for text in lost)
    return is_expected and keeps_comments and (not file.data or _outline(after) == _outline(file))


def _edits(file: File, operations: Sequence[Operation]) -> tuple[Edit, ...]:
    from tomlkit.exceptions import TOMLKitError

    try:
        return tuple(edit for operation in operations for edit in operation.edits(file))
    except (TOMLKitError, LookupError, TypeError, ValueError, AttributeError, RecursionError):
        return ()  # tomlkit cannot apply the operation there


def _cost(file: File, operations: Iterable[Operation]) -> int:
    cost = 0
    for operation in operations:
        size = _LEAST_COST
        if isinstance(operation, Set) and exists(toml.parse(file), operation.keys):
            span = toml.locate_value(file, operation.keys)
            size += _size(file, span.start, span.end)
        elif not isinstance(operation, AddHeader) and (section := section_of(file, operation.keys)):
            size += _size(file, section.keys_start, section.end)
        cost += size + size * size // _LARGE
    return cost


def _size(file: File, start: int, end: int) -> int:
    return max(end - start, _LEAST_ENTRY * sum(file.data.count(mark, start, end) for mark in (b",", b"=", b"\n")))


def _comments(file: File) -> Counter[str]:
    return Counter(text.strip() for _, text in toml.comments(file))


def _outline(file: File) -> tuple[bool, bool, bool]:
    """Whether a file starts with a byte order mark, ends every line with CRLF, and ends with a newline."""
    data = file.data
    is_crlf = b"\r\n" in data and data.count(b"\r\n") == data.count(b"\n")
    return data.startswith(BOM), is_crlf, data.endswith(b"\n")


def _table(data: Any, keys: Keys) -> Any:
    """The table or array at `keys`. Missing tables are added."""
    for key in keys:
        data = data[key] if isinstance(key, int) else data.setdefault(key, {})
    return data
