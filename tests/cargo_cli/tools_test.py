"""The names and versions of tools."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dunnage.cargo_cli.tools import BINSTALL, INSTALL, NPM, is_commit, list_items, split, version_problem


@pytest.mark.parametrize(
    ("version", "install", "binstall", "npm"),
    [
        ("1.2.3", "", "", ""),
        ("=1.2.3", "", "", ""),
        ("1.2.3-rc.1+build", "", "", ""),
        ("v1.2.3", "is rejected by cargo", "is rejected by cargo-binstall", ""),
        (
            "1.2",
            "is rejected by cargo: it must have three numbers; a range is written `^1.2`",
            "matches every version that begins with it",
            "is a",
        ),
        ("1", "is rejected by cargo", "matches every", "is a range"),
        ("=1.2", "is a range", "is a range", "is a range"),
        ("^1.2.3", "is a range", "is a range", "is a range"),
        (">=1, <2", "is a range", "is a range", "is a range"),
        ("1.*", "is a range", "is a range", "is a range"),
        ("*", "is a range", "is a range", "is a range"),
        ("latest", "is rejected by cargo: it must", "is rejected by cargo-binstall", "is a range"),
        ("01.2.3", "is rejected by cargo: the major number '01' has a leading zero", "is rejected", "is a range"),
        ("^^1", "is rejected by cargo: '^^' is not an operator", "is rejected by cargo-binstall", "is a range"),
        ("", "is empty", "is empty", "is empty"),
    ],
)
def test_what_a_version_means(version: str, install: str, binstall: str, npm: str) -> None:
    for parser, expected in ((INSTALL, install), (BINSTALL, binstall), (NPM, npm)):
        found = version_problem(version, parser)
        assert found.startswith(expected)
        assert bool(found) == bool(expected)


def test_the_reason_is_one_clause() -> None:
    assert version_problem("1.2") == "is rejected by cargo: it must have three numbers; a range is written `^1.2`"
    assert version_problem("latest") == "is rejected by cargo: it must have three numbers"


@given(st.text(), st.sampled_from([INSTALL, BINSTALL, NPM]))
def test_any_version(version: str, parser: str) -> None:
    assert isinstance(version_problem(version, parser), str)


def test_crates() -> None:
    assert split("x") == ("x", None)
    assert split("x@1") == ("x", "1")
    assert split("x@") == ("x", "")


@pytest.mark.parametrize(
    ("text", "full"), [("a" * 40, True), ("0" * 64, True), ("a" * 39, False), ("g" * 40, False), ("main", False)]
)
def test_commits(text: str, full: bool) -> None:
    assert is_commit(text) is full


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a", [(0, "a")]),
        (" a,b ,\n c\t", [(1, "a"), (3, "b"), (8, "c")]),
        ("", []),
    ],
)
def test_list_items(text: str, found: list[tuple[int, str]]) -> None:
    assert list(list_items(text)) == found
