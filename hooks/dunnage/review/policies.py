"""What the manifests and configurations beside a lock say about its packages.

`min-publish-age` of Cargo's configuration, with the keys and values of Cargo 1.100. A Cargo that does not know them
ignores them, so a review of the lock checks the age as well. `bans.build.allow-build-scripts` of deny.toml: the forms
of an entry are in cargo-deny's book, "bans", "Package specs". The advisories that deny.toml and `.cargo/audit.toml`
ignore. Where `cargo vendor` and cargo-vet keep their files. And the requirements of the workspace.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Any

from dunnage.cargo.config_files import config_files
from dunnage.cargo.lockfile import LockedPackage
from dunnage.cargo.source_id import SourceId, SourceIdError, registry
from dunnage.cargo.version import Requirement, VersionError
from dunnage.files import document, toml
from dunnage.files.document import Refused
from dunnage.files.source import File, Tree
from dunnage.files.walk import upwards
from dunnage.review.changes import is_from_crates_io
from dunnage.review.reviews import MANIFEST, read_toml

if TYPE_CHECKING:
    from dunnage.cargo.dependency import Dependency
    from dunnage.cargo.lockfile import Lockfile
    from dunnage.cargo.workspace import Workspace
    from dunnage.review.vetting import Vetting

_DENY = ("deny.toml", ".deny.toml", os.path.join(".cargo", "deny.toml"))
_VET_FOLDER = "supply-chain"
_MOST_COMPARED = 1_000_000
"""How often versions are compared with the entries for build scripts, and with requirements."""
_AUDIT = (os.path.join(".cargo", "audit.toml"),)
_SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400, "week": 7 * 86_400, "month": 30 * 86_400}


def duration(text: str) -> int:
    """The number of seconds in a duration such as `3 days` or `0`. Raises ValueError if it is malformed."""
    number, _, unit = text.strip().partition(" ")
    seconds = _SECONDS.get(unit.strip().removesuffix("s"))
    if not number.isdigit() or len(number) > 9 or (seconds is None and int(number)):
        raise ValueError(f"{text!r} is not an age; write one like '7 days'")
    return int(number) * (seconds or 0)


class AgePolicy:
    """The minimum age of a version, by registry."""

    def __init__(self, tree: Tree, folder: str, least: int | None) -> None:
        """`least` overrides the configuration in force in `folder`."""
        self._least = least
        self._configurations = [] if least is not None else [file for _, file in _configurations(tree, folder)]
        self._known: dict[SourceId | None, int] = {}

    def least(self, package: LockedPackage) -> int:
        """The minimum age of a package, in seconds; 0 if there is none."""
        if self._least is not None:
            return self._least
        if package.source not in self._known:
            self._known[package.source] = self._configured(package)
        return self._known[package.source]

    def _configured(self, package: LockedPackage) -> int:
        if self._first(("resolver", "incompatible-publish-age")) == "allow":
            return 0
        if is_from_crates_io(package):
            keys = [("registry", "min-publish-age"), ("registries", "crates-io", "min-publish-age")]
        else:
            files = self._configurations if package.source else ()
            names = (name for file in files for name in file.memo(_registries).get(package.source, ()))
            keys = [("registries", name, "min-publish-age") for name in names]
        for key in (*keys, ("registry", "global-min-publish-age")):
            found = self._first(key)
            if isinstance(found, str):
                try:
                    return duration(found)
                except ValueError:
                    continue
        return 0

    def _first(self, keys: tuple[str, ...]) -> Any:
        """The value of the nearest configuration that has the key."""
        found = (toml.lookup(toml.parse(file), keys) for file in self._configurations)
        return next((value for value in found if value is not None), None)


def _registries(file: File) -> dict[SourceId | None, list[str]]:
    """The names that a configuration has for each registry."""
    names: dict[SourceId | None, list[str]] = {}
    for name, table in toml.table_at(toml.parse(file), ("registries",)).items():
        index = toml.lookup(table, ("index",))
        try:
            if isinstance(index, str):
                names.setdefault(registry(index), []).append(name)
        except SourceIdError:
            continue
    return names


def vendored_folder(tree: Tree, folder: str) -> str | None:
    """The folder that Cargo's configuration names as a directory source; None if it names none."""
    for above, file in _configurations(tree, folder):
        for source in toml.table_at(toml.parse(file), ("source",)).values():
            path = toml.lookup(source, ("directory",))
            if isinstance(path, str):
                return os.path.normpath(os.path.join(above, path))
    return None


def _configurations(tree: Tree, folder: str) -> Iterator[tuple[str, File]]:
    """The files of Cargo's configuration in force in a folder, each with the folder to which its paths are relative."""
    try:
        for above, found in config_files(tree, folder):
            yield above, found.file
    except Refused:
        return


class AllowedScripts:
    """The build scripts that a deny.toml allows, whose list is in `file`; none without a file."""

    def __init__(self, file: File | None) -> None:
        self._specifications: dict[str, list[Requirement | None]] = {}
        for name, requirement in filter(None, map(_specification, _scripts(file) or () if file else ())):
            self._specifications.setdefault(name, []).append(requirement)
        self._compared = 0

    def allows(self, package: LockedPackage) -> bool:
        """Whether an entry names the package. False after very many comparisons."""
        requirements = self._specifications.get(package.name, ())
        self._compared += len(requirements)
        return self._compared <= _MOST_COMPARED and any(
            requirement is None or requirement.matches(package.version) for requirement in requirements
        )


def allowed_scripts(tree: Tree, folder: str) -> AllowedScripts:
    """The build scripts that the nearest deny.toml with a list of them allows."""
    with_lists = (file for file in _policies(tree, folder, _DENY) if _scripts(file) is not None)
    file = next(with_lists, None)
    return file.memo(AllowedScripts) if file else AllowedScripts(None)


def _scripts(file: File) -> list[Any] | None:
    found = toml.lookup(toml.parse(file), ("bans", "build", "allow-build-scripts"))
    return found if isinstance(found, list) else None


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


def ignored(tree: Tree, folder: str) -> frozenset[str]:
    """The advisories that the nearest deny.toml and `.cargo/audit.toml` say to ignore."""
    files = (next(_policies(tree, folder, names), None) for names in (_DENY, _AUDIT))
    return frozenset[str]().union(*(file.memo(_ignored) for file in files if file))


def _ignored(file: File) -> frozenset[str]:
    listed = toml.lookup(toml.parse(file), ("advisories", "ignore"))
    ids = (toml.lookup(entry, ("id",)) or entry for entry in (listed if isinstance(listed, list) else ()))
    return frozenset(found for found in ids if isinstance(found, str))


def _policies(tree: Tree, folder: str, names: tuple[str, ...]) -> Iterator[File]:
    """The configurations of these names in a folder and above it, in the repository, nearest first."""
    for above in upwards(folder):
        for name in names:
            try:
                yield document.read(tree, os.path.join(above, name)).file
            except (FileNotFoundError, Refused):
                continue


class LockedWorkspace:
    """The workspace whose lock is in a folder, loaded only if a rule needs it."""

    def __init__(self, tree: Tree, folder: str) -> None:
        self._tree = tree
        self._folder = folder
        self._compared = 0

    @cached_property
    def workspace(self) -> Workspace | None:
        """The workspace; None if there is no manifest, or if Cargo would not load it."""
        from dunnage.cargo.manifests import Manifests
        from dunnage.cargo.workspace import load

        manifests = Manifests(self._tree)
        try:
            found = manifests.find(self._folder)
            return load(manifests, manifests.root_of(found))[0] if found else None
        except Refused:
            return None

    def explain(self, before: LockedPackage, after: LockedPackage) -> str:
        """Say which manifest accepts the new one of two versions and rejects the old one; empty if none does."""
        found = self._dependencies.get(after.name, ())
        self._compared += len(found)
        for path, dependency in found if self._compared <= _MOST_COMPARED else ():
            if dependency.accepts(after.version) and not dependency.accepts(before.version):
                return f"{path} requires `{dependency.version}`"
        return ""

    @cached_property
    def _dependencies(self) -> dict[str, list[tuple[str, Dependency]]]:
        """The dependencies on each package, each with the path of its manifest."""
        found: dict[str, list[tuple[str, Dependency]]] = {}
        for local in self.workspace.local.values() if self.workspace else ():
            for dependency in local.package.dependencies:
                found.setdefault(dependency.package, []).append((local.manifest.file.path, dependency))
        return found


def vetting_of(tree: Tree, folder: str, workspace: LockedWorkspace, lock: Lockfile) -> Vetting | None:
    """The audits of cargo-vet that count for the lock in a folder; None if cargo-vet is not used there."""
    file = tree.find(os.path.join(folder, MANIFEST))
    data = read_toml(file) if file and b"vet" in file.data else None
    named = (toml.lookup(data, (owner, "metadata", "vet", "store", "path")) for owner in ("workspace", "package"))
    path = next((found for found in named if isinstance(found, str)), "") or _VET_FOLDER
    path = os.path.abspath(os.path.join(folder, path))
    if not tree.exists(os.path.join(path, "config.toml")):
        return None
    from dunnage.review.vetting import Vetting, read

    store = read(tree, path)
    return Vetting(store, workspace.workspace, lock) if store and workspace.workspace else None
