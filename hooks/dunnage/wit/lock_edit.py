"""Edits of a lock for requirements that a manifest now spells differently. Versions and digests stay as they are."""

from collections.abc import Mapping

from dunnage.files import toml_edit
from dunnage.files.source import File
from dunnage.files.span import Edit
from dunnage.files.toml_edit import ArrangeTables, Change
from dunnage.wit.lock import WKG, LockedVersion, LockedWitPackage


def follow(
    file: File, package: LockedWitPackage, changes: Mapping[LockedVersion, tuple[str, bool]]
) -> tuple[Edit, ...] | None:
    """The edits that change requirements of a package: for each entry, its new requirement, and whether to keep the old
    entry too.

    None if its tool would write the lock in a different layout, or if one requirement would get two versions.
    """
    entries: dict[str, LockedVersion] = {}
    for entry in package.versions:
        requirement, keep = changes.get(entry, (entry.requirement, False))
        if keep:
            entries[entry.requirement] = entry
        other = entries.setdefault(requirement, entry)
        if (other.version, other.digest) != (entry.version, entry.digest):
            return None
    # cargo-component uses binary search in this list.
    ordered = entries if file.path.endswith(WKG) else sorted(entries)
    if [(requirement, entries[requirement]) for requirement in ordered] == [
        (entry.requirement, entry) for entry in package.versions
    ]:
        return ()
    tables = tuple(
        (int(entry.keys[-1]), {} if requirement == entry.requirement else {"requirement": requirement})
        for requirement in ordered
        for entry in [entries[requirement]]
    )
    change = Change("", (ArrangeTables(package.versions[0].keys[:-1], tables),))
    (edits,) = toml_edit.edits(file, [change])
    return edits or None
