"""The manifest in which a repository configures this project: the Cargo.toml in its topmost folder."""

import os

from dunnage.files.source import File, SourceError, Tree
from dunnage.files.walk import top_folder


def project_manifest(tree: Tree, file: File) -> File | None:
    """Return the manifest at the top of the repository of `file`; None if it does not name this project."""
    folder = os.path.dirname(os.path.abspath(file.path))
    try:
        manifest = tree.read(os.path.join(top_folder(folder), "Cargo.toml"))
    except (FileNotFoundError, SourceError):
        return None
    return manifest if b"dunnage" in manifest.data else None
