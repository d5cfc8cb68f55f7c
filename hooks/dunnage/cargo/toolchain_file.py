"""The file that selects a toolchain for a folder: `rust-toolchain.toml`, or `rust-toolchain`.

Source: https://rust-lang.github.io/rustup/overrides.html#the-toolchain-file. The latter may consist of the name of a
toolchain alone.
"""

import os
from typing import NamedTuple

from dunnage.files import toml
from dunnage.files.source import File, SourceError, Tree
from dunnage.files.span import Span
from dunnage.files.walk import upwards

NAMES = ("rust-toolchain", "rust-toolchain.toml")
"""The first takes precedence where both exist."""


class ToolchainFile(NamedTuple):
    """A toolchain file."""

    file: File
    channel: str
    """The name of the toolchain; empty if the file names a folder or none."""
    span: Span
    """The place of the name, quotes included."""


def read(file: File) -> ToolchainFile:
    """Return what a toolchain file selects. Raises SourceError if it cannot be read."""
    return file.memo(_read)


def _read(file: File) -> ToolchainFile:
    lines = [line.strip() for line in file.text.splitlines() if line.strip()]
    if len(lines) == 1 and "=" not in lines[0] and "[" not in lines[0] and os.path.basename(file.path) == NAMES[0]:
        start = file.data.index(lines[0].encode())
        return ToolchainFile(file, lines[0], Span(start, start + len(lines[0].encode())))
    keys = ("toolchain", "channel")
    channel = toml.lookup(toml.parse(file), keys)
    if not isinstance(channel, str):
        return ToolchainFile(file, "", Span(0, 0))
    return ToolchainFile(file, channel, toml.locate_value(file, keys))


class ToolchainFiles:
    """The toolchain files that apply in the folders of a run. Each folder is looked at once."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._known: dict[str, ToolchainFile | None] = {}

    def of(self, folder: str) -> ToolchainFile | None:
        """Return the toolchain file of an absolute folder, up to the top of its repository; None if there is none."""
        passed: list[str] = []
        found = None
        for above in upwards(folder):
            if above in self._known:
                found = self._known[above]
                break
            passed.append(above)
            found = self._in(above)
            if found is not None:
                break
        self._known.update(dict.fromkeys(passed, found))
        return found

    def _in(self, folder: str) -> ToolchainFile | None:
        for name in NAMES:
            try:
                return read(self._tree.read(os.path.join(folder, name)))
            except (FileNotFoundError, SourceError):
                continue
        return None
