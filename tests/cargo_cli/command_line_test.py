"""Cargo's command lines."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dunnage.cargo_cli.command_line import UNKNOWN, arguments, build, expand, install_arguments, invocation

ALIASES = {
    "b": ["build", "--release"],
    "ci": ["clippy", "--workspace"],
    "safe": ["build", "--locked"],
    "xtask": ["run", "--package", "xtask", "--"],
    "deep": ["ci", "--tests"],
    "loop": ["pool"],
    "pool": ["loop"],
    "self": ["self", "self"],
    "install": ["build"],
}


def words(text: str) -> list[str | None]:
    """Split a command line at spaces: `?` is a word that is not known, as is what follows it in a word."""
    return [None if word == "?" else word.replace("?", UNKNOWN) for word in text.split()]


@pytest.mark.parametrize(
    ("line", "name", "locked"),
    [
        ("cargo build", "build", False),
        ("cargo +nightly build", "build", False),
        ("cargo +? build", "build", False),
        ("cargo --locked build", "build", True),
        ("cargo +1.80 -v --frozen build", "build", True),
        ("cargo --config net.offline=true build", "build", False),
        ("cargo -Z unstable-options -C folder build", "build", False),
        ("cargo --color=always build", "build", False),
    ],
)
def test_the_subcommand(line: str, name: str, locked: bool) -> None:
    found = invocation(words(line))
    assert found
    assert (found.name, found.is_locked) == (name, locked)


@pytest.mark.parametrize("line", ["cargo", "cargo --version", "cargo +nightly", "cargo ? build", "cargo -- build"])
def test_no_subcommand(line: str) -> None:
    assert invocation(words(line)) is None


def test_install_arguments() -> None:
    line = words("cargo install -fq --version=1.2.3 --root /x --features a -j4 one ? two@? --bin three -- four")
    call = invocation(line)
    assert call
    found = install_arguments(line, call)
    assert found
    assert [line[index] for index in found.operands] == ["one", None, f"two@{UNKNOWN}"]
    assert found.flags == {"-fq"}
    version = found.last("--vers", "--version")
    assert version
    assert (version.value, version.is_joined) == ("1.2.3", True)
    assert line[found.end] == "--"


@pytest.mark.parametrize(
    "line", ["cargo install --list", "cargo install -h", "cargo binstall -V", "cargo install --help"]
)
def test_what_installs_nothing(line: str) -> None:
    call = invocation(words(line))
    assert call
    assert install_arguments(words(line), call) is None


def test_a_value_that_is_not_known() -> None:
    found = arguments(words("cargo install --version ? x --git=? --rev 1?"), 2, {"--version", "--git", "--rev"})
    assert {name: argument[0].value for name, argument in found.options.items()} == dict.fromkeys(
        ("--version", "--git", "--rev")
    )


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
    ],
)
def test_what_builds_nothing(line: str) -> None:
    assert build(words(line)) is None


def test_words_that_may_be_a_locking_option() -> None:
    found = build(words("cargo build ? --target ? --package=? --release"))
    assert found
    assert found.unknown == (2,)


@pytest.mark.parametrize(
    ("line", "meant", "origin"),
    [
        ("cargo b -p x", "cargo build --release -p x", [0, 1, 1, 2, 3]),
        ("cargo +nightly safe", "cargo +nightly build --locked", [0, 1, 2, 2]),
        ("cargo xtask ci", "cargo run --package xtask -- ci", [0, 1, 1, 1, 1, 2]),
        ("cargo deep", "cargo clippy --workspace --tests", [0, 1, 1, 1]),
        ("cargo self", "cargo self", [0, 1]),
        ("cargo install x", "cargo install x", [0, 1, 2]),
        ("cargo nothing", "cargo nothing", [0, 1]),
        ("cargo ? b", "cargo ? b", [0, 1, 2]),
    ],
)
def test_aliases(line: str, meant: str, origin: list[int]) -> None:
    assert expand(words(line), ALIASES.get) == (words(meant), origin)


def test_aliases_that_go_round_end() -> None:
    expanded, origin = expand(words("cargo loop"), ALIASES.get)
    assert len(expanded) == len(origin) == 2


def test_aliases_that_grow_end() -> None:
    expanded, _ = expand(words("cargo a"), {"a": ["b", *["x"] * 600], "b": ["a", *["y"] * 600]}.get)
    assert len(expanded) < 3000


@given(
    st.lists(
        st.one_of(st.none(), st.sampled_from(["cargo", "run", "--", "-", "--locked", "hack", "deny", ""]), st.text())
    )
)
def test_any_words(line: list[str | None]) -> None:
    expanded, origin = expand(line, ALIASES.get)
    assert len(expanded) == len(origin)
    found = build(expanded)
    if found:
        assert 0 < found.at < len(expanded)
    call = invocation(expanded)
    if call:
        install_arguments(expanded, call)
