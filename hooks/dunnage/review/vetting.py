"""The audits of cargo-vet: which versions they vet, what is needed of each package, and the rule about both.

Format and rules are those of cargo-vet 0.10: https://mozilla.github.io/cargo-vet/config.html and "The Criteria", "Audit
Entries", "Wildcard Audits" there. A version is vetted for a criterion if a path leads to it from nothing, over audits,
deltas, exemptions, and publishers whom a wildcard audit or a `trusted` entry trusts.

Requirements flow from the roots: members on which nothing depends for its own build. A member that only tests of others
use is a root, too. `policy.criteria` of a package takes precedence over what leads to it; `policy.dependency-criteria`
and `policy.dev-criteria` say what it requires of its dependencies.
Source: `DepGraph::new` and `resolve_requirements` in src/resolver.rs of cargo-vet 0.10.2.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache, cached_property, partial
from itertools import chain
from typing import Any, TypeAlias

from dunnage.cargo.lockfile import LockedPackage, Lockfile
from dunnage.cargo.resolution import Resolution
from dunnage.cargo.version import Requirement, VersionError, version_of
from dunnage.cargo.workspace import Workspace
from dunnage.files import document, toml
from dunnage.files.document import Refused
from dunnage.files.shown import argument
from dunnage.files.source import Tree
from dunnage.review.changes import Changes, identity, is_from_crates_io
from dunnage.review.concern import Advice, Concern, Unknowns, about, listed, package_subject

RUN, DEPLOY = "safe-to-run", "safe-to-deploy"
_Criteria: TypeAlias = Mapping[str, tuple[str, ...]]
"""Criteria, and what each implies."""
_BUILT_IN: _Criteria = {RUN: (), DEPLOY: (RUN,)}
_PUBLISHERS = ("user-id", "trusted-publisher")
_NOTHING = ""
"""The version from which a full audit leads."""
_Node = str | int
"""A package in a folder, or the index of a locked package."""
_Edge: TypeAlias = "tuple[str, str, frozenset[str]]"
"""An audit that leads from one version to another: both, and the criteria."""

_MOST_STEPS = 500_000
"""How many entries and criteria are looked at. For the largest stores, it is some ten thousand."""


class StoreTooLargeError(Exception):
    """What a store vets is unknown, because to find it would take too many steps."""


class VetStore:
    """What the three files of a store say."""

    def __init__(self, config: Mapping[str, Any], audits: Mapping[str, Any], imports: Mapping[str, Any]) -> None:
        self._config, self._audits, self._imports = config, audits, imports
        self._criteria = _criteria(audits)
        self._paths: dict[tuple[str, str], frozenset[str]] = {}
        self._edges = cache(self._read_edges)
        self._violations = cache(self._read_violations)
        self._steps = 0

    def spend(self, steps: int) -> None:
        """Count what is looked at. Raises StoreTooLargeError if that is too much, as other methods do."""
        self._steps += steps
        if self._steps > _MOST_STEPS:
            raise StoreTooLargeError

    def policy(self, name: str, version: str) -> Mapping[str, Any]:
        """The policy for a package; empty if there is none."""
        policies = toml.table_at(self._config, ("policy",))
        return toml.table_at(policies.get(f"{name}:{version}", policies.get(name)))

    def closure(self, criteria: object) -> frozenset[str]:
        """Criteria, one name or several, with all that they imply."""
        return _closure(_names(criteria), self._criteria, self.spend)

    def lacking(self, name: str, version: str, criteria: frozenset[str]) -> frozenset[str]:
        """The criteria for which no path leads to a version of a crate."""
        violations = self._violations(name)
        self.spend(len(criteria) + sum(1 + len(violated) for _, violated in violations))
        violated = frozenset[str]().union(
            *(violated for requirement, violated in violations if _is_in(version, requirement))
        )
        return frozenset(
            criterion
            for criterion in criteria
            if criterion in violated or version not in self._reached(name, criterion)
        )

    def _reached(self, name: str, criterion: str) -> frozenset[str]:
        """The versions of a crate to which a path of audits for a criterion leads from nothing."""
        if (name, criterion) not in self._paths:
            after: dict[str, list[str]] = defaultdict(list)
            self.spend(len(self._edges(name)))
            for before, version, criteria in self._edges(name):
                if criterion in criteria:
                    after[before].append(version)
            pending, seen = [_NOTHING], {_NOTHING}
            while pending:
                for reached in after[pending.pop()]:
                    if reached not in seen:
                        seen.add(reached)
                        pending.append(reached)
            self._paths[name, criterion] = frozenset(seen)
        return self._paths[name, criterion]

    def _read_edges(self, name: str) -> list[_Edge]:
        return list(self._listed_edges(name))

    def _listed_edges(self, name: str) -> Iterator[_Edge]:
        for entry in _entries(self._config.get("exemptions"), name):
            yield _NOTHING, str(entry.get("version")), self.closure(entry.get("criteria"))
        publishers = _entries(self._imports.get("publisher"), name)
        for audits, mapped in self._sources:
            self.spend(1)
            for entry in _entries(audits.get("audits"), name):
                criteria = mapped(entry.get("criteria"))
                if isinstance(entry.get("version"), str):
                    yield _NOTHING, entry["version"], criteria
                elif isinstance(entry.get("delta"), str):
                    before, _, after = entry["delta"].partition("->")
                    yield before.strip(), after.strip(), criteria
            for key in ("wildcard-audits", "trusted"):
                for entry in _entries(audits.get(key), name):
                    self.spend(len(publishers))
                    for publisher in publishers:
                        if _is_trusted(entry, publisher):
                            yield _NOTHING, str(publisher.get("version")), mapped(entry.get("criteria"))
        for entry in _entries(self._imports.get("unpublished"), name):
            yield str(entry.get("audited_as")), str(entry.get("version")), frozenset(self._criteria)

    def _read_violations(self, name: str) -> list[tuple[Requirement, frozenset[str]]]:
        found = []
        for audits, mapped in self._sources:
            self.spend(1)
            for entry in _entries(audits.get("audits"), name):
                try:
                    found.append((Requirement.parse(str(entry["violation"])), mapped(entry.get("criteria"))))
                except (KeyError, VersionError):
                    continue
        return found

    @cached_property
    def _sources(self) -> list[tuple[Mapping[str, Any], Callable[[object], frozenset[str]]]]:
        """The store's own audits and those of every import, each with the meaning of its criteria here."""
        sources: list[tuple[Mapping[str, Any], Callable[[object], frozenset[str]]]] = [(self._audits, self.closure)]
        for peer, audits in toml.table_at(self._imports, ("audits",)).items():
            names = toml.table_at(self._config, ("imports", peer, "criteria-map"))
            sources.append((toml.table_at(audits), partial(self._mapped, names, _criteria(audits))))
        return sources

    def _mapped(self, names: Mapping[str, Any], foreign: _Criteria, criteria: object) -> frozenset[str]:
        """What criteria of an import mean in this store. `names` maps them; the built-in ones need no entry."""
        there = _closure(_names(criteria), foreign, self.spend)
        here = (_names(names.get(name, name if name in _BUILT_IN else None)) for name in there)
        return _closure(chain.from_iterable(here), self._criteria, self.spend)


def read(tree: Tree, folder: str) -> VetStore | None:
    """Read the store in a folder; None if there is none, or if cargo-vet could not read it.

    Workspaces that share a store share its steps.
    """
    stores = tree.memo(_stores)
    if folder not in stores:
        stores[folder] = _read(tree, folder)
    return stores[folder]


def _stores(tree: Tree) -> dict[str, VetStore | None]:
    return tree.cache()


def _read(tree: Tree, folder: str) -> VetStore | None:
    files = []
    for name in ("config.toml", "audits.toml", "imports.lock"):
        try:
            files.append(document.read(tree, os.path.join(folder, name)).data)
        except FileNotFoundError:
            if name != "imports.lock":
                return None
            files.append({})
        except Refused:
            return None
    return VetStore(*files)


def _is_trusted(entry: Mapping[str, Any], publisher: Mapping[str, Any]) -> bool:
    """Whether an entry is about the user, or the CI that is a trusted publisher, and the time of a publication."""
    is_same = any(entry.get(key) is not None and entry.get(key) == publisher.get(key) for key in _PUBLISHERS)
    return is_same and str(entry.get("start")) <= str(publisher.get("when")) < str(entry.get("end"))


def _is_in(version: str, requirement: Requirement) -> bool:
    found = version_of(version)
    return found is not None and requirement.matches(found)


def _criteria(audits: object) -> _Criteria:
    """The criteria that a file of audits defines, and the built-in ones."""
    defined = toml.table_at(audits, ("criteria",))
    own = {name: _names(toml.lookup(entry, ("implies",))) for name, entry in defined.items()}
    return own | {name: (*own.get(name, ()), *implied) for name, implied in _BUILT_IN.items()}


def _closure(names: Iterable[str], criteria: _Criteria, spend: Callable[[int], None]) -> frozenset[str]:
    found: set[str] = set()
    pending = list(names)
    while pending:
        name = pending.pop()
        if name not in found:
            found.add(name)
            implied = criteria.get(name, ())
            spend(1 + len(implied))
            pending += implied
    return frozenset(found)


def _entries(table: object, name: str) -> list[Mapping[str, Any]]:
    found = toml.lookup(table, (name,))
    return [entry for entry in found if isinstance(entry, dict)] if isinstance(found, list) else []


def _names(value: object) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else toml.texts_at(value)


class Vetting:
    """A store, and the packages of the lock for which it counts."""

    def __init__(self, store: VetStore, workspace: Workspace, lock: Lockfile) -> None:
        self._store = store
        self._resolution = Resolution(workspace, lock)
        self._indices = {identity(package): index for index, package in enumerate(lock.packages)}

    def lacking(self, package: LockedPackage, before: LockedPackage | None = None) -> frozenset[str]:
        """The criteria that a locked package of crates.io needs and the store does not vet it for.

        A criterion that another one of them implies is left out. With `before`, an earlier version, the
        result holds only the criteria for which that version would be vetted. Raises StoreTooLargeError.
        """
        index = self._indices.get(identity(package))
        if index is None or not is_from_crates_io(package):
            return frozenset()
        needed = self._requirements[index]
        lacking = self._store.lacking(package.name, str(package.version), needed)
        if before is not None:
            lacking -= self._store.lacking(before.name, str(before.version), needed)
        self._store.spend(len(lacking) ** 2)
        implied = {each: self._store.closure(each) for each in lacking}
        return frozenset(
            each
            for each in lacking
            if not any(each in implied[other] and other not in implied[each] for other in lacking)
        )

    def vets(self, package: LockedPackage) -> bool:
        """Whether the store is known to vet a package of crates.io for all that is needed of it."""
        index = self._indices.get(identity(package))
        try:
            return index is not None and bool(self._requirements[index]) and not self.lacking(package)
        except StoreTooLargeError:
            return False

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
                store.spend(1 + len(needed[node]))
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


def unvetted(changes: Changes, advice: Advice, vetting: Vetting, unknown: Unknowns) -> Iterator[Concern]:
    """Yield incoming crates that the audits do not vet: updates of versions that they vet, and new crates."""
    try:
        yield from _unvetted(changes, advice, vetting)
    except StoreTooLargeError:
        unknown.add("what cargo-vet's store vets (it has too many entries)")


def _unvetted(changes: Changes, advice: Advice, vetting: Vetting) -> Iterator[Concern]:
    replaced = changes.replaced()
    incoming = {identity(package) for package in changes.incoming}

    @cache
    def is_in_use() -> bool:
        """Whether the store vets most of the crates that did not change. Many stores are no longer maintained."""
        others = (package for package in changes.lock.packages if identity(package) not in incoming)
        known = [not vetting.lacking(package) for package in others if is_from_crates_io(package)]
        return 2 * sum(known) > len(known)

    for package in changes.incoming:
        before = replaced.get(identity(package))
        lacking = vetting.lacking(package, before)
        if not lacking or (before is None and not is_in_use()):
            continue
        though = f", although it vets {before.version}" if before else ""
        message = f"cargo-vet's store does not vet `{package}` for {listed(sorted(lacking))}{though}"
        subjects = (package_subject(package),)
        name = argument(package.name)
        versions = f"diff {name} {before.version}" if before else f"inspect {name}"
        look = f"look at it with `cargo vet {versions} {package.version}`, then run `cargo vet certify`"
        help = f"{look}\n{advice.restore()}\n{advice.accept(subjects)}"
        yield about(package, changes, "lock-review/unvetted", message, help, subjects)
