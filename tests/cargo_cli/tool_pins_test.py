"""Lists of the versions in which tools must be installed."""

from __future__ import annotations

from pathlib import Path

import pytest

from dunnage.cargo_cli.tool_pins import TOOLS, Pin, pin
from dunnage.files.pin_lists import PinLists
from dunnage.files.source import Tree

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
