"""Files of crates that `cargo vendor` copied. They are somebody else's, so hooks report nothing in them.

In each crate, cargo writes `.cargo-checksum.json`, which lists the files of the crate with their digests.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from dunnage.files.source import File, Tree

CHECKSUMS = ".cargo-checksum.json"


def is_in_vendored_crate(tree: Tree, path: str) -> bool:
    """Whether the file at `path` is part of a vendored crate: the record in a folder above lists it.

    A record at the top of a repository does not count, because a repository is no vendored crate.
    """
    absolute = os.path.abspath(path)
    crate = tree.memo(_Crates).around(os.path.dirname(absolute))
    if crate is None:
        return False
    folder, files = crate
    return not files or os.path.relpath(absolute, folder).replace(os.sep, "/") in files


def recorded(file: File) -> Mapping[str, Any]:
    """Return the content of a `.cargo-checksum.json`; nothing if it is no JSON object."""
    return file.memo(_recorded)


def _recorded(file: File) -> Mapping[str, Any]:
    import json

    try:
        found = json.loads(file.data)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


class _Crates:
    """The vendored crates around the folders of a run."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._around: dict[str, tuple[str, Mapping[str, Any]] | None] = {}

    def around(self, folder: str) -> tuple[str, Mapping[str, Any]] | None:
        """Return the folder of the vendored crate that contains a folder, and the files that its record lists.

        Without files, the record covers the whole crate.
        """
        below = []
        while folder not in self._around:
            below.append(folder)
            above = os.path.dirname(folder)
            if above == folder or os.path.lexists(os.path.join(folder, ".git")):
                self._around[folder] = None
                break
            files = self._files(folder)
            if files is not None:
                self._around[folder] = folder, files
                break
            folder = above
        found = self._around[folder]
        self._around.update(dict.fromkeys(below, found))
        return found

    def _files(self, folder: str) -> Mapping[str, Any] | None:
        """Return the files that the record in a folder lists; None if there is no record of a crate."""
        path = os.path.join(folder, CHECKSUMS)
        file = self._tree.find(path) if os.path.lexists(path) else None
        record = recorded(file) if file else {}
        files = record.get("files")
        # The packagers of some distributions record the checksum of the archive alone.
        return files if isinstance(files, dict) and (files or record.get("package")) else None
