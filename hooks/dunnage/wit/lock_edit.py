"""Having a lock follow a requirement that was rewritten: the same version, the same digest, in its sorted place."""

from collections.abc import Mapping

from dunnage.files import toml_edit
from dunnage.files.source import File
from dunnage.files.span import Edit
from dunnage.files.toml_edit import ArrangeTables, Change
from dunnage.wit.lock import WKG, LockedVersion, LockedWitPackage


def follow(
    file: File, package: LockedWitPackage, changes: Mapping[LockedVersion, tuple[str, bool]]
) -> tuple[Edit, ...] | None:
    """The edits after which requirements of a package are spelled otherwise: by entry, the new one, and whether the
    old one stays beside it.

    None if the lock is not laid out as its tool lays it out, or would have two things to say of one requirement.
    """
    entries: dict[str, LockedVersion] = {}
    for entry in package.versions:
        requirement, keep = changes.get(entry, (entry.requirement, False))
        if keep:
            entries[entry.requirement] = entry
        other = entries.setdefault(requirement, entry)
        if (other.version, other.digest) != (entry.version, entry.digest):
            return None
    # cargo-component looks requirements up by halving the list.
    ordered = entries if file.path.endswith(WKG) else sorted(entries)
    if [(requirement, entries[requirement]) for requirement in ordered] == [
        (entry.requirement, entry) for entry in package.versions
    ]:
        return ()
    tables = tuple(_table(entries[requirement], requirement) for requirement in ordered)
    change = Change("", (ArrangeTables(package.versions[0].keys[:-1], tables),))
    (edits,) = toml_edit.edits(file, [change])
    return edits or None


def _table(entry: LockedVersion, requirement: str) -> tuple[int, dict[str, str]]:
    return int(entry.keys[-1]), {} if requirement == entry.requirement else {"requirement": requirement}
