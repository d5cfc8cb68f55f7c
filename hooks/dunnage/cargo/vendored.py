"""Crates that `cargo vendor` copied into a folder, and what it recorded about them."""

import os
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from dunnage.files.source import Tree
from dunnage.files.walk import CHECKSUMS

_MANIFEST = "Cargo.toml"

Read = Callable[[str], "bytes | None"]
"""Returns the content of the file at an absolute path; None if there is none."""


class VendoredCrate(NamedTuple):
    """A vendored crate whose manifest is the recorded one."""

    manifest: bytes
    checksum: Any
    """The checksum of the archive of the crate; None if it is from git."""
    files: Mapping[str, Any]
    """By path, the SHA-256 digest of each file."""


def read_crate(read: Read, folder: str) -> VendoredCrate | None:
    """Read the crate in a folder; None if no checksum file there records the manifest beside it.

    Cargo builds no vendored crate whose files differ from this record.
    """
    checksums = read(os.path.join(folder, CHECKSUMS))
    manifest = read(os.path.join(folder, _MANIFEST)) if checksums is not None else None
    if checksums is None or manifest is None:
        return None
    import json
    from hashlib import sha256

    try:
        recorded = json.loads(checksums)
    except (ValueError, RecursionError):
        return None
    files = recorded.get("files") if isinstance(recorded, dict) else None
    if not isinstance(files, dict) or files.get(_MANIFEST) != sha256(manifest).hexdigest():
        return None
    return VendoredCrate(manifest, recorded.get("package"), files)


def is_vendored_crate(tree: Tree, folder: str) -> bool:
    """Whether cargo vendored the crate in a folder, and its manifest is still the recorded one."""
    return tree.exists(os.path.join(folder, CHECKSUMS)) and read_crate(tree.content, folder) is not None
