"""The aliases of cargo's subcommands: `[alias]` in `.cargo/config.toml`.

Cargo reads the configuration of the folder in which it is called and of those above it; what stands nearer wins.
Source: the Cargo book, "Configuration", `[alias]`.
"""

import os
from collections.abc import Mapping

from dunnage.files.source import SourceError, Tree

_NAMES = ("config", "config.toml")


def read(tree: Tree, folder: str, top: str) -> Mapping[str, tuple[str, ...]]:
    """Find the aliases that hold in `folder`, an absolute path; nothing above `top` is read.

    A configuration that cannot be read, or an alias that is neither text nor a list of it, counts as not there.
    """
    aliases: dict[str, tuple[str, ...]] = {}
    while True:
        for name, words in _own(tree, folder).items():
            aliases.setdefault(name, words)
        above = os.path.dirname(folder)
        if folder in (top, above):
            return aliases
        folder = above


def _own(tree: Tree, folder: str) -> dict[str, tuple[str, ...]]:
    for name in _NAMES:
        try:
            file = tree.read(os.path.join(folder, ".cargo", name))
        except FileNotFoundError:
            continue
        except SourceError:
            return {}
        if b"alias" not in file.data:
            return {}
        from dunnage.files import toml

        try:
            table = toml.parse(file).get("alias")
        except SourceError:
            return {}
        found = {alias: _words(meant) for alias, meant in table.items()} if isinstance(table, dict) else {}
        return {alias: words for alias, words in found.items() if words}
    return {}


def _words(meant: object) -> tuple[str, ...]:
    if isinstance(meant, str):
        return tuple(meant.split())
    if isinstance(meant, list) and all(isinstance(word, str) for word in meant):
        return tuple(meant)
    return ()
