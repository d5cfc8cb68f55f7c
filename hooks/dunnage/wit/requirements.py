"""Version requirements in the manifests of component tools, and the exact versions that replace ranges.

A range is replaced with the version that the lock has for it, and the lock's entry is changed too, so that builds use
the same version as before. Without an entry, `0.2.1` is replaced with `=0.2.1`, and other ranges are kept.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

from dunnage.cargo.version import Requirement, Version, VersionError, requirement_of, version_of
from dunnage.files import toml, toml_edit
from dunnage.files.source import File
from dunnage.files.span import Edit
from dunnage.files.toml_edit import ArrangeTables, Change, Set
from dunnage.wit.lock import WKG, LockedVersion, LockedWitPackage
from dunnage.wit.projects import WitRequirement

_MAX_TOGETHER = 100
"""How many ranges of one package are replaced. Each of their pins holds the edits of all."""

_Wanted: TypeAlias = "tuple[str, str, Requirement]"
"""A package, its registry, and the requirement on its version."""


class WitPin(NamedTuple):
    """The exact version that replaces a range."""

    version: str
    is_locked: bool
    """Whether the version is from the lock."""
    edits: tuple[Edit, ...]


class Lock(NamedTuple):
    """A lock that could be read."""

    file: File
    packages: tuple[LockedWitPackage, ...]


def problem(text: str) -> str:
    """The reason why `text` is not a requirement, as a sentence that quotes the text; empty if it is one."""
    try:
        Requirement.parse(text)
    except VersionError as error:
        return str(error)
    return ""


def exact_version(text: str) -> str:
    """The only version that meets the requirement `text`, without build metadata; empty if several versions meet it.

    That is `=1.2.3`, and also `0.0.3`, because no other version is compatible with `0.0.3`.
    """
    requirement = requirement_of(text)
    if requirement is None:
        return ""
    bare = full_version(text.strip(" ").removeprefix("^"))
    return str(requirement.exact) if requirement.exact else bare if bare.startswith("0.0.") and "-" not in bare else ""


def full_version(text: str) -> str:
    """The version `text` without its build metadata, which requirements ignore; empty if it is not a full version."""
    version = version_of(text.strip(" "))
    return str(version).partition("+")[0] if version else ""


def exact_text(requirement: WitRequirement, version: str) -> str:
    """The string of a requirement in a manifest, with an exact version instead.

    In a target, the string also holds the name of the package.
    """
    value: Any = toml.parse(requirement.file)
    for key in requirement.keys:
        value = value[key]
    return f"{value.removesuffix(requirement.text)}={version}"


def pins(
    requirements: Iterable[WitRequirement], fixable: Collection[WitRequirement], lock: Lock | None
) -> dict[WitRequirement, WitPin]:
    """The pins of the ranges whose version is known.

    `requirements` are all requirements that the lock covers; `fixable` are the ranges among them that may be replaced.
    """
    groups: dict[_Wanted, list[WitRequirement]] = {_wanted(requirement): [] for requirement in fixable}
    kept: set[_Wanted] = set()
    for requirement in requirements:
        if problem(requirement.text) or (wanted := _wanted(requirement)) not in groups:
            continue
        if requirement in fixable:
            groups[wanted].append(requirement)
        else:
            kept.add(wanted)
    entries = _entries(lock) if lock else {}
    versions: dict[WitRequirement, str] = {}
    changes: dict[LockedWitPackage, list[tuple[LockedVersion, str, list[WitRequirement], bool]]] = {}
    for wanted, ranges in groups.items():
        match entries.get(wanted, []):
            case []:
                versions.update({each: version for each in ranges if (version := full_version(each.text))})
            case [(package, entry)] if ranges and (version := full_version(entry.version)):
                if wanted[2].matches(Version.parse(entry.version)):
                    changes.setdefault(package, []).append((entry, version, ranges, wanted in kept))
    found = {
        requirement: WitPin(versions[requirement], False, edits) for requirement, edits in _rewritten(versions).items()
    }
    if lock is not None:
        found.update(_locked_pins(lock, changes))
    return found


def _wanted(requirement: WitRequirement) -> _Wanted:
    return requirement.package, requirement.registry, Requirement.parse(requirement.text)


def _entries(lock: Lock) -> dict[_Wanted, list[tuple[LockedWitPackage, LockedVersion]]]:
    """The entries of a lock for each requirement."""
    found: dict[_Wanted, list[tuple[LockedWitPackage, LockedVersion]]] = {}
    for package in lock.packages:
        for entry in package.versions:
            if not problem(entry.requirement):
                for registry in ("", package.registry or "default"):
                    wanted = (package.name, registry, Requirement.parse(entry.requirement))
                    found.setdefault(wanted, []).append((package, entry))
    return found


def _locked_pins(
    lock: Lock, changes: Mapping[LockedWitPackage, list[tuple[LockedVersion, str, list[WitRequirement], bool]]]
) -> dict[WitRequirement, WitPin]:
    """The pins of ranges by package. A change is an entry, its version, its ranges, and whether it is kept.

    All of a package are replaced together or none, because an entry must leave the lock when its last requirement is
    replaced. The edits of all packages are proved at once.
    """
    packages = [package for package, own in changes.items() if sum(len(each[2]) for each in own) <= _MAX_TOGETHER]
    wanted = [{entry: (f"={version}", keep) for entry, version, _, keep in changes[package]} for package in packages]
    followed = follow(lock.file, list(zip(packages, wanted, strict=True)))
    versions = {
        package: {requirement: version for _, version, ranges, _ in changes[package] for requirement in ranges}
        for package, edits in zip(packages, followed, strict=True)
        if edits is not None
    }
    rewritten = _rewritten({each: version for own in versions.values() for each, version in own.items()})
    found: dict[WitRequirement, WitPin] = {}
    for package, locked in zip(packages, followed, strict=True):
        own = versions.get(package, {})
        if locked is not None and rewritten.keys() >= own.keys():
            edits = (*(edit for each in own for edit in rewritten[each]), *locked)
            found.update((each, WitPin(version, True, edits)) for each, version in own.items())
    return found


def _rewritten(versions: Mapping[WitRequirement, str]) -> dict[WitRequirement, tuple[Edit, ...]]:
    """The edits that make requirements exact. A requirement that cannot be edited is left out."""
    by_file: dict[File, list[WitRequirement]] = {}
    for requirement in versions:
        by_file.setdefault(requirement.file, []).append(requirement)
    found: dict[WitRequirement, tuple[Edit, ...]] = {}
    for file, requirements in by_file.items():
        texts = [(requirement.keys, exact_text(requirement, versions[requirement])) for requirement in requirements]
        edits = toml_edit.edits(file, [Change("", (Set(keys, text),)) for keys, text in texts])
        found.update((requirement, own) for requirement, own in zip(requirements, edits, strict=True) if own)
    return found


def follow(
    file: File, packages: Sequence[tuple[LockedWitPackage, Mapping[LockedVersion, tuple[str, bool]]]]
) -> list[tuple[Edit, ...] | None]:
    """The edits that change requirements of packages: for each entry, its new requirement, and whether to keep the old
    entry too.

    None if the tool would write a package in a different layout, or if one requirement would get two versions.
    """
    changes = [_arranged(package, wanted, file.path.endswith(WKG)) for package, wanted in packages]
    return [
        own if own or (change and not change.operations) else None
        for change, own in zip(changes, toml_edit.edits(file, changes), strict=True)
    ]


def _arranged(
    package: LockedWitPackage, changes: Mapping[LockedVersion, tuple[str, bool]], is_wkg: bool
) -> Change | None:
    entries: dict[str, LockedVersion] = {}
    for entry in package.versions:
        requirement, keep = changes.get(entry, (entry.requirement, False))
        if keep:
            entries[entry.requirement] = entry
        other = entries.setdefault(requirement, entry)
        if (other.version, other.digest) != (entry.version, entry.digest):
            return None
    # cargo-component uses binary search in this list.
    ordered = entries if is_wkg else sorted(entries)
    if [(requirement, entries[requirement]) for requirement in ordered] == [
        (entry.requirement, entry) for entry in package.versions
    ]:
        return Change("", ())
    tables = tuple(
        (int(entry.keys[-1]), {} if requirement == entry.requirement else {"requirement": requirement})
        for requirement in ordered
        for entry in [entries[requirement]]
    )
    return Change("", (ArrangeTables(package.versions[0].keys[:-1], tables),))
