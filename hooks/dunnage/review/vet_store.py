"""A `supply-chain/` folder of cargo-vet, and which versions its audits vet.

Format and rules are those of cargo-vet 0.10: https://mozilla.github.io/cargo-vet/config.html and "The Criteria", "Audit
Entries", "Wildcard Audits" there. A version is vetted for a criterion if a path leads to it from nothing, over audits,
deltas, exemptions, and publishers whom a wildcard audit or a `trusted` entry trusts.
"""

import os
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any, NamedTuple

from dunnage.cargo.version import Requirement, Version, VersionError
from dunnage.files import document
from dunnage.files.document import Refused
from dunnage.files.source import Tree

RUN, DEPLOY = "safe-to-run", "safe-to-deploy"
_BUILT_IN: dict[str, tuple[str, ...]] = {RUN: (), DEPLOY: (RUN,)}
_PUBLISHERS = ("user-id", "trusted-publisher")
_NOTHING = ""
"""The version from which a full audit leads."""


class AuditEdge(NamedTuple):
    """An audit that leads from one version to another."""

    before: str
    after: str
    criteria: frozenset[str]


class VetStore:
    """What the three files of a store say."""

    def __init__(self, config: Mapping[str, Any], audits: Mapping[str, Any], imports: Mapping[str, Any]) -> None:
        self._config, self._audits, self._imports = config, audits, imports
        self._criteria = _criteria(audits)
        self._paths: dict[tuple[str, str], frozenset[str]] = {}

    def policy(self, name: str, version: str) -> Mapping[str, Any]:
        """The policy for a package; empty if there is none."""
        policies = _table(self._config.get("policy"))
        return _table(policies.get(f"{name}:{version}", policies.get(name)))

    def closure(self, criteria: object) -> frozenset[str]:
        """Criteria, one name or several, with all that they imply."""
        return _closure(_names(criteria), self._criteria)

    def lacking(self, name: str, version: str, criteria: frozenset[str]) -> frozenset[str]:
        """The criteria for which no path leads to a version of a crate."""
        violated = frozenset[str]().union(
            *(violated for requirement, violated in self._violations(name) if _is_in(version, requirement))
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
            for edge in self._edges(name):
                if criterion in edge.criteria:
                    after[edge.before].append(edge.after)
            pending, seen = [_NOTHING], {_NOTHING}
            while pending:
                for reached in after[pending.pop()]:
                    if reached not in seen:
                        seen.add(reached)
                        pending.append(reached)
            self._paths[name, criterion] = frozenset(seen)
        return self._paths[name, criterion]

    def _edges(self, name: str) -> Iterator[AuditEdge]:
        for entry in _entries(self._config.get("exemptions"), name):
            yield AuditEdge(_NOTHING, str(entry.get("version")), self.closure(entry.get("criteria")))
        publishers = _entries(self._imports.get("publisher"), name)
        for audits, mapped in self._sources:
            for entry in _entries(audits.get("audits"), name):
                criteria = mapped(entry.get("criteria"))
                if isinstance(entry.get("version"), str):
                    yield AuditEdge(_NOTHING, entry["version"], criteria)
                elif isinstance(entry.get("delta"), str):
                    before, _, after = entry["delta"].partition("->")
                    yield AuditEdge(before.strip(), after.strip(), criteria)
            for key in ("wildcard-audits", "trusted"):
                for entry in _entries(audits.get(key), name):
                    for publisher in publishers:
                        if _is_trusted(entry, publisher):
                            yield AuditEdge(_NOTHING, str(publisher.get("version")), mapped(entry.get("criteria")))
        for entry in _entries(self._imports.get("unpublished"), name):
            every = frozenset({*_BUILT_IN, *self._criteria})
            yield AuditEdge(str(entry.get("audited_as")), str(entry.get("version")), every)

    def _violations(self, name: str) -> Iterator[tuple[Requirement, frozenset[str]]]:
        for audits, mapped in self._sources:
            for entry in _entries(audits.get("audits"), name):
                try:
                    yield Requirement.parse(str(entry["violation"])), mapped(entry.get("criteria"))
                except (KeyError, VersionError):
                    continue

    @cached_property
    def _sources(self) -> "list[tuple[Mapping[str, Any], _Mapped]]":
        """The store's own audits and those of every import, each with the meaning of its criteria here."""
        own = self._criteria
        sources = [(self._audits, _Mapped({}, own, own))]
        for peer, audits in _table(self._imports.get("audits")).items():
            configured = _table(_table(self._config.get("imports")).get(peer))
            foreign = _criteria(_table(audits))
            sources.append((_table(audits), _Mapped(_table(configured.get("criteria-map")), foreign, own)))
        return sources


class _Mapped:
    """What criteria of one source of audits mean in this store."""

    def __init__(
        self, names: Mapping[str, Any], foreign: Mapping[str, tuple[str, ...]], own: Mapping[str, tuple[str, ...]]
    ) -> None:
        self._names, self._foreign, self._own = names, foreign, own

    def __call__(self, criteria: object) -> frozenset[str]:
        there = _closure(_names(criteria), self._foreign)
        if self._foreign is self._own:
            return there
        here = [
            own
            for name in there
            for own in (_names(self._names[name]) if name in self._names else (name,) if name in _BUILT_IN else ())
        ]
        return _closure(here, self._own)


def read(tree: Tree, folder: str) -> VetStore | None:
    """Read the store in a folder; None if there is none, or if cargo-vet could not read it."""
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
    try:
        return requirement.matches(Version.parse(version))
    except VersionError:
        return False


def _criteria(audits: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """The criteria that a file of audits defines, and what each implies."""
    return {name: _names(_table(entry).get("implies")) for name, entry in _table(audits.get("criteria")).items()}


def _closure(names: tuple[str, ...] | list[str], criteria: Mapping[str, tuple[str, ...]]) -> frozenset[str]:
    found: set[str] = set()
    pending = list(names)
    while pending:
        name = pending.pop()
        if name not in found:
            found.add(name)
            pending += (*_BUILT_IN.get(name, ()), *criteria.get(name, ()))
    return frozenset(found)


def _entries(table: object, name: str) -> list[Mapping[str, Any]]:
    found = _table(table).get(name)
    return [entry for entry in found if isinstance(entry, dict)] if isinstance(found, list) else []


def _names(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    return tuple(name for name in value if isinstance(name, str)) if isinstance(value, list) else ()


def _table(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
