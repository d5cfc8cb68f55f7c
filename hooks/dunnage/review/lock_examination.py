"""Locks compared with their bases: the findings about each, and what changed."""

import os
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import partial

from dunnage.files.source import File, SourceError, Tree
from dunnage.review.base import Base, Histories, History, same_text
from dunnage.review.reviews import Examination, Judgement, Settings
from dunnage.review.reviews import read as read_reviews

LOCK = "Cargo.lock"
_MOST_COMPARED = 20_000_000
"""How many packages of removed locks are compared with those of new locks. These take a few seconds."""


class MovedLocks:
    """The locks in commits that are no longer at their paths."""

    def __init__(self) -> None:
        self._removed: dict[tuple[str, str], tuple[Sequence[bytes], dict[bytes, list[int]]]] = {}
        """Their texts, and which of these hold a package, by the top of the repository and the commit."""
        self._compared = 0

    def origin(self, history: History, commit: str, file: File) -> bytes | None:
        """The lock that holds most of the content of `file`; None if there is none.

        Raises SourceError if git cannot give a lock, or if there are too many.
        """
        from dunnage.review.changes import parts_of

        key = history.repository.top, commit
        if key not in self._removed:
            texts = history.removed(commit, LOCK)
            holders: dict[bytes, list[int]] = defaultdict(list)
            for at, text in enumerate(texts):
                for package in set(parts_of(text)[1:]):
                    holders[package].append(at)
            self._removed[key] = texts, holders
        texts, holders = self._removed[key]
        packages = set(parts_of(file.data)[1:])
        common: Counter[int] = Counter()
        for package in packages:
            found = holders.get(package, ())
            self._compared += 1 + len(found)
            if self._compared > _MOST_COMPARED:
                raise SourceError(f"too many locks of {commit[:12]} could be the one that was moved here")
            common.update(found)
        best = max(common, key=lambda at: (common[at], -at), default=0)
        return texts[best] if 2 * common[best] > len(packages) else None


def examine(paths: Iterable[str], tree: Tree, settings: Settings) -> Iterator[Examination]:
    """Yield the findings about the lock at each absolute path. A missing lock is skipped."""
    histories = Histories(settings.base, settings.refs)
    moved = MovedLocks()
    try:
        for path in paths:
            file = tree.find(path)
            if file is not None:  # check-cargo-lock reports what cannot be read
                yield _examine(path, file, histories.of(os.path.dirname(path)), tree, settings, moved)
    finally:
        histories.close()


def _examine(
    path: str, file: File, history: History | None, tree: Tree, settings: Settings, moved: MovedLocks
) -> Examination:
    folder = os.path.dirname(path)
    reviews = read_reviews(tree, (folder,), settings.reviews)
    base, texts = _base(history, path, file, moved)
    is_same = bool(texts) and all(same_text(file.data, text) for text in texts)
    if is_same and not reviews.entries and not settings.whole_lock:
        return Examination(file.path, reviews, Judgement())
    from dunnage.review.lock_review import judge

    readers = [partial(history.read, commit) for commit in base.commits] if history else []
    return Examination(file.path, reviews, judge(file, base, texts, readers, reviews, tree, folder, settings))


def _base(history: History | None, path: str, file: File, moved: MovedLocks) -> tuple[Base, list[bytes]]:
    """Find the commits to compare a lock with, and the contents of the lock there: none if it is new."""
    if history is None:
        return Base((), "it is not in a git repository"), []

    def lock(commit: str) -> bytes | None:
        return history.require_all(commit, [path])[0]

    try:
        base = history.base(lambda commit: not same_text(file.data, lock(commit)))
        texts = [text for commit in base.commits if (text := lock(commit)) is not None]
        origins = (moved.origin(history, commit, file) for commit in base.commits) if not texts else ()
        return base, texts or [text for text in origins if text is not None]
    except SourceError as error:
        return Base((), error.message), []
