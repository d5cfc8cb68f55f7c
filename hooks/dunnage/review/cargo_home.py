"""The data about crates that cargo keeps on this machine: its cached index, and the archives that it downloaded.

Layout of both: `cargo::sources::registry` in Cargo's documentation of its internals. A folder is named by the host of
the registry and a hash that differs between releases of Cargo, so all folders of a host are searched. Checksums
verify what is found there.
"""

import hashlib
import os
from collections.abc import Iterator
from functools import cached_property, lru_cache
from typing import Any, NamedTuple

from dunnage.cargo.lockfile import LockedPackage
from dunnage.files.source import Tree
from dunnage.review.changes import is_from_crates_io

_CACHE_FORMAT = b"\x03\x02\x00\x00\x00"
"""The version of the cache file, and that of the index schema."""
_CRATES_IO_PREFIXES = ("index.crates.io-", "github.com-1ecc6299db9ec823", "github.com-25cdd57fae9f0462")
"""The folders of crates.io: those of the sparse index, and of the git index before and since Cargo 1.85."""
_KEPT = 16
"""How many files of the index are kept."""
_LONGEST_FILE = 128 * 1024 * 1024
_MOST_ARCHIVED = 64 * 1024 * 1024
"""How many bytes of archives are kept."""
_MOST_VERSIONS = 100_000
"""How many versions of a crate are read."""
_NAME_CHARACTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_")


class IndexEntry(NamedTuple):
    """What the index says about one version of a crate."""

    data: dict[str, Any]
    """As the registry publishes it: https://doc.rust-lang.org/cargo/reference/registry-index.html."""
    born: str
    """When the first version of the crate was published, in RFC 3339; empty if that is not known."""


class Archives(NamedTuple):
    """The archives of one version of a crate."""

    data: bytes | None
    """The archive that has the checksum in the lock."""
    wrong: tuple[str, ...]
    """The paths of the archives with a different checksum."""


class CargoHome:
    """The folder in which cargo keeps what it downloads. It may be missing."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        # A lock may have many versions of a few crates.
        self._index = lru_cache(_KEPT)(_read_index)
        self._entries: dict[tuple[str, str], IndexEntry | None] = {}
        self._archives: dict[tuple[str, str], Archives] = {}
        self._size = 0

    def entry(self, package: LockedPackage) -> IndexEntry | None:
        """The index entry of a package; None if the cache does not have it, or cannot be read.

        If several cached indexes have it, the entry of the file that was written last counts.
        """
        key = package.name, str(package.version)
        if key not in self._entries:
            found = (self._index(path).entry(key[1].encode("ascii")) for path in self._cached(package))
            self._entries[key] = next((entry for entry in found if entry), None)
        return self._entries[key]

    def versions(self, package: LockedPackage) -> tuple[bytes, ...]:
        """What the index says about each version of a crate, as it is written; empty if the cache does not have it."""
        return next((found for path in self._cached(package) if (found := self._index(path).entries)), ())

    def archives(self, package: LockedPackage) -> Archives:
        """The archives of a package, none of them if it has no checksum or no registry."""
        key = package.name, str(package.version)
        if key not in self._archives:
            found = self._find_archives(package)
            self._size += len(found.data or b"")
            if self._size > _MOST_ARCHIVED:  # they are read again where they are needed again
                self._archives.clear()
                self._size = len(found.data or b"")
            self._archives[key] = found
        return self._archives[key]

    def _find_archives(self, package: LockedPackage) -> Archives:
        found, wrong = None, []
        if package.checksum and is_plain(package.name):
            for folder in self._of(package, self._caches):
                path = os.path.join(folder, f"{package.name}-{package.version}.crate")
                data = Tree(_LONGEST_FILE).content(path)
                if data is None:
                    continue
                if hashlib.sha256(data).hexdigest() == package.checksum:
                    found = data
                else:
                    wrong.append(path)
        return Archives(found, tuple(wrong))

    @cached_property
    def _indexes(self) -> tuple[str, ...]:
        return _folders(os.path.join(self.folder, "registry", "index"))

    @cached_property
    def _caches(self) -> tuple[str, ...]:
        return _folders(os.path.join(self.folder, "registry", "cache"))

    def _of(self, package: LockedPackage, folders: tuple[str, ...]) -> list[str]:
        """The folders that belong to the registry of a package; none if several registries may share one."""
        if package.source is None or not package.source.is_registry:
            return []
        if is_from_crates_io(package):
            return [folder for folder in folders if os.path.basename(folder).startswith(_CRATES_IO_PREFIXES)]
        host = package.source.url.partition("://")[2].partition("/")[0].rpartition("@")[2].partition(":")[0]
        found = [folder for folder in folders if os.path.basename(folder).rpartition("-")[0] == host]
        return found if host and len(found) == 1 and host != "github.com" else []

    def _cached(self, package: LockedPackage) -> Iterator[str]:
        """The paths of the cache files about a crate, the file first that was written last."""
        if not is_plain(package.name):
            return
        paths = [os.path.join(index, ".cache", *place(package.name)) for index in self._of(package, self._indexes)]
        yield from sorted(paths, key=_written, reverse=True)


def find() -> CargoHome:
    """The folder that cargo uses on this machine, according to the environment."""
    return CargoHome(os.environ.get("CARGO_HOME") or os.path.join(os.path.expanduser("~"), ".cargo"))


def index_of(package: LockedPackage) -> str:
    """Where the registry of a package publishes its checksums."""
    if is_from_crates_io(package):
        return f"https://index.crates.io/{'/'.join(place(package.name))}"
    return f"the index of {package.source.url if package.source else 'its registry'}"


def _folders(above: str) -> tuple[str, ...]:
    try:
        return tuple(os.path.join(above, name) for name in sorted(os.listdir(above)))
    except OSError:
        return ()


def _written(path: str) -> float:
    try:
        return os.stat(path).st_mtime
    except OSError:
        return 0


def is_plain(name: str) -> bool:
    """Whether a name is one that a registry accepts, and so a safe part of a path."""
    return bool(name) and _NAME_CHARACTERS.issuperset(name)


def place(name: str) -> tuple[str, ...]:
    """The path of the file about a crate, within an index."""
    name = name.lower()
    if len(name) < 3:
        return str(len(name)), name
    return ("3", name[0], name) if len(name) == 3 else (name[:2], name[2:4], name)


def _read_index(path: str) -> "_IndexFile":
    return _IndexFile(Tree(_LONGEST_FILE).content(path) or b"")


class _IndexFile:
    """A cache file about a crate.

    NUL separates its parts: a header, the state of the index, then each version and its JSON.
    """

    def __init__(self, data: bytes) -> None:
        parts = data.split(b"\0", 2 * _MOST_VERSIONS + 4)[4:] if data.startswith(_CACHE_FORMAT) else []
        self.entries = tuple(parts[1::2])
        """What the index says about each version, as it is written."""
        self._numbers: dict[bytes, int] = {}
        for number, version in enumerate(parts[::2][: len(self.entries)]):
            self._numbers.setdefault(version, number)

    @cached_property
    def _born(self) -> str:
        return min(map(_published, self.entries), default="")

    def entry(self, version: bytes) -> IndexEntry | None:
        """Find a version."""
        number = self._numbers.get(version)
        if number is None:
            return None
        import json

        try:
            found = json.loads(self.entries[number])
        except (ValueError, RecursionError):
            return None
        return IndexEntry(found, self._born) if isinstance(found, dict) else None


def _published(entry: bytes) -> str:
    """When a version was published; empty if that is not known."""
    rest = entry.partition(b'"pubtime":')[2].lstrip(b" ")
    return rest[1:].partition(b'"')[0].decode("ascii", "replace") if rest.startswith(b'"') else ""
