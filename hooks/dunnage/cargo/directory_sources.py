"""The folders of vendored crates with which Cargo's configuration replaces sources.

Source of the rules: the Cargo book, "Source Replacement", and cargo itself.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from dunnage.cargo import source_id
from dunnage.cargo.config_files import config_files
from dunnage.cargo.source_id import CRATES_IO, SourceId, SourceIdError
from dunnage.files.document import Refused
from dunnage.files.source import Tree
from dunnage.files.walk import top_folder

_MAX_STEPS = 20


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
