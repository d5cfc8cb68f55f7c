"""The manifests of a run, and the workspace root that each belongs to.

Folders are absolute and normalised by their text alone, as Cargo does it: `a/../b` is `b` even if `a` is a link.
Source of the rules: the Cargo book, "Workspaces".
"""

import os
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, ParamSpec, TypeVar

from dunnage.cargo import manifest
from dunnage.cargo.dependency import ManifestError
from dunnage.cargo.manifest import Package, WorkspaceTable
from dunnage.cargo.member_patterns import join
from dunnage.files import document
from dunnage.files.document import Refused
from dunnage.files.source import File, Tree
from dunnage.files.walk import upwards

P = ParamSpec("P")
T = TypeVar("T")
MANIFEST = "Cargo.toml"


class Manifest(NamedTuple):
    """One parsed `Cargo.toml`."""

    file: File
    folder: str
    data: dict[str, Any]
    workspace: WorkspaceTable | None
    pointer: str | None
    """The folder that `package.workspace` names."""
    listed: frozenset[str]
    """The paths in `workspace.members`; patterns are not expanded."""
    excluded: frozenset[str]
    """The paths in `workspace.exclude`."""

    @property
    def members(self) -> tuple[str, ...]:
        """The paths and patterns in `workspace.members`."""
        return self.workspace.members if self.workspace else ()

    def excludes(self, folder: str) -> bool:
        """Whether `exclude` covers `folder`, and `members` names neither it nor a folder above it."""
        return _is_below_any(folder, self.excluded) and not _is_below_any(folder, self.listed)


class Manifests:
    """The manifests read so far in a run, and their workspace roots."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self._parsed: dict[str, Manifest | None] = {}
        self._roots: dict[str, Manifest] = {}
        self.packages: dict[tuple[str, frozenset[tuple[str, str]]], Package] = {}
        """The packages read so far, by folder and by the registries that Cargo's configuration names for the workspace.

        Several workspaces may lead to one package.
        """

    def find(self, folder: str) -> Manifest | None:
        """Read the manifest in `folder`; None if there is none. Raises Refused if Cargo could not read it."""
        if folder not in self._parsed:
            try:
                file, data = document.read(self.tree, os.path.join(folder, MANIFEST))
            except FileNotFoundError:
                self._parsed[folder] = None
            else:
                self._parsed[folder] = with_file(file, _parse, file, folder, data)
        return self._parsed[folder]

    def root_of(self, member: Manifest) -> Manifest:
        """Find the root of the workspace that a manifest belongs to: itself if it belongs to no other.

        Raises Refused if a manifest on the way cannot be read, or if `package.workspace` names no workspace root.
        """
        if member.folder not in self._roots:
            self._roots[member.folder] = self._find_root(member)
        return self._roots[member.folder]

    def _find_root(self, member: Manifest) -> Manifest:
        if member.workspace is not None:
            return member
        if member.pointer is not None:
            return self._pointed_root(member, member.pointer)
        for folder in _folders_above(member.folder):
            candidate = self.find(folder)
            if candidate is None:
                continue
            if candidate.workspace is not None and not candidate.excludes(member.folder):
                return candidate
            if candidate.pointer is not None:
                return self._pointed_root(candidate, candidate.pointer)
        return member

    def _pointed_root(self, member: Manifest, pointer: str) -> Manifest:
        root = self.find(pointer)
        if root is None or root.workspace is None:
            raise Refused(
                member.file,
                "`package.workspace` points to a folder whose Cargo.toml has no `[workspace]`",
                ("package", "workspace"),
                "write the path from here to the folder of the workspace root",
            )
        return root


def with_file(file: File, read: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Call `read` and turn its ManifestError into a Refused for `file`."""
    try:
        return read(*args, **kwargs)
    except ManifestError as error:
        raise Refused(file, error.message, error.keys, error.help) from None


def _parse(file: File, folder: str, data: dict[str, Any]) -> Manifest:
    if manifest.package_table(data) is None:
        manifest.check_virtual(data)
    pointer = manifest.workspace_pointer(data)
    workspace = manifest.workspace_table(data)
    return Manifest(
        file,
        folder,
        data,
        workspace,
        None if pointer is None else join(folder, pointer),
        frozenset(join(folder, path) for path in (workspace.members if workspace else ())),
        frozenset(join(folder, path) for path in (workspace.exclude if workspace else ())),
    )


def _folders_above(folder: str) -> Iterator[str]:
    """Yield the folders in which Cargo looks for a workspace root, nearest first."""
    for above in upwards(os.path.dirname(folder), beyond_repository=True):
        if above == folder or above.endswith(os.path.join("target", "package")):
            return
        yield above


def _is_below_any(folder: str, paths: frozenset[str]) -> bool:
    return bool(paths) and any(above in paths for above in upwards(folder, beyond_repository=True))
