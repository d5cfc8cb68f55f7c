"""Which WIT files make up a package, and which packages belong together.

A folder of `*.wit` files is a package; what it depends on stands in its subfolder `deps`, a folder or a file for each.
"""

import os
from collections.abc import Iterable, Iterator, Sequence

from dunnage.wit.graph import Source

_DEPENDENCIES = "deps"


def root(path: str) -> str:
    """The folder of the package that the file at `path` belongs to, or whose dependencies it belongs to."""
    folder = os.path.dirname(path)
    for _ in range(2):
        if os.path.basename(folder) == _DEPENDENCIES:
            return os.path.dirname(folder)
        above = os.path.dirname(folder)
        if os.path.basename(above) != _DEPENDENCIES:
            break
        folder = above
    return os.path.dirname(path)


def siblings(path: str, most: int) -> Iterator[str]:
    """The other WIT files in the folder of the file at `path`, at most so many, if they are of its package."""
    folder = os.path.dirname(path)
    if os.path.basename(folder) == _DEPENDENCIES:
        return
    try:
        names = sorted(name for name in os.listdir(folder or ".") if name.endswith(".wit"))
    except OSError:
        return
    for name in names[:most]:
        other = f"{folder}/{name}" if folder else name
        if other != path:
            yield other


def packages(sources: Iterable[Source]) -> list[list[list[Source]]]:
    """Put files together that may know of each other: lists of packages, each of which is a list of its files."""
    roots: dict[str, dict[str, list[Source]]] = {}
    for source in sorted(sources, key=lambda source: source.path):
        folder = os.path.dirname(source.path)
        package = source.path if os.path.basename(folder) == _DEPENDENCIES else folder
        roots.setdefault(root(source.path), {}).setdefault(package, []).append(source)
    found = []
    for top, parts in roots.items():
        together = []
        for package, files in parts.items():
            if len(files) == 1 or _is_package(files):
                together.append(files)
            elif package == top:
                found += [[[file]] for file in files]
            else:
                together += [[file] for file in files]
        if together:
            found.append(together)
    return found


def _is_package(sources: Sequence[Source]) -> bool:
    """Whether files can be of one package: they do not name two, and define nothing twice.

    Folders of tests hold files that have nothing to do with each other.
    """
    named = {(name.namespace, name.name, name.version) for source in sources if (name := source.document.package)}
    defined = [source.document.name(scope.at) for source in sources for scope in source.document.own.scopes]
    return len(named) <= 1 and len(set(defined)) == len(defined)
