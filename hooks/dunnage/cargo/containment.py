"""Which workspaces contain the packages of another by path."""

import os
from collections.abc import Iterable

from dunnage.cargo.manifests import MANIFEST, Manifests
from dunnage.cargo.workspace import Workspace, load
from dunnage.files.document import Refused


def is_part_of_others(workspace: Workspace, manifests: Manifests, tracked: Iterable[str]) -> bool:
    """Whether other workspaces contain every member of a workspace by path. `tracked` are the paths of manifests."""
    paths = sorted(path for path in tracked if os.path.basename(path) == MANIFEST)
    missing = dict(workspace.members)
    names = {member.package.name.encode() for member in missing.values()}
    seen = {workspace.root.folder}
    for path in paths:
        text = manifests.tree.content(path) or b""
        if b"path" not in text or not any(name in text for name in names):
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
                missing.pop(folder, None)
        if not missing:
            return True
    return False
