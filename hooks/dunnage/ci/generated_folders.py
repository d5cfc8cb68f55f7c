"""Whether a build of a repository may generate a folder that git ignores."""

from __future__ import annotations

import os
import re

from dunnage.files.git import Repository
from dunnage.files.source import Tree
from dunnage.files.walk import SKIPPED
from dunnage.scripts.commands import kind_of

_NAMES = SKIPPED | {"build", "dist", "gen", "generated", "out"}
_MANIFESTS = ("Cargo.toml", "Cargo.lock", ".gitignore", ".dockerignore")


def may_be_generated(tree: Tree, repository: Repository, folder: str) -> bool:
    """Whether a folder has the name of one with generated files, or a tracked file that may run programs names it.

    Documents, manifests and lists of ignored files do not count.
    """
    path = os.path.relpath(folder, repository.top).replace(os.sep, "/")
    if not _NAMES.isdisjoint(path.split("/")):
        return True
    pattern = re.compile(rb"(?<![\w.-])%b(?![\w.-])" % re.escape(path.encode("utf-8", "surrogateescape")))
    for found in repository.mentioning([path]) or ():
        name = os.path.basename(found)
        # A path of one part may be any word of a program.
        may_run = kind_of(found.replace(os.sep, "/"), b"") is not None or "/" in path
        is_other = name in _MANIFESTS or name.endswith(".md")
        if may_run and not is_other and pattern.search(tree.content(found) or b""):
            return True
    return False
