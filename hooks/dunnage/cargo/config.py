"""The keys of Cargo's configuration that affect locks.

`.cargo/config.toml` is read in the workspace root and in the folders above it, but not in `$CARGO_HOME`, and the
environment is ignored: a repository cannot contain them. Source of the keys: the Cargo book, "Configuration".
`[source]` replacement and `paths` do not change the content of a lock.
"""

import os
from typing import NamedTuple

from dunnage.cargo.config_files import config_files
from dunnage.cargo.dependency import Dependency
from dunnage.cargo.fields import ManifestError
from dunnage.cargo.manifest import read_patches
from dunnage.files.document import Refused
from dunnage.files.source import File, Tree


class CargoConfig(NamedTuple):
    """The configuration in force in a folder."""

    registries: dict[str, str]
    """Index URLs by registry name."""
    patches: tuple[tuple[str, Dependency, File], ...]
    """The entries of `[patch]`: the location of the patched source, the replacement, and the file."""
    lock: str | None
    """The path of the lock if `resolver.lockfile-path` sets it."""


def read_config(tree: Tree, folder: str) -> CargoConfig:
    """Read the configuration in force in `folder`; a nearer file takes precedence.

    Raises Refused if a file cannot be read or its `[patch]` is malformed.
    """
    files = list(config_files(tree, folder))
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
    return CargoConfig(registries, tuple(patches.values()), lock)
