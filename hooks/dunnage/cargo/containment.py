"""Which workspaces contain the packages of another by path."""

import os
from collections.abc import Iterable

from dunnage.cargo.manifests import MANIFEST, Manifests, real_manifest
from dunnage.cargo.workspace import LOCK, Workspace, load
from dunnage.files.document import Refused


def is_part_of_others(workspace: Workspace, manifests: Manifests, tracked: Iterable[str]) -> bool:
    """Whether other workspaces contain every member of a workspace by path, also through symbolic links.

    `tracked` are the paths of manifests and locks.
    """
    paths = sorted(path for path in tracked if os.path.basename(path) in (MANIFEST, LOCK))
    missing = {real_manifest(folder): member for folder, member in workspace.members.items()}
    names = {member.package.name.encode() for member in missing.values()}
    seen = {workspace.root.folder}
    for path in paths:
        text = manifests.tree.content(path) or b""
        # A member that is a symbolic link is named in the lock alone.
        may_name = b"path" in text or os.path.basename(path) == LOCK
        if not may_name or not any(name in text for name in names):
            continue
        try:
            found = manifests.find(os.path.dirname(path))
            root = found and manifests.root_of(found)
        except Refused:
            continue
        if root is not None and root.folder not in seen:
            seen.add(root.folder)
            other, _ = load(manifests, root)
            for folder in other.local if other is not None else ():
                missing.pop(real_manifest(folder), None)
        if not missing:
            return True
    return False
