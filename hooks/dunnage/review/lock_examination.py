"""Locks compared with their bases: the findings about each, and what changed."""

import os
from collections.abc import Iterable, Iterator
from functools import partial

from dunnage.files.source import File, SourceError, Tree
from dunnage.review.base import Base, Histories, History, same_text
from dunnage.review.judgement import Examination, Judgement, Settings
from dunnage.review.reviews import read as read_reviews

LOCK = "Cargo.lock"


def examine(paths: Iterable[str], tree: Tree, settings: Settings) -> Iterator[Examination]:
    """Yield the findings about the lock at each absolute path. A missing lock is skipped."""
    histories = Histories(settings.base, settings.refs)
    try:
        for path in paths:
            try:
                file = tree.read(path)
            except (FileNotFoundError, SourceError):
                continue  # check-cargo-lock reports what cannot be read
            yield _examine(path, file, histories.of(os.path.dirname(path)), tree, settings)
    finally:
        histories.close()


def _examine(path: str, file: File, history: History | None, tree: Tree, settings: Settings) -> Examination:
    folder = os.path.dirname(path)
    reviews = read_reviews(tree, (folder,), settings.reviews)
    base, texts = _base(history, path, file)
    is_same = bool(texts) and all(same_text(file.data, text) for text in texts)
    if is_same and not reviews.entries and not settings.whole_lock:
        return Examination(file.path, reviews, Judgement())
    from dunnage.review.lock_review import judge

    readers = [partial(history.read, commit) for commit in base.commits] if history else []
    return Examination(file.path, reviews, judge(file, base, texts, readers, reviews, tree, folder, settings))


def _base(history: History | None, path: str, file: File) -> tuple[Base, list[bytes]]:
    """Find the commits to compare a lock with, and the contents of the lock there: none if it is new."""
    if history is None:
        return Base((), "it is not in a git repository"), []

    def lock(commit: str) -> bytes | None:
        return history.require_all(commit, [path])[0]

    try:
        base = history.base(lambda commit: not same_text(file.data, lock(commit)))
        texts = [text for commit in base.commits if (text := lock(commit)) is not None]
        return base, texts or [text for commit in base.commits if (text := _moved(history, commit, file)) is not None]
    except SourceError as error:
        return Base((), error.message), []


def _moved(history: History, commit: str, file: File) -> bytes | None:
    """The lock in a commit that is no longer at its path, and that holds most of the content of `file`."""
    from dunnage.review.changes import parts_of

    now = set(parts_of(file.data)[1:])
    best: tuple[int, bytes] | None = None
    for path in sorted(history.files(commit)):
        if os.path.basename(path) != LOCK or os.path.lexists(path):
            continue
        text = history.require_all(commit, [path])[0]
        common = len(now.intersection(parts_of(text)[1:])) if text else 0
        if text and 2 * common > len(now) and (best is None or common > best[0]):
            best = common, text
    return best and best[1]
