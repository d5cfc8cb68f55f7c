"""The rules about changes of a lock that the two locks decide alone.

Most of them come from one incident, arrayref 0.3.10: a crate without dependencies got one in a compatible update, on a
new crate with a look-alike name (RUSTSEC-2026-0260).
"""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator

from dunnage.cargo.lockfile import LockedPackage
from dunnage.cargo.source_id import SourceId
from dunnage.files.shown import argument
from dunnage.review.cargo_home import index_of
from dunnage.review.changes import Changes, is_compatible, is_from_crates_io
from dunnage.review.concern import Advice, Concern, Unknowns, about, listed, package_subject
from dunnage.review.reviews import source_subject

_MOST_COMPARISONS = 4_000_000
"""The largest number of comparisons of blocks of new names with old ones. These take a second or two."""

_MOST_COMMANDS = 5
_WELL_KNOWN = os.path.join(os.path.dirname(__file__), "well_known_crates.txt")
_SHORTEST = 5

Explain = Callable[[LockedPackage, LockedPackage], str]
"""Says which manifest accepts the newer of two versions and rejects the older; empty if none is known to."""


def checksum_changed(changes: Changes, advice: Advice) -> Iterator[Concern]:
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


def grew(changes: Changes, advice: Advice) -> Iterator[Concern]:
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
        yield advice.inspect(after, changes, "lock-review/grew", message)


def look_alike(changes: Changes, advice: Advice, unknown: Unknowns) -> Iterator[Concern]:
    """Yield new crates of registries whose name resembles a well-known or already locked one."""
    added = [package for package in changes.added() if package.source and package.source.is_registry]
    if not added:
        return
    blocks = sum(1 + len(package.name) // _BLOCK for package in added)
    if blocks * len(changes.old_names) > _MOST_COMPARISONS:
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
        yield advice.inspect(package, changes, "lock-review/look-alike", message)


def new_source(changes: Changes, advice: Advice, is_reviewed: Callable[[str], bool]) -> Iterator[Concern]:
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
        yield advice.inspect(package, changes, "lock-review/new-source", message, subject)
    yield from _left_crates_io(changes, advice, known)


def _left_crates_io(changes: Changes, advice: Advice, known: set[tuple[str, str]]) -> Iterator[Concern]:
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
        yield advice.inspect(after, changes, "lock-review/new-source", message)


def downgrade(changes: Changes, advice: Advice, explain: Explain) -> Iterator[Concern]:
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


class Names:
    """Names that a new one may be taken for.

    A new name is worth a look if no list of common names holds it and it resembles a common name, or one that the lock
    held before: it is the same but for `-`, `_` and the order of its words; it is one edit or one transposition away,
    both at least five characters long; it has a lower number in the same place (`proc-macro1`; a higher one is how
    successors are named, as `adler2` is); or it is the same but for `-rs`, `rs-` or `-rust`. Of the 72 crates that
    RustSec lists as malicious on crates.io this finds 10, and it fires in about one of 350 commits that change a lock.
    """

    def __init__(self, locked: Iterable[str]) -> None:
        """`locked` are the names that the lock held before."""
        self._common = well_known()
        self._by_length: dict[int, list[tuple[str, str]]] = defaultdict(list)
        self._by_words: dict[tuple[str, ...], str] = {}
        for name in sorted(self._common.union(locked)):
            plain = _plain(name)
            self._by_length[len(plain)].append((plain, name))
            self._by_words.setdefault(_words(plain), name)

    def resembled_by(self, name: str) -> str | None:
        """The first known name that `name` could be taken for; None if there is none, or if it is common itself."""
        if name in self._common:
            return None
        plain = _plain(name)
        without_affix = plain.removesuffix("-rs").removesuffix("-rust").removeprefix("rs-")
        found = self._by_words.get(_words(plain)) or self._by_words.get(_words(without_affix))
        if found is not None:
            return found if found != name else None
        for length in (len(plain), len(plain) + 1, len(plain) - 1):
            if min(length, len(plain)) < _SHORTEST:
                continue
            for known, spelled in self._by_length.get(length, ()):
                # Two names that are one edit apart share their first or their last character.
                if (known[0] == plain[0] or known[-1] == plain[-1]) and _is_mistakable(plain, known):
                    return spelled
        return None


def well_known() -> frozenset[str]:
    """The names in the list of common crates."""
    with open(_WELL_KNOWN, encoding="ascii") as stream:
        return frozenset(line.strip() for line in stream if not line.startswith("#"))


def _is_mistakable(name: str, known: str) -> bool:
    """Whether a name is one edit or transposition from another, and its numbers are not those of a successor."""
    if not _is_one_edit_apart(name, known):
        return False
    if name.rstrip("0123456789") == known.rstrip("0123456789"):
        return _number_at_end(name) < _number_at_end(known)
    return re.sub("[0-9]+", "0", name) != re.sub("[0-9]+", "0", known)


_BLOCK = 16
"""How many characters of two names are compared at once."""


def _is_one_edit_apart(first: str, second: str) -> bool:
    if len(first) > len(second):
        first, second = second, first
    blocks = range(0, len(first), _BLOCK)
    start = next((at for at in blocks if first[at : at + _BLOCK] != second[at : at + _BLOCK]), len(first))
    while start < len(first) and first[start] == second[start]:
        start += 1
    if len(first) < len(second):
        return first[start:] == second[start + 1 :]
    if first[start + 1 :] == second[start + 1 :]:
        return True
    return first[start : start + 2] == second[start : start + 2][::-1] and first[start + 2 :] == second[start + 2 :]


def _number_at_end(name: str) -> int:
    digits = name[len(name.rstrip("0123456789")) :]
    return int(digits[:18]) if digits else 0


def _plain(name: str) -> str:
    return name.lower().replace("_", "-")


def _words(plain: str) -> tuple[str, ...]:
    return tuple(sorted(plain.split("-")))
