"""The rule about known vulnerabilities of incoming packages."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator

from dunnage.cargo.lockfile import LockedPackage
from dunnage.files.shown import argument
from dunnage.review.advisories import AdvisoryDatabase
from dunnage.review.changes import Changes
from dunnage.review.concern import Concern, listed
from dunnage.review.lock_concern import LockAdvice, about, package_subject


def advisory(
    packages: Iterable[LockedPackage],
    changes: Changes,
    advice: LockAdvice,
    database: AdvisoryDatabase,
    ignored: Container[str],
) -> Iterator[Concern]:
    """Yield the vulnerabilities of packages that affect no package of the same name in a base."""
    for package in packages:
        found = [entry for entry in database.of(package) if not entry.informational and entry.id not in ignored]
        if not found:
            continue
        olds = [old for base in changes.bases for old in base.packages if old.name == package.name]
        before = {entry.id for old in olds for entry in database.of(old)}
        for entry in found:
            if entry.id in before:
                continue
            title = f": {entry.title}" if entry.title else ""
            message = f"`{package}` has the known vulnerability {entry.id}{title}"
            fixed = listed([f"`{text}`" for text in entry.patched]) if entry.patched else ""
            repair = (
                f"patched in {fixed}: run `cargo update {argument(package_subject(package))}`, "
                "and change the requirement first if it excludes these"
                if fixed
                else "no patched version is known"
            )
            subjects = (package_subject(package),)
            help = (
                f"{repair}; see https://rustsec.org/advisories/{entry.id}.html\n"
                f"{advice.restore()}\n{advice.accept(subjects)}, "
                f"or add {entry.id} to `advisories.ignore` in deny.toml"
            )
            yield about(package, changes, "lock-review/advisory", message, help, subjects)
