"""wit-deps, wkg and cargo-component say what they make of projects that the hook has looked at.

No package index has these tools, so they are asked only where they are on PATH: `cargo install --locked
wit-deps-cli@0.6.0`, `wkg@0.16.1`, `cargo-component@0.21.1`. Nothing here needs a network: wit-deps takes WIT from
folders, the others take packages from a registry in a folder.
"""

from __future__ import annotations

import os
import random
import shutil
import subprocess
from hashlib import sha256
from pathlib import Path

import pytest
import tomli

from cargo.files import Files, package, write
from dunnage.check_wit_lock import HOOK
from dunnage.files.source import Tree
from dunnage.frame.options import Options
from dunnage.wit.wit_deps import digests, is_wit

SECTION = "[package.metadata.component.target.dependencies]\n"
WORLD = "package my:app;\nworld w {\n}\n"
BASE = "package x:base@{};\ninterface i {{\n  type t = u8;\n}}\n"


def _program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not on PATH")
    return found


def _run(folder: Path, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=folder, env={**os.environ, **environment}, capture_output=True, text=True, check=False
    )


def _rules(*paths: Path) -> list[str]:
    findings = HOOK.check([str(path) for path in paths], Tree(), Options())
    return [finding.rule.id.partition("/")[2] for finding in findings]


# wit-deps


@pytest.mark.parametrize("seed", range(4))
def test_digests(tmp_path: Path, seed: int) -> None:
    """Fill folders with what WIT folders may hold, and more; wit-deps copies the WIT and locks it."""
    chance = random.Random(seed)
    names = [
        "a.wit",
        "B.WIT",
        ".wit",
        "é.wit",
        "a b.wit",
        f"{'y' * 92}.wit",
        f"{'y' * 93}.wit",
        f"{'y' * 200}.wit",
        "no",
    ]
    manifest = ""
    for index in range(12):
        manifest += f'd{index} = "../d{index}"\n'
        folder = tmp_path / f"d{index}"
        folder.mkdir()
        for name in chance.sample(names, chance.randint(0, 5)):
            (folder / name).write_bytes(chance.randbytes(chance.choice([0, 1, 511, 512, 513, 3000])))
            (folder / name).chmod(chance.choice([0o644, 0o755]))
    write(tmp_path, {"wit/deps.toml": manifest})
    said = _run(tmp_path, _program("wit-deps"), XDG_CACHE_HOME=str(tmp_path / "cache"))
    assert said.returncode == 0, said.stderr
    for name, entry in tomli.loads((tmp_path / "wit/deps.lock").read_text()).items():
        found = [path for path in (tmp_path / "wit/deps" / name).iterdir() if is_wit(path.name)]
        executable = [path.name for path in found if os.name != "nt" and path.stat().st_mode & 0o100]
        assert digests({path.name: path.read_bytes() for path in found}, executable) == (
            entry["sha256"],
            entry["sha512"],
        )
    assert _rules(tmp_path / "wit/deps.lock") == []


@pytest.mark.parametrize(
    ("changes", "rules"),
    [
        ({}, []),
        ({"wit/deps.toml": 'x = "../x"\ny = "../y"\n'}, ["stale"]),
        ({"wit/deps.toml": ""}, ["stale"]),
        ({"wit/deps.toml": 'x = "../y"\n'}, ["stale"]),
        ({"wit/deps.toml": 'x = ".././x"\n'}, []),
        ({"wit/deps.toml": 'x = "./../x"\n'}, ["stale"]),
        ({"wit/deps/inner/i.wit": "package a:i;\n"}, ["drifted"]),
        ({"wit/deps/inner/more.wit": ""}, ["drifted"]),
        ({"wit/deps/inner/README.md": ""}, []),
    ],
)
def test_lock(tmp_path: Path, changes: Files, rules: list[str]) -> None:
    """Only what came with a dependency is looked at by `wit-deps lock --check`: the others it copies again first."""
    command = (_program("wit-deps"), "lock", "--check")
    files = {"x/a.wit": "package a:x;\n", "x/deps/inner/i.wit": "package a:inner;\n", "y/a.wit": "package a:y;\n"}
    write(tmp_path, {**files, "wit/deps.toml": 'x = "../x"\n'})
    assert _run(tmp_path, *command, XDG_CACHE_HOME=str(tmp_path / "cache")).returncode == 1
    write(tmp_path, changes)
    assert _rules(tmp_path / "wit/deps.toml", tmp_path / "wit/deps.lock") == rules
    said = _run(tmp_path, *command, XDG_CACHE_HOME=str(tmp_path / "cache"))
    assert (said.returncode != 0) is bool(rules), said.stderr


# wkg and cargo-component


@pytest.fixture(scope="session")
def registry(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return the environment in which both take packages from a folder."""
    folder = tmp_path_factory.mktemp("registry")
    config, cache = str(folder / "config.toml"), str(folder / "cache")
    Path(config).write_text(
        f'default_registry = "here"\n[registry.here]\ntype = "local"\nlocal = {{ root = "{folder.as_posix()}" }}\n'
    )
    environment = {
        "WKG_CONFIG_FILE": config,
        "WKG_CACHE_DIR": cache,
        "CARGO_COMPONENT_CONFIG_FILE": config,
        "CARGO_COMPONENT_CACHE_DIR": cache,
        "CARGO_NET_OFFLINE": "true",
    }
    write(folder, {f"{version}/wit/a.wit": BASE.format(version) for version in ("0.1.0", "0.2.0")})
    write(
        folder,
        {"mid/wit/a.wit": "package x:mid@0.1.0;\ninterface m {\n  use x:base/i@0.1.0.{t};\n  f: func() -> t;\n}\n"},
    )
    for name in ("0.1.0", "0.2.0", "mid"):
        for command in (("build", "--output", "package.wasm"), ("publish", "package.wasm")):
            said = _run(folder / name, _program("wkg"), *command, **environment)
            assert said.returncode == 0, said.stderr
    return environment


@pytest.mark.parametrize(
    ("old", "new", "rules"),
    [
        ("", "", []),
        ('name = "x:mid"', 'name = "x:base"', ["stale"]),
        ('requirement = "=0.1.0"', 'requirement = "=0.2.0"', ["stale", "stale"]),
        ('requirement = "=0.1.0"', 'requirement = "^0.1.0"', ["stale"]),
        ("\n[[packages]]", '\n[[packages]]\nname = "x:base"\n[[packages]]', ["stale"]),
        ("sha256:", "SHA256:", ["bad-digest"]),
        ("version = 1", "version = 2", ["unreadable"]),
    ],
)
def test_wkg(tmp_path: Path, registry: dict[str, str], old: str, new: str, rules: list[str]) -> None:
    """`wkg publish` goes on only if a build would leave the lock as it is."""
    wkg = _program("wkg")
    write(tmp_path, {"wit/a.wit": "package my:app@1.0.0;\nworld w {\n  import x:mid/m@0.1.0;\n}\n"})
    assert _run(tmp_path, wkg, "fetch", **registry).returncode == 0
    lock = tmp_path / "wkg.lock"
    assert _rules(lock, tmp_path / "wit/a.wit") == []
    lock.write_text(lock.read_text().replace(old, new, 1))
    assert _rules(lock) == rules
    said = _run(tmp_path, wkg, "publish", "wit", **registry)
    assert (said.returncode != 0) is bool(rules), said.stderr


MID = ("x:mid", "=0.1.0", "0.1.0")
OLD = ("x:base", "^0.1.0", "0.1.0")
NEW = ("x:base", "=0.2.0", "0.2.0")


@pytest.mark.parametrize(
    ("dependencies", "entries", "rules"),
    [
        ('"x:mid" = "=0.1.0"\n"x:base" = "0.1.0"\n', [OLD, MID], []),
        ('"x:mid" = "=0.1.0"\n"x:base" = "0.1.0"\n', [MID, OLD], ["stale"]),
        ('"x:mid" = "=0.1.0"\n"x:base" = "0.1.0"\n', [OLD], ["stale"]),
        ('"x:base" = "0.1.0"\n', [OLD, MID], ["stale"]),
        ('"x:base" = " ^0.1.0"\n', [OLD], []),
        ('"x:base" = "=0.1.0"\n', [OLD], ["stale"]),
        ('"y:y" = { package = "x:base", version = "0.1.0" }\n', [OLD], []),
        ('"x:base" = "0.1.0"\n', [(*OLD[:2], "0.1")], ["unreadable"]),
        ('"x:base" = { path = "../x" }\n', [], []),
    ],
)
def test_cargo_component(
    tmp_path: Path,
    registry: dict[str, str],
    dependencies: str,
    entries: list[tuple[str, str, str]],
    rules: list[str],
) -> None:
    """`cargo component check --locked` goes on only if it would leave the lock as it is."""
    cargo_component = _program("cargo-component")
    published = Path(registry["CARGO_COMPONENT_CONFIG_FILE"]).parent
    lock = "version = 1\n"
    for name, requirement, version in entries:
        known = published / name.replace(":", "/") / f"{version}.wasm"
        digest = sha256(known.read_bytes() if known.exists() else b"").hexdigest()
        lock += f'[[package]]\nname = "{name}"\n[[package.version]]\nrequirement = "{requirement}"\n'
        lock += f'version = "{version}"\ndigest = "sha256:{digest}"\n'
    manifest = package("app", rest=f'[lib]\ncrate-type = ["cdylib"]\n{SECTION}{dependencies}')
    write(tmp_path, {"Cargo.toml": manifest, "src/lib.rs": "", "wit/a.wit": WORLD, "Cargo-component.lock": lock})
    write(tmp_path, {"../x/a.wit": "package x:base;\n"})
    assert _rules(tmp_path / "Cargo.toml") == rules
    assert _run(tmp_path, "cargo", "generate-lockfile", "--offline").returncode == 0
    said = _run(tmp_path, cargo_component, "component", "check", "--locked", **registry).stderr
    assert ("needs to be updated" in said or "failed to read lock file" in said) is bool(rules), said
