"""The advisories in the locks of two releases of a tool."""

from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import quote

from dunnage.cargo.lockfile import Lockfile
from dunnage.review.advisories import AdvisoryDatabase
from dunnage.upstream.cleared import Affected, affected
from dunnage.upstream.observation import LOCKED_ADVISORY, Level, Observation, Watched


class ReleaseLock(NamedTuple):
    """The lock of a release."""

    version: str
    lock: Lockfile
    name: str
    """Which lock it is: `lock`, which is in the archive, or `repository lock`, if there is no archive."""


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
        yield _observation(watched, old, found, "", help)
    for key, found in _in_order(after):
        if new is not None and key not in before:
            yield _observation(watched, new, found, f"unlike {old.version}, ", "", is_note=not watched.is_range)


def page_of(advisory: str) -> str:
    """The URL of the page about an advisory."""
    name = quote(advisory, safe="")
    return (
        f"https://github.com/advisories/{name}"
        if name.startswith("GHSA-")
        else f"https://rustsec.org/advisories/{name}.html"
    )


def _in_order(found: dict[tuple[str, str], Affected]) -> list[tuple[tuple[str, str], Affected]]:
    """Vulnerabilities first, then the others, each by package."""
    return sorted(found.items(), key=lambda item: (item[1].advisory.informational, item[0][1], item[0][0]))


def _observation(
    watched: Watched, release: ReleaseLock, found: Affected, start: str, help: str, *, is_note: bool = False
) -> Observation:
    package, advisory = found
    kind = f" ({advisory.informational})" if advisory.informational else ""
    title = f": {advisory.title}" if advisory.title else ""
    subject = f"{watched.tool} {release.version}"
    message = f"{start}the {release.name} of {subject} has `{package}` with {advisory.id}{kind}{title}"
    key = f"{release.version} {package.name} {advisory.id}"
    level: Level | None = "note" if is_note or advisory.informational else None
    return Observation(LOCKED_ADVISORY, watched, key, message, help, page_of(advisory.id), advisory.date, level)
