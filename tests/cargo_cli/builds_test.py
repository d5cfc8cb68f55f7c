"""The subcommands of cargo that resolve dependencies."""

from __future__ import annotations

import pytest

from cargo_cli.words import words
from dunnage.cargo_cli.builds import build


@pytest.mark.parametrize(
    ("line", "name", "behind"),
    [
        ("cargo build", "build", "build"),
        ("cargo b", "build", "b"),
        ("cargo +nightly t NAME -- --locked", "test", "t"),
        ("cargo run --bin x -- --locked", "run", "run"),
        ("cargo run tool --locked", "run", "run"),
        ("cargo run tool --help", "run", "run"),
        ("cargo clippy -- -D warnings", "clippy", "clippy"),
        ("cargo clippy -- --list", "clippy", "clippy"),
        ("cargo --locked clippy", "clippy", "clippy"),
        ("cargo doc --no-deps", "doc", "doc"),
        ("cargo metadata", "metadata", "metadata"),
        ("cargo package --allow-dirty", "package", "package"),
        ("cargo component build --release", "component build", "build"),
        ("cargo component -v publish", "component publish", "publish"),
        ("cargo nextest run", "nextest run", "run"),
        ("cargo nextest r", "nextest run", "r"),
        ("cargo nextest --profile ci list", "nextest list", "list"),
        ("cargo nextest archive --archive-file a.tar.zst", "nextest archive", "archive"),
        ("cargo --locked nextest run", "nextest run", "run"),
        ("cargo llvm-cov", "llvm-cov", "llvm-cov"),
        ("cargo llvm-cov --lcov --output-path lcov.info", "llvm-cov", "llvm-cov"),
        ("cargo llvm-cov nextest", "llvm-cov nextest", "nextest"),
        ("cargo llvm-cov --all-features test", "llvm-cov test", "test"),
        ("cargo hack check --feature-powerset", "hack check", "check"),
        ("cargo hack --skip a,b --depth 2 c", "hack check", "c"),
        ("cargo hack miri test", "hack miri test", "test"),
        ("cargo miri test", "miri test", "test"),
        ("cargo miri nextest run", "miri nextest run", "run"),
        ("cargo zigbuild --target x", "zigbuild", "zigbuild"),
        ("cargo lambda build --release", "lambda build", "build"),
        ("cargo ndk -t arm64-v8a -o jni build", "ndk build", "build"),
        ("cargo deny check", "deny check", "deny"),
        ("cargo deny --all-features check bans", "deny check", "deny"),
        ("cross build --target x", "build", "build"),
        ("cargo auditable build --release", "auditable build", "build"),
        ("cargo careful test", "careful test", "test"),
        ("cargo careful nextest run", "careful nextest run", "run"),
        ("cargo chef cook --release --recipe-path recipe.json", "chef cook", "cook"),
        ("cargo tarpaulin --out Xml", "tarpaulin", "tarpaulin"),
        ("cargo udeps --all-targets", "udeps", "udeps"),
        ("cargo xwin build --target x86_64-pc-windows-msvc", "xwin build", "build"),
    ],
)
def test_builds_that_are_not_locked(line: str, name: str, behind: str) -> None:
    found = build(words(line))
    assert found
    assert (found.name, words(line)[found.at], found.is_locked, found.unknown) == (name, behind, False, ())


@pytest.mark.parametrize(
    "line",
    [
        "cargo build --locked",
        "cargo --locked build",
        "cargo build --frozen --release",
        "cargo run --locked tool",
        "cargo nextest run --locked",
        "cargo deny --locked check",
        "cargo hack --locked check",
        "cargo hack check --locked",
        "cargo component build --locked",
        "cargo clippy --locked -- -D warnings",
        "cargo chef cook --locked",
        "cargo tarpaulin --out Xml --locked",
    ],
)
def test_builds_that_are_locked(line: str) -> None:
    found = build(words(line))
    assert found
    assert found.is_locked


@pytest.mark.parametrize(
    "line",
    [
        "cargo fmt",
        "cargo audit",
        "cargo update",
        "cargo clean",
        "cargo install x",
        "cargo xtask ci",
        "cargo build --help",
        "cargo tree -V",
        "cargo metadata --no-deps --format-version 1",
        "cargo package --list",
        "cargo clippy -- --version",
        "cargo clippy --all-targets -- -V",
        "cargo component add x",
        "cargo component new x",
        "cargo nextest",
        "cargo nextest show-config",
        "cargo nextest run --archive-file a.tar.zst",
        "cargo llvm-cov report --html",
        "cargo llvm-cov clean",
        "cargo llvm-cov --no-run",
        "cargo miri setup",
        "cargo lambda deploy",
        "cargo hack --version",
        "cargo deny init",
        "cargo deny --version",
        "cargo zigbuild --help",
        "cargo chef prepare --recipe-path recipe.json",
        "cargo careful setup",
        "cargo xwin cache xwin",
    ],
)
def test_what_builds_nothing(line: str) -> None:
    assert build(words(line)) is None


def test_words_that_may_be_a_locking_option() -> None:
    found = build(words("cargo build ? --target ? --package=? --release"))
    assert found
    assert found.unknown == (2,)


@pytest.mark.parametrize(
    ("line", "compiles"),
    [
        ("cargo build", True),
        ("cargo package", True),
        ("cargo nextest list", True),
        ("cargo hack clippy", True),
        ("cargo fetch", False),
        ("cargo metadata", False),
        ("cargo component metadata", False),
        ("cargo deny check", False),
    ],
)
def test_what_compiles(line: str, compiles: bool) -> None:
    found = build(words(line))
    assert found
    assert found.compiles is compiles
