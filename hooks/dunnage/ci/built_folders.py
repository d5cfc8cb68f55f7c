"""Whether CI, images, scripts or recipes of a repository may build what is in a folder."""

from __future__ import annotations

import os
import re

from dunnage.ci.repository_files import RepositoryFiles, repository_files
from dunnage.files.source import Tree
from dunnage.files.walk import top_folder
from dunnage.scripts.commands import kind_of

_ENTERS = rb"cargo|\bcd\b|pushd|manifest|directory|\s-C\b|(?i:workdir)"
"""What a line contains that builds with cargo, or that changes the working directory."""


class BuiltFolders:
    """The folders that files with commands enter, or that they pass to cargo."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._lines: dict[str, list[bytes]] = {}

    def may_contain(self, folder: str) -> bool:
        """Whether such a line has the path of a folder in its repository. The topmost folder is always built."""
        top = top_folder(folder)
        path = os.path.relpath(folder, top).replace(os.sep, "/")
        if path == ".":
            return True
        if top not in self._lines:
            self._lines[top] = _lines(repository_files(self._tree, top))
        # A path goes on with `/`, and a name with the other characters.
        pattern = re.compile(rb"(?<![\w.-])%b(?![\w.-])" % re.escape(path.encode("utf-8", "surrogateescape")))
        return any(pattern.search(line) for line in self._lines[top])


def _lines(repository: RepositoryFiles) -> list[bytes]:
    """The lines that build or change the working directory, in files with commands, as far as their names tell."""
    enters = re.compile(_ENTERS)
    files = (repository.find(path) for path in repository.known.ordered if kind_of(path, b"") is not None)
    return [line for file in files if file is not None for line in file.data.splitlines() if enters.search(line)]
