"""The names and versions of tools."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dunnage.cargo_cli.tools import (
    BINSTALL,
    INSTALL,
    NPM,
    TOOLS,
    Pin,
    is_commit,
    list_items,
    pin,
    split,
    version_problem,
)
from dunnage.files.pin_lists import PinLists
from dunnage.files.source import Tree


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


# Lists of the versions in which tools must be installed


INSTALLS = "ci.sh"
"""The file for which pins are looked up."""


def _pins(path: str | None = None) -> dict[str, Pin | None]:
    tree = Tree()
    pins = PinLists(tree, TOOLS, path)
    file = tree.read(INSTALLS)
    return {name: pin(pins, file, name) for name in ("a_b", "c_d", "e")}


def _problems(path: str | None = None) -> list[tuple[str, int, str]]:
    tree = Tree()
    pins = PinLists(tree, TOOLS, path)
    pin(pins, tree.read(INSTALLS), "a")
    return [(problem.file.path, problem.place().start, problem.message) for problem in pins.problems]


@pytest.fixture(autouse=True)
def _script(repository: Path) -> None:
    (repository / INSTALLS).write_text("cargo install a_b\n")


def test_a_list_of_tools(repository: Path) -> None:
    (repository / "pins.toml").write_text('a_b = "1.2.3"\nc-d = "=2.0.0"\ne = "1"\nf = 1\n')
    assert _pins("pins.toml") == {"a_b": ("1.2.3", "pins.toml"), "c_d": ("2.0.0", "pins.toml"), "e": None}
    assert [problem[:2] for problem in _problems("pins.toml")] == [("pins.toml", 33), ("pins.toml", 41)]


def test_the_lists_of_a_manifest(repository: Path) -> None:
    text = '[package.metadata.dunnage.tools]\na_b = "1.0.0"\n[workspace.metadata.dunnage]\ntools = { e = "2.0.0" }\n'
    (repository / "Cargo.toml").write_text(text)
    assert _pins() == {"a_b": ("1.0.0", "Cargo.toml"), "c_d": None, "e": ("2.0.0", "Cargo.toml")}
    assert _problems() == []


def test_the_given_list_takes_precedence(repository: Path) -> None:
    (repository / "Cargo.toml").write_text('[package.metadata.dunnage.tools]\na_b = "1.0.0"\n')
    (repository / "pins.toml").write_text('a_b = "1.2.3"\n')
    assert _pins("pins.toml")["a_b"] == ("1.2.3", "pins.toml")


def test_a_list_that_is_no_table(repository: Path) -> None:
    (repository / "Cargo.toml").write_text("[workspace.metadata.dunnage]\ntools = 1\n")
    assert _problems() == [("Cargo.toml", 37, 'a list of tools consists of lines `NAME = "VERSION"`')]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param(None, "the list of tools that --pins names does not exist", id="missing"),
        pytest.param("a = ", "this list of tools is not valid TOML", id="no-toml"),
    ],
)
def test_a_list_that_cannot_be_read(repository: Path, text: str | None, message: str) -> None:
    if text is not None:
        (repository / "pins.toml").write_text(text)
    ((path, _, found),) = _problems("pins.toml")
    assert (path, found[: len(message)]) == ("pins.toml", message)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(
            'a_b = "1.2.3"\n"rust:1.97.1" = "sha256:0"\n"https://example.invalid/x" = "sha256:0"\n', id="lines"
        ),
        pytest.param('[tools]\na_b = "1.2.3"\n[images]\n"rust:1" = "1"\n[digests]\nx = 1\n', id="tables"),
    ],
)
def test_lists_of_other_pins_may_stand_in_the_same_file(repository: Path, text: str) -> None:
    (repository / "pins.toml").write_text(text)
    assert _pins("pins.toml") == {"a_b": ("1.2.3", "pins.toml"), "c_d": None, "e": None}
    assert _problems("pins.toml") == []
