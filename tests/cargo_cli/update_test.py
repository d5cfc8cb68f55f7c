"""Cargo, the real one, run for a repository that names programs of its own or links its lock elsewhere."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from cargo.files import Files, package, write
from dunnage.cargo_cli.update import update

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the planted programs are shell scripts")

# Without a `rust-version`, cargo asks the compiler for its version.
SOLO: Files = {"Cargo.toml": package("solo", rest='resolver = "3"\n'), "src/main.rs": "fn main() {}\n"}


@pytest.fixture(autouse=True)
def _cargo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if shutil.which("cargo") is None:
        pytest.skip("cargo is not on PATH")
    for name in [name for name in os.environ if name.startswith(("CARGO", "RUSTUP_TOOLCHAIN", "RUSTC"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("CARGO_HOME", str(tmp_path / "home"))


def _plant(folder: Path, name: str) -> Path:
    """A program that leaves a trace where it was started."""
    program = folder / name
    program.parent.mkdir(parents=True, exist_ok=True)
    program.write_text(f"#!/bin/sh\ntouch '{folder / 'RAN'}'\nexec \"$@\"\n")
    program.chmod(0o755)
    return program


def _update(folder: Path, *, online: bool = False) -> str:
    return update(str(folder), str(folder / "Cargo.lock"), online=online)


@pytest.mark.parametrize(
    "config",
    [
        pytest.param('[build]\nrustc = "evil"\n', id="rustc"),
        pytest.param('[build]\nrustc-wrapper = "./evil"\n', id="wrapper"),
        pytest.param('[build]\nrustc-workspace-wrapper = "./evil"\n', id="workspace-wrapper"),
        pytest.param('[registry]\nglobal-credential-providers = ["./evil"]\n', id="credential-provider"),
        pytest.param('[env]\nRUSTC_WRAPPER = "./evil"\n', id="environment"),
        pytest.param("[net]\ngit-fetch-with-cli = true\n", id="git"),
    ],
)
@pytest.mark.parametrize("name", ["config", "config.toml"])
@pytest.mark.parametrize("online", [False, True])
def test_no_program_of_the_configuration_runs(repository: Path, config: str, name: str, online: bool) -> None:
    write(repository, {**SOLO, f".cargo/{name}": config.replace("./evil", str(_plant(repository, "evil")))})
    assert _update(repository, online=online) == ""
    assert (repository / "Cargo.lock").exists()
    assert not (repository / "RAN").exists()


def test_cargo_itself_would_run_it(repository: Path) -> None:
    """Otherwise the tests above prove nothing."""
    write(repository, {**SOLO, ".cargo/config.toml": f'[build]\nrustc-wrapper = "{_plant(repository, "evil")}"\n'})
    subprocess.run(["cargo", "metadata", "--offline", "--format-version=1"], check=False, capture_output=True)
    subprocess.run(["cargo", "update", "--workspace", "--offline"], check=True, capture_output=True)
    assert (repository / "RAN").exists()


def test_included_configuration(repository: Path) -> None:
    """What affects the lock counts, and no program runs."""
    files = {
        "Cargo.toml": package("solo", rest='resolver = "3"\n[dependencies]\nthing = "1"\n'),
        ".cargo/config.toml": 'include = ["more.toml"]\n',
        ".cargo/more.toml": f'build.rustc = "{_plant(repository, "evil")}"\npatch.crates-io.thing.path = "thing"\n',
        "thing/Cargo.toml": package("thing", "1.2.3"),
        "thing/src/lib.rs": "",
    }
    write(repository, {**SOLO, **files})
    assert _update(repository) == ""
    assert 'name = "thing"\nversion = "1.2.3"' in (repository / "Cargo.lock").read_text()
    assert not (repository / "RAN").exists()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        pytest.param("rust-toolchain.toml", '[toolchain]\npath = "tools"\n', id="path"),
        pytest.param("rust-toolchain", '[toolchain]\npath = "tools"\n', id="path-without-ending"),
        pytest.param("rust-toolchain.toml", '[toolchain]\nchannel = "{here}/tools"\n', id="channel"),
        pytest.param("rust-toolchain", "{here}/tools\n", id="one-line"),
    ],
)
def test_toolchain_in_a_folder(repository: Path, name: str, text: str) -> None:
    write(repository, {**SOLO, name: text.replace("{here}", str(repository))})
    for program in ("cargo", "rustc"):
        _plant(repository, f"tools/bin/{program}")
    assert (
        _update(repository) == f"{name} names a toolchain in a folder, but the hook never runs programs of a repository"
    )
    assert not (repository / "RAN").exists()


def test_channel(repository: Path) -> None:
    """A toolchain that is not there is asked for by its name."""
    write(repository, {**SOLO, "rust-toolchain.toml": '[toolchain]\nchannel = "no-such-toolchain"\n'})
    if b"rustup" not in subprocess.run(["cargo", "+none", "-V"], check=False, capture_output=True).stderr:
        pytest.skip("this cargo is not that of rustup")
    assert "no-such-toolchain" in _update(repository)


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("rust-toolchain", b"\xff", "rust-toolchain is not UTF-8"),
        ("rust-toolchain.toml", b"[", "rust-toolchain.toml is not valid TOML"),
        (".cargo/config.toml", b"[", ".cargo/config.toml is not valid TOML"),
        ("rust-toolchain.toml", b"toolchain = 3\n", ""),
    ],
)
def test_files_that_cannot_be_read(repository: Path, name: str, data: bytes, reason: str) -> None:
    write(repository, SOLO)
    (repository / name).parent.mkdir(exist_ok=True)
    (repository / name).write_bytes(data)
    assert _update(repository).startswith(reason)
    assert (repository / "Cargo.lock").exists() is not bool(reason)


def test_a_cargo_that_is_no_program(repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(repository, SOLO)
    cargo = tmp_path / "bin" / "cargo"
    cargo.parent.mkdir()
    cargo.write_bytes(b"\x7fELF")
    cargo.chmod(0o755)
    monkeypatch.setenv("PATH", str(cargo.parent))
    assert _update(repository) == "cargo cannot be run: Exec format error"


@pytest.mark.parametrize("path", [":{rest}", "{rest}:", ".:{rest}", "tools:{rest}"])
def test_programs_are_looked_for_on_absolute_entries_of_path(
    repository: Path, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(repository, SOLO)
    for program in ("cargo", "rustc", "git", "tools/cargo", "tools/git"):
        _plant(repository, program)
    monkeypatch.setenv("PATH", path.replace("{rest}", os.environ["PATH"]))
    assert _update(repository) == ""
    assert not (repository / "RAN").exists()


def test_patch_of_the_configuration(repository: Path) -> None:
    """What affects the lock counts, relative to the folder of the configuration."""
    files = {
        "Cargo.toml": package("solo", rest='[dependencies]\nlocal-thing = "1"\n'),
        "src/main.rs": "fn main() {}\n",
        ".cargo/config.toml": (
            '[patch.crates-io]\nlocal-thing = { path = "thing", default-features = true, features = ["some"] }\n'
            '[registries.own]\nindex = "sparse+https://registry.invalid/"\ntoken = "secret"\n'
        ),
        "thing/Cargo.toml": package("local-thing", "1.2.3"),
        "thing/src/lib.rs": "",
    }
    write(repository, files)
    assert _update(repository) == ""
    assert 'name = "local-thing"\nversion = "1.2.3"' in (repository / "Cargo.lock").read_text()


# Where cargo may write.


def _outside(repository: Path) -> Path:
    target = repository.parent / "target.lock"
    target.write_text("version = 4\n")
    return target


def test_lock_that_is_a_link_out_of_the_repository(repository: Path) -> None:
    write(repository, SOLO)
    target = _outside(repository)
    (repository / "Cargo.lock").symlink_to(target)
    assert _update(repository) == f"Cargo.lock is outside of {repository}, so it is not written"
    assert target.read_text() == "version = 4\n"


def test_lock_that_is_a_link_to_nothing(repository: Path) -> None:
    write(repository, SOLO)
    (repository / "Cargo.lock").symlink_to(repository.parent / "new.lock")
    assert _update(repository) == f"Cargo.lock is outside of {repository}, so it is not written"
    assert not (repository.parent / "new.lock").exists()


def test_lock_that_is_a_link_into_git(repository: Path) -> None:
    write(repository, SOLO)
    (repository / "Cargo.lock").symlink_to(".git/config")
    before = (repository / ".git/config").read_bytes()
    assert _update(repository) == "Cargo.lock is part of git's own data, so it is not written"
    assert (repository / ".git/config").read_bytes() == before


def test_workspace_above_the_repository(repository: Path) -> None:
    above = repository.parent
    write(above, {"Cargo.toml": '[workspace]\nmembers = ["folder"]\n'})
    write(repository, SOLO)
    assert update(str(above), str(above / "Cargo.lock"), online=False).endswith("so it is not written")
    assert not (above / "Cargo.lock").exists()
