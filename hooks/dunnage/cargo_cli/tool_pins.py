"""Lists of tools with their required versions.

A list is a TOML file, `NAME = "VERSION"`, or `[workspace.metadata.dunnage.tools]` or `[package.metadata.dunnage.tools]`
of the manifest in the topmost folder of the repository.
"""

import os
from typing import TYPE_CHECKING, Any, NamedTuple

from dunnage.cargo_cli.tools import exact
from dunnage.files.source import File, SourceError, Tree, display
from dunnage.files.span import Span
from dunnage.files.walk import top_folder

if TYPE_CHECKING:
    from dunnage.files.document import Keys, Problem


class Pin(NamedTuple):
    """The required version of a tool."""

    version: str
    """MAJOR.MINOR.PATCH."""
    path: str
    """The file that contains the list, as it is printed."""


class ToolPins:
    """The lists of tools that apply to the files of a run."""

    def __init__(self, tree: Tree, path: str | None) -> None:
        """`path` names a list that takes precedence over those in manifests; None if there is none."""
        self.problems: list[Problem] = []
        """Problems in the lists that have been read so far."""
        self._tree = tree
        self._given = {} if path is None else self._read_given(path)
        self._manifests: dict[str, str] = {}
        self._by_manifest: dict[str, dict[str, Pin]] = {}

    def pin(self, file: File, tool: str) -> Pin | None:
        """Return the version that `file` must install of a tool, whose name may be written with `-` or `_`."""
        for pins in (self._given, self._of_repository(file)):
            for name in (tool, tool.replace("_", "-")):
                if name in pins:
                    return pins[name]
        return None

    def has_list(self, file: File) -> bool:
        """Whether any list of tools applies to `file`."""
        return bool(self._given or self._of_repository(file))

    def _read_given(self, path: str) -> dict[str, Pin]:
        from dunnage.files import toml

        try:
            file = self._tree.read(path)
            return self._read_list(file, (), toml.parse(file))
        except FileNotFoundError:
            message, span = "the list of tools that --pins names does not exist", Span(0, 0)
        except SourceError as error:
            message, span = f"this list of tools {error.message}", error.span
        self._report(File(display(path), b""), message, span=span)
        return {}

    def _of_repository(self, file: File) -> dict[str, Pin]:
        """Return the list in the manifest at the top of the repository of `file`."""
        folder = os.path.dirname(os.path.abspath(file.path))
        if folder not in self._manifests:
            self._manifests[folder] = os.path.join(top_folder(folder), "Cargo.toml")
        path = self._manifests[folder]
        if path not in self._by_manifest:
            self._by_manifest[path] = {}
            try:
                self._by_manifest[path] = self._read_manifest(self._tree.read(path))
            except (FileNotFoundError, SourceError):
                return {}
        return self._by_manifest[path]

    def _read_manifest(self, file: File) -> dict[str, Pin]:
        from dunnage.files import toml

        if b"dunnage" not in file.data:
            return {}
        data = toml.parse(file)
        pins: dict[str, Pin] = {}
        for top in ("package", "workspace"):
            keys = (top, "metadata", "dunnage", "tools")
            table = toml.lookup(data, keys)
            if table is not None:
                pins |= self._read_list(file, keys, table)
        return pins

    def _read_list(self, file: File, keys: "Keys", table: Any) -> dict[str, Pin]:
        if not isinstance(table, dict):
            self._report(file, 'a list of tools consists of lines `NAME = "VERSION"`', keys)
            return {}
        pins: dict[str, Pin] = {}
        for name, version in table.items():
            full = exact(version) if isinstance(version, str) else ""
            if full:
                pins[name] = Pin(full, file.path)
                continue
            written = f"`{version}`" if isinstance(version, str) else "the value"
            message = f"the list of tools has no exact version for {name}: {written} is not MAJOR.MINOR.PATCH"
            self._report(file, message, (*keys, name))
        return pins

    def _report(self, file: File, message: str, keys: "Keys" = (), span: Span | None = None) -> None:
        from dunnage.files.document import Problem

        help = 'write the full version that you reviewed: NAME = "1.2.3"'
        self.problems.append(Problem("cargo-install/unpinned", file, message, help, keys, about_value=True, span=span))
