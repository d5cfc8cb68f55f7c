"""Stale locks: real cargo rejects each, one finding names the cause, and `--fix` makes a lock that cargo accepts."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import pytest

from cargo.files import CHECKSUM, Changes, changed, found, matches, package, write
from dunnage.check_cargo_lock import main

CRATES: Mapping[str, Mapping[str, Mapping[str, str]]] = {
    "alpha": {"1.0.3": {"beta": "1", "dup": "2"}},
    "beta": {"1.2.0": {}, "1.3.0": {}, "2.0.0": {}},
    "dup": {"1.0.1": {}, "2.0.1": {}, "2.0.2": {}},
    "gamma": {"1.0.0": {"dup": "1"}},
}
"""The crates of a registry, with the requirements of each version."""
APP = {
    "Cargo.toml": package("app", rest='\n[dependencies]\nalpha = "1"\nbeta = "=1.2.0"\ndup = "=2.0.1"\n'),
    "src/lib.rs": "",
}
WITH_GAMMA = f'{APP["Cargo.toml"]}gamma = "1"\n'
PATCH = '\n[patch.crates-io]\nbeta = { path = "fork" }\n\n[workspace]\nexclude = ["fork"]\n'
PATCHED = {
    "Cargo.toml": APP["Cargo.toml"].replace('beta = "=1.2.0"', 'beta = "1"') + PATCH,
    "src/lib.rs": "",
    "fork/Cargo.toml": package("beta", "1.2.0"),
    "fork/src/lib.rs": "",
}


class Case(NamedTuple):
    """A workspace with the lock that cargo writes for it, and what makes that lock stale."""

    files: Mapping[str, str]
    changes: Changes
    expected: Sequence[str]


def _crate(name: str, version: str) -> str:
    source = "registry+https://github.com/rust-lang/crates.io-index"
    return f'[[package]]\nname = "{name}"\nversion = "{version}"\nsource = "{source}"\nchecksum = "{CHECKSUM}"\n'


CASES = {
    "patch-bumped": Case(
        PATCHED,
        {"fork/Cargo.toml": package("beta", "1.2.1")},
        ["fork/Cargo.toml:3:1 stale: `beta` is at version 1.2.1, but Cargo.lock has it at 1.2.0"],
    ),
    "patch-bumped-beyond-its-dependents": Case(
        PATCHED,
        {"fork/Cargo.toml": package("beta", "2.5.0")},
        ["fork/Cargo.toml:3:1 stale: `beta` is at version 2.5.0, but Cargo.lock has it at 1.2.0"],
    ),
    "patch-removed": Case(
        PATCHED,
        {"Cargo.toml": (PATCH, "")},
        ["Cargo.lock:…:2 stale: `app 0.1.0` and 1 more are locked with the dependency `beta`, which is…"],
    ),
    "patch-removed-but-its-folder-is-a-member": Case(
        {**PATCHED, "Cargo.toml": PATCHED["Cargo.toml"].replace('exclude = ["fork"]', 'members = ["fork"]')},
        {"Cargo.toml": ('\n[patch.crates-io]\nbeta = { path = "fork" }\n', "")},
        ["Cargo.lock:…:1 stale: `app` requires `beta ^1` from crates.io, but … `beta 1.2.0` from a folder of this…"],
    ),
    "replacement-bumped": Case(
        {**PATCHED, "Cargo.toml": PATCHED["Cargo.toml"].replace("patch.crates-io]\nbeta", 'replace]\n"beta:1.3.0"'),
         "fork/Cargo.toml": package("beta", "1.3.0")},
        {"Cargo.toml": ("beta:1.3.0", "beta:1.2.0"), "fork/Cargo.toml": package("beta", "1.2.0")},
        ["fork/Cargo.toml:3:1 stale: `beta` is at version 1.2.0, but Cargo.lock has it at 1.3.0"],
    ),
    "merge-that-leaves-an-ambiguous-edge": Case(
        {**APP, "Cargo.toml": WITH_GAMMA},
        {"Cargo.lock": (' "beta",\n "dup 2.0.1",\n]', ' "beta",\n "dup",\n]')},
        ["Cargo.lock:…:2 stale: `alpha 1.0.3` is locked with the dependency `dup`, which may be any of several…"],
    ),
    "merge-that-leaves-an-edge-to-a-version-that-is-not-locked": Case(
        {**APP, "Cargo.toml": WITH_GAMMA},
        {"Cargo.lock": (_crate("dup", "1.0.1"), "")},
        ["Cargo.lock:…:2 stale: `gamma 1.0.0` is locked with the dependency `dup 1.0.1`, which is not locked"],
    ),
    "merge-that-keeps-two-compatible-versions": Case(
        APP,
        {"Cargo.lock": (_crate("dup", "2.0.1"), f'{_crate("dup", "2.0.1")}\n{_crate("dup", "2.0.2")}')},
        ["Cargo.lock:…:2 stale: `app 0.1.0` and 1 more are locked with the dependency `dup`, which may be any of…"],
    ),
}  # fmt: skip


@pytest.fixture
def environment(cargo: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put the registry of `CRATES` in place of crates.io, and cargo on PATH."""
    for name in [name for name in os.environ if name.startswith("CARGO")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("CARGO_HOME", str(folder.parent / "home"))
    monkeypatch.setenv("PATH", f"{Path(cargo).parent}{os.pathsep}{os.environ['PATH']}")
    registry = folder.parent / "registry"
    for name, versions in CRATES.items():
        lines = []
        for version, requirements in versions.items():
            dependencies: list[dict[str, object]] = [
                {"name": other, "req": requirement, "features": [], "optional": False, "default_features": True,
                 "target": None, "kind": "normal"}
                for other, requirement in requirements.items()
            ]  # fmt: skip
            entry = {"name": name, "vers": version, "deps": dependencies, "cksum": CHECKSUM, "features": {}}
            lines.append(json.dumps({**entry, "yanked": False}))
            write(registry, {f"{name}-{version}.crate": ""})
        place = f"3/{name[0]}" if len(name) == 3 else f"{name[:2]}/{name[2:4]}"
        write(registry, {f"index/{place}/{name}": "".join(f"{line}\n" for line in lines)})
    source = f'[source.crates-io]\nreplace-with = "local"\n[source.local]\nlocal-registry = "{registry.as_posix()}"\n'
    write(folder, {".cargo/config.toml": source})


@pytest.mark.usefixtures("environment")
@pytest.mark.parametrize("name", CASES)
def test_stale_lock(cargo: str, folder: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    def run(*arguments: str) -> int:
        return subprocess.run([cargo, *arguments, "--offline"], cwd=folder, check=False, capture_output=True).returncode

    files, changes, expected = CASES[name]
    write(folder, files)
    assert run("generate-lockfile") == 0
    assert run("update", "--workspace", "--locked") == 0
    assert found("Cargo.toml") == []
    write(folder, changed({**files, "Cargo.lock": (folder / "Cargo.lock").read_text("utf-8")}, changes))
    assert run("update", "--workspace", "--locked") != 0
    assert matches(found("Cargo.toml"), expected), found("Cargo.toml")
    main(["--fix", "Cargo.toml"])
    assert "Cargo.lock: updated by cargo" in capsys.readouterr().out
    assert run("update", "--workspace", "--locked") == 0
    assert found("Cargo.toml") == []
