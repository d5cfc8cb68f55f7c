"""What the archive of a release says: its lock, which `cargo install --locked` uses, and where it was built from."""

import json
from typing import NamedTuple

from dunnage.cargo.lockfile import Lockfile
from dunnage.files import toml
from dunnage.files.source import File, SourceError
from dunnage.review import archive, changes
from dunnage.review.archive import ArchiveError
from dunnage.upstream.source import Release, SourceFailed

_LOCK, _MANIFEST, _VCS = "Cargo.lock", "Cargo.toml", ".cargo_vcs_info.json"
_HEXADECIMAL = frozenset("0123456789abcdef")


class Published(NamedTuple):
    """What an archive says about its release."""

    lock: Lockfile | None
    """None if the archive has no lock that Cargo could read."""
    repository: str
    """The URL in the manifest; empty if there is none."""
    commit: str
    """The commit from which the release was built; empty if the archive does not say."""


def read(name: str, release: Release, data: bytes) -> Published:
    """Read an archive. Raises SourceFailed."""
    try:
        files = archive.read(data, f"{name}-{release.version}", (_LOCK, _MANIFEST, _VCS))
    except ArchiveError as error:
        raise SourceFailed(f"the archive of {name} {release.version} {error}") from None
    lock = files.get(_LOCK)
    manifest = files.get(_MANIFEST)
    vcs = files.get(_VCS)
    return Published(
        lock_of(lock.data) if lock and lock.data else None,
        _repository(manifest.data) if manifest else "",
        _commit(vcs.data) if vcs else "",
    )


def lock_of(data: bytes) -> Lockfile | None:
    """Read a lock; None if Cargo could not read it."""
    return changes.read(File(_LOCK, data))


def _repository(data: bytes) -> str:
    try:
        found = toml.lookup(toml.parse(File(_MANIFEST, data)), ("package", "repository"))
    except SourceError:
        return ""
    return found if isinstance(found, str) else ""


def _commit(data: bytes) -> str:
    try:
        found = json.loads(data)["git"]["sha1"]
    except (ValueError, RecursionError, KeyError, TypeError):
        return ""
    return found if isinstance(found, str) and len(found) in (40, 64) and _HEXADECIMAL.issuperset(found) else ""
