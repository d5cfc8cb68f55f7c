"""WIT text, and the manifests and locks of its tools. Here: which WIT files form a package, and which belong together.

The `*.wit` files of a folder are one package. Its dependencies are in the subfolder `deps`, each in a folder or a file.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dunnage.wit.graph import Source

_DEPENDENCIES = "deps"


def root(path: str) -> str:
    """The folder of the package to which the file at `path` belongs, directly or as a dependency."""
    folder = os.path.dirname(path)
    for deps in (folder, os.path.dirname(folder)):
        if os.path.basename(deps) == _DEPENDENCIES:
            return os.path.dirname(deps)
    return folder


def files_of(folder: str) -> list[str]:
    """The WIT files in a folder, if they are one package."""
    if os.path.basename(folder) == _DEPENDENCIES:
        return []
    try:
        names = sorted(name for name in os.listdir(folder or ".") if name.endswith(".wit"))
    except OSError:
        return []
    return [f"{folder}/{name}" if folder else name for name in names]


def groups(sources: Iterable[Source]) -> list[list[list[Source]]]:
    """Group files that may refer to each other: lists of packages, each of which is a list of files."""
    roots: dict[str, dict[str, list[Source]]] = {}
    for source in sorted(sources, key=lambda source: source.path):
        folder = os.path.dirname(source.path)
        package = source.path if os.path.basename(folder) == _DEPENDENCIES else folder
        roots.setdefault(root(source.path), {}).setdefault(package, []).append(source)
    found = []
    for top, by_package in roots.items():
        group = []
        for package, files in by_package.items():
            if len(files) == 1 or is_package(files):
                group.append(files)
            elif package == top:
                found += [[[file]] for file in files]
            else:
                group += [[file] for file in files]
        if group:
            found.append(group)
    return found


def is_package(sources: Sequence[Source]) -> bool:
    """Whether files can form one package: they do not name two packages, and define nothing twice.

    A folder of tests often holds files that are unrelated.
    """
    names = {source.document.package for source in sources if source.document.package}
    defined = [source.document.name(scope.token) for source in sources for scope in source.document.own.scopes]
    return len(names) <= 1 and len(set(defined)) == len(defined)
