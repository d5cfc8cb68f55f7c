"""The rules about changes of a lock.

Some are decided by the two locks alone. Most of these come from one incident, arrayref 0.3.10: a crate without
dependencies got one in a compatible update, on a new crate with a look-alike name (RUSTSEC-2026-0260). The others need
data about crates from this machine: index entries, archives, vendored folders.
"""

from __future__ import annotations

import os
import re
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Any

from dunnage.cargo.lockfile import LockedPackage
from dunnage.cargo.source_id import SourceId
from dunnage.cargo.version import Requirement, VersionError
from dunnage.files.shown import argument
from dunnage.files.shown import path as shown_path
from dunnage.review.archive import ArchiveError
from dunnage.review.cargo_home import CargoHome, index_of
from dunnage.review.changes import Changes, Graph, identity, is_compatible, is_from_crates_io
from dunnage.review.compile_time import CompileTimeCode, Contents
from dunnage.review.concern import Advice, Concern, Unknowns, about, first_of, listed, package_subject
from dunnage.review.policies import AgePolicy
from dunnage.review.reviews import source_subject

_MOST_COMPARISONS = 4_000_000
"""The largest number of comparisons of new names with old ones. These take a second or two."""

_MOST_COMMANDS = 5
_WELL_KNOWN = os.path.join(os.path.dirname(__file__), "well_known_crates.txt")
_SHORTEST = 5

_DAY = 86_400
_NEWBORN = 7 * _DAY
_CODE = "lock-review/compile-time-code"

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


def wrong_checksum(changes: Changes, advice: Advice, home: CargoHome) -> Iterator[Concern]:
    """Yield incoming packages for which the index or an archive has a different checksum than the lock."""
    for package in changes.incoming:
        if package.checksum is None:
            continue
        entry = home.entry(package)
        published = entry.data.get("cksum") if entry else None
        if isinstance(published, str) and published != package.checksum:
            message = (
                f"the checksum of `{package}` in this lock differs from the one in its registry's cached index, "
                "so one of them was edited"
            )
            help = f"do not build: compare both with `cksum` in {index_of(package)}\n{advice.restore()}"
            yield about(package, changes, "lock-review/wrong-checksum", message, help)
            continue
        for path in home.archives(package).wrong:
            message = (
                f"the cached archive of `{package}` does not match the checksum in the lock, "
                "and cargo does not verify cached archives"
            )
            folder, archive = os.path.split(path)
            unpacked = os.path.join(folder, "..", "..", "src", os.path.basename(folder), archive.removesuffix(".crate"))
            places = f"{shown_path(path)} and {shown_path(os.path.normpath(unpacked))}"
            help = f"do not build: delete {places}, then run `cargo fetch --locked`"
            yield about(package, changes, "lock-review/wrong-checksum", message, help)


def undeclared_edge(changes: Changes, advice: Advice, home: CargoHome) -> Iterator[Concern]:
    """Yield changed packages with a dependency that their index entry does not declare, or not in this version."""
    graph = Graph(changes.lock)
    altered = [after for olds, after in changes.altered if all(old.edges != after.edges for old in olds)]
    for package in (*changes.incoming, *altered):
        entry = home.entry(package)
        declared = entry.data.get("deps") if entry else None
        if not isinstance(declared, list):
            continue
        texts = _requirements(declared)
        known: dict[str, dict[Requirement | None, None]] = {}
        for edge in package.edges:
            target = graph.target(edge)
            if edge.name not in known:
                known[edge.name] = dict.fromkeys(map(_parsed, texts.get(edge.name, ())))
            wanted = known[edge.name]
            if not wanted:
                what = f"depends on `{edge}` in this lock, but the registry declares no such dependency"
            elif target is not None and not any(
                requirement is None or requirement.matches(target.version) for requirement in wanted
            ):
                those = " or ".join(first_of(f"`{requirement}`" for requirement in wanted))
                what = f"depends on `{target}` in this lock, but the registry declares {those}"
            else:
                continue
            help = f"do not build: cargo never writes such a lock, so it was edited\n{advice.restore()}"
            yield about(package, changes, "lock-review/undeclared-edge", f"`{package}` {what}", help)


def published(
    changes: Changes, advice: Advice, home: CargoHome, policy: AgePolicy, unknown: Unknowns
) -> Iterator[Concern]:
    """Yield incoming packages that are yanked, too young, or whose crate was first published a few days ago."""
    now = time.time()
    for package in changes.incoming:
        if package.source is None or not package.source.is_registry:
            continue
        entry = home.entry(package)
        if entry is None:
            unknown.add("the index entries", str(package))
            continue
        age = _age(now, entry.data.get("pubtime"))
        life = None if package.name in changes.old_names else _age(now, entry.born)
        least = policy.least(package)
        if entry.data.get("yanked") is True:
            rule, message = "lock-review/yanked", f"`{package}` is yanked: its owner withdrew it from the registry"
        elif life is not None and life < _NEWBORN:
            rule = "lock-review/newborn"
            message = (
                f"the crate `{package.name}` was first published {_spelled(life)} ago: "
                "malicious crates are usually found within days"
            )
        elif age is not None and age < least:
            rule = "lock-review/too-new"
            message = (
                f"`{package}` was published {_spelled(age)} ago, but the policy requires an age of {_spelled(least)}"
            )
        else:
            continue
        yield advice.inspect(package, changes, rule, message)


def compile_time_code(
    changes: Changes,
    advice: Advice,
    contents: Contents,
    is_allowed: Callable[[LockedPackage, CompileTimeCode], bool],
    unknown: Unknowns,
) -> Iterator[Concern]:
    """Yield new crates with a build script or a procedural macro, and crates that gained one."""
    replaced = changes.replaced()
    latest: dict[str, LockedPackage] = {}
    for package in sorted((old for base in changes.bases for old in base.packages), key=lambda old: old.version):
        latest[package.name] = package
    for package in changes.incoming:
        if package.source is None:
            continue
        try:
            code = contents.code(package)
        except ArchiveError as error:
            message = f"the build script and macros of `{package}` are unknown, because its archive {error}"
            yield advice.inspect(package, changes, _CODE, message)
            continue
        if code is None:
            unknown.add("the build scripts and macros", str(package))
            continue
        if not code or is_allowed(package, code):
            continue
        if package.name not in changes.old_names:
            message = f"`{package}` is new and has {code}, which {code.verb} on every machine that compiles it"
            yield advice.inspect(package, changes, _CODE, message, file=code.script)
            continue
        before = replaced.get(identity(package)) or latest[package.name]
        try:
            old = contents.code(before)
        except ArchiveError:
            old = None
        if old is None:
            unknown.add("the build scripts and macros", str(before))
        elif not old:
            message = (
                f"`{package}` has {code}, which {before.version} did not have: "
                f"{'they' if code.verb == 'run' else 'it'} {code.verb} on every machine that compiles it"
            )
            yield advice.inspect(package, changes, _CODE, message, file=code.script)


def _requirements(declared: list[Any]) -> dict[object, dict[str, None]]:
    """The requirements of the dependencies on each crate, as they are written; those for its tests aside."""
    found: dict[object, dict[str, None]] = {}
    for dependency in declared:
        if isinstance(dependency, dict) and dependency.get("kind") != "dev":
            name = dependency.get("package") or dependency.get("name")
            if isinstance(name, str):
                found.setdefault(name, {})[str(dependency.get("req"))] = None
    return found


def _parsed(text: str) -> Requirement | None:
    """A requirement; None if it cannot be read."""
    try:
        return Requirement.parse(text)
    except VersionError:
        return None


def _age(now: float, published: object) -> float | None:
    """How many seconds ago something was published; None if that is not known."""
    try:
        return now - datetime.fromisoformat(str(published).replace("Z", "+00:00")).timestamp()
    except (ValueError, OverflowError):
        return None


def _spelled(seconds: float) -> str:
    count, unit = (seconds / _DAY, "day") if seconds >= _DAY else (seconds / 3600, "hour")
    return f"{max(int(count), 0)} {unit}{'' if int(count) == 1 else 's'}"
