"""What a reviewer of a lock wants to see at a glance: updates, additions, removals, duplicates, build scripts."""

from __future__ import annotations

import hashlib
from collections import defaultdict, deque
from collections.abc import Iterator
from functools import cache

from dunnage.cargo.lockfile import LockedPackage, Lockfile
from dunnage.review.archive import ArchiveError
from dunnage.review.changes import Changes, Graph, Identity, identity
from dunnage.review.compile_time import CompileTimeCode, Contents
from dunnage.review.tables import Table

_Code = dict[Identity, CompileTimeCode | None]
_LONGEST_PATH = 500
"""How many characters the names of a path have together before the others are left out."""


def tables(changes: Changes, contents: Contents) -> Iterator[Table]:
    """Yield the tables that have rows."""
    code = {identity(package): _code(package, contents) for package in changes.incoming if package.source}
    updated, added, removed = _updated(changes), _added(changes, code), _removed(changes)
    found = (updated, added, removed, _duplicated(changes), _scripts(changes, code, contents))
    return (table for table in found if table.rows)


def _updated(changes: Changes) -> Table:
    rows = [
        (
            after.name,
            _version(before),
            _version(after),
            "" if before.version.compatible_range == after.version.compatible_range else "incompatible",
        )
        for before, after in changes.updates
    ]
    return Table("updated", ("crate", "from", "to", "note"), sorted(rows))


def _added(changes: Changes, code: _Code) -> Table:
    replaced = changes.replaced()
    added = [package for package in changes.incoming if identity(package) not in replaced]
    steps = _steps(changes.lock) if added else {}
    rows = []
    for package in added:
        found = code.get(identity(package))
        through = " → ".join(_path(steps, identity(package)))
        rows.append((package.name, _version(package), through, found.license if found else ""))
    return Table("added", ("crate", "version", "through", "licence"), sorted(rows))


def _removed(changes: Changes) -> Table:
    replaced = {identity(update.before) for update in changes.updates}
    removed = [package for package in changes.outgoing if identity(package) not in replaced]
    return Table("removed", ("crate", "version"), sorted((package.name, _version(package)) for package in removed))


def _duplicated(changes: Changes) -> Table:
    """The crates of which the lock holds more versions than any base."""
    before: dict[str, int] = defaultdict(int)
    for base in changes.bases:
        for name, versions in _versions(base).items():
            before[name] = max(before[name], len(versions))
    rows = [
        (name, ", ".join(versions))
        for name, versions in sorted(_versions(changes.lock).items())
        if len(versions) > max(1, before[name])
    ]
    return Table("duplicated", ("crate", "versions"), rows)


def _scripts(changes: Changes, code: _Code, contents: Contents) -> Table:
    @cache  # many packages may have one text
    def digest(text: bytes) -> str:
        return hashlib.sha256(text).hexdigest()[:16]

    rows = []
    for package in changes.incoming:
        found = code.get(identity(package))
        if not found:
            continue
        text = contents.script(package, found.script) if found.script else None
        size = f"{len(text)} bytes" if text is not None else ""
        rows.append((package.name, _version(package), str(found), size, digest(text) if text is not None else ""))
    return Table("runs when it is compiled", ("crate", "version", "what", "size", "sha256"), sorted(rows))


def _code(package: LockedPackage, contents: Contents) -> CompileTimeCode | None:
    try:
        return contents.code(package)
    except ArchiveError:
        return None


def _versions(lock: Lockfile) -> dict[str, list[str]]:
    versions: dict[str, list[str]] = defaultdict(list)
    for package in lock.packages:
        versions[package.name].append(_version(package))
    return versions


def _version(package: LockedPackage) -> str:
    """The version, and where a package comes from if that is not a registry."""
    if package.source is None or package.source.is_registry:
        return str(package.version)
    return f"{package.version} ({package.source.url}#{package.commit[:12]})"


def _steps(lock: Lockfile) -> dict[Identity, Identity | None]:
    """The last step of the shortest path to each package from a package in a folder: the package before it."""
    graph = Graph(lock)
    pending = deque(package for package in lock.packages if package.source is None)
    steps: dict[Identity, Identity | None] = {identity(package): None for package in pending}
    while pending:
        package = pending.popleft()
        for edge in package.edges:
            target = graph.target(edge)
            if target is not None and identity(target) not in steps:
                steps[identity(target)] = identity(package)
                pending.append(target)
    return steps


def _path(steps: dict[Identity, Identity | None], package: Identity) -> list[str]:
    """The names of the packages through which a package is reached, the nearest of a long path only."""
    names: list[str] = []
    length = 0
    above = steps.get(package)
    while above is not None:
        if length > _LONGEST_PATH:
            names.append("…")
            break
        names.append(above[0])
        length += len(above[0])
        above = steps[above]
    return names[::-1]
