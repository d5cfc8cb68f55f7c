"""The rule about incoming crates that cargo-vet's audits do not vet, where cargo-vet is in use."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

from dunnage.files import toml
from dunnage.files.shown import argument
from dunnage.files.source import SourceError, Tree
from dunnage.review import vet_store
from dunnage.review.changes import Changes, identity, is_from_crates_io
from dunnage.review.concern import Concern, listed
from dunnage.review.lock_concern import LockAdvice, about, package_subject
from dunnage.review.manifests import LockedWorkspace
from dunnage.review.reviews import MANIFEST

if TYPE_CHECKING:
    from dunnage.review.vetting import Vetting

_FOLDER = "supply-chain"


def find(tree: Tree, folder: str, workspace: LockedWorkspace, changes: Changes) -> Vetting | None:
    """The audits that count for the lock in a folder; None if cargo-vet is not used there."""
    store = vet_store.read(tree, os.path.join(folder, _configured(tree, folder) or _FOLDER))
    if store is None or workspace.workspace is None:
        return None
    from dunnage.review.vetting import Vetting

    return Vetting(store, workspace.workspace, changes.lock)


def _configured(tree: Tree, folder: str) -> str | None:
    """The folder of the store that the manifest names; None if it names none."""
    try:
        file = tree.read(os.path.join(folder, MANIFEST))
        data = toml.parse(file) if b"vet" in file.data else {}
    except (FileNotFoundError, SourceError):
        return None
    for owner in ("workspace", "package"):
        path = toml.lookup(data, (owner, "metadata", "vet", "store", "path"))
        if isinstance(path, str):
            return path
    return None


def unvetted(changes: Changes, advice: LockAdvice, vetting: Vetting) -> Iterator[Concern]:
    """Yield incoming crates that the audits do not vet: updates of versions that they vet, and new crates."""
    replaced = changes.replaced()
    in_use: bool | None = None
    for package in changes.incoming:
        before = replaced.get(identity(package))
        lacking = vetting.lacking(package, before)
        if not lacking:
            continue
        if before is None:
            in_use = _is_in_use(changes, vetting) if in_use is None else in_use
            if not in_use:
                continue
        though = f", although it vets {before.version}" if before else ""
        message = f"cargo-vet's store does not vet `{package}` for {listed(sorted(lacking))}{though}"
        subjects = (package_subject(package),)
        inspect = f"cargo vet diff {argument(package.name)} {before.version} {package.version}" if before else ""
        inspect = inspect or f"cargo vet inspect {argument(package.name)} {package.version}"
        look = f"look at it with `{inspect}`, then run `cargo vet certify`"
        help = f"{look}\n{advice.restore()}\n{advice.accept(subjects)}"
        yield about(package, changes, "lock-review/unvetted", message, help, subjects)


def _is_in_use(changes: Changes, vetting: Vetting) -> bool:
    """Whether the store vets most of the crates that did not change. Many stores are no longer maintained."""
    incoming = {identity(package) for package in changes.incoming}
    known = [
        package for package in changes.lock.packages if is_from_crates_io(package) and identity(package) not in incoming
    ]
    return 2 * sum(not vetting.lacking(package) for package in known) > len(known)
