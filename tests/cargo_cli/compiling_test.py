"""Commands that compile."""

from __future__ import annotations

import pytest

from dunnage.cargo_cli.command_line import Alias
from dunnage.cargo_cli.compiling import compilation
from dunnage.files.source import File, Tree
from dunnage.shell.commands import commands
from dunnage.shell.model import Place, whole

pytestmark = pytest.mark.usefixtures("folder")

ALIAS: Alias = {"xtask": ["run", "--package", "xtask", "--"], "p": ["package", "--no-verify"]}.get


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("cargo build --release", "cargo build"),
        ("cargo b", "cargo build"),
        ("cargo +nightly hack test", "cargo hack test"),
        ("cargo xtask ci", "cargo run"),
        ("cargo install ripgrep", "cargo install"),
        ("cargo chef cook --release", "cargo chef cook"),
        ("cargo package", "cargo package"),
        ("cargo publish --dry-run", "cargo publish"),
        ("cargo semver-checks --package x", "cargo semver-checks"),
        ("cargo insta test --accept", "cargo insta"),
        ("cargo nextest list", "cargo nextest list"),
        ("cross build", "cross build"),
        ("maturin build", "maturin build"),
        ("wasm-pack build", "wasm-pack build"),
        ("cargo tauri build", "cargo tauri build"),
    ],
)
def test_it_compiles(text: str, name: str) -> None:
    file = File("x.sh", text.encode())
    (command,) = commands(file, whole(file, Place("shell")))
    found = compilation(command, ALIAS, Tree(), file)
    assert found is not None
    assert found.name == name


@pytest.mark.parametrize(
    "text",
    [
        "rustc -vV",
        "cargo --version",
        "cargo build --help",
        "cargo chef cook --no-build",
        "cargo chef prepare",
        "cargo fetch --locked",
        "cargo fmt",
        "cargo insta accept",
        "cargo install --list",
        "cargo metadata",
        "cargo p",
        "cargo package --list",
        "cargo package --no-verify",
        "cargo publish --no-verify",
        "cargo semver-checks --help",
        "cargo vendor",
        "maturin upload x",
    ],
)
def test_it_does_not_compile(text: str) -> None:
    file = File("x.sh", text.encode())
    (command,) = commands(file, whole(file, Place("shell")))
    assert compilation(command, ALIAS, Tree(), file) is None
