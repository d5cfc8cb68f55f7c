"""The rules that the two locks alone decide.

Most of them come from one incident, arrayref 0.3.10: a crate without dependencies got one in a compatible update, on a
new crate with a look-alike name (RUSTSEC-2026-0260).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from dunnage.cargo.lockfile import LockedPackage
from dunnage.cargo.source_id import SourceId
from dunnage.files.shown import argument
from dunnage.review.cargo_home import index_of
from dunnage.review.changes import Changes, is_compatible, is_from_crates_io
from dunnage.review.concern import Concern, listed
from dunnage.review.lock_concern import LockAdvice, about, package_subject, source_subject
from dunnage.review.look_alike import Names
from dunnage.review.unknowns import Unknowns

_MOST_COMPARISONS = 4_000_000
"""The largest number of comparisons of new names with old ones. These take a second or two."""

_MOST_COMMANDS = 5

Explain = Callable[[LockedPackage, LockedPackage], str]
"""Says which manifest accepts the newer of two versions and rejects the older; empty if none is known to."""


def checksum_changed(changes: Changes, advice: LockAdvice) -> Iterator[Concern]:
    """Yield the packages whose checksum differs from that in a base, or is now missing."""
    for olds, package in changes.altered:
        recorded = {old.checksum for old in olds if old.checksum}
        if not recorded or package.checksum in recorded:
            continue
        if package.checksum is None:
            message = f"`{package}` lost its checksum, so cargo no longer verifies what it downloads"
        else:
            message = f"the checksum of `{package}` changed, although a published version never changes"
        help = f"do not build: compare it with `cksum` in {index_of(package)}\n{advice.restore()}"
        yield about(package, changes, "lock-review/checksum-changed", message, help)


def grew(changes: Changes, advice: LockAdvice) -> Iterator[Concern]:
    """Yield compatible updates of crates that had no dependencies and now bring in a crate new to this lock."""
    for update in changes.updates:
        before, after = update
        if before.edges or not is_compatible(update) or after.version <= before.version:
            continue
        new = [edge.name for edge in after.edges if edge.name not in changes.old_names]
        if not new:
            continue
        noun, names = "crate" if len(new) == 1 else "crates", listed([f"`{name}`" for name in new])
        message = (
            f"`{after.name}` had no dependencies, but its update from {before.version} to {after.version} "
            f"adds the new {noun} {names}, as the hijacked arrayref 0.3.10 did"
        )
        subjects = (package_subject(after),)
        yield about(after, changes, "lock-review/grew", message, advice.help(after, subjects), subjects)


def look_alike(changes: Changes, advice: LockAdvice, unknown: Unknowns) -> Iterator[Concern]:
    """Yield new crates of registries whose name resembles a well-known or already locked one."""
    added = [package for package in changes.added() if package.source and package.source.is_registry]
    if not added:
        return
    if len(added) * len(changes.old_names) > _MOST_COMPARISONS:
        unknown.add(f"look-alike names ({len(added):,} new names are too many to compare)")
        return
    names = Names(changes.old_names)
    locked = {package.name for package in changes.lock.packages}
    for package in added:
        known = names.resembled_by(package.name)
        if known is None:
            continue
        what = "is well known"
        if known in changes.old_names:
            what = "is already in the lock" if known in locked else "the lock no longer has"
        message = (
            f"the name of the new crate `{package}` resembles `{known}`, which {what}: "
            "malicious crates imitate such names"
        )
        subjects = (package_subject(package),)
        yield about(package, changes, "lock-review/look-alike", message, advice.help(package, subjects), subjects)


def new_source(changes: Changes, advice: LockAdvice, is_reviewed: Callable[[str], bool]) -> Iterator[Concern]:
    """Yield registries and git repositories that no base has, and crates that no longer come from crates.io."""
    known = {_place(package.source) for base in changes.bases for package in base.packages if package.source}
    seen = set(known)
    for package in changes.incoming:
        source = package.source
        if source is None or _place(source) in seen or is_from_crates_io(package):
            continue
        seen.add(_place(source))
        subject = source_subject(source)
        if is_reviewed(subject):
            continue
        message = f"`{package}` comes from the {_called(source)}, which this lock did not use before"
        help = advice.help(package, (subject,))
        yield about(package, changes, "lock-review/new-source", message, help, (subject,))
    yield from _left_crates_io(changes, advice, known)


def _left_crates_io(changes: Changes, advice: LockAdvice, known: set[tuple[str, str]]) -> Iterator[Concern]:
    """Yield crates that come from git or a path now. A new git repository has been reported already."""
    olds = {(old.name, old.source) for base in changes.bases for old in base.packages}
    for before, after in changes.updates:
        if not is_from_crates_io(before) or is_from_crates_io(after):
            continue
        if after.source is not None and (after.source.is_registry or _place(after.source) not in known):
            continue
        if (after.name, after.source) in olds:
            continue
        where = "a folder" if after.source is None else f"the {_called(after.source)}"
        message = f"`{after}` now comes from {where} instead of crates.io, so this lock has no checksum for it"
        subjects = (package_subject(after),)
        yield about(after, changes, "lock-review/new-source", message, advice.help(after, subjects), subjects)


def downgrade(changes: Changes, advice: LockAdvice, explain: Explain) -> Iterator[Concern]:
    """Yield one concern about all versions that go back within their compatible range."""
    back = [
        update for update in changes.updates if is_compatible(update) and update.after.version < update.before.version
    ]
    if not back:
        return
    steps, commands = [], []
    for before, after in back:
        reason = explain(before, after)
        steps.append(f"`{after.name}` from {before.version} to {after.version}{f' ({reason})' if reason else ''}")
        if not reason:
            commands.append(f"cargo update {argument(package_subject(after))} --precise {before.version}")
    message = f"an older version, which may lack a security fix, replaces a newer one: {listed(steps)}"
    subjects = tuple(package_subject(after) for _, after in back)
    undo = f"to undo only this: {' && '.join(commands[:_MOST_COMMANDS])}\n" if commands else ""
    help = f"{undo}{advice.restore()}\n{advice.accept(subjects)}"
    yield about(back[0].after, changes, "lock-review/downgrade", message, help, subjects)


def _place(source: SourceId) -> tuple[str, str]:
    return source.kind, source.url


def _called(source: SourceId) -> str:
    return f"git repository {source.url}" if source.kind == "git" else f"registry {source.url}"
