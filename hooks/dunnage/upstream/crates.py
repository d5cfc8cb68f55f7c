"""The releases of crates and their archives: from the registry, from folders, or from what cargo keeps.

The registry publishes its index over HTTP (https://doc.rust-lang.org/cargo/reference/registry-index.html): a file per
crate with one JSON object a line, and `config.json`, which says where the archives are.
"""

import hashlib
import json
import os
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from dunnage.cargo.lockfile import LockedPackage
from dunnage.cargo.source_id import CRATES_IO
from dunnage.cargo.version import Version
from dunnage.files.source import SourceError, Tree
from dunnage.review.cargo_home import CargoHome, is_plain, place
from dunnage.upstream.source import Release, SourceFailed, origin

if TYPE_CHECKING:
    from dunnage.upstream.client import Client, Response

INDEX = "https://index.crates.io"
_LARGEST_ARCHIVE = 64 * 1024 * 1024
_MARKERS = ("crate", "version", "prefix", "lowerprefix", "sha256-checksum")


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
