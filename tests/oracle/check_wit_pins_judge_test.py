"""cargo-component says whether its lock is what our fixed manifests ask for.

No package index has it, so it is asked only where it is on PATH: `cargo install cargo-component@0.21.1 --locked`.
Packages come from a registry in a folder, which it reads without a network.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from dunnage.check_wit_pins import main

VERSIONS = ("0.2.0", "0.2.1", "0.2.9", "0.2.10", "0.3.0-draft", "1.0.0")
PACKAGES = ("wasi:io", "wasi:clocks", "a:b", "a:b-c", "a-b:c")
MANIFEST = '[package]\nname = "{name}"\nversion = "0.1.0"\nedition = "2021"\n\n[package.metadata.component]\n'
MEMBERS = '[workspace]\nmembers = ["one", "two"]\nresolver = "2"\n'
DEPENDENCIES = "[package.metadata.component.target.dependencies]\n"


@pytest.fixture(scope="session")
def program() -> str:
    """Give the path of cargo-component."""
    found = shutil.which("cargo-component")
    if found is None:
        pytest.skip("cargo-component is not on PATH")
    return found


@pytest.fixture(scope="session")
def cargo_component(program: str, wasm_tools: str, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., str]:
    """Run cargo-component in a folder and return what it says; it takes packages from a registry in another folder."""
    folder = tmp_path_factory.mktemp("registry")
    for package in PACKAGES:
        namespace, name = package.split(":")
        (folder / namespace / name).mkdir(parents=True)
        for version in VERSIONS:
            text = folder / "package.wit"
            text.write_text(f"package {package}@{version};\ninterface i {{\n}}\nworld w {{\n}}\n")
            target = folder / namespace / name / f"{version}.wasm"
            subprocess.run([wasm_tools, "component", "wit", text, "--wasm", "-o", target], check=True)
    config = folder / "config.toml"
    config.write_text(
        f'default_registry = "local"\n[registry.local]\ntype = "local"\nlocal = {{ root = "{folder.as_posix()}" }}\n'
    )
    cache = str(folder / "cache")
    env = {**os.environ, "CARGO_COMPONENT_CONFIG_FILE": str(config), "CARGO_COMPONENT_CACHE_DIR": cache}

    def run(where: Path, *arguments: str) -> str:
        command = [program, "component", *arguments]
        return subprocess.run(command, cwd=where, env=env, capture_output=True, text=True, check=False).stderr

    return run


def project(folder: Path, *tables: str) -> list[str]:
    """Write a package with a component section, or a workspace of two, and return the manifests."""
    if len(tables) > 1:
        (folder / "Cargo.toml").write_text(MEMBERS)
    manifests = []
    for name, table in zip(("one", "two"), tables, strict=False):
        package = folder / name if len(tables) > 1 else folder
        (package / "src").mkdir(parents=True)
        (package / "src/lib.rs").touch()
        (package / "wit").mkdir()
        (package / "wit/world.wit").write_text(f"package my:{name};\nworld w {{\n}}\n")
        (package / "Cargo.toml").write_text(MANIFEST.format(name=name) + table)
        manifests.append(str(package / "Cargo.toml"))
    return manifests


@pytest.mark.parametrize(
    "tables",
    [
        pytest.param([DEPENDENCIES + '"wasi:io" = "0.2.1"\n'], id="one"),
        pytest.param(
            [
                DEPENDENCIES
                + '"wasi:io" = "0.2.1"\n"wasi:clocks" = { version = "~0.2.0" }\n"a:b" = "*"\n'
                + '"a-b:c" = ">=0.2.0, <0.2.5"\n"a:b-c" = "0.3.0-draft"\n'
            ],
            id="every kind",
        ),
        pytest.param(
            [DEPENDENCIES + '"wasi:io" = "0.2.1"\n"x:y" = { package = "wasi:io", version = "=0.2.9" }\n'],
            id="the pin comes after one that is there",
        ),
        pytest.param(
            [DEPENDENCIES + '"a:b" = "0.2.1"\n', DEPENDENCIES + '"a:b" = "0.2.0"\n'], id="two ranges, one version"
        ),
        pytest.param([DEPENDENCIES + '"a:b" = "0.2.1"\n', DEPENDENCIES + '"a:b" = "^0.2.1"\n'], id="the same twice"),
        pytest.param([DEPENDENCIES + '"a:b" = "=0.2.10"\n', DEPENDENCIES + '"a:b" = "~0.2"\n'], id="the pin is there"),
        pytest.param(['target = "a:b/w@0.2.0"\n'], id="a target"),
        pytest.param(['target = { package = "a:b", world = "w", version = "0.2.0" }\n'], id="a target's table"),
    ],
)
def test_the_lock_follows(
    tmp_path: Path, cargo_component: Callable[..., str], monkeypatch: pytest.MonkeyPatch, tables: list[str]
) -> None:
    manifests = project(tmp_path, *tables)
    monkeypatch.chdir(tmp_path)
    lock = tmp_path / "Cargo-component.lock"
    said = cargo_component(tmp_path, "bindings")
    before = lock.read_bytes()

    assert main(["--fix", *manifests]) == 1
    assert main(manifests) == 0
    after = lock.read_bytes()
    assert set(re.findall(rb"digest = .*", after)) == set(re.findall(rb"digest = .*", before))
    lock.unlink()
    said = cargo_component(tmp_path, "bindings")
    assert lock.read_bytes() == after, said
    assert "needs to be updated" not in cargo_component(tmp_path, "check", "--locked")


def test_what_is_not_named_stays_locked(
    tmp_path: Path, cargo_component: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = project(tmp_path, DEPENDENCIES + '"a:b" = "0.2.1"\n', DEPENDENCIES + '"a:b" = "^0.2.1"\n')
    monkeypatch.chdir(tmp_path)
    lock = tmp_path / "Cargo-component.lock"
    cargo_component(tmp_path, "bindings")
    for manifest in (one, two):
        assert main(["--fix", manifest]) == 1
        after = lock.read_bytes()
        lock.unlink()
        said = cargo_component(tmp_path, "bindings")
        assert lock.read_bytes() == after, said
    assert b"^" not in lock.read_bytes()
