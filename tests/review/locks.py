"""Pairs of locks for tests, as a rule sees them."""

from __future__ import annotations

from cargo.files import CHECKSUM, lock
from dunnage.cargo.lockfile import Lockfile
from dunnage.files.source import File
from dunnage.review.changes import Changes, compare, read
from dunnage.review.concern import Advice, Concern

ADVICE = Advice(
    "Cargo.lock", "HEAD", "review-cargo-lock", "`[workspace.metadata.dunnage.reviews]` in Cargo.toml", "Cargo.lock"
)


def parsed(packages: str, checksums: dict[str, str] | None = None) -> Lockfile:
    """A lock of such lines as `cargo.files.lock` takes; `checksums` are those that differ from the usual one."""
    text = lock(packages)
    for name, checksum in (checksums or {}).items():
        before, head, rest = text.partition(f'name = "{name}"\n')
        text = before + head + rest.replace(CHECKSUM, checksum, 1)
    found = read(File("Cargo.lock", text.encode()))
    assert found is not None
    return found


def changes(before: str, after: str) -> Changes:
    """What changed from one lock to another."""
    return compare(parsed(after), [parsed(before)])


def said(concerns: list[Concern]) -> list[str]:
    """The messages of concerns."""
    return [concern.problem.message for concern in concerns]
