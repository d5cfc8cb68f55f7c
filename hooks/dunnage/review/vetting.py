"""Which criteria of cargo-vet each locked package needs, and whether the store vets it.

Requirements flow from the roots: members on which nothing depends for its own build. A member that only tests of others
use is a root, too. `policy.criteria` of a package takes precedence over what leads to it; `policy.dependency-criteria`
and `policy.dev-criteria` say what it requires of its dependencies.
Source: `DepGraph::new` and `resolve_requirements` in src/resolver.rs of cargo-vet 0.10.2.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from functools import cached_property
from typing import Any

from dunnage.cargo.lockfile import LockedPackage, Lockfile
from dunnage.cargo.resolution import Resolution
from dunnage.cargo.workspace import Workspace
from dunnage.review.changes import identity, is_from_crates_io
from dunnage.review.vet_store import DEPLOY, RUN, VetStore

_Node = str | int
"""A package in a folder, or the index of a locked package."""


class Vetting:
    """A store, and the packages of the lock for which it counts."""

    def __init__(self, store: VetStore, workspace: Workspace, lock: Lockfile) -> None:
        self._store = store
        self._resolution = Resolution(workspace, lock)
        self._indices = {identity(package): index for index, package in enumerate(lock.packages)}

    def lacking(self, package: LockedPackage, before: LockedPackage | None = None) -> frozenset[str]:
        """The criteria that a locked package of crates.io needs and the store does not vet it for.

        A criterion that another one of them implies is left out. With `before`, an earlier version, the
        result holds only the criteria for which that version would be vetted.
        """
        index = self._indices.get(identity(package))
        if index is None or not is_from_crates_io(package):
            return frozenset()
        needed = self._requirements[index]
        lacking = self._store.lacking(package.name, str(package.version), needed)
        if before is not None:
            lacking -= self._store.lacking(before.name, str(before.version), needed)
        implied = {each: self._store.closure(each) for each in lacking}
        return frozenset(
            each
            for each in lacking
            if not any(each in implied[other] and other not in implied[each] for other in lacking)
        )

    def vets(self, package: LockedPackage) -> bool:
        """Whether the store vets a package of crates.io for all that is needed of it."""
        index = self._indices.get(identity(package))
        return index is not None and bool(self._requirements[index]) and not self.lacking(package)

    @cached_property
    def _requirements(self) -> Mapping[_Node, frozenset[str]]:
        """The criteria that each package needs."""
        store = self._store
        needed: dict[_Node, frozenset[str]] = defaultdict(frozenset)
        used = self._used()
        pending: list[_Node] = []
        for folder in self._resolution.workspace.members:
            fixed = self._policy(folder).get("criteria")
            if fixed is not None:
                needed[folder] = store.closure(fixed)
            elif folder not in used:
                needed[folder] = store.closure(DEPLOY)
            pending.append(folder)
        while pending:
            node = pending.pop()
            policy = self._policy(node)
            for target, is_dev in self._targets(node):
                special = policy.get("dependency-criteria")
                criteria = special.get(self._called(target)[0]) if isinstance(special, dict) else None
                if criteria is not None:
                    required = store.closure(criteria)
                else:
                    required = store.closure(policy.get("dev-criteria", RUN)) if is_dev else needed[node]
                fixed = self._policy(target).get("criteria")
                wanted = needed[target] | required if fixed is None else store.closure(fixed)
                if wanted != needed[target]:
                    needed[target] = wanted
                    pending.append(target)
        return needed

    def _used(self) -> set[_Node]:
        """The packages on which another depends, for more than its tests. Members among them are not roots."""
        found: set[_Node] = set()
        pending: list[_Node] = list(self._resolution.workspace.members)
        while pending:
            for target, is_dev in self._targets(pending.pop()):
                if not is_dev and target not in found:
                    found.add(target)
                    pending.append(target)
        return found

    def _targets(self, node: _Node) -> list[tuple[_Node, bool]]:
        """What a package depends on, and whether for its tests alone."""
        if isinstance(node, int):
            return [(self._resolution.folders.get(index, index), False) for index in self._resolution.edges[node]]
        return [
            (target, dependency.dependency.kind == "dev")
            for dependency in self._resolution.resolved.get(node, ())
            if (target := dependency.folder or dependency.locked) is not None
        ]

    def _policy(self, node: _Node) -> Mapping[str, Any]:
        return self._store.policy(*self._called(node))

    def _called(self, node: _Node) -> tuple[str, str]:
        if isinstance(node, int):
            locked = self._resolution.packages[node]
            return locked.name, str(locked.version)
        package = self._resolution.workspace.local[node].package
        return package.name, str(package.version)
