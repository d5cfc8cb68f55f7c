"""`cargo update`, run so that it starts no program that a repository names.

Cargo reads its configuration, and rustup a toolchain file, in the working directory and in the folders above it. Both
can name programs: `build.rustc`, `build.rustc-wrapper`, a credential provider, `[env]` for the compiler, a toolchain in
a folder. So cargo runs in the root of the file system, and is given those settings of the repository that affect a
lock and that name no program: `[registries]`, `[source]`, `[patch]`, `[resolver]`, and the channel of the toolchain.
Sources: the Cargo book, "Configuration"; the rustup book, "Overrides".
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from typing import Any

from dunnage.cargo.config_files import config_files
from dunnage.cargo.manifests import MANIFEST
from dunnage.cargo_cli.toolchains import TOOLCHAIN_FILES
from dunnage.files import toml
from dunnage.files.document import Keys, Refused
from dunnage.files.git import find_program, search_path
from dunnage.files.shown import toml_string
from dunnage.files.source import File, SourceError, Tree, display
from dunnage.files.walk import top_folder, upwards
from dunnage.files.writing import writable

_PATHS = (("patch", "path"), ("source", "directory"), ("source", "local-registry"), ("resolver", "lockfile-path"))
"""The settings, by table and key, whose value is a path relative to the folder that holds `.cargo`."""
_CHANNEL = r"[A-Za-z0-9][A-Za-z0-9._-]*"
"""The name of a toolchain, which is no path."""


class _NotRun(Exception):
    """The reason why cargo is not run, in one line."""


def update(folder: str, lock: str, *, online: bool) -> str:
    """Run `cargo update --workspace` for the workspace in a folder. Returns the reason if it fails, else an empty text.

    `lock` is the path of its Cargo.lock, which cargo creates or changes. Without `online`, cargo uses no network.
    """
    import subprocess

    try:
        writable(lock, top_folder(os.getcwd()), may_be_missing=True)
        cargo = find_program("cargo")
        if cargo is None:
            return "cargo is not on PATH"
        command = ["update", "--workspace", *([] if online else ["--offline"])]
        where = ["--manifest-path", os.path.join(folder, MANIFEST)]
        tree = Tree()
        result = subprocess.run(
            [cargo, *command, *where, *_settings(tree, folder)],
            cwd=_neutral_folder(folder),
            env=_environment(tree, folder, online=online),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
    except SourceError as error:
        return f"{display(lock)} {error.message}"
    except _NotRun as reason:
        return str(reason)
    except OSError as error:
        return f"cargo cannot be run: {error.strerror}"
    if result.returncode == 0:
        return ""
    errors = [line for line in result.stderr.decode("utf-8", "replace").splitlines() if line.startswith("error")]
    says = errors[0] if errors else "nothing"
    advice = "" if online else "; --fix-online lets it use the network"
    if missing := re.search(r"toolchain '([\w.-]+)' is not installed", says):
        advice = f"; run `rustup toolchain install {missing[1]}`"
    return f"`{' '.join(['cargo', *command])}` says: {says}{advice}"


def _neutral_folder(folder: str) -> str:
    """The root of the file system, which holds no file of the repository. Raises _NotRun."""
    root = os.path.abspath(os.sep)
    if os.path.realpath(top_folder(folder)) == os.path.realpath(root):
        raise _NotRun(f"cargo must run outside the repository, in {root}, but {root} is the top of this repository")
    return root


def _environment(tree: Tree, folder: str, *, online: bool) -> dict[str, str]:
    environment = {**os.environ, "PATH": search_path()}
    if not online:
        environment["RUSTUP_AUTO_INSTALL"] = "0"  # a toolchain file could otherwise make rustup download a toolchain
    if not environment.get("RUSTUP_TOOLCHAIN") and (channel := _channel(tree, folder)):
        environment["RUSTUP_TOOLCHAIN"] = channel
    return environment


def _channel(tree: Tree, folder: str) -> str | None:
    """The toolchain that rustup would use in a folder, by its toolchain file. Raises _NotRun if it is in a folder."""
    for above in upwards(folder, beyond_repository=True):
        for name in TOOLCHAIN_FILES:
            try:
                return _channel_in(tree.read(os.path.join(above, name)))
            except FileNotFoundError:
                continue
            except SourceError as error:
                raise _NotRun(f"{display(os.path.join(above, name))} {error.message}") from None
    return None


def _channel_in(file: File) -> str | None:
    """The channel that a toolchain file names. Raises SourceError, and _NotRun if the file names a folder."""
    words = file.text.split()
    if len(words) == 1 and not file.path.endswith(".toml"):
        toolchain: Any = {"channel": words[0]}
    else:
        toolchain = toml.parse(file).get("toolchain")
    if not isinstance(toolchain, dict):
        return None
    channel = toolchain.get("channel")
    if "path" in toolchain or (isinstance(channel, str) and not re.fullmatch(_CHANNEL, channel)):
        raise _NotRun(f"{file.path} names a toolchain in a folder, but the hook never runs programs of a repository")
    return channel if isinstance(channel, str) else None


def _settings(tree: Tree, folder: str) -> Iterator[str]:
    """Yield the options that give cargo the settings in force in a folder. Raises _NotRun."""
    settings: dict[Keys, str] = {}
    try:
        for above, (_, data) in reversed(list(config_files(tree, folder))):
            for table in ("registries", "source", "patch", "resolver"):
                settings.update(_leaves((table,), data.get(table), above))
    except Refused as refused:
        raise _NotRun(f"{refused.file.path} {refused.message}") from None
    for keys, value in settings.items():
        if keys[0] != "registries" or keys[2:] == ("index",):
            yield from ("--config", f"{'.'.join(toml_string(str(key)) for key in keys)}={value}")


def _leaves(keys: Keys, value: Any, folder: str) -> Iterator[tuple[Keys, str]]:
    """Yield the values in a table that are not tables themselves, written as TOML, with their keys."""
    if isinstance(value, Mapping):
        for key, below in value.items():
            yield from _leaves((*keys, key), below, folder)
    elif isinstance(value, str):
        is_path = (keys[0], keys[-1]) in _PATHS
        yield keys, toml_string(os.path.join(folder, value) if is_path else value)
    elif isinstance(value, bool):
        yield keys, str(value).lower()
    elif isinstance(value, list) and all(isinstance(part, str) for part in value):
        yield keys, f"[{', '.join(map(toml_string, value))}]"
