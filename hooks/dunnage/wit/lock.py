"""`Cargo-component.lock` and `wkg.lock`: which version of a package each requirement was resolved to.

The two have one shape in two spellings: `[[package]]` and `[[package.version]]` in what cargo-component writes,
`[[packages]]` and `[[packages.versions]]` in what wkg does, which reads the other spelling as well. Sources:
cargo-component, crates/core/src/lock.rs; wasm-pkg-tools, crates/wasm-pkg-core/src/lock.rs.
"""

from typing import Any, NamedTuple, NoReturn, TypeVar

from dunnage.files.document import Document, Keys, Refused
from dunnage.files.source import File
from dunnage.wit.values import is_a, kind, not_a_package

T = TypeVar("T")
CARGO_COMPONENT, WKG = "Cargo-component.lock", "wkg.lock"
"""The names of the locks."""
_FORMAT = 1
_RESTORE = {
    CARGO_COMPONENT: "restore it from the last good commit, or remove it and run `cargo component update`",
    WKG: "restore it from the last good commit, or remove it and run `wkg fetch`",
}


class LockedVersion(NamedTuple):
    """What one requirement was resolved to."""

    requirement: str
    """As it is written."""
    version: str
    digest: str
    """`sha256:` and 64 hexadecimal digits, if it is well-formed, which is not checked."""
    keys: Keys
    """Where it stands in the document."""


class LockedPackage(NamedTuple):
    """A package of a registry."""

    name: str
    """NAMESPACE:NAME."""
    registry: str | None
    """None for the default one."""
    versions: tuple[LockedVersion, ...]
    keys: Keys
    """Where it stands in the document."""


def read(document: Document) -> tuple[LockedPackage, ...]:
    """Understand a lock, in the spelling that goes with its file's name.

    Raises Refused at the first thing that its tool would refuse, but for versions, requirements and digests, which it
    takes as they are.
    """
    reader = _Reader(document.file)
    reader.check_format(document.data)
    return tuple(reader.packages(document.data))


class _Reader:
    def __init__(self, file: File) -> None:
        self.file = file
        self.name = file.path.rpartition("/")[2]
        self.is_wkg = self.name == WKG

    def check_format(self, data: dict[str, Any]) -> None:
        version = data.get("version")
        if version is None:
            self._refuse((), "has no `version`, the format that it is in")
        if not is_a(version, int):
            self._refuse(("version",), "says in `version` no number for the format that it is in")
        if version != _FORMAT:
            self._refuse(("version",), f"is in the format {version}, and only {_FORMAT} is known")

    def packages(self, data: dict[str, Any]) -> list[LockedPackage]:
        key, tables = self._list(data, "packages", "package", ())
        packages = []
        for index, table in enumerate(tables):
            keys = (key, index)
            name = self._value(table, "name", keys, str)
            if problem := not_a_package(name):
                self._refuse((*keys, "name"), f"`{name}` is no package name: {problem}")
            registry = self._value(table, "registry", keys, str) if "registry" in table else None
            packages.append(LockedPackage(name, registry, tuple(self._versions(table, keys)), keys))
        return packages

    def _versions(self, package: dict[str, Any], keys: Keys) -> list[LockedVersion]:
        key, tables = self._list(package, "versions", "version", keys)
        found = []
        for index, table in enumerate(tables):
            at = (*keys, key, index)
            requirement, version, digest = (
                self._value(table, name, at, str) for name in ("requirement", "version", "digest")
            )
            found.append(LockedVersion(requirement, version, digest, at))
        return found

    def _list(self, table: dict[str, Any], plural: str, singular: str, keys: Keys) -> tuple[str, list[dict[str, Any]]]:
        """The list of tables in either spelling, and its key. What cargo-component does not know it passes over."""
        key = plural if self.is_wkg and plural in table else singular
        if self.is_wkg and plural in table and singular in table:
            self._refuse((*keys, singular), f"has both `{plural}` and `{singular}`, which mean the same")
        tables = table.get(key, [])
        if not isinstance(tables, list) or not all(isinstance(entry, dict) for entry in tables):
            self._refuse((*keys, key), f"`{key}` must be an array of tables")
        return key, tables

    def _value(self, table: dict[str, Any], key: str, keys: Keys, expected: type[T]) -> T:
        value = table.get(key)
        if value is None:
            self._refuse(keys, f"`{keys[-2]}` has no `{key}` here")
        if not isinstance(value, expected):
            self._refuse((*keys, key), f"`{key}` must be {kind(expected)}")
        return value

    def _refuse(self, keys: Keys, message: str) -> NoReturn:
        raise Refused(self.file, message, keys, _RESTORE[WKG if self.is_wkg else CARGO_COMPONENT])
