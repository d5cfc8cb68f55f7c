"""The rules about changes of a lock that take data about crates: an index, archives, vendored folders."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from dunnage.cargo.lockfile import LockedPackage
from dunnage.cargo.version import Requirement, requirement_of
from dunnage.files.shown import path as shown_path
from dunnage.review.archive import ArchiveError
from dunnage.review.cargo_home import CargoHome, index_of
from dunnage.review.changes import Changes, Graph, identity
from dunnage.review.compile_time import CompileTimeCode, Contents
from dunnage.review.concern import Advice, Concern, Unknowns, about, first_of
from dunnage.review.policies import AgePolicy

_DAY = 86_400
_NEWBORN = 7 * _DAY
"""The age in seconds up to which a crate counts as new."""
_CODE = "lock-review/compile-time-code"


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
                known[edge.name] = dict.fromkeys(map(requirement_of, texts.get(edge.name, ())))
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


def _age(now: float, published: object) -> float | None:
    """How many seconds ago something was published; None if that is not known."""
    try:
        return now - datetime.fromisoformat(str(published).replace("Z", "+00:00")).timestamp()
    except (ValueError, OverflowError):
        return None


def _spelled(seconds: float) -> str:
    count, unit = (seconds / _DAY, "day") if seconds >= _DAY else (seconds / 3600, "hour")
    return f"{max(int(count), 0)} {unit}{'' if int(count) == 1 else 's'}"
