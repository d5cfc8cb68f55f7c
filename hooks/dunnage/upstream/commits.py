"""The commits between two releases that matter for security."""

from collections.abc import Collection, Iterator, Sequence

from dunnage.review.advisories import AdvisoryDatabase
from dunnage.upstream import signals
from dunnage.upstream.cleared import LockHistory
from dunnage.upstream.observation import (
    CLEARED_ADVISORY,
    NAMED_FIX,
    READING,
    Kind,
    Observation,
    Watched,
)
from dunnage.upstream.source import Commit, History, SourceFailed

LOCK = "Cargo.lock"
_MOST_LOOKED_AT = 500
"""How many commits of one kind are looked at closely. A source may take a request or two for each."""


def observe(
    watched: Watched, history: History, tips: tuple[Commit, Commit], database: AdvisoryDatabase | None
) -> Iterator[Observation]:
    """Yield what the commits between two commits say: those that name advisories, those that clear some, and last those
    to read. Raises SourceFailed, and what follows is then missing.
    """
    old, new = (tip.hash for tip in tips)
    found = history.between(old, new)
    seen: set[str] = set()
    for observation in _named(watched, history, found):
        seen.add(observation.subject)
        yield observation
    if database is not None and found:
        touching = history.touching(LOCK, old, new, min(commit.date for commit in found))
        for observation in _cleared(watched, history, found, touching, database):
            seen.add(observation.subject)
            yield observation
    yield from _reading(watched, history, [commit for commit in found if commit.hash not in seen])


def _named(watched: Watched, history: History, found: Sequence[Commit]) -> Iterator[Observation]:
    """The commits whose message names an advisory, and those that merge a private fix."""
    about_advisories = (signals.advisories, signals.is_private_fix, signals.mentions_advisories)
    candidates = [commit for commit in found if any(is_about(commit) for is_about in about_advisories)]
    for commit in _within_bounds(candidates, history, "name advisories"):
        names = signals.advisories(commit)
        about = f"names {', '.join(names)}" if names else "is about security advisories"
        if signals.is_private_fix(commit):
            about = "merges a fix that was developed in private"
        is_note = not signals.is_fix(commit, history.paths(commit))
        yield _observation(NAMED_FIX, watched, history, commit, about, is_note=is_note)


def _cleared(
    watched: Watched,
    history: History,
    found: Sequence[Commit],
    touching: Collection[str],
    database: AdvisoryDatabase,
) -> Iterator[Observation]:
    """The commits that clear advisories from the lock at the top of the repository."""
    locks = LockHistory(history, database, LOCK)
    candidates = [commit for commit in found if commit.hash in touching and not commit.is_merge]
    for commit in _within_bounds(candidates, history, f"change {LOCK}"):
        cleared = {each.advisory.id: each for each in locks.cleared(commit)}
        if cleared:
            packages = ", ".join(f"{name} ({each.package.name})" for name, each in sorted(cleared.items()))
            is_note = all(each.advisory.informational for each in cleared.values())
            yield _observation(
                CLEARED_ADVISORY, watched, history, commit, f"clears {packages} from its {LOCK}", is_note=is_note
            )


def _reading(watched: Watched, history: History, found: Sequence[Commit]) -> Iterator[Observation]:
    """The commits to read: narrow words in the message, and code among the files."""
    candidates = [commit for commit in found if not commit.is_merge and signals.words(commit)]
    for commit in _within_bounds(candidates, history, "may be worth reading"):
        if signals.is_reading(commit, history.paths(commit)):
            yield _observation(READING, watched, history, commit, f"says {signals.words(commit)!r}")


def _within_bounds(candidates: Sequence[Commit], history: History, what: str) -> Iterator[Commit]:
    """The newest commits, as many as may be looked at. Raises SourceFailed after them if there are more."""
    yield from candidates[-_MOST_LOOKED_AT:]
    if len(candidates) > _MOST_LOOKED_AT:
        number = f"the newest {_MOST_LOOKED_AT} of {len(candidates):,} commits that {what}"
        raise SourceFailed(f"{history.name}: only {number} are examined")


def _observation(
    kind: Kind, watched: Watched, history: History, commit: Commit, about: str, *, is_note: bool = False
) -> Observation:
    message = f"{commit.hash[:12]} {about}: {commit.subject}"
    url = f"https://github.com/{history.name}/commit/{commit.hash}"
    return Observation(kind, watched, commit.hash, message, "", url, commit.date, "note" if is_note else None)
