"""The releases of a tool: which is newest, and how many are between two."""

import re
from collections.abc import Iterable, Sequence
from datetime import date, timedelta

from dunnage.cargo.version import Version, VersionError
from dunnage.upstream.source import Release

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def version_of(text: str) -> Version | None:
    """The version that a text is; None if it is none."""
    try:
        return Version.parse(text)
    except VersionError:
        return None


def find(releases: Iterable[Release], version: str) -> Release | None:
    """The release with a version. Build metadata may be left out."""
    found = {each.version: each for each in releases}
    without_build = {text.partition("+")[0]: each for text, each in found.items()}
    return found.get(version) or without_build.get(version)


def newest(releases: Iterable[Release]) -> Release | None:
    """The highest version that is neither yanked nor a pre-release, or else the highest; None if there is none."""
    found = list(releases)
    stable = [each for each in found if not each.is_yanked and not _order(each).pre]
    return max(stable or found, key=_order, default=None)


def is_above(release: Release, other: Release) -> bool:
    """Whether a release has a higher version than another."""
    return _order(release) > _order(other)


def between(releases: Iterable[Release], old: Release, new: Release) -> list[Release]:
    """The releases above `old` and up to `new` that are neither yanked nor pre-releases, in ascending order."""
    low, high = _order(old), _order(new)
    found = (each for each in releases if low < _order(each) <= high and not each.is_yanked and not _order(each).pre)
    return sorted(found, key=_order)


def from_tags(name: str, tags: Sequence[tuple[str, str]]) -> list[Release]:
    """The releases that tags name. Nothing is known of their archives."""
    found: dict[str, Release] = {}
    for tag, published in tags:
        version = tag_version(name, tag)
        if version:
            found.setdefault(version, Release(version, "", is_yanked=False, published=published))
    return list(found.values())


def tag_version(name: str, tag: str) -> str:
    """The version of a tool that a tag names; empty if it names none."""
    text = tag.removeprefix(f"{name}-").removeprefix("v")
    return text if version_of(text) else ""


def tags(name: str, version: str) -> tuple[str, ...]:
    """The tags that projects use for a version."""
    return f"v{version}", version, f"{name}-v{version}", f"{name}-{version}"


def days(earlier: str, later: str) -> int | None:
    """The days between two dates in RFC 3339; None if one is unknown."""
    first, second = day(earlier), day(later)
    return None if first is None or second is None else (second - first) // timedelta(days=1)


def day(text: str) -> date | None:
    """The day of a date in RFC 3339; None if it is none."""
    found = _DAY.match(text)
    try:
        return date.fromisoformat(found[0]) if found else None
    except ValueError:
        return None


def _order(release: Release) -> Version:
    return Version.parse(release.version)
