"""Versions and lists of tools."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dunnage.cargo_cli.tools import BINSTALL, INSTALL, NPM, is_commit, listed, manifest_pins, pieces, problem, split
from dunnage.files.source import File


@pytest.mark.parametrize(
    ("version", "install", "binstall", "npm"),
    [
        ("1.2.3", "", "", ""),
        ("=1.2.3", "", "", ""),
        ("1.2.3-rc.1+build", "", "", ""),
        ("v1.2.3", "is refused by cargo", "is refused by cargo-binstall", ""),
        (
            "1.2",
            "is refused by cargo: it must have three numbers, and a range would be written `^1.2`",
            "stands for any version that begins so",
            "is a",
        ),
        ("1", "is refused by cargo", "stands for any", "is a range"),
        ("=1.2", "is a range", "is a range", "is a range"),
        ("^1.2.3", "is a range", "is a range", "is a range"),
        (">=1, <2", "is a range", "is a range", "is a range"),
        ("1.*", "is a range", "is a range", "is a range"),
        ("*", "is a range", "is a range", "is a range"),
        ("latest", "is refused by cargo: it must", "is refused by cargo-binstall", "is a range"),
        ("01.2.3", "is refused by cargo: the major number '01' has a leading zero", "is refused", "is a range"),
        ("^^1", "is refused by cargo: '^^' is no operator", "is refused by cargo-binstall", "is a range"),
        ("", "is empty", "is empty", "is empty"),
    ],
)
def test_what_a_version_means(version: str, install: str, binstall: str, npm: str) -> None:
    for reader, expected in ((INSTALL, install), (BINSTALL, binstall), (NPM, npm)):
        found = problem(version, reader)
        assert found.startswith(expected)
        assert bool(found) == bool(expected)


def test_the_reason_is_one_clause() -> None:
    assert problem("1.2") == "is refused by cargo: it must have three numbers, and a range would be written `^1.2`"
    assert problem("latest") == "is refused by cargo: it must have three numbers"


@given(st.text(), st.sampled_from([INSTALL, BINSTALL, NPM]))
def test_any_version(version: str, reader: str) -> None:
    assert isinstance(problem(version, reader), str)


def test_crates() -> None:
    assert split("x") == ("x", None)
    assert split("x@1") == ("x", "1")
    assert split("x@") == ("x", "")


@pytest.mark.parametrize(
    ("text", "full"), [("a" * 40, True), ("0" * 64, True), ("a" * 39, False), ("g" * 40, False), ("main", False)]
)
def test_commits(text: str, full: bool) -> None:
    assert is_commit(text) is full


def test_a_list_of_tools() -> None:
    pins, bad = listed(File("pins.toml", b'a_b = "1.2.3"\nc-d = "=2.0.0"\ne = "1"\nf = 1\n'))
    assert pins.versions == {"a_b": "1.2.3", "c-d": "2.0.0"}
    assert pins.version("c_d") == "2.0.0"
    assert [entry.span.start for entry in bad] == [33, 41]


def test_the_lists_of_a_manifest() -> None:
    text = b'[package.metadata.dunnage.tools]\na = "1.0.0"\n[workspace.metadata.dunnage]\ntools = { b = "2.0.0" }\n'
    pins, bad = manifest_pins(File("Cargo.toml", text))
    assert pins.versions == {"a": "1.0.0", "b": "2.0.0"}
    assert not bad
    assert manifest_pins(File("Cargo.toml", b"[workspace.metadata.dunnage]\ntools = 1\n"))[1]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a", [(0, "a")]),
        (" a,b ,\n c\t", [(1, "a"), (3, "b"), (8, "c")]),
        ("", []),
    ],
)
def test_pieces(text: str, found: list[tuple[int, str]]) -> None:
    assert list(pieces(text)) == found
