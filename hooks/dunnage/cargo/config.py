"""What Cargo's configuration says about locks: `.cargo/config.toml` in the workspace root and in the folders above
it.

Only files that a repository can hold are read: not `$CARGO_HOME`, not the environment. Source of the keys: the Cargo
book, "Configuration". `[source]` replacement and `paths` do not change what a lock holds.
"""

import os
from collections.abc import Iterator
from typing import NamedTuple

from dunnage.cargo.manifest import Dependency, ManifestError, read_patches
from dunnage.files import document
from dunnage.files.document import Document, Refused
from dunnage.files.source import File, Tree

_NAMES = ("config", "config.toml")
"""The names of the configuration file below `.cargo`; Cargo takes the first that is there."""


class Config(NamedTuple):
    """Registries by name (their index URLs), patches with the file each stands in, and where the lock is if not
    beside the root manifest.
    """

    registries: dict[str, str]
    patches: tuple[tuple[str, Dependency, File], ...]
    lock: str | None


def read_config(tree: Tree, folder: str) -> Config:
    """Read the configuration in force in `folder`; what stands nearer wins.

    Raises Refused where a file cannot be read or its `[patch]` is malformed.
    """
    files = list(_files(tree, folder))
    registries: dict[str, str] = {}
    lock = None
    for above, (_, data) in reversed(files):
        named = data.get("registries", {})
        for name, registry in named.items() if isinstance(named, dict) else ():
            if isinstance(registry, dict) and isinstance(registry.get("index"), str):
                registries[name] = registry["index"]
        resolver = data.get("resolver", {})
        if isinstance(resolver, dict) and isinstance(resolver.get("lockfile-path"), str):
            lock = os.path.normpath(os.path.join(above, resolver["lockfile-path"]))
    patches: dict[tuple[str, str], tuple[str, Dependency, File]] = {}
    for above, (file, data) in files:
        try:
            for url, dependency in read_patches(data, above, registries):
                patches.setdefault((url, dependency.name), (url, dependency, file))
        except ManifestError as error:
            raise Refused(file, error.message, error.keys, error.help) from None
    return Config(registries, tuple(patches.values()), lock)


def _files(tree: Tree, folder: str) -> Iterator[tuple[str, Document]]:
    """Yield each folder from `folder` upwards that has a configuration, with the configuration."""
    while True:
        for name in _NAMES:
            try:
                yield folder, document.read(tree, os.path.join(folder, ".cargo", name))
            except FileNotFoundError:
                continue
            break
        above = os.path.dirname(folder)
        if above == folder:
            return
        folder = above
