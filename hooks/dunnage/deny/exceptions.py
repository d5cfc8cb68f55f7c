"""The exceptions that a deny.toml makes: what is let through, why, and until when."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

from dunnage.deny.reading import advisory_id, package
from dunnage.files import toml
from dunnage.files.document import Keys
from dunnage.files.source import File

if TYPE_CHECKING:
    from datetime import date

_LISTS = (
    ("advisories", "ignore"),
    ("bans", "skip"),
    ("bans", "skip-tree"),
    ("licenses", "exceptions"),
    ("sources", "allow-git"),
)
_MOST_GLIMPSES = 100
_REVIEW = "review by "
# No reason is worth reading further.
_MOST_OF_A_COMMENT = 2000


class Waiver(NamedTuple):
    """One entry of a list of exceptions."""

    keys: Keys
    name: str
    """What it lets through."""
    key: str
    """The key that names this in an entry that is a table."""
    text: str
    """The value of that key."""
    is_advisory: bool
    """Whether it is one of the advisories, which must be looked at again."""
    reason: str
    """Why, as the entry itself says; empty if it does not."""
    glimpse: Callable[[], str]
    """Finds at least some of what the comments on it say, or nothing, in no time."""
    comment: Callable[[], str]
    """Finds what the comments on it say."""
    is_alone: Callable[[], bool]
    """Finds whether the comments are on it alone, since no other entry is in its line."""


class Review(NamedTuple):
    """The day by which an exception is to be looked at again."""

    day: "date | None"
    written: str
    """The date as it is written, which may be none; empty if there is none, or it is not written as it must be."""


def exceptions(file: File, data: Mapping[str, Any]) -> Iterator[Waiver]:
    """Every exception in a file, in the order of the lists above."""
    from functools import partial

    for table, key in _LISTS:
        rows = data.get(table)
        entries = rows.get(key) if isinstance(rows, dict) else None
        if not isinstance(entries, list):
            continue
        for index, entry in enumerate(entries):
            name = _name(key, entry)
            if name is None:
                continue
            named = "id" if table == "advisories" and advisory_id(entry) is not None else "crate"
            text = entry if isinstance(entry, str) else str(entry.get(named, name))
            keys = (table, key, index)
            reason = entry.get("reason") if isinstance(entry, dict) else None
            given = reason[:_MOST_OF_A_COMMENT] if isinstance(reason, str) else ""
            # Each glimpse searches the file, so beyond some, to read the syntax once takes less.
            glimpse = partial(_glimpse, file.data, text) if index < _MOST_GLIMPSES else str
            comment = partial(_on, file, keys, entry)
            alone = partial(_is_alone, file, keys, len(entries))
            yield Waiver(keys, name, named, text, table == "advisories", given, glimpse, comment, alone)


def review(text: str) -> Review:
    """The first day by which a reason says `review by YYYY-MM-DD`."""
    dates = _dates(text)
    if not dates:
        return Review(None, "")
    from datetime import date

    days = []
    for written in dates:
        try:
            days.append((date.fromisoformat(written), written))
        except ValueError:
            return Review(None, written)
    return Review(*min(days))


def explains(text: str) -> bool:
    """Whether a text says more than when to look again."""
    text = text.lower()
    for written in _dates(text):
        text = text.replace(_REVIEW + written, "")
    return any(map(str.isalnum, text))


def mentions_review(text: str) -> bool:
    """Whether a text speaks of a review at all."""
    return "review" in text.lower()


def _dates(text: str) -> list[str]:
    """What is spelt like a date and comes after `review by`, letters of either case."""
    dates = []
    pieces = text.lower().split(_REVIEW)
    for before, rest in pairwise(pieces):
        written, after = rest[:10], rest[10:11]
        digits = written[:4] + written[5:7] + written[8:]
        is_date = len(digits) == 8 and digits.isascii() and digits.isdigit() and written[4] == written[7] == "-"
        if is_date and not (before[-1:].isalnum() or after.isalnum() or after in ("-", "_")):
            dates.append(written)
    return dates


def _name(key: str, entry: object) -> str | None:
    if key == "allow-git":
        return entry if isinstance(entry, str) else None
    if key == "ignore" and (advisory := advisory_id(entry)) is not None:
        return advisory
    spec = package(entry)
    return spec and spec[0]


def _glimpse(data: bytes, text: str) -> str:
    """The comments on the line of an entry and right above it, where it takes no parser to be sure of them."""
    name = f'"{text}"'.encode()
    at = data.find(name)
    if at < 0 or data.find(name, at + 1) >= 0 or b'"""' in data or b"'''" in data:
        return ""
    start, end = data.rfind(b"\n", 0, at) + 1, data.find(b"\n", at)
    line, hash_sign, comment = data[start : end if end >= 0 else len(data)].strip().partition(b"#")
    if line[:1] not in (b'"', b"{") or line.count(b'"') % 2 or b"'" in line or b"\\" in line:
        return ""
    found = [comment] if hash_sign else []
    while start:
        end, start = start, data.rfind(b"\n", 0, start - 1) + 1
        above = data[start:end].strip()
        if above[:1] != b"#":
            break
        found.insert(0, above)
    return _joined(piece.decode("utf-8", "replace") for piece in found)


def _joined(comments: Iterable[str]) -> str:
    texts = (comment[:_MOST_OF_A_COMMENT].strip(" \t\r\n#") for comment in comments)
    return " ".join(text for text in texts if text and not _is_no_reason(text))


def _is_no_reason(text: str) -> bool:
    """Whether a comment only takes an entry out of use, or is one for this hook."""
    return text.startswith("dunnage:") or (text[0] in "\"'{[" and text[-1] in "\"'}],")


def _on(file: File, keys: Keys, entry: object) -> str:
    return file.memo(_Comments).on(keys, entry)


def _is_alone(file: File, keys: Keys, count: int) -> bool:
    (*array, index) = keys
    span = toml.locate_value(file, keys)
    others = [(*array, other) for other in (int(index) - 1, int(index) + 1) if 0 <= other < count]
    between = (sorted((span, toml.locate_value(file, other))) for other in others)
    return all(b"\n" in file.data[first.end : second.start] for first, second in between)


class _Comments:
    """The comments of a file, and which of them are on an entry."""

    def __init__(self, file: File) -> None:
        self._file = file
        self._lines = [0, *(newline.end() for newline in re.finditer(rb"\n", file.data))]
        found = list(toml.comments(file))
        self._starts = [span.start for span, _ in found]
        self._texts = [text for _, text in found]
        # The comments that have a line for themselves, by the number of the line.
        self._alone: dict[int, int] = {}
        for index, start in enumerate(self._starts):
            line = self._line(start)
            if not file.data[self._lines[line] : start].strip():
                self._alone[line] = index

    def on(self, keys: Keys, entry: object) -> str:
        """What the comments say that are inside of an entry, after it on its last line, or in the lines right above.

        Comments above are on an entry that is the first thing in its line.
        """
        span = toml.locate_value(self._file, keys)
        start, end = span
        if self._file.data[start : start + 2] == b"[[" and isinstance(entry, dict):
            # What a table with a header holds ends with its last key, whatever comments come before the next header.
            ends = [toml.locate_value(self._file, (*keys, key)).end for key in entry]
            end = max(ends, default=start)
        first, last = self._line(start), self._line(end)
        begin = bisect_left(self._starts, start)
        after = bisect_right(self._starts, self._line_end(last))
        found = list(range(begin, after))
        before = self._file.data[max(self._lines[first], start - 200) : start]
        above = first - 1
        if not before.strip():
            while above in self._alone:
                found.insert(0, self._alone[above])
                above -= 1
        return _joined(self._texts[index] for index in found)

    def _line(self, offset: int) -> int:
        return bisect_right(self._lines, offset) - 1

    def _line_end(self, line: int) -> int:
        return self._lines[line + 1] - 1 if line + 1 < len(self._lines) else len(self._file.data)
