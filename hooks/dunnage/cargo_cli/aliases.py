"""The aliases of cargo's subcommands: `[alias]` in `.cargo/config.toml`, and in the files that it includes.

Cargo reads the configuration of the folder in which it is called and of those above it; a nearer file takes
precedence. Source: the Cargo book, "Configuration", `[alias]`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence

from dunnage.cargo_cli.command_line import BUILTIN, invocation
from dunnage.files.source import File, Tree
from dunnage.files.walk import top_folder, upwards

Alias = Callable[[str], "Sequence[str] | None"]
"""Returns the words for which an alias stands; None if the name is no alias."""

_NAMES = ("config", "config.toml")
_MAX_ALIASES = 20
_MAX_WORDS = 1000


class Aliases:
    """The aliases in force for each file, from the configuration files of its repository."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._by_folder: dict[str, Mapping[str, tuple[str, ...]]] = {}

    def of(self, file: File) -> Alias:
        """Return the function that looks up an alias in a command of `file`."""
        folder = os.path.dirname(os.path.abspath(file.path))

        def look_up(name: str) -> Sequence[str] | None:
            if folder not in self._by_folder:
                self._by_folder[folder] = read(self._tree, folder, top_folder(folder))
            return self._by_folder[folder].get(name)

        return look_up


def read(tree: Tree, folder: str, top: str) -> Mapping[str, tuple[str, ...]]:
    """Return the aliases in force in `folder`, an absolute path. Nothing above the folder `top` is read.

    An unreadable configuration, and an alias that is neither a string nor an array of strings, are ignored.
    """
    aliases: dict[str, tuple[str, ...]] = {}
    for above in upwards(folder, beyond_repository=True):
        for name, words in _aliases_in(tree, above).items():
            aliases.setdefault(name, words)
        if above == top:
            break
    return aliases


def expand(words: Sequence[str | None], alias: Alias) -> tuple[list[str | None], list[int]]:
    """Expand the alias in the subcommand of a call of cargo, repeatedly.

    Returns the words, and for each the index of the original word that it is or replaces. Subcommands that are part
    of cargo are never aliases.
    """
    expanded = list(words)
    origin = list(range(len(words)))
    for _ in range(_MAX_ALIASES):
        call = invocation(expanded)
        if call is None or call.name in BUILTIN or len(expanded) > _MAX_WORDS:
            break
        meaning = alias(call.name)
        if not meaning or meaning[0] == call.name:
            break
        at = call.subcommand
        origin[at : at + 1] = [origin[at]] * len(meaning)
        expanded[at : at + 1] = meaning
    return expanded, origin


def _aliases_in(tree: Tree, folder: str) -> dict[str, tuple[str, ...]]:
    data = next(filter(None, (tree.content(os.path.join(folder, ".cargo", name)) for name in _NAMES)), b"")
    if b"alias" not in data and b"include" not in data:
        return {}
    from dunnage.cargo.config_files import files_in
    from dunnage.files.document import Refused

    try:
        tables = [found.data.get("alias") for _, found in files_in(tree, folder)]
    except Refused:
        return {}
    aliases: dict[str, tuple[str, ...]] = {}
    for table in tables:
        for alias, meaning in table.items() if isinstance(table, dict) else ():
            aliases.setdefault(alias, _words(meaning))
    return {alias: words for alias, words in aliases.items() if words}


def _words(meaning: object) -> tuple[str, ...]:
    if isinstance(meaning, str):
        return tuple(meaning.split())
    if isinstance(meaning, list) and all(isinstance(word, str) for word in meaning):
        return tuple(meaning)
    return ()
