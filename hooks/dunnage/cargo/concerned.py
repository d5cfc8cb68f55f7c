"""Which workspaces a set of changed files concerns."""

import os
from collections.abc import Callable, Iterable
from typing import NamedTuple

from dunnage.cargo.config import read_config
from dunnage.cargo.manifest import package_table
from dunnage.cargo.workspace import LOCK, MANIFEST, Manifest, Manifests, Workspace, load
from dunnage.files.document import Refused, is_template
from dunnage.files.source import SourceError, Tree

LocksNear = Callable[[str], Iterable[str]]
"""Given a folder, the paths of all locks of the repository it is in."""


class Concerned(NamedTuple):
    """The workspaces concerned."""

    roots: dict[str, Manifest]
    """By folder."""
    named: dict[str, tuple[Manifest, Manifest]]
    """By folder, the manifests that were named, or stand beside a lock that was, each with the root it leads to."""
    loaded: dict[str, tuple[Workspace | None, list[Refused]]]
    """By folder, what had to be loaded already."""
    refused: list[Refused]
    """What kept a file from being assigned to a workspace."""


def concerned(paths: Iterable[str], manifests: Manifests, locks_near: LocksNear) -> Concerned:
    """Find the workspaces that manifests, locks and configuration files at these absolute paths concern.

    These are the workspaces the files belong to, and those elsewhere in the repository that depend on a named
    manifest by path. Files that Cargo never builds in place are passed over: vendored crates, and templates of
    manifests.
    """
    result = Concerned({}, {}, {}, [])
    for path in paths:
        folder, name = os.path.split(path)
        if name == MANIFEST:
            _add(folder, result, manifests)
        elif name == LOCK:
            if manifests.tree.exists(os.path.join(folder, MANIFEST)):
                _add(folder, result, manifests)
            else:
                _add_with_moved_lock(path, result, manifests)
        else:
            above = os.path.dirname(folder)
            _add(above, result, manifests)
            for lock in locks_near(above):
                if lock.startswith(os.path.join(above, "")):
                    _add(os.path.dirname(lock), result, manifests)
    _add_dependents(result, manifests, locks_near)
    return result


def _add(folder: str, result: Concerned, manifests: Manifests) -> None:
    """Add the workspace of the manifest in `folder`, if there is one."""
    if os.path.exists(os.path.join(folder, ".cargo-checksum.json")):
        return
    try:
        found = manifests.find(folder)
        if found is None or _is_template(found):
            return
        root = manifests.root_of(found)
    except Refused as refused:
        if not is_template(refused.file.data):
            result.refused.append(refused)
        return
    result.roots[root.folder] = root
    result.named[folder] = found, root


def _is_template(found: Manifest) -> bool:
    package = package_table(found.data)
    return package is not None and "{{" in str(package[1].get("name", ""))


def _add_with_moved_lock(lock: str, result: Concerned, manifests: Manifests) -> None:
    """Add the workspace whose configuration says that its lock is here."""
    folder = os.path.dirname(lock)
    while (above := os.path.dirname(folder)) != folder:
        folder = above
        try:
            if manifests.find(folder) and read_config(manifests.tree, folder).lock == lock:
                _add(folder, result, manifests)
        except Refused as refused:
            result.refused.append(refused)


def _add_dependents(result: Concerned, manifests: Manifests, locks_near: LocksNear) -> None:
    """Add the other workspaces whose lock knows a named package and whose manifests lead to it."""
    names = {_quoted_name(found) for found, _ in result.named.values()} - {b""}
    for lock in sorted({lock for folder in result.named for lock in locks_near(folder)}):
        folder = os.path.dirname(lock)
        if folder in result.roots or not any(name in _bytes(manifests.tree, lock) for name in names):
            continue
        try:
            root = manifests.find(folder)
            if root is None or manifests.root_of(root) is not root:
                continue
        except Refused:
            continue
        workspace, refused = load(manifests, root)
        if workspace is not None and not result.named.keys().isdisjoint(workspace.local):
            result.roots[folder] = root
            result.loaded[folder] = workspace, refused


def _quoted_name(found: Manifest) -> bytes:
    """Spell the name of a manifest's package as locks do; empty if it has none."""
    package = package_table(found.data)
    name = package[1].get("name") if package else None
    return f'"{name}"'.encode() if isinstance(name, str) else b""


def _bytes(tree: Tree, path: str) -> bytes:
    try:
        return tree.read(path).data
    except (OSError, SourceError):
        return b""
