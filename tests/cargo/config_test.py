"""Cargo's configuration: which files are read, and which of them wins."""

from __future__ import annotations

from pathlib import Path

import pytest

from cargo.files import write
from dunnage.cargo.config import CargoConfig, read_config
from dunnage.files.document import Refused
from dunnage.files.source import Tree


def _config(folder: Path) -> CargoConfig:
    return read_config(Tree(), str(folder))


def test_none(tmp_path: Path) -> None:
    assert _config(tmp_path) == ({}, (), None)


def test_the_old_name_wins(tmp_path: Path) -> None:
    write(tmp_path, {".cargo/config.toml": "registries.a.index = 'https://new.example'\n"})
    assert _config(tmp_path).registries == {"a": "https://new.example"}
    write(tmp_path, {".cargo/config": "registries.a.index = 'https://old.example'\n"})
    assert _config(tmp_path).registries == {"a": "https://old.example"}


def test_what_is_nearer_wins(tmp_path: Path) -> None:
    above = "[registries]\na.index = 'https://above.example'\nb.index = 'https://b.example'\n"
    patches = "[patch.crates-io]\nx.path = 'above'\ny.path = 'y'\n"
    write(tmp_path, {".cargo/config.toml": f"{above}{patches}[resolver]\nlockfile-path = 'locks/Cargo.lock'\n"})
    write(
        tmp_path,
        {"a/b/.cargo/config.toml": "registries.a.index = 'https://near.example'\npatch.crates-io.x.path = 'near'\n"},
    )
    found = _config(tmp_path / "a/b")
    assert found.registries == {"a": "https://near.example", "b": "https://b.example"}
    assert found.lock == str(tmp_path / "locks/Cargo.lock")
    paths = {dependency.name: Path(dependency.source.url) for _, dependency, _ in found.patches}
    assert paths == {"x": tmp_path / "a/b/near", "y": tmp_path / "y"}


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("registries = 1", id="registries"),
        pytest.param("registries.a = 1", id="registry"),
        pytest.param("registries.a.index = 1", id="index"),
        pytest.param("registries.a.token = 'x'", id="no-index"),
        pytest.param("resolver = 1", id="resolver"),
        pytest.param("resolver.lockfile-path = 1", id="lockfile-path"),
        pytest.param("source.crates-io.replace-with = 'mirror'\npaths = ['x']", id="what-changes-no-lock"),
    ],
)
def test_passed_over(tmp_path: Path, text: str) -> None:
    write(tmp_path, {".cargo/config.toml": text})
    assert _config(tmp_path) == ({}, (), None)


@pytest.mark.parametrize(
    "text", ["a = = 1", "patch = 1", "patch.crates-io = 1", "patch.'x.y'.z = '1'", "patch.crates-io.x = 1"]
)
def test_refused(tmp_path: Path, text: str) -> None:
    write(tmp_path, {".cargo/config.toml": text})
    with pytest.raises(Refused) as refused:
        _config(tmp_path)
    assert refused.value.file.path.endswith(".cargo/config.toml")
