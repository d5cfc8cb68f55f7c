"""The aliases of cargo's subcommands."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cargo_cli.words import words
from dunnage.cargo_cli.builds import build
from dunnage.cargo_cli.calls import expand
from dunnage.cargo_cli.command_line import install_arguments, invocation

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
