"""The releases of a tool: where they come from, their order, the tags that name them, and what the archive of one says.

They come from the registry, from folders, or from what cargo keeps. The registry publishes its index over HTTP
(https://doc.rust-lang.org/cargo/reference/registry-index.html): a file per crate with one JSON object a line, and
`config.json`, which says where the archives are. An archive has the lock that `cargo install --locked` uses, and says
where it was built from.
"""

import hashlib
import json
import os
import re
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

from dunnage.cargo.lockfile import LockedPackage, Lockfile
from dunnage.cargo.source_id import CRATES_IO
from dunnage.cargo.version import Version, version_of
from dunnage.files import toml
from dunnage.files.source import File, SourceError, Tree
from dunnage.review import archive, changes
from dunnage.review.archive import ArchiveError
from dunnage.review.cargo_home import CargoHome, is_plain, place
from dunnage.review.reviews import read_toml
from dunnage.upstream.source import Release, SourceFailed, origin

if TYPE_CHECKING:
    from dunnage.upstream.client import Client, Response

INDEX = "https://index.crates.io"
_LARGEST_ARCHIVE = 64 * 1024 * 1024
_MARKERS = ("crate", "version", "prefix", "lowerprefix", "sha256-checksum")
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


def is_crate_name(text: str) -> bool:
    """Whether crates.io accepts a text as the name of a crate, so that it is a safe part of a path."""
    return len(text) <= 64 and is_plain(text)


def locked(name: str, version: str, checksum: str = "") -> LockedPackage:
    """A version of a crate of crates.io, as a lock lists it. Raises VersionError."""
    return LockedPackage((), name, Version.parse(version), CRATES_IO, "", None, checksum or None, (), None)


class LocalCrates:
    """What folders and cargo's home hold of crates.io: see `source.Crates`."""

    def __init__(self, home: CargoHome, mirrors: Iterable[str] = ()) -> None:
        """A folder of `mirrors` may have a clone of the index in `crates.io-index`, and archives in `crates`."""
        self._home = home
        self._mirrors = tuple(mirrors)
        self._tree = Tree(_LARGEST_ARCHIVE)

    def releases(self, name: str) -> Sequence[Release] | None:
        """See `source.Crates`."""
        if not is_crate_name(name):
            return None
        for mirror in self._mirrors:
            data = self._content(os.path.join(mirror, "crates.io-index", *place(name)))
            if data is not None:
                return _releases(data.splitlines())
        entries = self._home.versions(locked(name, "0.0.0"))
        return _releases(entries) if entries else None

    def archive(self, name: str, release: Release) -> bytes | None:
        """See `source.Crates`. An archive with a different checksum is passed over."""
        kept = self._home.archives(locked(name, release.version, release.checksum)).data
        if kept is not None or not is_crate_name(name):
            return kept
        file = f"{name}-{release.version}.crate"
        for mirror in self._mirrors:
            for path in (os.path.join(mirror, "crates", file), os.path.join(mirror, "crates", name, file)):
                data = self._content(path)
                if data is not None and release.checksum in ("", hashlib.sha256(data).hexdigest()):
                    return data
        return None

    def _content(self, path: str) -> bytes | None:
        """The content of a file; None if there is none. Raises SourceFailed."""
        try:
            return self._tree.read(path).data
        except FileNotFoundError:
            return None
        except SourceError as error:
            raise SourceFailed(f"{path} {error.message}") from None


class RegistryCrates:
    """The registry, asked over HTTP: see `source.Crates`. An archive that cargo keeps is not downloaded."""

    def __init__(self, client: "Client", home: CargoHome, index: str = INDEX) -> None:
        self._client = client
        self._local = LocalCrates(home)
        self._index = index.rstrip("/")
        self._archives = ""
        """Where the archives are, as `config.json` says; empty until it has been read."""

    def releases(self, name: str) -> Sequence[Release] | None:
        """See `source.Crates`."""
        if not is_crate_name(name):
            return None
        url = f"{self._index}/{'/'.join(place(name))}"
        found = _body(self._client.get(url), url, name, (404, 410, 451))
        return None if found is None else _releases(found.splitlines())

    def archive(self, name: str, release: Release) -> bytes | None:
        """See `source.Crates`."""
        kept = self._local.archive(name, release)
        if kept is not None:
            return kept
        url = self._address(name, release)
        found = _body(self._client.get(url, most_bytes=_LARGEST_ARCHIVE), url, name, (403, 404, 410))
        if found is not None and hashlib.sha256(found).hexdigest() != release.checksum:
            raise SourceFailed(f"the archive of {name} {release.version} does not have the checksum in the index")
        return found

    def _address(self, name: str, release: Release) -> str:
        """The URL of an archive, by the template in `config.json`."""
        if not self._archives:
            try:
                template = json.loads(self._client.get(f"{self._index}/config.json").body)["dl"]
            except (ValueError, RecursionError, KeyError, TypeError):
                template = None
            index = urlsplit(self._index)
            schemes = ("https", index.scheme)
            if not isinstance(template, str) or origin(template).partition(":")[0] not in schemes:
                raise SourceFailed(f"config.json of {index.netloc} does not say where archives are")
            has_markers = any(f"{{{marker}}}" in template for marker in _MARKERS)
            self._archives = template if has_markers else f"{template}/{{crate}}/{{version}}/download"
        folders = "/".join(place(name)[:-1])
        values = (name, release.version, folders, folders.lower(), release.checksum)
        address = self._archives
        for marker, value in zip(_MARKERS, values, strict=True):
            address = address.replace(f"{{{marker}}}", value)
        return address


def _body(response: "Response", url: str, name: str, absent: tuple[int, ...]) -> bytes | None:
    """The document about a crate; None if the status is one of `absent`. Raises SourceFailed."""
    if response.status in absent:
        return None
    if response.status != 200:
        raise SourceFailed(f"{urlsplit(url).netloc} responds with status {response.status} to the request for {name}")
    return response.body


def _releases(lines: Iterable[bytes]) -> list[Release]:
    return [release for line in lines if (release := _release(line))]


def _release(line: bytes) -> Release | None:
    """A line of the index; None if it is malformed, or if its version is not one."""
    try:
        entry: Any = json.loads(line)
        version = str(Version.parse(entry["vers"]))
        checksum, published = entry["cksum"], entry.get("pubtime")
    except (ValueError, RecursionError, KeyError, TypeError, AttributeError):
        return None
    if not isinstance(checksum, str):
        return None
    return Release(version, checksum, entry.get("yanked") is True, published if isinstance(published, str) else "")
