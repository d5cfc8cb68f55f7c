"""The names and versions of tools, as the command lines of cargo and the inputs of actions spell them.

And the list of the versions in which tools must be installed.

Sources: `cargo help install` and cargo's src/bin/cargo/commands/install.rs; for `cargo binstall` its own
crates/binstalk/src/ops/resolve/version_ext.rs.
"""

from collections.abc import Iterator
from typing import NamedTuple

from dunnage.cargo.version import Requirement, Version, VersionError, requirement_of, version_of
from dunnage.files.pin_lists import ListKind, PinLists
from dunnage.files.source import File

INSTALL, BINSTALL, NPM = "install", "binstall", "npm"
"""What parses a version: `cargo install`, `cargo binstall`, or node's semver library, which actions use."""


def version_problem(version: str, parser: str = INSTALL) -> str:
    """Return why `version` does not mean one exact version, as a clause whose subject is the version; else empty."""
    text = version.strip()
    if not text:
        return "is empty"
    if parser == NPM:
        return "" if exact(text.removeprefix("=").strip().removeprefix("v")) else "is a range"
    if parser == INSTALL and text.startswith("v"):
        return "is rejected by cargo: a version cannot begin with `v`"
    is_range = text[0] in "<>=^~" or "*" in text
    floats = "is a range"
    if parser == BINSTALL and not is_range:
        text, is_range = f"={text}", True
        floats = "matches every version that begins with it"
    try:
        if not is_range:
            Version.parse(text)
            return ""
        return "" if Requirement.parse(text).exact else floats
    except VersionError as error:
        reason = str(error).partition(" is not a version")[2].removeprefix(" requirement").removeprefix(": ")
        reason = reason.partition(";")[0]
    tool = "cargo" if parser == INSTALL else "cargo-binstall"
    if not is_range and requirement_of(text):
        return f"is rejected by {tool}: {reason}; a range is written `^{text}`"
    return f"is rejected by {tool}: {reason}"


def exact(version: str) -> str:
    """Return the full version in `version`, with or without `=`; empty if it is not a full version."""
    text = version.strip().removeprefix("=").strip()
    return text if version_of(text) else ""


def split(crate: str) -> tuple[str, str | None]:
    """Split `CRATE@VERSION`. The version is None if there is no `@`."""
    name, at, version = crate.partition("@")
    return name, version if at else None


def is_crate_name(text: str) -> bool:
    """Whether `text` can be the name of a crate, and not a path or a URL."""
    return bool(text) and text != "." and all(character.isalnum() or character in "-_" for character in text)


def is_commit(text: str) -> bool:
    """Whether `text` is the full hash of a commit, SHA-1 or SHA-256."""
    return len(text) in (40, 64) and not set(text) - frozenset("0123456789abcdefABCDEF")


def list_items(text: str) -> Iterator[tuple[int, str]]:
    """Yield the items of a list separated by commas, spaces or line breaks, each after its offset."""
    start = 0
    for end, character in enumerate([*text, ","]):
        if character == "," or character.isspace():
            if end > start:
                yield start, text[start:end]
            start = end + 1


class Pin(NamedTuple):
    """The version of a tool that the list `[workspace.metadata.dunnage.tools]` requires."""

    version: str
    """MAJOR.MINOR.PATCH."""
    path: str
    """The file that contains the list, as it is printed."""


def _read(_: str, version: str, path: str) -> Pin | str:
    full = exact(version)
    return Pin(full, path) if full else f"`{version}` is not MAJOR.MINOR.PATCH"


def _owns(_: str, value: object) -> bool:
    return not (isinstance(value, str) and value.startswith("sha256:"))


TOOLS = ListKind(
    "tools",
    'NAME = "VERSION"',
    "cargo-install/unpinned",
    'write the full version that you reviewed: NAME = "1.2.3"',
    _read,
    _owns,
)


def pin(lists: PinLists[Pin], file: File, tool: str) -> Pin | None:
    """Return the version that `file` must install of a tool, whose name may be written with `-` or `_`."""
    for pins in lists.of(file):
        for name in (tool, tool.replace("_", "-")):
            if name in pins:
                return pins[name]
    return None
