"""`Cargo-component.lock` and `wkg.lock`: the version of a package to which each requirement was resolved.

Both have the same structure with different keys: cargo-component writes `[[package]]` and `[[package.version]]`, wkg
writes `[[packages]]` and `[[packages.versions]]`, and reads the other keys as well. Sources: cargo-component,
crates/core/src/lock.rs; wasm-pkg-tools, crates/wasm-pkg-core/src/lock.rs.
"""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple, NoReturn

from dunnage.files import shown
from dunnage.files.document import Document, Keys, Refused
from dunnage.files.source import File
from dunnage.wit.projects import not_a_package

CARGO_COMPONENT, WKG = "Cargo-component.lock", "wkg.lock"
"""The file names of the locks."""
_FORMAT = 1
_UPDATE = {CARGO_COMPONENT: "cargo component update", WKG: "wkg fetch"}
_ORDINARY = bytes(byte for byte in range(0x20, 0x7F) if byte != ord("\\")) + b"\n"
"""Bytes that stand for themselves: printable ASCII except the backslash, and the line feed."""
_HEADERS = {"[[package]]": "package", "[[packages]]": "packages"}
_INNER_HEADERS = {"[[package.version]]": ("package", "version"), "[[packages.versions]]": ("packages", "versions")}


class LockedVersion(NamedTuple):
    """The version to which one requirement was resolved."""

    requirement: str
    """As it is written."""
    version: str
    digest: str
    """`sha256:` and 64 hexadecimal digits if it is well-formed, which is not checked here."""
    keys: Keys
    """Its keys in the document."""


class LockedWitPackage(NamedTuple):
    """A package of a registry with its locked versions."""

    name: str
    """NAMESPACE:NAME."""
    registry: str | None
    """The name of its registry; None for the default registry."""
    versions: tuple[LockedVersion, ...]
    keys: Keys
    """Its keys in the document."""


def read(document: Document) -> tuple[LockedWitPackage, ...]:
    """Read a lock, with the keys that belong to its file name.

    Raises Refused for the first error that its tool would report. Versions, requirements and digests are returned as
    they are written.
    """
    reader = _Reader(document.file)
    reader.check_format(document.data)
    return tuple(reader.packages(document.data))


def entries(packages: Iterable[LockedWitPackage]) -> Iterator[tuple[LockedWitPackage, LockedVersion]]:
    """Yield each locked version with its package."""
    for package in packages:
        for version in package.versions:
            yield package, version


class _Reader:
    def __init__(self, file: File) -> None:
        self.file = file
        self.name = file.path.rpartition("/")[2]
        self.is_wkg = self.name == WKG

    def check_format(self, data: dict[str, Any]) -> None:
        version = data.get("version")
        if version is None:
            self._refuse((), "the lock has no `version`, which states the format of the lock")
        if type(version) is not int:
            self._refuse(("version",), "`version` must be an integer")
        if version != _FORMAT:
            self._refuse(("version",), f"the lock has format {version}, but only format {_FORMAT} is supported")

    def packages(self, data: dict[str, Any]) -> list[LockedWitPackage]:
        key, tables = self._list(data, "packages", "package", ())
        packages = []
        for index, table in enumerate(tables):
            keys = (key, index)
            name = self._value(table, "name", keys)
            if problem := not_a_package(name):
                self._refuse((*keys, "name"), f"`{name}` is not a package name: {problem}")
            registry = self._value(table, "registry", keys) if "registry" in table else None
            packages.append(LockedWitPackage(name, registry, tuple(self._versions(table, keys)), keys))
        return packages

    def _versions(self, package: dict[str, Any], keys: Keys) -> list[LockedVersion]:
        key, tables = self._list(package, "versions", "version", keys)
        versions = []
        for index, table in enumerate(tables):
            entry_keys = (*keys, key, index)
            requirement, version, digest = (
                self._value(table, name, entry_keys) for name in ("requirement", "version", "digest")
            )
            versions.append(LockedVersion(requirement, version, digest, entry_keys))
        return versions

    def _list(self, table: dict[str, Any], plural: str, singular: str, keys: Keys) -> tuple[str, list[dict[str, Any]]]:
        """The key and the value of an array of tables. cargo-component ignores the plural."""
        key = plural if self.is_wkg and plural in table else singular
        if self.is_wkg and plural in table and singular in table:
            self._refuse((*keys, singular), f"the lock has both `{plural}` and `{singular}`, which mean the same")
        tables = table.get(key, [])
        if not isinstance(tables, list) or not all(isinstance(entry, dict) for entry in tables):
            self._refuse((*keys, key), f"`{key}` must be an array of tables")
        return key, tables

    def _value(self, table: dict[str, Any], key: str, keys: Keys) -> str:
        value = table.get(key)
        if value is None:
            self._refuse(keys, f"`{keys[-2]}` has no `{key}` here")
        if not isinstance(value, str):
            self._refuse((*keys, key), f"`{key}` must be a string")
        return value

    def _refuse(self, keys: Keys, message: str) -> NoReturn:
        folder = shown.path(self.file.path.rpartition("/")[0]) if "/" in self.file.path else "this folder"
        update = f"run `{_UPDATE[WKG if self.is_wkg else CARGO_COMPONENT]}` in {folder}"
        raise Refused(
            self.file, message, keys, f"restore the lock from the last good commit, or remove it and {update}"
        )


def parse(data: bytes) -> dict[str, Any] | None:
    """Read a lock as a TOML reader would, but without one, which is slow to import; None if it has another layout.

    Both tools write each key on its own line below the header of its table, and all values except one are strings.
    """
    if data.translate(None, _ORDINARY):
        return None
    top: dict[str, Any] = {}
    table = top
    for line in data.decode("ascii").split("\n"):
        if not line or line.startswith("#"):
            continue
        if line in _HEADERS:
            table = {}
            top.setdefault(_HEADERS[line], []).append(table)
        elif line in _INNER_HEADERS:
            outer, inner = _INNER_HEADERS[line]
            tables = top[outer][-1].setdefault(inner, []) if outer in top else None
            if not isinstance(tables, list):
                return None
            table = {}
            tables.append(table)
        elif not _read_value(line, table, table is top):
            return None
    return top


def _read_value(line: str, table: dict[str, Any], is_top: bool) -> bool:
    """Read a line with a key and a value into a table. Returns False if it has another layout."""
    key, _, value = line.partition(" = ")
    if not key.isalpha() or key in table:
        return False
    if is_top:
        table[key] = 1
        return line == "version = 1"
    table[key] = value[1:-1]
    return len(value) >= 2 and value[0] == value[-1] == '"' and '"' not in value[1:-1]
