"""The build scripts that `bans.build.allow-build-scripts` of deny.toml allows.

Source of the forms of an entry: cargo-deny's book, "bans", "Package specs".
"""

from __future__ import annotations

from typing import Any

from dunnage.cargo.lockfile import LockedPackage
from dunnage.cargo.version import Requirement, VersionError
from dunnage.files import toml
from dunnage.files.source import Tree
from dunnage.review.advisories import policies


class AllowedScripts:
    """The list of the nearest deny.toml that has one."""

    def __init__(self, tree: Tree, folder: str) -> None:
        self._specifications = [spec for spec in map(_specification, _entries(tree, folder)) if spec]

    def allows(self, package: LockedPackage) -> bool:
        """Whether an entry names the package."""
        return any(
            name == package.name and (requirement is None or requirement.matches(package.version))
            for name, requirement in self._specifications
        )


def _entries(tree: Tree, folder: str) -> list[Any]:
    for data in policies(tree, folder):
        found = toml.lookup(data, ("bans", "build", "allow-build-scripts"))
        if isinstance(found, list):
            return found
    return []


def _specification(entry: Any) -> tuple[str, Requirement | None] | None:
    """The name and the versions that an entry means; None if it is malformed."""
    text, version = entry, ""
    if isinstance(entry, dict):
        text, version = entry.get("crate", entry.get("name")), entry.get("version", "")
    if not isinstance(text, str) or not isinstance(version, str):
        return None
    name, separator, rest = text.partition("@") if "@" in text else text.partition(":")
    written = rest if separator else version
    try:
        # A bare version means exactly that one.
        return name, Requirement.parse(f"={written}" if written[:1].isdigit() else written) if written else None
    except VersionError:
        return None
