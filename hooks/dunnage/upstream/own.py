"""The advisories about a tool itself, of RustSec and of GitHub. An advisory that both have counts once."""

from collections.abc import Iterable
from typing import NamedTuple

from dunnage.review.advisories import AdvisoryDatabase
from dunnage.upstream import locks, ranges
from dunnage.upstream.crates import locked
from dunnage.upstream.github import GlobalAdvisory
from dunnage.upstream.observation import ADVISORY, Level, Observation, Watched


class OwnAdvisory(NamedTuple):
    """An advisory that affects a release."""

    id: str
    title: str
    patched: tuple[str, ...]
    published: str
    is_vulnerability: bool


def affecting(
    tool: str, version: str, named: Iterable[GlobalAdvisory], database: AdvisoryDatabase | None
) -> dict[str, OwnAdvisory]:
    """The advisories that affect a version of a tool, by their ids."""
    found: dict[str, OwnAdvisory] = {}
    aliases: set[str] = set()
    for entry in database.of(locked(tool, version)) if database is not None else ():
        found[entry.id] = OwnAdvisory(entry.id, entry.title, entry.patched, entry.date, not entry.informational)
        aliases.update(entry.aliases)
    for other in named:
        if other.id not in aliases and any(ranges.contains(text, version) for text in other.ranges):
            found[other.id] = OwnAdvisory(
                other.id, other.summary, other.patched, other.published, is_vulnerability=True
            )
    return found


def advice(advisory: OwnAdvisory) -> str:
    """What to do about an advisory."""
    return f"pin a patched version: {', '.join(advisory.patched)}" if advisory.patched else "no patched version exists"


def observation(
    watched: Watched, version: str, advisory: OwnAdvisory, help: str, *, is_note: bool = False
) -> Observation:
    """The observation that a version has an advisory."""
    title = f": {advisory.title}" if advisory.title else ""
    message = f"{watched.tool} {version} has {advisory.id}{title}"
    level: Level | None = "note" if is_note or not advisory.is_vulnerability else None
    subject = f"{version} {advisory.id}"
    url = locks.page_of(advisory.id)
    return Observation(ADVISORY, watched, subject, message, help, url, advisory.published, level)
