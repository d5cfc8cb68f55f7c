"""Which advisories affect a release itself, the crates in its lock, and those that a commit clears from a lock.

The ranges of versions in GitHub's advisories are comparators, all of which must hold, as in `>= 1.0, < 1.2.3`.
"""

import operator
import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple
from urllib.parse import quote

from dunnage.cargo.lockfile import LockedPackage, Lockfile
from dunnage.cargo.version import Version, VersionError
from dunnage.review.advisories import Advisory, AdvisoryDatabase
from dunnage.upstream.releases import lock_of, locked
from dunnage.upstream.report import ADVISORY, LOCKED_ADVISORY, Kind, Level, Observation, Watched
from dunnage.upstream.source import Commit, GlobalAdvisory, History

_COMPARATOR = re.compile(r"(<=|>=|<|>|=)? *([0-9A-Za-z.+-]+)")
_OPERATORS = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "=": operator.eq}


class Affected(NamedTuple):
    """A package of a lock, and an advisory that affects it."""

    package: LockedPackage
    advisory: Advisory


class ReleaseLock(NamedTuple):
    """The lock of a release."""

    version: str
    lock: Lockfile
    name: str
    """Which lock it is: `lock`, which is in the archive, or `repository lock`, if there is no archive."""


def affecting(
    tool: str, version: str, named: Iterable[GlobalAdvisory], database: AdvisoryDatabase | None
) -> dict[str, Advisory]:
    """The advisories of RustSec and of GitHub that affect a version of a tool, by their ids.

    An advisory that both have counts once.
    """
    found = {entry.id: entry for entry in database.of(locked(tool, version))} if database is not None else {}
    aliases = {alias for entry in found.values() for alias in entry.aliases}
    for other in named:
        if other.advisory.id not in aliases and any(contains(text, version) for text in other.ranges):
            found[other.advisory.id] = other.advisory
    return found


def advice(advisory: Advisory) -> str:
    """What to do about an advisory."""
    return f"pin a patched version: {', '.join(advisory.patched)}" if advisory.patched else "no patched version exists"


def observation(watched: Watched, version: str, advisory: Advisory, help: str, *, is_note: bool = False) -> Observation:
    """The observation that a version has an advisory."""
    text = f"{watched.tool} {version} has {advisory.id}"
    return _observation(ADVISORY, watched, f"{version} {advisory.id}", text, advisory, help, is_note=is_note)


def compare(
    watched: Watched, old: ReleaseLock, new: ReleaseLock | None, database: AdvisoryDatabase
) -> Iterator[Observation]:
    """Yield the advisories in the lock of the pinned release, then those that only the newer lock has.

    `new` is None if the newer lock is not known. It may be the same release.
    """
    before = affected(old.lock, database)
    after = affected(new.lock, database) if new is not None else {}
    for key, found in _in_order(before):
        if new is None:
            help = "the lock of the newer release is not known"
        elif old.version == new.version:
            help = "no newer release exists"
        elif key in after:
            help = f"{watched.tool} {new.version} also has it"
        else:
            help = f"pin {new.version}, whose {new.name} does not have it"
        yield _locked(watched, old, found, "", help)
    for key, found in _in_order(after):
        if new is not None and key not in before:
            yield _locked(watched, new, found, f"unlike {old.version}, ", "", is_note=not watched.is_range)


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


def contains(text: str, version: str) -> bool:
    """Whether a range contains a version; False if either is malformed. Numbers that are left out are zero."""
    try:
        given = Version.parse(version)
        found = [_COMPARATOR.fullmatch(part.strip()) for part in text.split(",")]
        return all(each and _OPERATORS[each[1] or "="](given, _full(each[2])) for each in found)
    except VersionError:
        return False


def _in_order(found: dict[tuple[str, str], Affected]) -> list[tuple[tuple[str, str], Affected]]:
    """Vulnerabilities first, then the others, each by package."""
    return sorted(found.items(), key=lambda item: (item[1].advisory.informational, item[0][1], item[0][0]))


def _locked(
    watched: Watched, release: ReleaseLock, found: Affected, start: str, help: str, *, is_note: bool = False
) -> Observation:
    package, advisory = found
    kind = f" ({advisory.informational})" if advisory.informational else ""
    subject = f"{release.version} {package.name} {advisory.id}"
    lock = f"the {release.name} of {watched.tool} {release.version}"
    text = f"{start}{lock} has `{package}` with {advisory.id}{kind}"
    return _observation(LOCKED_ADVISORY, watched, subject, text, advisory, help, is_note=is_note)


def _observation(
    kind: Kind, watched: Watched, subject: str, text: str, advisory: Advisory, help: str, *, is_note: bool
) -> Observation:
    message = f"{text}: {advisory.title}" if advisory.title else text
    name = quote(advisory.id, safe="")
    url = f"https://rustsec.org/advisories/{name}.html"
    if name.startswith("GHSA-"):
        url = f"https://github.com/advisories/{name}"
    level: Level | None = "note" if is_note or advisory.informational else None
    return Observation(kind, watched, subject, message, help, url, advisory.date, level)


def _full(text: str) -> Version:
    core, mark, rest = re.fullmatch(r"([^+-]*)([+-]?)(.*)", text).groups()  # type: ignore[union-attr] # it always matches
    return Version.parse(f"{core}{'.0' * (2 - core.count('.'))}{mark}{rest}")
