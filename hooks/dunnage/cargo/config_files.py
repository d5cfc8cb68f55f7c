"""The files of Cargo's configuration that a repository can hold."""

from __future__ import annotations

import os
from collections.abc import Iterator

from dunnage.files import document
from dunnage.files.document import Document
from dunnage.files.source import Tree
from dunnage.files.walk import upwards

_NAMES = ("config", "config.toml")
"""The names of the configuration file in `.cargo`; Cargo reads the first that exists."""


def config_files(tree: Tree, folder: str) -> Iterator[tuple[str, Document]]:
    """Yield each folder from `folder` upwards that has a configuration, with the parsed file. Raises Refused."""
    for above in upwards(folder, beyond_repository=True):
        for name in _NAMES:
            try:
                yield above, document.read(tree, os.path.join(above, ".cargo", name))
            except FileNotFoundError:
                continue
            break
