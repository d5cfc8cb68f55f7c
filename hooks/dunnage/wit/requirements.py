"""Version requirements in the manifests of component tools, and the exact ones that ranges are to become.

A range becomes the version that the lock has for it, so that what was built until now stays what is built, and the
lock's entry follows. Where the lock has none, `0.2.1` becomes itself, and nothing else is guessed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any, NamedTuple, TypeAlias

from dunnage.cargo.version import Requirement, Version, VersionError
from dunnage.files import toml, toml_edit
from dunnage.files.source import File
from dunnage.files.span import Edit
from dunnage.files.toml_edit import Change, Set
from dunnage.wit.lock import LockedVersion, LockedWitPackage
from dunnage.wit.lock_edit import follow
from dunnage.wit.values import WitRequirement

# More ranges of one package than any workspace has. Each of their pins carries the edits of all.
_MOST_TOGETHER = 100

_Sought: TypeAlias = "tuple[str, str, Requirement]"
"""A package, a registry, and what versions of it will do."""


class WitPin(NamedTuple):
    """What a range is to become."""

    version: str
    is_locked: bool
    """Whether the lock says so."""
    edits: tuple[Edit, ...]


class Lock(NamedTuple):
    """A lock that could be read."""

    file: File
    packages: tuple[LockedWitPackage, ...]


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


def pins(
    requirements: Iterable[WitRequirement], fixable: Collection[WitRequirement], lock: Lock | None
) -> dict[WitRequirement, WitPin]:
    """The pins of those ranges that are known to mean one version.

    `requirements` are all that the lock is for; `fixable` are the ranges among them that may be rewritten.
    """
    groups: dict[_Sought, list[WitRequirement]] = {}
    for requirement in requirements:
        sought = (requirement.package, requirement.registry, Requirement.parse(requirement.text))
        groups.setdefault(sought, []).append(requirement)
    entries = _entries(lock) if lock else {}
    versions: dict[WitRequirement, str] = {}
    changes: dict[LockedWitPackage, list[tuple[LockedVersion, str, list[WitRequirement], bool]]] = {}
    for sought, group in groups.items():
        ranges = [requirement for requirement in group if requirement in fixable]
        match entries.get(sought, []):
            case []:
                versions.update({each: version for each in ranges if (version := full_version(each.text))})
            case [(package, entry)] if ranges and _meets(entry.version, sought[2]):
                change = (entry, full_version(entry.version), ranges, len(ranges) < len(group))
                changes.setdefault(package, []).append(change)
    found = {
        requirement: WitPin(versions[requirement], False, edits) for requirement, edits in _rewritten(versions).items()
    }
    for package, changed in changes.items():
        found.update(_locked_pins(lock, package, changed) if lock else {})
    return found


def _entries(lock: Lock) -> dict[_Sought, list[tuple[LockedWitPackage, LockedVersion]]]:
    """What a lock has for each requirement."""
    found: dict[_Sought, list[tuple[LockedWitPackage, LockedVersion]]] = {}
    for package in lock.packages:
        for entry in package.versions:
            if not problem(entry.requirement):
                for registry in ("", package.registry or "default"):
                    sought = (package.name, registry, Requirement.parse(entry.requirement))
                    found.setdefault(sought, []).append((package, entry))
    return found


def _meets(version: str, requirement: Requirement) -> bool:
    return full_version(version) != "" and requirement.matches(Version.parse(version))


def _locked_pins(
    lock: Lock, package: LockedWitPackage, changes: list[tuple[LockedVersion, str, list[WitRequirement], bool]]
) -> dict[WitRequirement, WitPin]:
    """The pins of all ranges of one package, for each the entry, its version, and whether others ask for it as well.

    They are written together or not at all, because what nobody asks for any more has to leave the lock, and no sooner.
    """
    versions = {requirement: version for _, version, ranges, _ in changes for requirement in ranges}
    if len(versions) > _MOST_TOGETHER:
        return {}
    followed = follow(lock.file, package, {entry: (f"={version}", keep) for entry, version, _, keep in changes})
    rewritten = _rewritten(versions)
    if followed is None or len(rewritten) < len(versions):
        return {}
    edits = (*(edit for own in rewritten.values() for edit in own), *followed)
    return {requirement: WitPin(version, True, edits) for requirement, version in versions.items()}


def _rewritten(versions: Mapping[WitRequirement, str]) -> dict[WitRequirement, tuple[Edit, ...]]:
    """The edits that make requirements exact, for those where that can be done."""
    by_file: dict[File, list[WitRequirement]] = {}
    for requirement in versions:
        by_file.setdefault(requirement.file, []).append(requirement)
    found: dict[WitRequirement, tuple[Edit, ...]] = {}
    for file, requirements in by_file.items():
        edits = toml_edit.edits(file, [_change(requirement, versions[requirement]) for requirement in requirements])
        found.update((requirement, own) for requirement, own in zip(requirements, edits, strict=True) if own)
    return found


def _change(requirement: WitRequirement, version: str) -> Change:
    value: Any = toml.parse(requirement.file)
    for key in requirement.keys:
        value = value[key]
    return Change("", (Set(requirement.keys, f"{value.removesuffix(requirement.text)}={version}"),))
