"""The files of Cargo's configuration that a repository can hold, and the vendored crates that replace sources.

Source of the rules: the Cargo book, "Configuration", `include`, which is stable since cargo 1.94, and "Source
Replacement"; and cargo itself.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from dunnage.cargo import source_id
from dunnage.cargo.source_id import CRATES_IO, SourceId, SourceIdError
from dunnage.files import document, toml
from dunnage.files.document import Document, Keys, Refused
from dunnage.files.shown import toml_string
from dunnage.files.source import Tree, display
from dunnage.files.span import Span
from dunnage.files.walk import CHECKSUMS, nearest, top_folder

CONFIG_NAMES = ("config", "config.toml")
"""The names of the configuration file in `.cargo`; Cargo reads the first that exists."""
_MOST_FILES = 100
"""Far more than any configuration includes."""


class Include(NamedTuple):
    """An entry of `include`."""

    keys: Keys
    """Its place in the file that includes."""
    path: str
    """The absolute path of the included file."""
    is_optional: bool


def config_files(tree: Tree, folder: str) -> Iterator[tuple[str, Document]]:
    """Yield the configuration files in force in `folder`, each with the folder to which its paths are relative.

    A file takes precedence over those that follow. Raises Refused if cargo could not read one of them.
    """
    above = ""
    while folder != above and (found := _nearest(tree, folder)):
        yield from files_in(tree, found)
        above, folder = found, os.path.dirname(found)


def _nearest(tree: Tree, folder: str) -> str:
    """The nearest folder, from `folder` up, with something named `.cargo`; empty if there is none."""
    return nearest(
        tree.memo(_nearest_known), folder, lambda at: at if tree.exists(os.path.join(at, ".cargo")) else None, ""
    )


def _nearest_known(_: Tree) -> dict[str, str]:
    return {}


def files_in(tree: Tree, folder: str) -> list[tuple[str, Document]]:
    """Return the configuration file of one folder and those that it includes, as `config_files` does."""
    configuration = os.path.join(folder, ".cargo")
    for name in CONFIG_NAMES if tree.exists(configuration) else ():
        try:
            return _with_included(tree, os.path.join(configuration, name), set())
        except FileNotFoundError:
            continue
    return []


def includes(found: Document) -> list[Include]:
    """Return the entries of `include` in a configuration file. Raises Refused if cargo rejects one of them."""
    if "include" not in found.data:
        return []
    entries, is_unstable = found.data["include"], bool(toml.lookup(found.data, ("unstable", "config-include")))
    if is_unstable and isinstance(entries, str):
        entries = [entries]  # what nightly versions accepted before 1.94
    if not isinstance(entries, list):
        message = "`include` must be an array of paths or of tables"
        raise Refused(found.file, message, ("include",), 'write, for instance, `include = ["other.toml"]`')
    folder = found.file.folder
    return [_include(found, index, entry, folder, is_unstable) for index, entry in enumerate(entries)]


def _with_included(tree: Tree, path: str, seen: set[str]) -> list[tuple[str, Document]]:
    """Read a configuration file and those that it includes. `seen` are the files that have been read before."""
    found = document.read(tree, path)
    seen.add(path)
    included: list[tuple[str, Document]] = []
    for include in includes(found):
        if include.is_optional and not os.path.exists(include.path):
            continue
        if include.path in seen:
            message = f"{display(include.path)} is included a second time, which cargo rejects as a cycle"
            raise Refused(found.file, message, include.keys, "remove this entry")
        if len(seen) >= _MOST_FILES:
            message = f"the configuration includes more than {_MOST_FILES} files, the limit for included files"
            raise Refused(found.file, message, include.keys, "include fewer files")
        try:
            # A later file takes precedence.
            included[:0] = _with_included(tree, include.path, seen)
        except FileNotFoundError:
            message = f"cargo cannot load its configuration, because {display(include.path)} is missing"
            written = os.path.relpath(include.path, os.path.dirname(path)).replace(os.sep, "/")
            help = f"restore the file, or write `{{ path = {toml_string(written)}, optional = true }}` in `include`"
            raise Refused(found.file, message, include.keys, help) from None
    return [(os.path.dirname(os.path.dirname(path)), found), *included]


def _include(found: Document, index: int, entry: Any, folder: str, is_unstable: bool) -> Include:
    keys: Keys = ("include", index)
    path, is_optional = (entry.get("path"), entry.get("optional", False)) if isinstance(entry, dict) else (entry, False)
    if not isinstance(path, str) or not isinstance(is_optional, bool):
        message = "an entry of `include` must be a path, or a table with `path` and an optional key `optional`"
        raise Refused(found.file, message, keys, 'write, for instance, `{ path = "other.toml", optional = true }`')
    if not is_unstable and os.path.splitext(path)[1] != ".toml":
        message = f"cargo does not include `{path}`, because its name does not end in `.toml`"
        raise Refused(found.file, message, keys, "rename the file")
    if not is_unstable and any(character in path for character in "*?[]{}"):
        raise Refused(
            found.file, f"cargo does not support patterns in `include`, such as `{path}`", keys, "list each file"
        )
    return Include(keys, os.path.normpath(os.path.join(folder, path)), is_optional)


_MAX_STEPS = 20
_MOST_SOURCES = 1_000


def directory_sources(tree: Tree, folder: str) -> Mapping[SourceId, str]:
    """Return the folder of vendored crates that replaces each source, for cargo in `folder`.

    Only configuration files and folders of the repository count. Without a readable configuration, there is none.
    """
    inside = os.path.join(top_folder(folder), "")
    sources: dict[str, dict[str, Any]] = {}
    try:
        for above, (file, data) in config_files(tree, folder):
            tables = data.get("source")
            if isinstance(tables, dict) and os.path.abspath(file.path).startswith(inside):
                if len(tables) + len(sources) > _MOST_SOURCES:
                    message = (
                        f"cargo's configuration has more than {_MOST_SOURCES:,} sources; no crate counts as vendored"
                    )
                    file.note_unread("input/too-large", message, Span(0, 0))
                    return {}
                _merge(sources, tables, above)
    except Refused:
        return {}
    found = {}
    for name, source in sources.items():
        replaced, path = _source(name, source), _directory(sources, name)
        if replaced is not None and path is not None and path.startswith(inside):
            found[replaced] = path
    return found


def _merge(sources: dict[str, dict[str, Any]], tables: Mapping[str, Any], folder: str) -> None:
    """Add the definitions of a configuration file. Definitions from earlier files take precedence."""
    for name, table in tables.items():
        for key, value in table.items() if isinstance(table, dict) else ():
            if isinstance(value, str):
                path = os.path.normpath(os.path.join(folder, value))
                sources.setdefault(name, {}).setdefault(key, path if key == "directory" else value)


def _source(name: str, table: Mapping[str, str]) -> SourceId | None:
    """The source that a definition describes; None if no package can come from it."""
    try:
        if "registry" in table:
            return source_id.registry(table["registry"])
        if "git" in table:
            reference = next((f"{key}={table[key]}" for key in ("branch", "tag", "rev") if key in table), "")
            return source_id.git(table["git"], reference)
    except SourceIdError:
        return None
    return CRATES_IO if name == "crates-io" else None


def _directory(sources: Mapping[str, Mapping[str, str]], name: str) -> str | None:
    """The folder to which `replace-with` leads from a source; None if it leads elsewhere."""
    for _ in range(_MAX_STEPS):
        table = sources.get(name, {})
        if "replace-with" not in table:
            return table.get("directory")
        name = table["replace-with"]
    return None


# Vendored crates

_MANIFEST = "Cargo.toml"

Read = Callable[[str], "bytes | None"]
"""Returns the content of the file at an absolute path; None if there is none."""


class VendoredCrate(NamedTuple):
    """A vendored crate whose manifest is the recorded one."""

    manifest: bytes
    checksum: Any
    """The checksum of the archive of the crate; None if it is from git."""
    files: Mapping[str, Any]
    """By path, the SHA-256 digest of each file."""


def read_crate(read: Read, folder: str) -> VendoredCrate | None:
    """Read the crate in a folder; None if no checksum file there records the manifest beside it.

    Cargo builds no vendored crate whose files differ from this record.
    """
    checksums = read(os.path.join(folder, CHECKSUMS))
    manifest = read(os.path.join(folder, _MANIFEST)) if checksums is not None else None
    if checksums is None or manifest is None:
        return None
    import json
    from hashlib import sha256

    try:
        recorded = json.loads(checksums)
    except (ValueError, RecursionError):
        return None
    files = recorded.get("files") if isinstance(recorded, dict) else None
    if not isinstance(files, dict) or files.get(_MANIFEST) != sha256(manifest).hexdigest():
        return None
    return VendoredCrate(manifest, recorded.get("package"), files)


def is_vendored_crate(tree: Tree, folder: str) -> bool:
    """Whether cargo vendored the crate in a folder, and its manifest is still the recorded one."""
    return tree.exists(os.path.join(folder, CHECKSUMS)) and read_crate(tree.content, folder) is not None
