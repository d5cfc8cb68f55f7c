"""What changed between the locks of the base and the lock that is reviewed."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import NamedTuple

from dunnage.cargo import lockfile
from dunnage.cargo.lockfile import Edge, LockedPackage, Lockfile
from dunnage.cargo.source_id import CRATES_IO, SourceId
from dunnage.cargo.version import Version
from dunnage.files import toml
from dunnage.files.document import Document
from dunnage.files.source import File, SourceError
from dunnage.review.base import paired

Identity = tuple[str, Version, "SourceId | None", str]
"""Name, version, source and, for git, commit: two packages of one identity are the same."""


class Update(NamedTuple):
    """A package that replaces another package of the same name."""

    before: LockedPackage
    after: LockedPackage


class Altered(NamedTuple):
    """A package with the same name, version and source as before, whose entry in the lock changed."""

    before: tuple[LockedPackage, ...]
    """The package in each base that has it."""
    after: LockedPackage


class Changes(NamedTuple):
    """How a lock differs from those of the base. A merge has several, and all of them count equally."""

    lock: Lockfile
    bases: tuple[Lockfile, ...]
    incoming: tuple[LockedPackage, ...]
    """The packages that no base has."""
    updates: tuple[Update, ...]
    """The incoming packages that replace a package that is no longer in the lock, and what they replace."""
    altered: tuple[Altered, ...]
    """The packages that a base has, but none with the same checksum and dependencies."""
    outgoing: tuple[LockedPackage, ...]
    """The packages of a base that are no longer in the lock."""
    old_names: frozenset[str]
    """The names of all packages of the bases."""

    @property
    def is_empty(self) -> bool:
        """Whether there is no difference that a review could cover."""
        return not (self.incoming or self.outgoing or self.altered)

    def without(self, is_reviewed: Callable[[LockedPackage], bool]) -> "Changes":
        """The same changes, without the incoming packages that somebody has reviewed."""
        return self._replace(
            incoming=tuple(package for package in self.incoming if not is_reviewed(package)),
            updates=tuple(update for update in self.updates if not is_reviewed(update.after)),
        )

    def replaced(self) -> dict[Identity, LockedPackage]:
        """The package that each update replaces, by the identity of the new package."""
        return {identity(update.after): update.before for update in self.updates}

    def added(self) -> tuple[LockedPackage, ...]:
        """The incoming packages of registries and git repositories whose name no base has."""
        return tuple(package for package in self.incoming if package.source and package.name not in self.old_names)


def read(file: File) -> Lockfile | None:
    """Read a lock without its manifests; None if Cargo could not read it. Other hooks say why."""
    return file.memo(_read)


def read_base(file: File, lock: Lockfile) -> Lockfile | None:
    """Read the previous content of `lock`, as `read` does. Parts that are the same in both are not read again."""
    head, *parts = parts_of(lock.file.data)
    old_head, *old_parts = parts_of(file.data)
    if head != old_head or b"version = " not in head or len(parts) != len(lock.packages):
        return read(file)
    known = dict(zip(parts, lock.packages, strict=True))
    changed = read(File(file.path, _PACKAGE.join([head, *(part + b"\n" for part in old_parts if part not in known)])))
    if changed is None:
        return None
    same = tuple(known[part] for part in old_parts if part in known)
    return Lockfile(file, lock.format, same + changed.packages, changed.unused_patches)


_PACKAGE = b"[[package]]\n"


def parts_of(data: bytes) -> list[bytes]:
    """The text in front of the first package of a lock, and that of each package, with one newline at its end."""
    head, *parts = data.replace(b"\r\n", b"\n").split(_PACKAGE)
    return [head, *(part.rstrip(b"\n") + b"\n" for part in parts)]


def _read(file: File) -> Lockfile | None:
    try:
        data = lockfile.parse(file.data) or toml.parse(file)
    except SourceError:
        return None
    packages = data.get("package", [])
    entries = [entry for entry in packages if isinstance(entry, dict)] if isinstance(packages, list) else []
    local = {str(entry.get("name")) for entry in entries if "source" not in entry}
    return lockfile.read(Document(file, data), local)[0]


def compare(lock: Lockfile, bases: Sequence[Lockfile]) -> Changes:
    """Compare a lock with those of the base."""
    before: dict[Identity, list[LockedPackage]] = {}
    for base in bases:
        for package in base.packages:
            before.setdefault(identity(package), []).append(package)
    names = frozenset(name for name, *_ in before)
    incoming, altered = [], []
    left = dict(before)
    for package in lock.packages:
        olds = before.get(identity(package))
        left.pop(identity(package), None)
        if olds is None:
            incoming.append(package)
        elif not any(old.checksum == package.checksum and old.edges == package.edges for old in olds):
            altered.append(Altered(tuple(olds), package))
    outgoing = tuple(olds[0] for olds in left.values())
    pairs = paired(outgoing, incoming, _track, lambda package: package.version)
    updates = tuple(Update(old, new) for old, new in pairs if old and new)
    return Changes(lock, tuple(bases), tuple(incoming), updates, tuple(altered), outgoing, names)


def identity(package: LockedPackage) -> Identity:
    """The values that distinguish a package from others."""
    return package.name, package.version, package.source, package.commit


def is_compatible(update: Update) -> bool:
    """Whether the source of both, a registry or repository, has the new version in the old one's compatible range."""
    before, after = update
    if before.source is None or before.source != after.source:
        return False
    return before.version.compatible_range == after.version.compatible_range


def is_from_crates_io(package: LockedPackage) -> bool:
    """Whether the package comes from crates.io, through git or the sparse protocol."""
    return package.source in (CRATES_IO, _CRATES_IO_SPARSE)


class Graph:
    """The edges of a lock, each resolved to its package."""

    def __init__(self, lock: Lockfile) -> None:
        self._found: dict[tuple[str, str | None, SourceId | None], list[LockedPackage]] = defaultdict(list)
        for package in lock.packages:
            for version in (None, str(package.version)):
                for source in {None, package.source}:
                    self._found[package.name, version, source].append(package)

    def target(self, edge: Edge) -> LockedPackage | None:
        """The package that an edge leads to; None if the lock holds none, or several that it could be."""
        found = self._found.get((edge.name, edge.version, edge.source), [])
        return found[0] if len(found) == 1 else None


def _track(package: LockedPackage) -> tuple[str, object]:
    return package.name, package.version.compatible_range


_CRATES_IO_SPARSE = SourceId("sparse", "sparse+https://index.crates.io/")
