"""The exceptions in a deny.toml: what each one allows, why, and until when."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from functools import lru_cache
from itertools import islice, pairwise
from typing import Any, NamedTuple

from dunnage.deny.reading import advisory_id, is_template_text, package
from dunnage.files import toml
from dunnage.files.document import Keys
from dunnage.files.source import File
from dunnage.files.span import Span

_LISTS = (
    ("advisories", "ignore"),
    ("bans", "skip"),
    ("bans", "skip-tree"),
    ("licenses", "exceptions"),
    ("sources", "allow-git"),
)
_MOST_GLIMPSES = 100
_REVIEW = "review by "
# The rest of a longer comment is not read.
_MOST_OF_A_COMMENT = 2000
_LONGEST_REASON = 10_000
_MOST_REMEMBERED = 16
"""How many texts are remembered, because neighbours may share them."""
_MOST_COMMENTS = 50
"""How many lines of comments directly above an entry are read, because many entries may share them."""


class Waiver(NamedTuple):
    """One exception: an entry of a list of exceptions."""

    file: File
    entries: Sequence[object]
    """The whole list."""
    keys: Keys
    name: str
    """The advisory, crate or URL that it allows."""
    key: str
    """The key that contains the name if the entry is a table."""
    text: str
    """The value of that key."""
    is_table: bool
    """Whether the entry is a table and not a string."""
    is_advisory: bool
    """Whether it ignores an advisory, and so needs a review date."""
    reason: str
    """The value of the key `reason`; empty if the entry has none, or has the sample text of the template."""

    def glimpse(self) -> str:
        """Return some or all of `comment()`, or nothing, without parsing the file.

        These are the comments on the line of the entry and directly above it, if they are certain.
        """
        if int(self.keys[-1]) >= _MOST_GLIMPSES:
            return ""  # each glimpse searches the file, so parsing the file once is faster for many entries
        data, name = self.file.data, f'"{self.text}"'.encode()
        at = data.find(name)
        if at < 0 or data.find(name, at + 1) >= 0 or b'"""' in data or b"'''" in data:
            return ""
        start, end = data.rfind(b"\n", 0, at) + 1, data.find(b"\n", at)
        line, hash_sign, comment = data[start : end if end >= 0 else len(data)].strip().partition(b"#")
        if line[:1] not in (b'"', b"{") or line.count(b'"') % 2 or b"'" in line or b"\\" in line:
            return ""
        found = [comment] if hash_sign else []
        while start and len(found) < _MOST_COMMENTS:
            end, start = start, data.rfind(b"\n", 0, start - 1) + 1
            above = data[start:end].strip()
            if above[:1] != b"#":
                break
            found.insert(0, above)
        return _joined(tuple(piece.decode("utf-8", "replace") for piece in found))

    def comment(self) -> str:
        """Return the text of the comments that explain it."""
        comments = self.file.memo(_Comments)
        own, above, header = comments.on(self.keys, self.entries)
        on_key = header.indices if len(self.entries) == 1 or header.names(self.name) else ()
        return _joined(tuple(map(comments.texts.__getitem__, (*on_key, *above, *own))))

    def quotable(self) -> str:
        """Return the comment above it if that is the only comment on it, and is on no other entry; or else nothing."""
        comments = self.file.memo(_Comments)
        own, above, _ = comments.on(self.keys, self.entries)
        index = int(self.keys[-1])
        near = [other for other in (index - 1, index + 1) if 0 <= other < len(self.entries)]
        is_shared = any(comments.on((*self.keys[:-1], other), self.entries)[1] == above for other in near)
        lines = () if own or is_shared else [comments.texts[index].strip() for index in above]
        is_no_reason = any(not line or re.match(_TO_DO, line) or _is_no_reason(line) for line in lines)
        return "" if is_no_reason else _joined(tuple(lines))


class ReviewDate(NamedTuple):
    """A review date."""

    day: date | None
    written: str
    """The date as it is written, even if no such day exists; empty if there is none in the required form."""


def exceptions(file: File, data: Mapping[str, Any]) -> Iterator[Waiver]:
    """Yield every exception in a file, in the order of the lists above."""
    for table, key in _LISTS:
        rows = data.get(table)
        entries = rows.get(key) if isinstance(rows, dict) else None
        if not isinstance(entries, list):
            continue
        for index, entry in enumerate(entries):
            name = _name(key, entry)
            if name is None:
                continue
            is_table, is_advisory = isinstance(entry, dict), table == "advisories"
            named = "id" if is_advisory and advisory_id(entry) is not None else "crate"
            text = str(entry.get(named, name)) if is_table else entry
            reason = entry.get("reason") if is_table else None
            given = _joined((reason,)) if isinstance(reason, str) else ""
            yield Waiver(file, entries, (table, key, index), name, named, text, is_table, is_advisory, given)


@lru_cache(_MOST_REMEMBERED)
def review(text: str) -> ReviewDate:
    """Return the first day that a reason states as `review by YYYY-MM-DD`."""
    dates = _dates(text)
    if not dates:
        return ReviewDate(None, "")
    days = []
    for written in dates:
        try:
            days.append((date.fromisoformat(written), written))
        except ValueError:
            return ReviewDate(None, written)
    return ReviewDate(*min(days))


def explains(text: str, name: str) -> bool:
    """Whether a text on the exception for `name` says more than that name and a review date."""
    return any(map(str.isalnum, _undated(text).replace(name.lower(), "")))


@lru_cache(_MOST_REMEMBERED)
def _undated(text: str) -> str:
    """A text in lower case, without review dates."""
    text = text.lower()
    for written in dict.fromkeys(_dates(text)):
        text = text.replace(_REVIEW + written, "")
    return text


def _dates(text: str) -> list[str]:
    """Return what is spelt like a date after `review by`, in upper or lower case."""
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


@lru_cache(_MOST_REMEMBERED)
def _joined(comments: tuple[str, ...]) -> str:
    """Join the texts that can be part of a reason."""
    texts = (comment[:_MOST_OF_A_COMMENT].strip(" \t\r\n#") for comment in comments)
    return " ".join(text for text in texts if text and not _is_no_reason(text))[:_LONGEST_REASON]


@lru_cache(1024)
def _is_no_reason(text: str) -> bool:
    """Whether a text is for this hook, takes an entry out of use, is cargo-deny's own, or only promises a reason."""
    is_entry = text[0] in "\"'{[" and text[-1] in "\"'}],"
    to_do = re.match(_TO_DO, text)
    is_promise = to_do is not None and (to_do[1].count(" ") < _FEWEST_WORDS or bool(re.search(_PROMISE, to_do[1])))
    return is_entry or is_promise or text.startswith("dunnage:") or is_template_text(text)


_TO_DO = r"(?is)(?:todo|fixme|xxx)\b(?:\([^)]*\))?[ :.-]*(.*)"
_PROMISE = r"(?i)\b(?:comment|describe|document|explain|justify|reason|why)\b"
_FEWEST_WORDS = 3


_OnEntry = tuple[list[int], list[int]]
"""The comments inside an entry or after it, and those above it."""


class _Header:
    """The comments on the key of an array."""

    def __init__(self, indices: Sequence[int], text: str) -> None:
        self.indices = indices
        self._text = text
        self._known = dict.fromkeys(re.findall(r"[\w-]+", text), True)

    def names(self, name: str) -> bool:
        """Whether one of them names an entry."""
        if name not in self._known:
            is_word = re.fullmatch(r"[\w-]+", name) is not None
            named = rf"(?<![\w-]){re.escape(name)}(?![\w-])"
            self._known[name] = not is_word and name in self._text and re.search(named, self._text) is not None
        return self._known[name]


class _Comments:
    """The comments of a file, and which of them are on which entry of an array."""

    def __init__(self, file: File) -> None:
        self._file = file
        self._lines = [0, *(newline.end() for newline in re.finditer(rb"\n", file.data))]
        found = list(toml.comments(file))
        self._starts = [span.start for span, _ in found]
        self.texts = [text for _, text in found]
        # The comments that are alone on a line, by the number of the line.
        self._alone: dict[int, int] = {}
        for index, start in enumerate(self._starts):
            line = self._line(start)
            if not file.data[self._lines[line] : start].strip():
                self._alone[line] = index
        # By array, the comments on its first entries, those on the others, which may be many and are read later, and
        # those on its key.
        self._arrays: dict[Keys, tuple[list[_OnEntry], Iterator[_OnEntry], _Header]] = {}

    def on(self, keys: Keys, entries: Sequence[object]) -> tuple[list[int], list[int], _Header]:
        """Return which comments are inside an entry or after it, above it, and on the key of the array.

        A comment above an entry is also on the entries that follow it, up to a blank line or another comment.
        """
        (*path, index) = keys
        array = tuple(path)
        if array not in self._arrays:
            indices = self._on_key(array, entries[0])
            header = _Header(indices, "\n".join(self.texts[index] for index in indices))
            self._arrays[array] = [], self._of_entries(array, entries), header
        known, others, on_key = self._arrays[array]
        known += islice(others, max(0, int(index) + 1 - len(known)))
        own, above = known[int(index)]
        return own, above, on_key

    def _on_key(self, array: Keys, entry: object) -> list[int]:
        start, first = toml.locate(self._file, array).start, toml.locate_value(self._file, (*array, 0)).start
        if isinstance(entry, dict) and self._file.data.startswith(b"[[", first):
            return []
        line = self._line(start)
        after: list[int] = []
        if self._line(first) > line:
            after = [*range(bisect_left(self._starts, start), bisect_right(self._starts, self._line_end(line)))]
        return self._block_over(line) + after

    def _of_entries(self, array: Keys, entries: Sequence[object]) -> Iterator[_OnEntry]:
        above: list[int] = []
        last_of_previous = -1
        for index, entry in enumerate(entries):
            start, end = self._span((*array, index), entry)
            first, last = self._line(start), self._line(end)
            begin = bisect_left(self._starts, start)
            own = list(range(begin, bisect_right(self._starts, self._line_end(last))))
            if first > last_of_previous and not self._file.data[self._lines[first] : start].strip():
                above = self._block_over(first) if first - 1 != last_of_previous else above
            elif first > last_of_previous:
                above = []
            last_of_previous = last
            yield own, above

    def _span(self, keys: Keys, entry: object) -> Span:
        start, end = toml.locate_value(self._file, keys)
        if self._file.data[start : start + 2] == b"[[" and isinstance(entry, dict):
            # A table with a header ends with its last key. Comments after that are on the next header.
            ends = [toml.locate_value(self._file, (*keys, key)).end for key in entry]
            end = max(ends, default=start)
        return Span(start, end)

    def _block_over(self, line: int) -> list[int]:
        """Return the comments in the lines directly above a line."""
        found: list[int] = []
        while (line := line - 1) in self._alone and len(found) < _MOST_COMMENTS:
            found.insert(0, self._alone[line])
        return found

    def _line(self, offset: int) -> int:
        return bisect_right(self._lines, offset) - 1

    def _line_end(self, line: int) -> int:
        return self._lines[line + 1] - 1 if line + 1 < len(self._lines) else len(self._file.data)
