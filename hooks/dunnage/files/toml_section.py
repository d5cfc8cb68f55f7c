"""One section of a TOML document at a time, given to tomlkit, and what comes back as edits of the file.

A section is given down to its last key and without the comments that follow, so that a new key cannot come to stand
below the comment on the next section, and tables that are out of order do not matter.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from dunnage.files import toml
from dunnage.files.document import Keys
from dunnage.files.source import File
from dunnage.files.span import Edit

if TYPE_CHECKING:
    from tomlkit import TOMLDocument
    from tomlkit.items import Item, Key

    Pair = tuple[Key, Item]

BOM = b"\xef\xbb\xbf"
_LINE = r"[^\n]*\n|[^\n]+"
_PIECE = r""""[^"\n]*"|'[^'\n]*'|\w+|\s+|."""


def section_of(file: File, keys: Keys) -> toml.Section | None:
    """The section in which a key is written, or to which it would be added."""
    sections = toml.sections(file)
    starts, by_keys = file.memo(_places)
    at = toml.locate(file, keys).start
    # Either the section that holds the key, or that of its table; if it is both, the first one counts.
    holding = bisect_right(starts, at) - 1
    found = [by_keys[keys[:-1]]] if keys[:-1] in by_keys else []
    if holding >= 0 and keys[: len(sections[holding].keys)] == sections[holding].keys:
        found += [holding] if at < sections[holding].end else []
    return sections[min(found)] if found else None


def _places(file: File) -> tuple[list[int], dict[Keys, int]]:
    """Where the keys of each section begin, and which section is the first of a path."""
    sections = toml.sections(file)
    return [section.keys_start for section in sections], {
        section.keys: index for index, section in reversed(list(enumerate(sections)))
    }


def edit_section(file: File, keys: Keys, change: Callable[[TOMLDocument, Keys], None]) -> list[Edit]:
    """What a function changes in the section of a key, given the section and the path of the key in it."""
    import tomlkit

    section = section_of(file, keys)
    if section is None:
        return []
    start, end = _lines(file.data, section)
    before = file.data[start:end].decode("utf-8")
    is_cut_short = end == len(file.data) > 0 and not file.data.endswith(b"\n")
    newline = newline_of(file)
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
    elif data.startswith(BOM):
        start = len(BOM)
    return start, max(start, _next_line(data, section.end)) if section.end > section.keys_start else start


def _difference(path: str, start: int, before: str, after: str) -> list[Edit]:
    """The edit that turns one text into another. It adds or removes whole lines, or whole strings and words."""
    old, new, skipped = _without_common(_split(_LINE, before), _split(_LINE, after))
    if old and new:
        old, new, inner = _without_common(_split(_PIECE, "".join(old)), _split(_PIECE, "".join(new)))
        skipped += inner
    at = start + len(skipped.encode())
    return [Edit(path, at, at + len("".join(old).encode()), "".join(new))] if old or new else []


def _split(pattern: str, text: str) -> list[str]:
    return re.findall(pattern, text, re.DOTALL)


def _without_common(old: list[str], new: list[str]) -> tuple[list[str], list[str], str]:
    """Two texts without their common first and last pieces, and the common first pieces."""
    shorter = min(len(old), len(new))
    begin = next((index for index in range(shorter) if old[index] != new[index]), shorter)
    most = shorter - begin
    end = next((index for index in range(most) if old[-1 - index] != new[-1 - index]), most)
    return old[begin : len(old) - end], new[begin : len(new) - end], "".join(old[:begin])


def add_keys(file: File, table: Keys, pairs: Sequence[Pair]) -> list[Edit]:
    """Add keys to a table where it is written, or under a new header if it has none."""
    place = (*table, pairs[0][0].key)
    if table and not exists(toml.parse(file), table):
        return add_header(file, table, pairs)

    def add(document: TOMLDocument, keys: Keys) -> None:
        if len(keys) == 1:
            indent = next((other.trivia.indent for name, other in reversed(document.body) if name is not None), "")
            for key, item in pairs:
                item.trivia.indent, item.trivia.trail = indent, newline_of(file)
                document.body.append((key, item))  # `append` looks at all that is there
        else:
            inner: Any = value_at(document, keys[:-1])
            for key, item in pairs:
                inner[key] = item
        space_table(document, keys[:-1])

    is_written = section_of(file, place) is not None
    return edit_section(file, place, add) if is_written else add_header(file, table, pairs)


def add_header(file: File, table: Keys, pairs: Sequence[Pair]) -> list[Edit]:
    """A header with keys: over the tables in it if there are any, after those beside it, or at the end of the file."""
    import tomlkit

    newline, data = newline_of(file), file.data
    name = ".".join(tomlkit.key(str(key)).as_string() for key in table)
    text = f"[{name}]{newline}"
    for key, item in pairs:
        line = f"{item.trivia.indent}{key.as_string()}{key.sep}{item.as_string()}"
        text += f"{line}{item.trivia.comment_ws}{item.trivia.comment}{newline}"
    headers = toml.sections(file)[1:]
    within = [section.start for section in headers if section.keys[: len(table)] == table]
    beside = [index for index, section in enumerate(headers) if section.keys[:1] == table[:1]]
    following = within[:1] or [section.start for section in headers[max(beside, default=len(headers)) + 1 :]]
    if following:
        at = start_with_comments(file, following[0])
        is_parted = not data[:at].strip() or bool(re.search(rb"\n[ \t]*\r?\n\Z", data[:at])) or bool(within)
        return [Edit(file.path, at, at, f"{'' if is_parted else newline}{text}{newline}")]
    gap = "" if not data.strip() else newline if data.endswith(b"\n") else newline * 2
    if data and not data.endswith(b"\n"):
        text = text.removesuffix(newline)
    return [Edit(file.path, len(data), len(data), gap + text)]


def line_of(body: Sequence[tuple[Any, Any]], keys: Keys) -> int | None:
    """Which of the lines of a section, or of the keys of an inline table, has a key, which may be a dotted one."""
    for index, (key, item) in enumerate(body):
        if key is not None and key.key == keys[0]:
            if len(keys) == 1:
                return index
            if key.is_dotted() and line_of(item.value.body, keys[1:]) is not None:
                return index
    return None


def new_pair(name: str, value: Any) -> Pair:
    """A key and a value in tomlkit's types."""
    import tomlkit

    return tomlkit.key(name), new_item(value)


def new_item(value: Any, old: Any = None) -> Item:
    """A value in tomlkit's types that keeps the spelling of the old value."""
    import tomlkit
    from tomlkit.items import Item, StringType

    if isinstance(old, Item) and is_same(old.unwrap(), value):
        present: Item = old
        return present
    if isinstance(value, dict):
        kept = old.unwrap() if isinstance(old, Item) else None
        items = {name: new_item(inner, old if is_same(inner, kept) else None) for name, inner in value.items()}
        pairs = [f"{tomlkit.key(name).as_string()} = {item.as_string()}" for name, item in items.items()]
        return tomlkit.value(f"{{ {', '.join(pairs)} }}" if pairs else "{}")
    is_literal = getattr(old, "_t", None) == StringType.SLL
    if is_literal and isinstance(value, str) and re.fullmatch(r"[^'\x00-\x1f\x7f]*", value):
        return tomlkit.string(value, literal=True)
    new: Item = tomlkit.item(value)
    return new


def space_table(document: TOMLDocument, keys: Keys) -> None:
    """Write an inline table in one line with one space between its parts. Leaves any other value alone."""
    import tomlkit
    from tomlkit.items import InlineTable

    table: Any = value_at(document, keys)
    if isinstance(table, InlineTable) and "\n" not in table.as_string():
        pairs = [f"{key.as_string().strip()} = {item.as_string()}" for key, item in table.value.body if key is not None]
        value_at(document, keys[:-1])[keys[-1]] = tomlkit.value(f"{{ {', '.join(pairs)} }}" if pairs else "{}")


def value_at(data: Any, keys: Keys) -> Any:
    """The value at `keys`. Raises LookupError or TypeError if there is none."""
    for key in keys:
        data = data[key]
    return data


def exists(data: Any, keys: Keys) -> bool:
    """Whether there is a value at `keys`."""
    try:
        value_at(data, keys)
    except (LookupError, TypeError):
        return False
    return True


def newline_of(file: File) -> str:
    """The line ending of the file."""
    return file.memo(_newline)


def _newline(file: File) -> str:
    return "\r\n" if b"\r\n" in file.data else "\n"


def _next_line(data: bytes, offset: int) -> int:
    """Where the line after the one at `offset` starts; the end of the file if there is none."""
    return data.find(b"\n", offset) + 1 or len(data)


def start_with_comments(file: File, offset: int) -> int:
    """Where the comments begin that fill the lines right above the line of `offset`, or that line if they are at the
    top of the file, where a comment is about the file.
    """
    data = file.data
    top = len(BOM) if data.startswith(BOM) else 0
    line = start = data.rfind(b"\n", top, offset) + 1 or top
    while start > top and data[(previous := data.rfind(b"\n", top, start - 1) + 1 or top) : start].lstrip()[:1] == b"#":
        start = previous
    return start if start > top else line


def is_same(first: Any, second: Any) -> bool:
    """Whether two values are the same and of the same type. To `==`, 1 is 1.0 and true, and nan is not nan."""
    if type(first) is not type(second):
        return False
    if isinstance(first, dict):
        return first.keys() == second.keys() and all(is_same(first[key], second[key]) for key in first)
    if isinstance(first, list):
        return len(first) == len(second) and all(map(is_same, first, second))
    return repr(first) == repr(second)
