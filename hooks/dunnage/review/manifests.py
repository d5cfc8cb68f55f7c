"""What the manifests beside a lock say about its changes, if they exist and can be read."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from dunnage.files.document import Refused
from dunnage.files.source import Tree

if TYPE_CHECKING:
    from dunnage.cargo.lockfile import LockedPackage
    from dunnage.cargo.workspace import Workspace


class LockedWorkspace:
    """The workspace whose lock is in a folder, loaded only if a rule needs it."""

    def __init__(self, tree: Tree, folder: str) -> None:
        self._tree = tree
        self._folder = folder

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
        for local in self.workspace.local.values() if self.workspace else ():
            for dependency in local.package.dependencies:
                if (
                    dependency.package == after.name
                    and dependency.accepts(after.version)
                    and not dependency.accepts(before.version)
                ):
                    return f"{local.manifest.file.path} requires `{dependency.version}`"
        return ""
