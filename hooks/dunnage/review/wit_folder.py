"""WIT folders, now and before the change."""

from collections.abc import Mapping
from typing import NamedTuple

from dunnage.files.source import File
from dunnage.review.base import Base


class WitFolder(NamedTuple):
    """A WIT folder with the packages that are vendored in its `deps`, now and before the change."""

    path: str
    files: Mapping[str, File]
    """By absolute path."""
    before: Mapping[str, File]
    """A file that has not changed is the same object as in `files`."""

    def changed(self) -> set[str]:
        """The paths of the files that are new, changed or removed."""
        return {path for path in {*self.files, *self.before} if self.files.get(path) is not self.before.get(path)}


class WitBase(NamedTuple):
    """What the WIT of a repository is compared with."""

    base: Base
    folders: tuple[tuple[WitFolder, ...], ...]
    """For each commit of the base, the WIT folders that differ from it."""
