"""Vendored crates that are not what the lock says. Real cargo agrees with every case."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

import pytest

from cargo.files import COMMIT, Files, found, lock, matches, package, write

CHECKSUM = "ab12" * 16
CONFIG = '[source.crates-io]\nreplace-with = "copies"\n[source.copies]\ndirectory = "vendor"\n'
PROJECT: Files = {
    "Cargo.toml": package("app", rest='[dependencies]\nalpha = "1"\nbeta = "1"\n'),
    "src/lib.rs": "",
    "Cargo.lock": lock("alpha 1.0.3 crates.io\napp 0.1.0 -> alpha, beta\nbeta 1.2.0 crates.io"),
    ".cargo/config.toml": CONFIG,
}


def _crate(path: str, name: str, version: str, checksum: str | None = CHECKSUM, rest: str = "") -> dict[str, str]:
    """A crate as cargo vendor writes it."""
    files = {"Cargo.toml": package(name, version, rest), "src/lib.rs": ""}
    digests = {file: sha256(text.encode()).hexdigest() for file, text in files.items()}
    record = json.dumps({"files": digests, "package": checksum}, separators=(",", ":"))
    return {f"{path}/{file}": text for file, text in {**files, ".cargo-checksum.json": record}.items()}


ALPHA = _crate("vendor/alpha", "alpha", "1.0.3")
BETA = _crate("vendor/beta", "beta", "1.2.0")
VENDORED: Files = {**PROJECT, **ALPHA, **BETA}


def _accepts(cargo: Path) -> bool:
    command = [str(cargo), "check", "--locked", "--offline"]
    return subprocess.run(command, check=False, capture_output=True).returncode == 0


def _commit() -> None:
    subprocess.run(["git", "add", "."], check=True)


ACCEPTED = [
    pytest.param({}, id="as-locked"),
    pytest.param(_crate("vendor/alpha-1.0.2", "alpha", "1.0.2", "cd" * 32), id="another-version-beside-it"),
    pytest.param(
        {**dict.fromkeys(ALPHA, None), **_crate("vendor/alpha-1.0.3", "alpha", "1.0.3")}, id="version-in-the-folder"
    ),
    pytest.param({**dict.fromkeys(ALPHA, None), **_crate("vendor/x", "alpha", "1.0.3")}, id="another-folder"),
    pytest.param(
        {"vendor/alpha/.cargo-checksum.json": json.dumps({"package": CHECKSUM, "files": {}}, indent=1)},
        id="record-by-a-distribution",
    ),
    pytest.param({"vendor/.hidden/Cargo.toml": "x"}, id="hidden-folder"),
]
REJECTED = [
    pytest.param(
        {**_crate("vendor/alpha", "alpha", "1.0.4", "cd" * 32)},
        "Cargo.lock:3:3 vendored: `alpha 1.0.3` is in Cargo.lock, but not in vendor, which has 1.0.4",
        id="another-version",
    ),
    pytest.param(
        dict.fromkeys(ALPHA, None), "Cargo.lock:3:3 vendored: `alpha 1.0.3` is in…but not in vendor", id="missing"
    ),
    pytest.param(
        dict.fromkeys([*ALPHA, *(path for path in BETA if "checksum" in path)], None),
        "Cargo.lock:3:3 vendored: `alpha 1.0.3` and 1 more crate are in Cargo.lock, but not in vendor",
        id="several-missing",
    ),
    pytest.param(
        _crate("vendor/alpha", "alpha", "1.0.3", "cd" * 32),
        "Cargo.lock:7:1 vendored: `alpha 1.0.3` has a different checksum in vendor than in Cargo.lock",
        id="another-checksum",
    ),
    pytest.param(
        _crate("vendor/alpha", "alpha", "1.0.3", None),
        "Cargo.lock:7:1 vendored: `alpha 1.0.3` has a different checksum in vendor than in Cargo.lock",
        id="no-checksum",
    ),
    pytest.param(
        {"vendor/alpha/Cargo.toml": package("alpha", "1.0.3", 'license = "MIT"\n')},
        "vendor/alpha/Cargo.toml:1:1 vendored: this file is not…that vendor/alpha/.cargo-checksum.json records…",
        id="edited",
    ),
]


def _change(folder: Path, files: Mapping[str, str | bytes | None]) -> None:
    write(folder, VENDORED)
    write(folder, files)
    _commit()


@pytest.mark.parametrize("files", ACCEPTED)
def test_accepted(repository: Path, files: Files, cargo: Path) -> None:
    _change(repository, files)
    for name in ("Cargo.toml", ".cargo/config.toml", "vendor/beta/.cargo-checksum.json", "vendor/beta/Cargo.toml"):
        assert found(name) == []
    assert _accepts(cargo)


@pytest.mark.parametrize(("files", "expected"), REJECTED)
def test_rejected(repository: Path, files: Files, expected: str, cargo: Path) -> None:
    _change(repository, files)
    for name in files:
        if name.startswith("vendor/alpha/") and (repository / name).exists() and not name.endswith(".rs"):
            assert matches(found(name), [expected])
    named = [path for path in files if "Cargo.toml" in path and (repository / path).exists()]
    assert matches(found("Cargo.lock", *named), [expected])
    assert not _accepts(cargo)


def test_git(repository: Path, cargo: Path) -> None:
    url = "https://git.example/tools"
    source = f'[source."git+{url}"]\ngit = "{url}"\nbranch = "main"\nreplace-with = "copies"\n'
    write(repository, {**VENDORED, ".cargo/config.toml": CONFIG + source})
    manifest = package("app", rest=f'[dependencies]\nalpha = "1"\nbeta = {{ git = "{url}", branch = "main" }}\n')
    locked = lock(f"alpha 1.0.3 crates.io\napp 0.1.0 -> alpha, beta\nbeta 1.2.0 git+{url}?branch=main#{COMMIT}")
    write(repository, {"Cargo.toml": manifest, "Cargo.lock": locked, **_crate("vendor/beta", "beta", "1.2.0", None)})
    _commit()
    assert found("Cargo.lock") == []
    assert _accepts(cargo)
    write(repository, _crate("vendor/beta", "beta", "1.2.1", None))
    assert matches(found("Cargo.lock"), ["Cargo.lock:17:3 vendored: `beta 1.2.0` is…not in vendor, which has 1.2.1"])
    assert not _accepts(cargo)


SILENT = [
    pytest.param({".cargo/config.toml": CONFIG.replace('copies"\n[', 'other"\n[')}, id="other-replacement"),
    pytest.param({".cargo/config.toml": CONFIG.partition("\n[")[2].join(("[", ""))}, id="no-replacement"),
    pytest.param({".cargo/config.toml": CONFIG.replace('"vendor"', '"../vendor"')}, id="outside-of-the-repository"),
    pytest.param({".cargo/config.toml": CONFIG.replace('"copies"', '"crates-io"', 1)}, id="in-a-circle"),
    pytest.param({".gitignore": "vendor\n"}, id="not-committed"),
]


@pytest.mark.parametrize("files", SILENT)
def test_silent(repository: Path, files: Files) -> None:
    write(repository, {**VENDORED, **_crate("vendor/alpha", "alpha", "1.0.4", "cd" * 32), **files})
    _commit()
    assert found("Cargo.lock") == []


def test_configuration_outside_of_the_repository(repository: Path) -> None:
    write(repository, {**VENDORED, **_crate("vendor/alpha", "alpha", "1.0.4", "cd" * 32)})
    (repository / ".cargo").rename(repository.parent / ".cargo")
    write(repository, {"../.cargo/config.toml": CONFIG.replace('"vendor"', f'"{repository / "vendor"}"')})
    _commit()
    assert found("Cargo.lock") == []


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        pytest.param({}, "run `cargo vendor --locked vendor` in this folder and commit vendor", id="one"),
        pytest.param(
            {"tools/Cargo.toml": package("tools"), "tools/src/main.rs": "", "tools/Cargo.lock": lock("tools 0.1.0")},
            "run `cargo vendor --locked --sync tools/Cargo.toml vendor` in this folder and commit vendor",
            id="shared",
        ),
        pytest.param(
            {"vendor/beta/Cargo.lock": lock("beta 1.2.0")},
            "run `cargo vendor --locked vendor` in this folder and commit vendor",
            id="lock-of-a-vendored-crate",
        ),
        pytest.param(
            {**dict.fromkeys(BETA, None), **_crate("vendor/beta-1.2.0", "beta", "1.2.0")},
            "run `cargo vendor --locked --versioned-dirs vendor` in this folder and commit vendor",
            id="versioned",
        ),
    ],
)
def test_help(repository: Path, files: Files, expected: str, capsys: pytest.CaptureFixture[str]) -> None:
    from dunnage.check_cargo_lock import main

    write(repository, {**VENDORED, **_crate("vendor/alpha", "alpha", "1.0.4", "cd" * 32)})
    write(repository, files)
    _commit()
    main(["Cargo.lock"])
    assert f"help: {expected}\n" in capsys.readouterr().out
