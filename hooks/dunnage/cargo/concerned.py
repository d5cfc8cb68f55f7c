"""Which workspaces a set of changed files concerns."""

import os
from collections.abc import Callable, Iterable
from typing import NamedTuple

from dunnage.cargo.config import read_config
from dunnage.cargo.config_files import CONFIG_NAMES, config_files
from dunnage.cargo.directory_sources import directory_sources
from dunnage.cargo.manifest import package_table
from dunnage.cargo.manifests import MANIFEST, Manifest, Manifests
from dunnage.cargo.vendored import is_vendored_crate
from dunnage.cargo.workspace import LOCK, Workspace
from dunnage.files import toml
from dunnage.files.document import Refused, is_template
from dunnage.files.source import SourceError, Tree
from dunnage.files.vendored import CHECKSUMS, is_in_vendored_crate
from dunnage.files.walk import is_in_project, top_folder, upwards

LocksNear = Callable[[str], Iterable[str]]
"""Returns the paths of all locks in the repository of a folder."""


class Concerned(NamedTuple):
    """The workspaces that a set of files concerns."""

    roots: dict[str, Manifest]
    """The root manifests, by folder."""
    named: dict[str, tuple[Manifest, Manifest]]
    """By folder, each manifest that is in the set or beside a lock in it, with its workspace root."""
    loaded: dict[str, tuple[Workspace | None, list[Refused]]]
    """By folder, the workspaces that have already been loaded, as `load` returns them."""
    refused: list[Refused]
    """Why a file could not be assigned to a workspace."""


def concerned(paths: Iterable[str], manifests: Manifests, locks_near: LocksNear) -> Concerned:
    """Find the workspaces that manifests, locks, configuration files and files that these include concern.

    `paths` are absolute.

    These are the workspaces that the files belong to. Vendored crates and templates of manifests are ignored: Cargo
    never builds them in place.
    """
    result = Concerned({}, {}, {}, [])
    crates: set[str] = set()
    included: dict[str, frozenset[str] | None] = {}
    for path in paths:
        folder, name = os.path.split(path)
        if name == CHECKSUMS or (name == MANIFEST and manifests.tree.exists(os.path.join(folder, CHECKSUMS))):
            crates.add(folder)
        elif is_in_vendored_crate(manifests.tree, path):
            continue
        elif name == MANIFEST:
            _add(folder, result, manifests)
        elif name == LOCK:
            if manifests.tree.exists(os.path.join(folder, MANIFEST)):
                _add(folder, result, manifests)
            else:
                _add_with_moved_lock(path, result, manifests)
        elif os.path.basename(folder) == ".cargo" and name in CONFIG_NAMES:
            above = os.path.dirname(folder)
            _add(above, result, manifests)
            for lock in locks_near(above):
                if lock.startswith(os.path.join(above, "")):
                    _add(os.path.dirname(lock), result, manifests)
        else:
            _add_including(path, result, manifests, locks_near, included)
    _add_using(crates, result, manifests, locks_near)
    return result


def _add(folder: str, result: Concerned, manifests: Manifests) -> None:
    """Add the workspace of the manifest in `folder`, if that contains one."""
    if is_vendored_crate(manifests.tree, folder):
        return
    try:
        found = manifests.find(folder)
        if found is None or _is_template(found):
            return
        root = manifests.root_of(found)
    except Refused as refused:
        if is_template(refused.file.data):
            return
        lock, is_empty = os.path.join(folder, LOCK), _is_empty(manifests.tree, refused.file.path)
        has_lock = manifests.tree.exists(lock) and not (is_empty and _is_empty(manifests.tree, lock))
        if has_lock or (is_in_project(folder) and not is_empty):
            result.refused.append(refused)
        elif folder != top_folder(folder):
            # An example, or data of a test, may be wrong on purpose. If it is a member, its workspace has the problem.
            _add_above(os.path.dirname(folder), result, manifests)
        return
    result.roots[root.folder] = root
    result.named[folder] = found, root


def _add_above(folder: str, result: Concerned, manifests: Manifests) -> None:
    """Add the workspace of the nearest manifest in a folder and those above it."""
    for above in upwards(folder):
        if manifests.tree.exists(os.path.join(above, MANIFEST)):
            _add(above, result, manifests)
            return


def _is_empty(tree: Tree, path: str) -> bool:
    """Whether a manifest or lock contains nothing but comments: it only marks a place, or is data of a test."""
    try:
        return not toml.parse(tree.read(path))
    except (FileNotFoundError, SourceError):
        return False


def _is_template(found: Manifest) -> bool:
    package = package_table(found.data)
    return package is not None and "{{" in str(package[1].get("name", ""))


def _add_including(
    path: str,
    result: Concerned,
    manifests: Manifests,
    locks_near: LocksNear,
    included: dict[str, frozenset[str] | None],
) -> None:
    """Add the workspaces whose configuration includes the file at `path`.

    `included` keeps the files that configure each folder; None if cargo could not read one of them.
    """
    for near in _folders_near(os.path.dirname(path), locks_near):
        if near not in included:
            try:
                files = config_files(manifests.tree, near)
                included[near] = frozenset(os.path.abspath(found.file.path) for _, found in files)
            except Refused:
                included[near] = None  # perhaps because of this file
        known = included[near]
        if (known is None or path in known) and manifests.tree.exists(os.path.join(near, MANIFEST)):
            _add(near, result, manifests)


def _add_using(crates: set[str], result: Concerned, manifests: Manifests, locks_near: LocksNear) -> None:
    """Add the workspaces that use vendored crates, and those of copies that no source replacement uses."""
    used: set[str] = set()
    folders = {os.path.dirname(crate) for crate in crates}
    for near in dict.fromkeys(near for folder in sorted(folders) for near in _folders_near(folder, locks_near)):
        sources = folders.intersection(directory_sources(manifests.tree, near).values())
        if sources and manifests.tree.exists(os.path.join(near, MANIFEST)):
            used |= sources
            _add(near, result, manifests)
    for crate in sorted(crates):
        if os.path.dirname(crate) not in used:
            _add(crate, result, manifests)


def _folders_near(folder: str, locks_near: LocksNear) -> Iterable[str]:
    """Return the folders above a folder, and those of all locks in its repository."""
    locked = map(os.path.dirname, locks_near(folder))
    return dict.fromkeys((*upwards(folder, beyond_repository=True), *sorted(locked)))


def _add_with_moved_lock(lock: str, result: Concerned, manifests: Manifests) -> None:
    """Add the workspace whose configuration sets the path of its lock to this one."""
    for folder in upwards(os.path.dirname(os.path.dirname(lock)), beyond_repository=True):
        try:
            if manifests.find(folder) and read_config(manifests.tree, folder).lock == lock:
                _add(folder, result, manifests)
        except Refused as refused:
            result.refused.append(refused)
