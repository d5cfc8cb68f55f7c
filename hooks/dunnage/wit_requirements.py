"""Version requirements in the manifests of component tools, and the exact ones that ranges are to become.

A range becomes the version that the lock has for it, so that what was built until now stays what is built, and the
lock's entry follows. Where the lock has none, `0.2.1` becomes itself, and nothing else is guessed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any, NamedTuple

from dunnage import toml
from dunnage.cargo.version import Requirement, Version, VersionError
from dunnage.document import Keys
from dunnage.finding import Edit
from dunnage.source import File
from dunnage.wit.lock import LockedPackage, LockedVersion
from dunnage.wit.lock_edit import follow


class Asked(NamedTuple):
    """A requirement that stands in a manifest."""

    file: File
    package: str
    registry: str
    """`default` for that one; empty for whichever the tool is configured to take."""
    text: str
    keys: Keys
    """Where the string stands that holds it, and may hold more in front of it."""


class Pin(NamedTuple):
    """What a range is to become."""

    version: str
    is_locked: bool
    """Whether the lock says so."""
    edits: tuple[Edit, ...]


class Lock(NamedTuple):
    """A lock that could be read."""

    file: File
    packages: tuple[LockedPackage, ...]


def problem(text: str) -> str:
    """What keeps `text` from being a requirement, as a sentence that quotes it; empty if nothing does."""
    try:
        Requirement.parse(text)
    except VersionError as error:
        return str(error)
    return ""


def exact_version(text: str) -> str:
    """The version that alone meets the requirement `text`, whatever its build metadata; empty if there is no one.

    That is `=1.2.3`, and also `0.0.3`, with which no other version is compatible.
    """
    try:
        exact = Requirement.parse(text).exact
    except VersionError:
        return ""
    bare = full_version(text.strip(" ").removeprefix("^"))
    return str(exact) if exact else bare if bare.startswith("0.0.") and "-" not in bare else ""


def full_version(text: str) -> str:
    """The version that `text` is, without its build metadata, which no requirement looks at; empty if it is none."""
    try:
        return str(Version.parse(text.strip(" "))).partition("+")[0]
    except VersionError:
        return ""


def pins(asked: Iterable[Asked], free: Collection[Asked], lock: Lock | None) -> dict[Asked, Pin]:
    """The pins of those ranges that are known to mean one version.

    `asked` is everything that the lock is for; `free` are the ranges among it that may be rewritten.
    """
    groups: dict[tuple[str, str, Requirement], list[Asked]] = {}
    for one in asked:
        groups.setdefault((one.package, one.registry, Requirement.parse(one.text)), []).append(one)
    found: dict[Asked, Pin] = {}
    for group in groups.values():
        rewritable = [one for one in group if one in free]
        if rewritable:
            found.update(_pins(rewritable, len(rewritable) < len(group), lock))
    return found


def _pins(group: list[Asked], keep: bool, lock: Lock | None) -> dict[Asked, Pin]:
    """The pins of ranges that mean the same. `keep` says that others, which stay, mean the same as well."""
    package, registry, text = group[0].package, group[0].registry, group[0].text
    locked = _locked(package, registry, Requirement.parse(text), lock) if lock else []
    if not locked or lock is None:
        version = full_version(text)
        return {one: Pin(version, False, (_rewritten(one, version),)) for one in group} if version else {}
    of, entry = locked[0]
    version = full_version(entry.version)
    if len(locked) > 1 or not version or not Requirement.parse(text).matches(Version.parse(version)):
        return {}
    followed = follow(lock.file, of, entry, f"={version}", keep)
    if followed is None:
        return {}
    edits = {one: _rewritten(one, version) for one in group}
    # The range leaves the lock when nobody asks for it any more: then all are rewritten, or none.
    return {one: Pin(version, True, (*((edits[one],) if keep else edits.values()), *followed)) for one in group}


def _locked(
    package: str, registry: str, requirement: Requirement, lock: Lock
) -> list[tuple[LockedPackage, LockedVersion]]:
    return [
        (of, entry)
        for of in lock.packages
        if of.name == package and registry in ("", of.registry or "default")
        for entry in of.versions
        if not problem(entry.requirement) and Requirement.parse(entry.requirement) == requirement
    ]


def _rewritten(asked: Asked, version: str) -> Edit:
    span = toml.locate_value(asked.file, asked.keys)
    token = asked.file.data[span.start : span.end]
    quote = "'" if token.startswith(b"'") and not token.startswith(b"'''") else '"'
    value: Any = toml.parse(asked.file)
    for key in asked.keys:
        value = value[key]
    before = value.removesuffix(asked.text)
    return Edit(asked.file.path, span.start, span.end, f"{quote}{before}={version}{quote}")
