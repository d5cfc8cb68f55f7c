"""How old a version must be before it may be locked: `min-publish-age` in Cargo's configuration.

Keys and values are those of Cargo 1.100. A Cargo that does not know them ignores them, so a review of the
lock checks the age as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from dunnage.cargo.config_files import config_files
from dunnage.cargo.lockfile import LockedPackage
from dunnage.cargo.source_id import SourceIdError, registry
from dunnage.files import toml
from dunnage.files.document import Refused
from dunnage.files.source import Tree
from dunnage.review.changes import is_from_crates_io

_SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400, "week": 7 * 86_400, "month": 30 * 86_400}


def duration(text: str) -> int:
    """The number of seconds in a duration such as `3 days` or `0`. Raises ValueError if it is malformed."""
    number, _, unit = text.strip().partition(" ")
    seconds = _SECONDS.get(unit.strip().removesuffix("s"))
    if not number.isdigit() or len(number) > 9 or (seconds is None and int(number)):
        raise ValueError(f"{text!r} is not an age; write one like '7 days'")
    return int(number) * (seconds or 0)


class AgePolicy:
    """The minimum age of a version, by registry."""

    def __init__(self, tree: Tree, folder: str, least: int | None) -> None:
        """`least` overrides the configuration in force in `folder`."""
        self._least = least
        self._configurations = [] if least is not None else list(_configurations(tree, folder))

    def least(self, package: LockedPackage) -> int:
        """The minimum age of a package, in seconds; 0 if there is none."""
        if self._least is not None:
            return self._least
        if _first(self._configurations, ("resolver", "incompatible-publish-age")) == "allow":
            return 0
        if is_from_crates_io(package):
            keys = [("registry", "min-publish-age"), ("registries", "crates-io", "min-publish-age")]
        else:
            keys = [("registries", name, "min-publish-age") for name in self._names(package)]
        for key in (*keys, ("registry", "global-min-publish-age")):
            found = _first(self._configurations, key)
            if isinstance(found, str):
                try:
                    return duration(found)
                except ValueError:
                    continue
        return 0

    def _names(self, package: LockedPackage) -> Iterator[str]:
        """The names that the configuration has for the registry of a package."""
        for data in self._configurations:
            named = data.get("registries")
            for name, table in named.items() if isinstance(named, dict) else ():
                index = table.get("index") if isinstance(table, dict) else None
                try:
                    if isinstance(index, str) and registry(index) == package.source:
                        yield name
                except SourceIdError:
                    continue


def _configurations(tree: Tree, folder: str) -> Iterator[dict[str, Any]]:
    try:
        for _, document in config_files(tree, folder):
            yield document.data
    except Refused:
        return


def _first(configurations: Iterable[dict[str, Any]], keys: tuple[str, ...]) -> Any:
    """The value of the nearest configuration that has the key."""
    found = (toml.lookup(data, keys) for data in configurations)
    return next((value for value in found if value is not None), None)
