"""Which advisories a change of a lock clears."""

from typing import NamedTuple

from dunnage.cargo.lockfile import LockedPackage, Lockfile
from dunnage.review.advisories import Advisory, AdvisoryDatabase
from dunnage.upstream.published import lock_of
from dunnage.upstream.source import Commit, History


class Affected(NamedTuple):
    """A package of a lock, and an advisory that affects it."""

    package: LockedPackage
    advisory: Advisory


def affected(lock: Lockfile, database: AdvisoryDatabase) -> dict[tuple[str, str], Affected]:
    """The advisories about the packages of a lock, by the id of the advisory and the name of the package."""
    return {
        (advisory.id, package.name): Affected(package, advisory)
        for package in lock.packages
        for advisory in database.of(package)
    }


class LockHistory:
    """The locks of a repository, commit by commit."""

    def __init__(self, history: History, database: AdvisoryDatabase, path: str) -> None:
        self._history = history
        self._path = path
        self._affected: dict[str, dict[tuple[str, str], Affected] | None] = {}
        self._database = database

    def cleared(self, commit: Commit) -> list[Affected]:
        """The vulnerabilities and unsound code that a commit clears from the lock. Raises SourceFailed."""
        if not commit.parents:
            return []
        before, after = self._of(commit.parents[0]), self._of(commit.hash)
        if before is None or after is None:
            return []
        left = {advisory for advisory, _ in after}
        return [
            found
            for (advisory, _), found in before.items()
            if advisory not in left and found.advisory.informational in ("", "unsound")
        ]

    def _of(self, commit: str) -> dict[tuple[str, str], Affected] | None:
        """What affects the lock in a commit; None if it has no lock that Cargo could read."""
        if commit not in self._affected:
            data = self._history.file(commit, self._path)
            lock = lock_of(data) if data else None
            self._affected[commit] = None if lock is None else affected(lock, self._database)
        return self._affected[commit]
