"""Reviews in the repository: what people have examined and accepted, and why.

A review is an entry of `[workspace.metadata.dunnage.reviews]` or `[package.metadata.dunnage.reviews]` in a manifest,
or of `[reviews]` in a file of its own. Its key names exactly what was reviewed, `"arrayref@0.3.10"` or
`"git+https://example.com/repository"`; its value is the reason. An entry outlives rebases, squashes and CI, which a
trailer in a commit message does not.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from dunnage.files import toml
from dunnage.files.document import Keys, Problem
from dunnage.files.shown import toml_string
from dunnage.files.source import File, SourceError, Tree, display

MANIFEST = "Cargo.toml"
_OWNERS = ("workspace", "package")
_TABLE = ("metadata", "dunnage", "reviews")


class Review(NamedTuple):
    """One entry."""

    subject: str
    """What was reviewed, spelled as `subject` in `concern` spells it."""
    reason: str
    """Empty if none is given, or if it is not a string; such a review accepts nothing."""
    file: File
    keys: Keys

    @property
    def is_about_wit(self) -> bool:
        """Whether it is of WIT, whose packages have a colon in their name, and not of a crate or its source."""
        return ":" in self.subject.partition("@")[0] and "+" not in self.subject.partition(":")[0]


class Reviews(NamedTuple):
    """The reviews that count for one lock, or for the WIT of one project."""

    entries: tuple[Review, ...]
    path: str
    """The file in which a new review is written."""
    manifest: File | None
    """That file, if it is a manifest and exists."""
    accepted: frozenset[str]
    """What somebody has reviewed, and said why."""

    @property
    def table(self) -> Keys:
        """The table in which a new review is written."""
        if os.path.basename(self.path) != MANIFEST:
            return ("reviews",)
        found = _read_toml(self.manifest) if self.manifest else None
        return ("workspace" if found is None or "workspace" in found else "package", *_TABLE)

    def place(self) -> str:
        """Where to write a review, as it is printed."""
        return f"`[{'.'.join(map(str, self.table))}]` in {display(self.path)}"

    def accepts(self, subject: str) -> bool:
        """Whether somebody has reviewed this and said why."""
        return subject in self.accepted


def read(tree: Tree, folders: Sequence[str], path: str) -> Reviews:
    """Read the reviews in the manifests in some folders, and those in the file at `path` if that is not empty.

    New ones are written in the manifest of the last folder. A file that cannot be read has none.
    """
    entries: list[Review] = []
    manifest: File | None = None
    for folder in folders:
        manifest = _file(tree, os.path.join(folder, MANIFEST))
        # Most manifests have none, which shows without a TOML reader.
        if manifest and b"dunnage" in manifest.data:
            for owner in _OWNERS:
                entries += _entries(manifest, (owner, *_TABLE))
    listed = _file(tree, path) if path else None
    entries += _entries(listed, ("reviews",)) if listed else []
    accepted = frozenset(entry.subject for entry in entries if entry.reason)
    return Reviews(tuple(entries), path or os.path.join(folders[-1], MANIFEST), None if path else manifest, accepted)


def problems(reviews: Iterable[Review], rule: str, where: str, is_there: Callable[[Review], bool]) -> Iterator[Problem]:
    """Yield the reviews that accept nothing: what they name does not exist, or they give no reason.

    `where` says where it would be: `in the lock`.
    """
    for review in reviews:
        if not review.reason:
            message = f"the review of `{review.subject}` gives no reason, so it accepts nothing"
            yield Problem(
                rule,
                review.file,
                message,
                f'write the reason: {toml_string(review.subject)} = "what you reviewed"',
                review.keys,
            )
        elif not is_there(review):
            message = f"the review of `{review.subject}` is stale: it matches nothing {where}"
            yield Problem(rule, review.file, message, "remove the entry", review.keys)


def _file(tree: Tree, path: str) -> File | None:
    try:
        return tree.read(path)
    except (FileNotFoundError, SourceError):
        return None


def _read_toml(file: File) -> dict[str, Any] | None:
    try:
        return toml.parse(file)
    except SourceError:
        return None


def _entries(file: File, keys: Keys) -> Iterator[Review]:
    table = toml.lookup(_read_toml(file), keys)
    for name, reason in table.items() if isinstance(table, dict) else ():
        yield Review(_subject(name), reason.strip() if isinstance(reason, str) else "", file, (*keys, name))


def _subject(key: str) -> str:
    """Normalize a key, so that keys with the same meaning are equal."""
    from dunnage.cargo import source_id
    from dunnage.cargo.source_id import SourceIdError
    from dunnage.review.lock_concern import source_subject

    try:
        return source_subject(source_id.parse(key)[0])
    except SourceIdError:
        return key
