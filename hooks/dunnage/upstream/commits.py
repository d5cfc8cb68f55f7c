"""The commits between two releases that matter for security."""

from collections.abc import Callable, Collection, Iterator, Sequence
from functools import partial

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
from dunnage.upstream.sources import Failures

LOCK = "Cargo.lock"
_MOST_LOOKED_AT = 500
"""How many commits of one kind are looked at closely. A source may take a request or two for each."""


def observe(
    watched: Watched,
    history: History,
    tips: tuple[Commit, Commit],
    database: AdvisoryDatabase | None,
    failures: Failures,
) -> Iterator[Observation]:
    """Yield what the commits between two commits say: those that name advisories, those that clear some, and last those
    to read. What a source failed to say is added to `failures`.
    """
    old, new = (tip.hash for tip in tips)
    found: Sequence[Commit] = failures.attempt(lambda: history.between(old, new), ())
    seen: set[str] = set()

    def examined(
        candidates: Sequence[Commit], what: str, examine: Callable[[Commit], Observation | None]
    ) -> Iterator[Observation]:
        for commit in candidates[-_MOST_LOOKED_AT:]:
            observation = failures.attempt(partial(examine, commit), None)
            if observation is not None:
                seen.add(commit.hash)
                yield observation
        if len(candidates) > _MOST_LOOKED_AT:
            number = f"the newest {_MOST_LOOKED_AT} of {len(candidates):,} commits that {what}"
            failures.add(SourceFailed(f"{history.name}: only {number} are examined"))

    about_advisories = (signals.advisories, signals.is_private_fix, signals.mentions_advisories)
    naming = [commit for commit in found if any(is_about(commit) for is_about in about_advisories)]
    yield from examined(naming, "name advisories", partial(_named, watched, history, failures))
    if database is not None and found:
        first = min(commit.date for commit in found)
        touching: Collection[str] = failures.attempt(lambda: history.touching(LOCK, old, new, first), ())
        changing = [commit for commit in found if commit.hash in touching and not commit.is_merge]
        locks = LockHistory(history, database, LOCK)
        yield from examined(changing, f"change {LOCK}", partial(_cleared, watched, history, locks))
    others = (commit for commit in found if commit.hash not in seen and not commit.is_merge)
    worded = [commit for commit in others if signals.words(commit)]
    yield from examined(worded, "may be worth reading", partial(_reading, watched, history))


def _named(watched: Watched, history: History, failures: Failures, commit: Commit) -> Observation:
    """What a commit says whose message names an advisory, or that merges a private fix."""
    names = signals.advisories(commit)
    about = f"names {', '.join(names)}" if names else "is about security advisories"
    if signals.is_private_fix(commit):
        about = "merges a fix that was developed in private"
    paths: Sequence[str] | None = failures.attempt(lambda: history.paths(commit), None)
    is_note = not signals.is_fix(commit, paths)
    return _observation(NAMED_FIX, watched, history, commit, about, is_note=is_note)


def _cleared(watched: Watched, history: History, locks: LockHistory, commit: Commit) -> Observation | None:
    """What a commit clears from the lock at the top of the repository."""
    cleared = {each.advisory.id: each for each in locks.cleared(commit)}
    if not cleared:
        return None
    packages = ", ".join(f"{name} ({each.package.name})" for name, each in sorted(cleared.items()))
    is_note = all(each.advisory.informational for each in cleared.values())
    return _observation(
        CLEARED_ADVISORY, watched, history, commit, f"clears {packages} from its {LOCK}", is_note=is_note
    )


def _reading(watched: Watched, history: History, commit: Commit) -> Observation | None:
    """That a commit is worth reading: narrow words in the message, and code among the files."""
    if not signals.is_reading(commit, history.paths(commit)):
        return None
    return _observation(READING, watched, history, commit, f"says {signals.words(commit)!r}")


def _observation(
    kind: Kind, watched: Watched, history: History, commit: Commit, about: str, *, is_note: bool = False
) -> Observation:
    message = f"{commit.hash[:12]} {about}: {commit.subject}"
    url = f"https://github.com/{history.name}/commit/{commit.hash}"
    return Observation(kind, watched, commit.hash, message, "", url, commit.date, "note" if is_note else None)
