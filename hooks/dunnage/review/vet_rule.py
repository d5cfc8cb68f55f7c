"""The rule about crates that came in and that cargo-vet's audits do not vet, where cargo-vet is in use."""

from __future__ import annotations

import os
from collections.abc import Iterator

from dunnage.cargo.workspace import Workspace
from dunnage.files.document import Problem
from dunnage.files.source import Tree
from dunnage.review import vet_store
from dunnage.review.changes import Changes, identity, is_from_crates_io
from dunnage.review.concern import Advice, Concern, listed, package_subject
from dunnage.review.vetting import Vetting

_FOLDER = "supply-chain"


def find(tree: Tree, workspace: Workspace, changes: Changes) -> Vetting | None:
    """The audits that count for a workspace; None if it does not use cargo-vet."""
    path = _FOLDER
    for owner in ("workspace", "package"):
        table = workspace.root.data.get(owner)
        for key in ("metadata", "vet", "store"):
            table = table.get(key) if isinstance(table, dict) else None
        if isinstance(table, dict) and isinstance(table.get("path"), str):
            path = table["path"]
            break
    store = vet_store.read(tree, os.path.join(workspace.root.folder, path))
    return Vetting(store, workspace, changes.lock) if store else None


def unvetted(changes: Changes, advice: Advice, vetting: Vetting) -> Iterator[Concern]:
    """Yield incoming crates that the audits do not vet: updates of versions that they vet, and new crates."""
    replaced = {identity(update.after): update.before for update in changes.updates}
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
        inspect = f"cargo vet diff {package.name} {before.version} {package.version}" if before else ""
        inspect = inspect or f"cargo vet inspect {package.name} {package.version}"
        look = f"look at it with `{inspect}`, then run `cargo vet certify`"
        help = f"{look};\n{advice.restore()};\n{advice.accept(subjects)}"
        problem = Problem("lock-review/unvetted", changes.lock.file, message, help, package.keys)
        yield Concern(problem, subjects)


def _is_in_use(changes: Changes, vetting: Vetting) -> bool:
    """Whether the store vets most of the crates that did not change. Many stores are there that nobody keeps."""
    incoming = {identity(package) for package in changes.incoming}
    known = [
        package for package in changes.lock.packages if is_from_crates_io(package) and identity(package) not in incoming
    ]
    return 2 * sum(not vetting.lacking(package) for package in known) > len(known)
