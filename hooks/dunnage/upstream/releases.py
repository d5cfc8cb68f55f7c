"""The releases of a tool: their order, the tags that name them, and what the archive of one says.

The archive has the lock that `cargo install --locked` uses, and says where it was built from.
"""

import json
import re
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import NamedTuple

from dunnage.cargo.lockfile import Lockfile
from dunnage.cargo.version import Version, version_of
from dunnage.files import toml
from dunnage.files.source import File
from dunnage.review import archive, changes
from dunnage.review.archive import ArchiveError
from dunnage.review.reviews import read_toml
from dunnage.upstream.source import Release, SourceFailed

_LOCK, _MANIFEST, _VCS = "Cargo.lock", "Cargo.toml", ".cargo_vcs_info.json"
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


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
    first, second = _day(earlier), _day(later)
    return None if first is None or second is None else (second - first) // timedelta(days=1)


def _day(text: str) -> date | None:
    """The day of a date in RFC 3339; None if it is none."""
    found = _DAY.match(text)
    try:
        return date.fromisoformat(found[0]) if found else None
    except ValueError:
        return None


def _order(release: Release) -> Version:
    return Version.parse(release.version)


class Published(NamedTuple):
    """What an archive says about its release."""

    lock: Lockfile | None
    """None if the archive has no lock that Cargo could read."""
    repository: str
    """The URL in the manifest; empty if there is none."""
    commit: str
    """The commit from which the release was built; empty if the archive does not say."""


def read_archive(name: str, release: Release, data: bytes) -> Published:
    """Read an archive. Raises SourceFailed."""
    try:
        files = archive.read(data, f"{name}-{release.version}", (_LOCK, _MANIFEST, _VCS))
    except ArchiveError as error:
        raise SourceFailed(f"the archive of {name} {release.version} {error}") from None
    lock, manifest, vcs = (files[path].data if path in files else b"" for path in (_LOCK, _MANIFEST, _VCS))
    repository = toml.lookup(read_toml(File(_MANIFEST, manifest)), ("package", "repository"))
    return Published(lock_of(lock), repository if isinstance(repository, str) else "", _commit(vcs))


def lock_of(data: bytes | None) -> Lockfile | None:
    """Read a lock; None if there is none, or if Cargo could not read it."""
    return changes.read(File(_LOCK, data)) if data else None


def _commit(data: bytes) -> str:
    try:
        found = json.loads(data)["git"]["sha1"]
    except (ValueError, RecursionError, KeyError, TypeError):
        return ""
    return found if isinstance(found, str) and re.fullmatch("[0-9a-f]{40}|[0-9a-f]{64}", found) else ""
