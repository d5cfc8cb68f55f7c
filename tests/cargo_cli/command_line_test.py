"""Cargo's command lines."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cargo_cli.words import words
from dunnage.cargo_cli.builds import build
from dunnage.cargo_cli.command_line import UNKNOWN, arguments, expand, install_arguments, invocation


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
    assert (version.text, version.is_joined) == ("1.2.3", True)
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
    assert {name: values[0].text for name, values in found.options.items()} == dict.fromkeys(
        ("--version", "--git", "--rev")
    )


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


def test_an_alias_with_many_words_for_another_program() -> None:
    found = expand(words("cargo +1.94 lint --x"), {"lint": ("clippy", "--tests", "--", *["-D", "y"] * 600)}.get)
    assert found == (words("cargo +1.94 clippy --tests -- --x"), [0, 1, 2, 2, 2, 3])


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
