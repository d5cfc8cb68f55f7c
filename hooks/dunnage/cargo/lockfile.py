"""Cargo.lock, formats 1 to 4, as Cargo reads it.

Format 1 names the source in every edge and has the checksums in `[metadata]`; format 2 shortens edges and has the
checksums in the packages. Neither has a `version`. Formats 3 and 4 have one and differ in how they encode git
references.
"""

from collections.abc import Container
from typing import Any, NamedTuple

from dunnage.cargo import source_id
from dunnage.cargo.source_id import SourceId, SourceIdError
from dunnage.cargo.version import LONGEST_NAME, Version, VersionError
from dunnage.files.document import Document, Keys, Refused
from dunnage.files.source import File

_STABLE = (3, 4)
"""The values of `version` that a stable Cargo accepts."""
_ESCAPED = 4
"""The first format that escapes the references of git sources."""
_RESTORE = "restore Cargo.lock from the last good commit, then run `cargo update --workspace`"


class Edge(NamedTuple):
    """A dependency of a locked package. Version and source are left out where the name is unambiguous."""

    name: str
    version: str | None
    source: SourceId | None

    def __str__(self) -> str:
        return self.name if self.version is None else f"{self.name} {self.version}"


class LockedPackage(NamedTuple):
    """One `[[package]]`. A package without a source is in a folder."""

    keys: Keys
    """Its place in the document."""
    name: str
    version: Version
    source: SourceId | None
    commit: str
    """The commit of a git source; empty for any other source."""
    intended: SourceId | None
    """The source that Cargo meant when it wrote the lock, if it now reads another: see `source_id.intended`."""
    checksum: str | None
    edges: tuple[Edge, ...]
    replace: Edge | None

    def __str__(self) -> str:
        return f"{self.name} {self.version}"


class Lockfile(NamedTuple):
    """The content of a Cargo.lock."""

    file: File
    format: int
    packages: tuple[LockedPackage, ...]
    unused_patches: tuple[LockedPackage, ...]


def read(document: Document, local: Container[str]) -> tuple[Lockfile | None, list[Refused]]:
    """Interpret a parsed Cargo.lock. If Cargo would reject it, return None and every reason.

    `local` are the names of the packages in folders of the workspace. Cargo ignores other packages without a source,
    even when it determines the format.
    """
    reader = _Reader(document.file, local)
    lockfile = reader.read(document.data)
    return (None, reader.refused) if reader.refused else (lockfile, [])


EMPTY = Lockfile(File("Cargo.lock", b""), 4, (), ())
"""A lock without packages."""


class _Reader:
    """Interprets one lock and collects the reasons for which Cargo would reject it."""

    def __init__(self, file: File, local: Container[str]) -> None:
        self.file = file
        self.local = local
        self.refused: list[Refused] = []
        self.is_escaped = True
        """Whether the references of git sources are escaped."""
        self._edges: dict[str, Edge] = {}

    def read(self, data: dict[str, Any]) -> Lockfile:
        version = data.get("version")
        self.is_escaped = version == _ESCAPED
        if version is not None and (version not in _STABLE or isinstance(version, (bool, float))):
            message = f"stable cargo does not support lock format `{version}`"
            help = "restore Cargo.lock from the last good commit; stable Cargo writes `version = 3` or `version = 4`"
            self._refuse(("version",), message, help)
        listed = self._list(data.get("package", []), ("package",))
        entries: list[tuple[Keys, Any]] = [(("package", index), entry) for index, entry in enumerate(listed)]
        if "root" in data:
            entries.insert(0, (("root",), data["root"]))
        packages = tuple(self._packages(entries))
        self._refuse_duplicates(packages)
        patch = data.get("patch", {"unused": []})
        unused = self._list(patch.get("unused") if isinstance(patch, dict) else None, ("patch", "unused"))
        metadata = data.get("metadata", {})
        if not isinstance(metadata, dict) or not all(isinstance(value, str) for value in metadata.values()):
            self._refuse(("metadata",), "`[metadata]` may only hold strings")
            metadata = {}
        checksums = self._checksums(metadata)
        written = version or (2 if self._is_second_format(packages) else 1)
        if written == 1:
            packages = tuple(
                package._replace(checksum=checksums.get(Edge(package.name, str(package.version), package.source)))
                for package in packages
            )
        elif checksums and any(package.source and package.source.is_registry for package in packages):
            message = "`[metadata]` holds checksums, so Cargo ignores those in `[[package]]`"
            self._refuse(("metadata",), message, "remove `[metadata]`, then run `cargo update --workspace`")
        return Lockfile(
            self.file,
            written,
            packages,
            tuple(self._packages([(("patch", "unused", index), entry) for index, entry in enumerate(unused)])),
        )

    def _is_second_format(self, packages: tuple[LockedPackage, ...]) -> bool:
        """Whether a lock without a `version` is in format 2: it has short edges, or checksums in packages."""
        known = [package for package in packages if package.source is not None or package.name in self.local]
        names = {package.name for package in known}
        elsewhere = {(package.name, str(package.version)) for package in known if package.source is not None}
        return any(package.checksum is not None for package in known) or any(
            edge.source is None
            and (edge.name in names if edge.version is None else (edge.name, edge.version) in elsewhere)
            and (edge.version is None or edge.name not in self.local)
            for package in known
            for edge in package.edges
        )

    def _checksums(self, metadata: dict[str, str]) -> dict[Edge, str | None]:
        """Read the checksums of format 1, by keys of the form `checksum NAME VERSION (SOURCE)`."""
        checksums: dict[Edge, str | None] = {}
        for key, value in metadata.items():
            if key.startswith("checksum "):
                edge = self._edge(key.removeprefix("checksum "), ("metadata", key))
                checksums[edge] = None if value == "<none>" else value
        return checksums

    def _packages(self, entries: list[tuple[Keys, Any]]) -> list[LockedPackage]:
        packages = []
        for keys, entry in entries:
            if not isinstance(entry, dict) or not isinstance(entry.get("name"), str) or not entry["name"]:
                self._refuse(keys, "a package has no `name`")
            elif len(entry["name"]) > LONGEST_NAME:
                self._refuse(keys, f"the name of a package has more than {LONGEST_NAME} characters")
            elif not isinstance(entry.get("version"), str):
                self._refuse(keys, f"package `{entry['name']}` has no `version`")
            else:
                packages.append(self._package(keys, entry))
        return packages

    def _package(self, keys: Keys, entry: dict[str, Any]) -> LockedPackage:
        name = entry["name"]
        source, commit = self._source(entry.get("source"), (*keys, "source"))
        is_escaped = self.is_escaped or source is None or source.kind != "git"
        try:
            version = Version.parse(entry["version"])
        except VersionError as error:
            self._refuse((*keys, "version"), f"package `{name}`: {error}")
            version = Version(0, 0, 0)
        checksum = entry.get("checksum")
        if checksum is not None and not isinstance(checksum, str):
            self._refuse((*keys, "checksum"), f"the checksum of `{name}` is not a string")
        edges = self._list(entry.get("dependencies", []), (*keys, "dependencies"))
        replace = entry.get("replace")
        if replace is not None and edges:
            self._refuse((*keys, "replace"), f"`{name}` is replaced, so it cannot have dependencies")
        return LockedPackage(
            keys,
            name,
            version,
            source,
            commit,
            None if is_escaped else source_id.intended(entry["source"]),
            checksum,
            self._edges_of(edges, (*keys, "dependencies")),
            None if replace is None else self._edge(replace, (*keys, "replace")),
        )

    def _edges_of(self, texts: list[Any], keys: Keys) -> tuple[Edge, ...]:
        known = self._edges
        edges = []
        for index, text in enumerate(texts):
            # Most texts occur many times.
            edge = known.get(text) if isinstance(text, str) else None
            if edge is None:
                edge = known[str(text)] = self._edge(text, (*keys, index))
            edges.append(edge)
        return tuple(edges)

    def _edge(self, text: Any, keys: Keys) -> Edge:
        name, *rest = text.split(" ", 2) if isinstance(text, str) else ("",)
        if len(rest) < 2:
            if not isinstance(text, str):
                self._refuse(keys, "a dependency must be a string")
            return Edge(name, rest[0] if rest else None, None)
        if not (rest[1].startswith("(") and rest[1].endswith(")")):
            self._refuse(keys, f"`{text}` is not `NAME`, `NAME VERSION` or `NAME VERSION (SOURCE)`")
            return Edge(name, rest[0], None)
        return Edge(name, rest[0], self._source(rest[1][1:-1], keys)[0])

    def _source(self, text: Any, keys: Keys) -> tuple[SourceId | None, str]:
        if text is None:
            return None, ""
        try:
            return source_id.parse(text if isinstance(text, str) else "")
        except SourceIdError as error:
            self._refuse(keys, str(error))
            return None, ""

    def _list(self, value: Any, keys: Keys) -> list[Any]:
        if isinstance(value, list):
            return value
        self._refuse(keys, f"`{keys[-1]}` must be an array")
        return []

    def _refuse_duplicates(self, packages: tuple[LockedPackage, ...]) -> None:
        seen = set()
        for package in packages:
            identity = (package.name, package.version, package.source, package.commit)
            if identity in seen:
                message = f"package `{package}` is listed twice, perhaps because a merge kept both sides"
                self._refuse(package.keys, message, "remove one of the two, then run `cargo update --workspace`")
            seen.add(identity)

    def _refuse(self, keys: Keys, message: str, help: str = _RESTORE) -> None:
        self.refused.append(Refused(self.file, message, keys, help))


_ORDINARY = bytes(byte for byte in range(0x20, 0x7F) if byte != ord("\\")) + b"\n"
"""ASCII without the backslash and without control characters other than the line feed."""
_KEYS = {"\nsource = ": "source", "\nchecksum = ": "checksum"}
_VERSIONS = ("3", "4", "5")
_ENDS = ("\n", "\n\n")
_DEPENDENCIES = "\ndependencies = [\n "
_NEXT_DEPENDENCY = ",\n "
_LAST_DEPENDENCY = (",\n]\n", ",\n]\n\n")


def parse(data: bytes) -> dict[str, Any] | None:
    """Parse a lock in formats 2 to 4 to what a TOML parser would return; None if Cargo would not write it like this.

    Cargo writes every lock in the same way: comments and the `version` of the format, then the packages, with their
    keys in a fixed order and each dependency on its own line. Such a lock is parsed several times faster than as TOML.
    """
    if data.translate(None, _ORDINARY):
        return None
    head, *packages = data.decode("ascii").split("[[package]]\n")
    if head and not head.endswith("\n"):
        return None
    lock: dict[str, Any] = {}
    for line in head.split("\n"):
        if line.startswith("version = ") and line[10:] in _VERSIONS and not lock:
            lock["version"] = int(line[10:])
        elif line and not line.startswith("#"):
            return None
    if packages:
        lock["package"] = []
    for text in packages:
        package = _package(text.split('"'))
        if package is None:
            return None
        lock["package"].append(package)
    return lock


def _package(parts: list[str]) -> dict[str, Any] | None:
    """Parse a package from its text split at quotes: what precedes a string and the string itself, in turns."""
    last = len(parts) - 1
    if last < 4 or last % 2 or parts[0] != "name = " or parts[2] != "\nversion = " or "\n" in "".join(parts[1::2]):
        return None
    package: dict[str, Any] = {"name": parts[1], "version": parts[3]}
    at = 4
    for before, key in _KEYS.items():
        if parts[at] == before and at < last:
            package[key] = parts[at + 1]
            at += 2
    if parts[at] == _DEPENDENCIES and at < last:
        between = parts[at + 2 :: 2]
        if between.pop() not in _LAST_DEPENDENCY or any(part != _NEXT_DEPENDENCY for part in between):
            return None
        package["dependencies"] = parts[at + 1 :: 2]
    elif parts[at] not in _ENDS or at < last:
        return None
    return package
