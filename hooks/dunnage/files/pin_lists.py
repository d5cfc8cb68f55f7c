"""Lists of pins that a repository keeps: `[workspace.metadata.dunnage.NAME]` or `[package.metadata.dunnage.NAME]`.

They stand in the manifest in the topmost folder of the repository. An option may name a TOML file with more, which take
precedence. All lists may share that file, in tables `[NAME]` or as plain lines.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from dunnage.files.source import File, SourceError, Tree, display
from dunnage.files.span import Span
from dunnage.files.walk import project_manifest

if TYPE_CHECKING:
    from dunnage.files.document import Keys, Problem

Pin = TypeVar("Pin")

NAMES = ("digests", "images", "tools")
"""The lists that there are."""


class ListKind(Generic[Pin]):
    """What a list holds. It is no named tuple, because none is generic in Python 3.10."""

    def __init__(
        self,
        name: str,
        entry: str,
        rule: str,
        help: str,
        read: Callable[[str, str, str], "Pin | str"],
        owns: Callable[[str, object], bool],
    ) -> None:
        self.name = name
        """One of NAMES."""
        self.entry = entry
        """How a line is written: `NAME = "VERSION"`."""
        self.rule = rule
        """The id of the rule that a wrong list breaks."""
        self.help = help
        self.read = read
        """The pin of a name and a value, in the file with this path; a text says what is wrong with them."""
        self.owns = owns
        """Whether a plain line of the file that an option names belongs to this list."""


class PinLists(Generic[Pin]):
    """The lists of one kind that apply to the files of a run."""

    def __init__(self, tree: Tree, kind: ListKind[Pin], path: str | None) -> None:
        """`path` names a file that takes precedence over the manifests; None if there is none."""
        self.problems: list[Problem] = []
        """Problems in the lists that have been read so far."""
        self._tree = tree
        self._kind = kind
        self._given = {} if path is None else self._read_given(path)
        self._by_folder: dict[str, dict[str, Pin]] = {}
        self._by_manifest: dict[str, dict[str, Pin]] = {}

    def of(self, file: File) -> tuple[dict[str, Pin], dict[str, Pin]]:
        """Return the lists that apply to a file, by the names in them. The first takes precedence."""
        if file.folder not in self._by_folder:
            self._by_folder[file.folder] = self._of_repository(file)
        return self._given, self._by_folder[file.folder]

    def _read_given(self, path: str) -> dict[str, Pin]:
        from dunnage.files import toml

        try:
            file = self._tree.read(path)
            data = toml.parse(file)
        except FileNotFoundError:
            message, span = f"the list of {self._kind.name} that --pins names does not exist", Span(0, 0)
        except SourceError as error:
            message, span = f"this list of {self._kind.name} {error.message}", error.span
        else:
            if any(isinstance(data.get(name), dict) for name in NAMES):
                return self._read_list(file, (self._kind.name,), data.get(self._kind.name, {}))
            return self._read_list(file, (), {key: value for key, value in data.items() if self._kind.owns(key, value)})
        self._report(File(display(path), b""), message, span=span)
        return {}

    def _of_repository(self, file: File) -> dict[str, Pin]:
        """Return the list in the manifest at the top of the repository of `file`."""
        manifest = project_manifest(self._tree, file)
        if manifest is None:
            return {}
        if manifest.path not in self._by_manifest:
            try:
                self._by_manifest[manifest.path] = self._read_manifest(manifest)
            except SourceError:  # a finding of check-cargo-lock
                self._by_manifest[manifest.path] = {}
        return self._by_manifest[manifest.path]

    def _read_manifest(self, file: File) -> dict[str, Pin]:
        from dunnage.files import toml

        data = toml.parse(file)
        pins: dict[str, Pin] = {}
        for top in ("package", "workspace"):
            keys = (top, "metadata", "dunnage", self._kind.name)
            table = toml.lookup(data, keys)
            if table is not None:
                pins |= self._read_list(file, keys, table)
        return pins

    def _read_list(self, file: File, keys: "Keys", table: Any) -> dict[str, Pin]:
        if not isinstance(table, dict):
            self._report(file, f"a list of {self._kind.name} consists of lines `{self._kind.entry}`", keys)
            return {}
        pins: dict[str, Pin] = {}
        for name, value in table.items():
            pin = self._kind.read(name, value, file.path) if isinstance(value, str) else "the value is not a string"
            if isinstance(pin, str):
                self._report(
                    file, f"the list of {self._kind.name} has an invalid line for {name}: {pin}", (*keys, name)
                )
            else:
                pins[name] = pin
        return pins

    def _report(self, file: File, message: str, keys: "Keys" = (), span: Span | None = None) -> None:
        from dunnage.files.document import Problem

        kind = self._kind
        self.problems.append(Problem(kind.rule, file, message, kind.help, keys, about_value=True, span=span))
