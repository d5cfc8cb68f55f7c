"""Locks compared with their bases: what there is to say about each, and what changed."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from dunnage.cargo.lockfile import Lockfile
from dunnage.files.document import Problem
from dunnage.files.source import File, SourceError, Tree
from dunnage.review import changes as lock_changes
from dunnage.review.base import Base, Histories, History, same_text
from dunnage.review.changes import Changes
from dunnage.review.concern import Advice, Concern, package_subject, source_subject
from dunnage.review.reviews import Review, Reviews, problems
from dunnage.review.reviews import read as read_reviews
from dunnage.review.settings import Settings

LOCK = "Cargo.lock"


class Examination(NamedTuple):
    """What there is to say about one lock."""

    file: File
    reviews: Reviews
    problems: tuple[Problem, ...] = ()
    """Those that are no concerns: of reviews, and of the base."""
    concerns: tuple[Concern, ...] = ()
    changes: Changes | None = None
    """What changed; None if nothing did, or if there is nothing to compare with."""
    notes: tuple[str, ...] = ()
    """What could not be judged, a line each."""


def examine(paths: Iterable[str], tree: Tree, settings: Settings) -> Iterator[Examination]:
    """Yield what there is to say about the lock at each absolute path. One that is not there is passed over."""
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
    reviews = read_reviews(tree, folder, settings.reviews)
    base, texts = _base(history, path, file)
    is_same = bool(texts) and all(same_text(file.data, text) for text in texts)
    if is_same and not reviews.entries and not settings.whole_lock:
        return Examination(file, reviews)
    lock = lock_changes.read(file)
    if lock is None:
        return Examination(file, reviews, notes=(f"{file.path} cannot be read, so its changes are not judged",))
    found = list(problems(_about_locks(reviews), "lock-review/stale-review", lambda subject: _is_in(lock, subject)))
    notes = []
    old = tuple(before for text in texts if (before := lock_changes.read(File(file.path, text))))
    if len(old) < len(texts):
        base = Base((), f"the lock in {base.revision} cannot be read")
    if base.missing:
        message = f"there is nothing to compare this lock with: {base.missing}"
        notes.append(f"{file.path}: {message}")
        if settings.require_base:
            help = "fetch the history (`fetch-depth: 0` with actions/checkout), or name a commit with --base"
            found.append(Problem("lock-review/no-base", file, message, help, ("version",)))
    elif not old:
        notes.append(f"{file.path} is new, so there is nothing to compare it with")
    changes = lock_changes.compare(lock, old if old and not base.missing else (lock,))
    concerns: list[Concern] = []
    if not changes.is_empty or settings.whole_lock:
        from dunnage.review.lock_review import concerns_about

        advice = Advice(file.path, base.revision, "review-cargo-lock", reviews.place())
        concerns, unknown = concerns_about(changes, advice, reviews, tree, folder, settings)
        if unknown:
            notes.append(f"{file.path}: not judged, because this machine does not hold them: {unknown}")
    return Examination(
        file, reviews, tuple(found), tuple(concerns), None if changes.is_empty else changes, tuple(notes)
    )


def _base(history: History | None, path: str, file: File) -> tuple[Base, list[bytes]]:
    """Find the commits to compare a lock with, and what the lock was there: nothing if it is new."""
    if history is None:
        return Base((), "it is in no git repository"), []
    name = os.path.relpath(path, history.repository.top).replace(os.sep, "/")
    base = history.base(lambda commit: not same_text(file.data, history.read(commit, name)))
    texts = [text for commit in base.commits if (text := history.read(commit, name)) is not None]
    return base, texts or [text for commit in base.commits if (text := _moved(history, commit, file)) is not None]


def _moved(history: History, commit: str, file: File) -> bytes | None:
    """The lock in a commit that is in its place no longer and that holds most of what is in `file`."""
    now = _packages(file.data)
    best: tuple[int, bytes] | None = None
    for name in sorted(history.files(commit)):
        if os.path.basename(name) != LOCK or os.path.lexists(os.path.join(history.repository.top, name)):
            continue
        text = history.read(commit, name)
        common = len(now & _packages(text)) if text else 0
        if text and 2 * common > len(now) and (best is None or common > best[0]):
            best = common, text
    return best and best[1]


def _packages(data: bytes) -> frozenset[bytes]:
    """The packages of a lock, each as its text."""
    return frozenset(part.strip() for part in data.replace(b"\r\n", b"\n").split(b"[[package]]\n")[1:])


def _about_locks(reviews: Reviews) -> list[Review]:
    """The reviews of packages and sources; the others are of WIT, whose packages have a colon in their name."""
    return [
        review
        for review in reviews.entries
        if "+" in review.subject.partition(":")[0] or ":" not in review.subject.partition("@")[0]
    ]


def _is_in(lock: Lockfile, subject: str) -> bool:
    return any(
        subject == package_subject(package)
        or (package.source is not None and subject == source_subject(package.source))
        for package in lock.packages
    )
