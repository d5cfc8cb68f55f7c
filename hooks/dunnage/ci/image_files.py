"""The files of a repository that a Dockerfile copies into an image."""

import os
import posixpath
from collections.abc import Iterator
from typing import TYPE_CHECKING

from dunnage.files.source import File
from dunnage.files.walk import top_folder, upwards

if TYPE_CHECKING:
    from dunnage.scripts.dockerfile_copies import Copied


def contexts(file: File) -> Iterator[str]:
    """Yield the folders that may be the build context of a Dockerfile: its own and those above."""
    folder = os.path.dirname(os.path.abspath(file.path))
    top = top_folder(folder)
    for above in upwards(folder, beyond_repository=True):
        yield above
        if above == top:
            return


def place_of(copied: "Copied") -> str:
    """The path in the image of a file that is copied."""
    return posixpath.join(copied.target, copied.name) if copied.is_in_target else copied.target


def origin_of(copied: "Copied", context: str, path: str) -> str | None:
    """Return the path of the file that is copied to `path` in the image; None if none is."""
    if copied.source is None:
        return None
    source = posixpath.normpath(copied.source.lstrip("/"))
    if set(copied.name) & set("*?["):
        import fnmatch

        folder, name = posixpath.split(path)
        is_copied = folder == copied.target and fnmatch.fnmatchcase(name, copied.name)
        return os.path.join(context, posixpath.dirname(source), name) if is_copied else None
    origin = os.path.normpath(os.path.join(context, source))
    if not os.path.isdir(origin):
        return origin if path == place_of(copied) else None
    below = posixpath.relpath(path, copied.target)
    return None if below.startswith("..") else os.path.join(origin, below)
