"""Whether the vendored crates that replace a source in the configuration match the lock.

Cargo builds no vendored crate with a different version or checksum than the locked one, and none whose files
differ from its `.cargo-checksum.json`. Source: cargo's own directory source.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from functools import cached_property

from dunnage.cargo.config_files import directory_sources
from dunnage.cargo.lockfile import LockedPackage, Lockfile
from dunnage.cargo.manifests import MANIFEST
from dunnage.cargo.workspace import LOCK, Workspace
from dunnage.files import document, shown, toml
from dunnage.files.document import Problem, Refused
from dunnage.files.source import File, SourceError, Tree, display
from dunnage.files.span import Span
from dunnage.files.walk import CHECKSUMS, recorded

_RULE = "cargo-lock/vendored"


def compare_vendored(
    tree: Tree, workspace: Workspace, lock: Lockfile, tracked: Collection[str] | None, changed: Collection[str]
) -> Iterator[Problem]:
    """Find the locked packages whose vendored copy does not match the lock.

    `tracked` are the paths of the manifests and locks that git tracks, None without git. Folders without a tracked
    manifest are left out. `changed` are the folders of crates whose manifests are compared with their records as well.
    """
    replaced = directory_sources(tree, workspace.root.folder)
    packages: dict[str, list[LockedPackage]] = defaultdict(list)
    for package in lock.packages if replaced else ():
        if package.source is not None and package.source in replaced:
            packages[replaced[package.source]].append(package)
    for folder, locked in sorted(packages.items()):
        start = os.path.join(folder, "")
        if os.path.isdir(folder) if tracked is None else any(path.startswith(start) for path in tracked):
            crates = _Crates(tree, folder)
            yield from _compare(crates, workspace, lock.file, locked, changed, tracked or ())


def _compare(
    crates: _Crates,
    workspace: Workspace,
    lock: File,
    locked: Sequence[LockedPackage],
    changed: Collection[str],
    tracked: Collection[str],
) -> Iterator[Problem]:
    folders = {package.keys: crates.find(package) for package in locked}
    absent = [package for package in locked if folders[package.keys] is None]
    other = [
        package
        for package in locked
        if (folder := folders[package.keys]) is not None and not crates.has_checksum(folder, package)
    ]
    name, vendored = display(workspace.lock), display(crates.folder)
    is_versioned = all(
        (folder := folders[package.keys]) is None or folder.endswith(f"-{package.version}") for package in locked
    )
    update = _command(crates, workspace, tracked, is_versioned=is_versioned and any(folders.values()))
    if absent:
        subject, verb = _subject(absent, "is", "are")
        versions = crates.versions(absent[0].name) if len(absent) == 1 else []
        actual = f", which has {' and '.join(versions)}" if versions else ""
        message = f"{subject} {verb} in {name}, but not in {vendored}{actual}"
        yield Problem(_RULE, lock, message, f"run {update} and commit {vendored}", absent[0].keys)
    if other:
        subject, verb = _subject(other, "has", "have")
        message = f"{subject} {verb} a different checksum in {vendored} than in {name}"
        help = f"find out who changed it; to vendor the locked crate again, run {update}"
        yield Problem(_RULE, lock, message, help, (*other[0].keys, "checksum"))
    for folder in filter(None, folders.values()):
        if folder in changed and crates.is_changed(folder):
            file = crates.tree.read(os.path.join(folder, MANIFEST))
            message = f"this file is not the one that {display(os.path.join(folder, CHECKSUMS))} records"
            help = f"restore it; to build a changed crate, use `[patch]` with a copy outside {vendored}"
            yield Problem(_RULE, file, f"{message}, so cargo does not build the crate", help, span=Span(0, 0))


def _subject(packages: Sequence[LockedPackage], singular: str, plural: str) -> tuple[str, str]:
    """Name packages as the subject of a sentence, with its verb."""
    others = len(packages) - 1
    if not others:
        return f"`{packages[0]}`", singular
    return f"`{packages[0]}` and {others} more crate{'s' if others > 1 else ''}", plural


def _command(crates: _Crates, workspace: Workspace, tracked: Collection[str], *, is_versioned: bool) -> str:
    """The command that vendors the crates of a workspace again, and those of others in the same folder."""
    root = workspace.root.folder
    vendored = os.path.join(crates.folder, "")
    locks = (path for path in tracked if os.path.basename(path) == LOCK and not path.startswith(vendored))
    others = {*map(os.path.dirname, locks)} - {root}
    sharing = [other for other in sorted(others) if crates.folder in directory_sources(crates.tree, other).values()]
    words = ["cargo", "vendor", "--locked"]
    if is_versioned:
        words.append("--versioned-dirs")
    for other in sharing:
        words += ["--sync", shown.argument(os.path.relpath(os.path.join(other, MANIFEST), root).replace(os.sep, "/"))]
    words.append(shown.argument(os.path.relpath(crates.folder, root).replace(os.sep, "/")))
    return f"`{' '.join(words)}` in {'this folder' if root == os.getcwd() else display(root)}"


class _Crates:
    """The crates in a folder to which `cargo vendor` copied them."""

    def __init__(self, tree: Tree, folder: str) -> None:
        self.tree = tree
        self.folder = folder

    def find(self, package: LockedPackage) -> str | None:
        """Return the folder of the locked version of a package; None if it is not vendored."""
        for name in (package.name, f"{package.name}-{package.version}"):
            folder = os.path.join(self.folder, name)
            if self._records(folder, package):
                return folder
        return self._by_version.get((package.name, str(package.version)))

    def has_checksum(self, folder: str, package: LockedPackage) -> bool:
        """Whether the record of a vendored crate has the locked checksum. Crates from git have none."""
        if package.checksum is None or self._records(folder, package):
            return True
        return recorded(self.tree.read(os.path.join(folder, CHECKSUMS))).get("package") == package.checksum

    def is_changed(self, folder: str) -> bool:
        """Whether the manifest of a vendored crate differs from the recorded one."""
        from hashlib import sha256

        files = recorded(self.tree.read(os.path.join(folder, CHECKSUMS))).get("files")
        digest = sha256(self.tree.read(os.path.join(folder, MANIFEST)).data).hexdigest()
        return isinstance(files, dict) and files.get(MANIFEST, digest) != digest

    def versions(self, name: str) -> list[str]:
        """Return the vendored versions of a package."""
        return sorted(version for other, version in self._by_version if other == name)

    def _records(self, folder: str, package: LockedPackage) -> bool:
        """Whether a record as cargo writes it has the locked checksum, which only this version of the package has."""
        if package.checksum is None:
            return False
        record = self.tree.content(os.path.join(folder, CHECKSUMS))
        return record is not None and f'"package":"{package.checksum}"'.encode() in record

    @cached_property
    def _by_version(self) -> dict[tuple[str, str], str]:
        """The folders of all crates that have a record, by name and version."""
        found: dict[tuple[str, str], str] = {}
        try:
            names = sorted(os.listdir(self.folder))
        except OSError:
            return found
        for folder in (os.path.join(self.folder, name) for name in names if not name.startswith(".")):
            if self.tree.content(os.path.join(folder, CHECKSUMS)) is None:
                continue
            try:
                data = document.read(self.tree, os.path.join(folder, MANIFEST)).data
            except (FileNotFoundError, Refused, SourceError):
                continue
            name, version = (toml.lookup(data, ("package", key)) for key in ("name", "version"))
            if isinstance(name, str):
                found[name, version.strip() if isinstance(version, str) else "0.0.0"] = folder
        return found
