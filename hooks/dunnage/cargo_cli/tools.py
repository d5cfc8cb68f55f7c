"""Tools as cargo installs them: what a version on a command line means, and lists of the versions that are wanted.

Sources: `cargo help install` and cargo's src/bin/cargo/commands/install.rs; for `cargo binstall` its own
crates/binstalk/src/ops/resolve/version_ext.rs.
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from dunnage.cargo.version import Requirement, Version, VersionError
from dunnage.files.source import File
from dunnage.files.span import Span

INSTALL, BINSTALL, NPM = "install", "binstall", "npm"
"""Who reads a version: `cargo install`; `cargo binstall`; node's semver library, which actions are written with."""


class Pins(NamedTuple):
    """A list of the versions that tools are wanted in."""

    path: str
    """The file it is in, as it is printed."""
    versions: Mapping[str, str]
    """By name of the tool, MAJOR.MINOR.PATCH in full."""

    def version(self, name: str) -> str | None:
        """Find the version that a tool is wanted in, whichever of `-` and `_` its name is written with."""
        found = self.versions.get(name)
        return found if found is not None else self.versions.get(name.replace("_", "-"))


class BadPin(NamedTuple):
    """An entry of a list that is not one exact version."""

    span: Span
    message: str


def problem(version: str, reader: str = INSTALL) -> str:
    """What keeps `version` from meaning one exact version, as a clause about it; empty if nothing does."""
    text = version.strip()
    if not text:
        return "is empty"
    if reader == NPM:
        return "" if exact(text.removeprefix("=").strip().removeprefix("v")) else "is a range"
    if reader == INSTALL and text.startswith("v"):
        return "is refused by cargo: a version does not begin with `v`"
    is_range = text[0] in "<>=^~" or "*" in text
    floats = "is a range"
    if reader == BINSTALL and not is_range:
        text, is_range = f"={text}", True
        floats = "stands for any version that begins so"
    try:
        if not is_range:
            Version.parse(text)
            return ""
        return "" if Requirement.parse(text).exact else floats
    except VersionError as error:
        reason = str(error).partition(" is not a version")[2].removeprefix(" requirement").removeprefix(": ")
        reason = reason.partition(";")[0]
    tool = "cargo" if reader == INSTALL else "cargo-binstall"
    if not is_range and _is_requirement(text):
        return f"is refused by {tool}: {reason}, and a range would be written `^{text}`"
    return f"is refused by {tool}: {reason}"


def exact(version: str) -> str:
    """The full version that `version`, with or without `=`, is; empty if it is none."""
    text = version.strip().removeprefix("=").strip()
    try:
        Version.parse(text)
    except VersionError:
        return ""
    return text


def _is_requirement(text: str) -> bool:
    try:
        Requirement.parse(text)
    except VersionError:
        return False
    return True


def split(crate: str) -> tuple[str, str | None]:
    """Take a `CRATE@VERSION` apart; the version is None if there is no `@`."""
    name, at, version = crate.partition("@")
    return name, version if at else None


def is_commit(text: str) -> bool:
    """Whether `text` is the full hash of a commit, SHA-1 or SHA-256."""
    return len(text) in (40, 64) and not set(text) - frozenset("0123456789abcdefABCDEF")


def listed(file: File) -> tuple[Pins, list[BadPin]]:
    """Read a TOML file that lists tools at its top: `NAME = "VERSION"`. Raises SourceError."""
    from dunnage.files import toml

    return _read(file, [((), toml.parse(file))])


def manifest_pins(file: File) -> tuple[Pins, list[BadPin]]:
    """Read the lists in a manifest: `[workspace.metadata.dunnage.tools]` and the one of `package`.

    Raises SourceError.
    """
    from dunnage.files import toml

    if b"dunnage" not in file.data:
        return Pins(file.path, {}), []
    data = toml.parse(file)
    tables: list[tuple[tuple[str, ...], Any]] = []
    for top in ("package", "workspace"):
        keys = (top, "metadata", "dunnage", "tools")
        table: Any = data
        for key in keys:
            table = table.get(key) if isinstance(table, dict) else None
        if table is not None:
            tables.append((keys, table))
    return _read(file, tables)


def _read(file: File, tables: list[tuple[tuple[str, ...], Any]]) -> tuple[Pins, list[BadPin]]:
    from dunnage.files import toml

    versions: dict[str, str] = {}
    bad: list[BadPin] = []
    for keys, table in tables:
        if not isinstance(table, dict):
            bad.append(BadPin(toml.locate_value(file, keys), 'a list of tools has the form `NAME = "VERSION"`'))
            continue
        for name, version in table.items():
            found = exact(version) if isinstance(version, str) else ""
            if found:
                versions[name] = found
                continue
            written = f"`{version}`" if isinstance(version, str) else "what is given"
            message = f"the list of tools pins {name} to no exact version: {written} is not MAJOR.MINOR.PATCH"
            bad.append(BadPin(toml.locate_value(file, (*keys, name)), message))
    return Pins(file.path, versions), bad


def pieces(text: str) -> Iterator[tuple[int, str]]:
    """Yield the tools in a list separated by commas, spaces or lines, each with where it begins."""
    start = 0
    for end, character in enumerate([*text, ","]):
        if character == "," or character.isspace():
            if end > start:
                yield start, text[start:end]
            start = end + 1
