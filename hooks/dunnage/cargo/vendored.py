"""Whether a crate was vendored by cargo, so that it is not built in place."""

import os

from dunnage.files.source import SourceError, Tree

_MANIFEST = "Cargo.toml"
_CHECKSUMS = ".cargo-checksum.json"
"""The file that `cargo vendor` writes into each crate."""


def is_vendored(tree: Tree, folder: str) -> bool:
    """Whether the checksum file in a folder records the manifest beside it, as `cargo vendor` does.

    Cargo builds no vendored crate whose files differ from this record.
    """
    if not tree.exists(os.path.join(folder, _CHECKSUMS)):
        return False
    import json
    from hashlib import sha256

    try:
        recorded = json.loads(tree.read(os.path.join(folder, _CHECKSUMS)).data)
        manifest = tree.read(os.path.join(folder, _MANIFEST)).data
    except (FileNotFoundError, SourceError, ValueError, RecursionError):
        return False
    files = recorded.get("files") if isinstance(recorded, dict) else None
    return isinstance(files, dict) and files.get(_MANIFEST) == sha256(manifest).hexdigest()
