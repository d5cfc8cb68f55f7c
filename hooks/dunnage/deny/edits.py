"""Changes to a deny.toml, as edits of its bytes: comments, order and layout stay, and each change is proved.

tomlkit is not used for this: taken through it, a comment after a removed key, tables out of order or CRLF in arrays may
come out otherwise than they went in, and a finding needs edits of its own that others can be made beside.
"""

import re
from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from copy import deepcopy
from typing import Any, NamedTuple

from dunnage.files import toml
from dunnage.files.document import Keys
from dunnage.files.source import File, apply
from dunnage.files.span import Edit, Span

Expectation = Callable[[dict[str, Any]], object]
"""Makes of what a file says, in place, what it must say after a change."""

_KEY = rb"""(?:[A-Za-z0-9_-]+|"(?:[^"\\\n]|\\.)*"|'[^'\n]*')"""
_BOM = b"\xef\xbb\xbf"
# How many changes are tried one by one, if not all of a file fit together.
_MOST_ALONE = 40


class Change(NamedTuple):
    """Edits that belong together, and what they must bring about."""

    edits: tuple[Edit, ...]
    expected: Expectation


def proved(file: File, changes: Sequence[Change | None]) -> list[bool]:
    """Which changes do what they must, and no more: the file then says what is expected, and has every comment.

    Those that can be made side by side are tried together first, since there may be thousands of them.
    """
    taken: list[tuple[int, int]] = []
    together = [index for index, change in enumerate(changes) if change and _takes(change, taken)]
    result = [False] * len(changes)
    if _is_proved(file, [change for index in together if (change := changes[index])]):
        for index in together:
            result[index] = True
    left = _MOST_ALONE
    for index, each in enumerate(changes):
        if each and not result[index] and left:
            left -= 1
            result[index] = _is_proved(file, [each])
    return result


def _takes(change: Change, taken: list[tuple[int, int]]) -> bool:
    """Put the places of a change among those taken, which are in order, if they overlap with none of them."""
    places = sorted(edit[1:3] for edit in change.edits)
    for start, end in places:
        at = bisect_left(taken, (start, end))
        if (at and taken[at - 1][1] > start) or any(
            near[0] < end or near == (start, end) for near in taken[at : at + 1]
        ):
            return False
    for place in places:
        insort(taken, place)
    return True


def _is_proved(file: File, changes: Sequence[Change]) -> bool:
    expected = deepcopy(toml.parse(file))
    try:
        # From the end, since what is removed from an array gives new numbers to what comes after it.
        for change in reversed(changes):
            change.expected(expected)
        after = File(file.path, apply(file.data, (edit for change in changes for edit in change.edits)))
        return toml.parse(after) == expected and _comment_texts(after) >= file.memo(_comment_texts)
    except (LookupError, TypeError, ValueError, toml.TomlError):
        return False  # something else is in the way, or two edits are


def _comment_texts(file: File) -> Counter[str]:
    return Counter(text.strip() for _, text in toml.comments(file))


def replaced(file: File, keys: Keys, value: Any) -> Change:
    """The value at `keys` replaced."""
    span = toml.locate_value(file, keys)

    def expected(data: dict[str, Any]) -> None:
        _parent(data, keys)[keys[-1]] = value

    return Change((Edit(file.path, span.start, span.end, written(value)),), expected)


def removed(file: File, keys: Keys) -> Change:
    """The key at the end of `keys` removed. The comments in its value and after it stay where it was."""

    def expected(data: dict[str, Any]) -> None:
        del _parent(data, keys)[keys[-1]]

    return Change((_cut(file, keys),), expected)


def instead(file: File, keys: Keys, values: dict[str, Any]) -> Change:
    """The key at the end of `keys` replaced by other keys, in its place."""
    start, end = toml.locate(file, keys).start, toml.locate_value(file, keys).end
    line = file.data[_line_start(file.data, start) : start]
    between = ", " if line.strip() else f"{_newline(file)}{line.decode()}"
    text = between.join(f"{key} = {written(value)}" for key, value in values.items())

    def expected(data: dict[str, Any]) -> None:
        table = _parent(data, keys)
        del table[keys[-1]]
        table.update(values)

    return Change((Edit(file.path, start, end, text),), expected)


def added(file: File, table: Keys, key: str, value: Any) -> Change | None:
    """A key added to a table, after its last key or, if it has no header, in one of its own at the end of the file."""

    def expected(data: dict[str, Any]) -> None:
        _table(data, table)[key] = value

    edit = _insertion(file, table, [f"{key} = {written(value)}"])
    return edit and Change((edit,), expected)


def table_added(file: File, table: str, values: dict[str, Any]) -> Change | None:
    """A table added at the end of the file."""

    def expected(data: dict[str, Any]) -> None:
        _table(data, (table,)).update(values)

    edit = _insertion(file, (table,), [f"{key} = {written(value)}" for key, value in values.items()])
    return edit and Change((edit,), expected)


def moved(file: File, keys: Keys, home: Keys, beside: dict[str, Any]) -> Change | None:
    """The key at the end of `keys` moved as it is written, with the comments in it and after it, to the table `home`,
    where the keys of `beside` are added to it if the table is new.
    """
    pair = _pair(file, keys)
    is_new = not _exists(toml.parse(file), home)
    others = [f"{key} = {written(other)}" for key, other in beside.items()] if is_new else []
    insertion = _insertion(file, home, [pair, *others])
    if insertion is None:
        return None

    def expected(data: dict[str, Any]) -> None:
        target = _table(data, home)
        if keys[-1] in target:
            raise KeyError(keys[-1])
        target[str(keys[-1])] = _parent(data, keys).pop(keys[-1])
        if is_new:
            target.update(beside)

    return Change((_cut(file, keys, with_comments=True), insertion), expected)


def headed(file: File, table: str, keys: Sequence[str], elsewhere: Sequence[Change]) -> Change | None:
    """A header put over the keys at the root, which takes in all that comes up to another header, after what does not
    belong there has been moved elsewhere.
    """
    data = toml.parse(file)
    if table in data:
        return None
    start = min(toml.locate(file, (key,)).start for key in keys)
    at = _line_start(file.data, start)
    begin = _over(file.data, at)
    # A comment at the top is about the file.
    if begin > len(_BOM):
        at = begin

    def expected(data: dict[str, Any]) -> None:
        data[table] = {key: data.pop(key) for key in keys}
        for change in elsewhere:
            change.expected(data)

    edits = (edit for change in elsewhere for edit in change.edits)
    return Change((Edit(file.path, at, at, f"[{table}]{_newline(file)}"), *edits), expected)


def explained(file: File, keys: Keys, key: str, text: str, reason: str) -> Change:
    """A string at `keys` made a table in which it is `key`, and that has a reason."""
    span = toml.locate_value(file, keys)
    as_is = file.data[span.start : span.end].decode("utf-8")
    table = f"{{ {key} = {as_is}, reason = {written(reason)} }}"

    def expected(data: dict[str, Any]) -> None:
        _parent(data, keys)[keys[-1]] = {key: text, "reason": reason}

    return Change((Edit(file.path, span.start, span.end, table),), expected)


def written(value: Any) -> str:
    """A value as TOML writes it: a string, a number, true or false, or an array or table, with bare keys, of these."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{key} = {written(inner)}' for key, inner in value.items())} }}"
    if isinstance(value, list):
        return f"[{', '.join(map(written, value))}]"
    if isinstance(value, str):
        escaped = re.sub(r'["\\]', lambda found: "\\" + found[0], value)
        return '"' + re.sub(r"[\x00-\x1f\x7f]", lambda found: f"\\u{ord(found[0]):04X}", escaped) + '"'
    return repr(value)


def _parent(data: Any, keys: Keys) -> Any:
    for key in keys[:-1]:
        data = data[key]
    return data


def _table(data: dict[str, Any], keys: Keys) -> dict[str, Any]:
    for key in keys:
        data = data.setdefault(str(key), {})
    return data


def _exists(data: Any, keys: Keys) -> bool:
    for key in keys:
        if not isinstance(data, dict) or key not in data:
            return False
        data = data[key]
    return True


def _pair(file: File, keys: Keys) -> str:
    """A key with its value as they are written, with the comments in it and after it."""
    name, value = toml.locate(file, keys), toml.locate_value(file, keys)
    after = re.compile(rb"[ \t]*#[^\r\n]*").match(file.data, value.end)
    return file.data[name.start : after.end() if after else value.end].decode("utf-8")


def _cut(file: File, keys: Keys, with_comments: bool = False) -> Edit:
    """The removal of a key with its value, and of its line or, where others are in it, of a comma.

    The comments in the value and after it each stay in a line of their own, unless they go with them.
    """
    data = file.data
    name, value = toml.locate(file, keys), toml.locate_value(file, keys)
    line = _line_start(data, name.start)
    prefix = re.search(rb"(?:%b[ \t]*\.[ \t]*)*\Z" % _KEY, data[line : name.start])
    start = line + (prefix.start() if prefix else name.start - line)
    comma = rb",?[ \t]*" if isinstance(keys[-1], int) else rb""
    rest = re.compile(rb"[ \t]*%b(?:#[^\r\n]*)?(?:\r?\n|\Z)" % comma).match(data, value.end)
    if not data[line:start].strip() and (rest or not comma):
        indent = data[line:start].decode()
        end = rest.end() if rest else value.end
        kept = [] if with_comments else _comments(file, Span(value.start, end))
        return Edit(file.path, line, end, "".join(f"{indent}{comment}{_newline(file)}" for comment in kept))
    rest = re.compile(rb"[ \t]*,[ \t]*").match(data, value.end)
    if rest:
        return Edit(file.path, start, rest.end(), "")
    before = re.search(rb"[ \t]*,?[ \t]*\Z", data[max(start - 200, 0) : start])
    begin = start - (before.end() - before.start() if before else 0)
    return Edit(file.path, begin, value.end, "")


def _comments(file: File, span: Span) -> list[str]:
    starts, texts = file.memo(_comment_places)
    return [f"#{text}" for text in texts[bisect_left(starts, span.start) : bisect_left(starts, span.end)]]


def _comment_places(file: File) -> tuple[list[int], list[str]]:
    found = list(toml.comments(file))
    return [place.start for place, _ in found], [text for _, text in found]


def _insertion(file: File, table: Keys, lines: Iterable[str]) -> Edit | None:
    """Lines put after the last key of a table with a header, or under a new header; None where it is written inline."""
    data, newline = file.data, _newline(file)
    rows: Any = toml.parse(file)
    for key in table:
        rows = rows.get(str(key), {}) if isinstance(rows, dict) else None
    if not isinstance(rows, dict):
        return None
    own = None
    if _exists(toml.parse(file), table):
        names = r"[ \t]*\.[ \t]*".join(_quoted(str(key)) for key in table)
        line = _line_start(data, toml.locate(file, table).start)
        own = re.compile(rf"[ \t]*\[[ \t]*{names}[ \t]*\][^\r\n]*".encode()).match(data, line)
        if own is None and not _is_implied(file, table):
            return None
    if own is None:
        gap = "" if not data.strip() else newline if data.endswith(b"\n") else newline * 2
        text = newline.join([f"[{'.'.join(map(str, table))}]", *lines])
        end = newline if data.endswith(b"\n") or not data else ""
        return Edit(file.path, len(data), len(data), f"{gap}{text}{end}")
    at, indent = own.end(), ""
    for key in rows:
        name = toml.locate(file, (*table, key))
        line = _line_start(data, name.start)
        value = toml.locate_value(file, (*table, key))
        # What is below a header of its own comes later, or before.
        start = re.compile(rb"([ \t]*)[^ \t\[]").match(data, line)
        if name.start > own.end() and start and value.end > at:
            at = _line_end(data, value.end)
            indent = start[1].decode()
    return Edit(file.path, at, at, "".join(f"{newline}{indent}{line}" for line in lines))


def _is_implied(file: File, table: Keys) -> bool:
    """Whether a table is there only since tables in it have headers."""
    start = toml.locate(file, table).start
    return file.data[_line_start(file.data, start) : start].lstrip()[:1] == b"["


def _quoted(key: str) -> str:
    name = re.escape(key)
    return f"(?:{name}|\"{name}\"|'{name}')"


def _line_start(data: bytes, offset: int) -> int:
    """Where the line starts, after a byte order mark."""
    return data.rfind(b"\n", 0, offset) + 1 or (len(_BOM) if data.startswith(_BOM) else 0)


def _line_end(data: bytes, offset: int) -> int:
    """Where the line ends, before its CRLF or LF."""
    found = re.compile(rb"\r?\n|\Z").search(data, offset)
    return found.start() if found else len(data)


def _over(data: bytes, at: int) -> int:
    """Where the comments start that fill the lines right over the one that starts at `at`."""
    start = at
    while start and data[(line := _line_start(data, start - 1)) : start].lstrip()[:1] == b"#":
        start = line
    return start


def _newline(file: File) -> str:
    return file.memo(_read_newline)


def _read_newline(file: File) -> str:
    return "\r\n" if b"\r\n" in file.data else "\n"
