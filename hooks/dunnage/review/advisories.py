"""The RustSec advisory database, as cargo-audit or cargo-deny left it on this machine, and what it says of a crate.

The rules are those of cargo-audit 0.22, and apply only to crates of crates.io. A version is affected unless an interval
of `patched` or `unaffected` holds it. Versions are in plain order, and numbers that are left out are zero.
"""

import os
import time
from collections.abc import Container, Iterable, Iterator, Sequence
from contextlib import suppress
from functools import cached_property
from typing import NamedTuple

from dunnage.cargo.lockfile import LockedPackage
from dunnage.cargo.version import Requirement, Version, VersionError
from dunnage.files import toml
from dunnage.files.git import repository
from dunnage.files.git_objects import GitObjects
from dunnage.files.shown import argument
from dunnage.files.source import File, SourceError, Tree
from dunnage.review.changes import Changes, is_from_crates_io
from dunnage.review.concern import Advice, Concern, about, listed, package_subject

_PLACES = (("advisory-db",), ("advisory-dbs", "advisory-db-3157b0e258782691"))
"""The folders below CARGO_HOME in which cargo-audit and cargo-deny keep the database."""
_OPENING, _CLOSING = b"```toml", b"\n```"


class Advisory(NamedTuple):
    """One advisory about a crate."""

    id: str
    title: str
    informational: str
    """`unmaintained`, `unsound` or `notice`; empty if it is about a vulnerability."""
    date: str
    """When it was published, as YYYY-MM-DD."""
    aliases: tuple[str, ...]
    """What other databases call it: `CVE-…`, `GHSA-…`."""
    patched: tuple[str, ...]
    """The requirements that fixed versions meet."""
    harmless: tuple[Requirement, ...]
    """The intervals of versions that are patched or unaffected."""

    def affects(self, version: Version) -> bool:
        """Whether a version is affected."""
        return not any(interval.spans(version) for interval in self.harmless)


class AdvisoryDatabase:
    """The advisories in a folder."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self._tree = Tree()
        self._found: dict[str, list[Advisory]] = {}

    def of(self, package: LockedPackage) -> list[Advisory]:
        """The advisories that affect a package."""
        if not is_from_crates_io(package):
            return []
        if package.name not in self._found:
            self._found[package.name] = self._read(package.name)
        return [advisory for advisory in self._found[package.name] if advisory.affects(package.version)]

    @cached_property
    def age(self) -> int | None:
        """The days since its last commit; None if it is not a clone."""
        found = repository(self.folder)
        if found is None or os.path.realpath(found.top) != os.path.realpath(self.folder):
            return None
        objects = GitObjects(found)
        head = objects.commit("HEAD")
        objects.close()
        for line in head.data.split(b"\n\n", 1)[0].splitlines() if head else ():
            seconds = line.split()[-2:-1]
            if line.startswith(b"committer ") and seconds and seconds[0].isdigit():
                return int(time.time() - int(seconds[0][:12])) // 86_400
        return None

    def texts(self, name: str) -> Iterable[bytes]:
        """The files about a crate, in the order of their names."""
        folder = os.path.join(self.folder, "crates", name)
        try:
            files = sorted(os.listdir(folder)) if os.sep not in name and name not in ("", ".", "..") else []
        except (OSError, ValueError):
            return
        for file in filter(is_advisory, files):
            data = self._tree.content(os.path.join(folder, file))
            if data is not None:
                yield data

    def _read(self, name: str) -> list[Advisory]:
        """The advisories about a crate."""
        found = []
        for text in self.texts(name):
            with suppress(SourceError, VersionError):
                found.append(_parse(text))
        return [advisory for advisory in found if advisory is not None]


def is_advisory(file: str) -> bool:
    """Whether a file in the folder of a crate is an advisory, by its name."""
    return file.startswith("RUSTSEC-") and file.endswith(".md")


def find(home: str, folder: str) -> AdvisoryDatabase | None:
    """The database in `folder`, if that is given, or else where a tool left it below CARGO_HOME."""
    for candidate in [folder] if folder else [os.path.join(home, *place) for place in _PLACES]:
        if os.path.isdir(os.path.join(candidate, "crates")):
            return AdvisoryDatabase(candidate)
    return None


def advisory(
    packages: Sequence[LockedPackage],
    changes: Changes,
    advice: Advice,
    database: AdvisoryDatabase,
    ignored: Container[str],
) -> Iterator[Concern]:
    """Yield the vulnerabilities of packages that affect no package of the same name in a base."""
    names = {package.name for package in packages}
    olds = (old for base in changes.bases for old in base.packages if old.name in names)
    known = {(old.name, entry.id) for old in olds for entry in database.of(old)}
    for package in packages:
        for entry in database.of(package):
            if entry.informational or entry.id in ignored or (package.name, entry.id) in known:
                continue
            title = f": {entry.title}" if entry.title else ""
            message = f"`{package}` has the known vulnerability {entry.id}{title}"
            subjects = (package_subject(package),)
            repair = "no patched version is known"
            if entry.patched:
                repair = (
                    f"patched in {listed(f'`{text}`' for text in entry.patched)}: run `cargo update "
                    f"{argument(subjects[0])}`, and change the requirement first if it excludes these"
                )
            help = (
                f"{repair}; see https://rustsec.org/advisories/{entry.id}.html\n"
                f"{advice.restore()}\n{advice.accept(subjects)}, "
                f"or add {entry.id} to `advisories.ignore` in deny.toml"
            )
            yield about(package, changes, "lock-review/advisory", message, help, subjects)


def _parse(data: bytes) -> Advisory | None:
    """Read an advisory; None if it was withdrawn. Raises SourceError or VersionError."""
    start = data.find(_OPENING)
    end = data.find(_CLOSING, start)
    if start < 0 or end < 0:
        raise SourceError("has no front matter")
    content = toml.parse(File("advisory", data[start + len(_OPENING) : end + 1]))
    about, versions = content.get("advisory", {}), content.get("versions", {})
    if not isinstance(about, dict) or not isinstance(versions, dict) or about.get("withdrawn"):
        return None
    patched, unaffected = (toml.texts_at(versions, (key,)) for key in ("patched", "unaffected"))
    title = data[end + len(_CLOSING) :].partition(b"\n# ")[2].partition(b"\n")[0].decode("utf-8", "replace").strip()
    informational = about.get("informational", "")
    return Advisory(
        str(about.get("id", "")),
        title,
        informational if isinstance(informational, str) else "",
        str(about.get("date", "")),
        toml.texts_at(about, ("aliases",)),
        patched,
        tuple(Requirement.parse(text) for text in (*patched, *unaffected)),
    )
