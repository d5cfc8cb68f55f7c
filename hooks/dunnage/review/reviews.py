"""Reviews that stand in the repository: what people have looked at and accepted, and why.

A review is an entry of `[workspace.metadata.dunnage.reviews]` or `[package.metadata.dunnage.reviews]` in a manifest,
or of `[reviews]` in a file of its own. Its key names exactly what was reviewed, `"arrayref@0.3.10"` or
`"git+https://example.com/repository"`; its value is the reason. An entry outlives rebases, squashes and CI, which a
trailer in a commit message does not.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from dunnage.cargo import source_id
from dunnage.cargo.source_id import SourceIdError
from dunnage.files import document
from dunnage.files.document import Keys, Problem, Refused
from dunnage.files.source import File, Tree, display
from dunnage.review.concern import source_subject

MANIFEST = "Cargo.toml"
_OWNERS = ("workspace", "package")


class Review(NamedTuple):
    """One entry."""

    subject: str
    """What was reviewed, spelled as `subject` in `concern` spells it."""
    reason: str
    """Empty if none is given, or if it is no string; such a review accepts nothing."""
    file: File
    keys: Keys


class Reviews(NamedTuple):
    """The reviews that count for one lock or one folder."""

    entries: tuple[Review, ...]
    path: str
    """The file in which a new one is written."""
    table: Keys
    """The table there."""

    def place(self) -> str:
        """Where to write a review, as it is printed."""
        return f"`[{'.'.join(map(str, self.table))}]` in {display(self.path)}"

    def accepts(self, subject: str) -> bool:
        """Whether somebody has reviewed this and said why."""
        return any(entry.subject == subject and entry.reason for entry in self.entries)


def read(tree: Tree, folder: str, path: str) -> Reviews:
    """Read the reviews in the manifest in a folder, and those in the file at `path` if that is not empty.

    A file that cannot be read has none.
    """
    manifest = os.path.join(folder, MANIFEST)
    entries: list[Review] = []
    table: Keys = ("workspace", "metadata", "dunnage", "reviews")
    found = _document(tree, manifest)
    if found is not None:
        if "workspace" not in found.data:
            table = ("package", *table[1:])
        for owner in _OWNERS:
            entries += _entries(found.file, found.data, (owner, "metadata", "dunnage", "reviews"))
    if path:
        listed = _document(tree, path)
        entries += _entries(listed.file, listed.data, ("reviews",)) if listed else []
        return Reviews(tuple(entries), path, ("reviews",))
    return Reviews(tuple(entries), manifest, table)


def problems(reviews: Iterable[Review], rule: str, is_there: Callable[[str], bool]) -> Iterator[Problem]:
    """Yield the reviews that accept nothing: what they name is not there, or they give no reason."""
    for review in reviews:
        if not review.reason:
            message = f"the review of `{review.subject}` gives no reason, so it accepts nothing"
            yield Problem(rule, review.file, message, 'write why: "…" = "what was looked at"', review.keys)
        elif not is_there(review.subject):
            message = f"the review of `{review.subject}` names what is not here any more"
            yield Problem(rule, review.file, message, "remove the entry", review.keys)


def _document(tree: Tree, path: str) -> document.Document | None:
    try:
        return document.read(tree, path)
    except (FileNotFoundError, Refused):
        return None


def _entries(file: File, data: dict[str, Any], keys: Keys) -> Iterator[Review]:
    table: Any = data
    for key in keys:
        table = table.get(key) if isinstance(table, dict) else None
    for name, reason in table.items() if isinstance(table, dict) else ():
        yield Review(_subject(name), reason.strip() if isinstance(reason, str) else "", file, (*keys, name))


def _subject(key: str) -> str:
    """Spell a key as all are spelled that mean the same."""
    try:
        return source_subject(source_id.parse(key)[0])
    except SourceIdError:
        return key
