"""The list of the versions in which tools must be installed, `[workspace.metadata.dunnage.tools]`."""

from typing import NamedTuple

from dunnage.cargo_cli.tools import exact
from dunnage.files.pin_lists import ListKind, PinLists
from dunnage.files.source import File


class Pin(NamedTuple):
    """The required version of a tool."""

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
