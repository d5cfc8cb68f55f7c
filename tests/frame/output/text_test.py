"""Findings as text."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from dunnage.frame.output.text import render, wants_colour
from frame.output.reports import FINDINGS, SUPPRESSED, report, write_files


@pytest.fixture(autouse=True)
def _files(folder: Path) -> None:
    write_files(folder)


TEXT = """\
a.toml:1:1: demo/bad first
a.toml:1:5: demo/bad second
    help: one
          two
a.toml:1:5: demo/worse third
a.toml:2:1: demo/worse a fourth
    help: x
b.toml:1:1: demo/bad missing
"""


def test_text() -> None:
    assert "".join(render(report(suppressed=(SUPPRESSED,)))) == TEXT


def test_text_of_nothing() -> None:
    assert "".join(render(report(()))) == ""


def test_text_of_fixes() -> None:
    assert "".join(render(report((), fixed=["a.toml:1:1: demo/bad done"]))) == "fixed a.toml:1:1: demo/bad done\n"


def test_text_in_colour_has_the_same_words() -> None:
    text = "".join(render(report(FINDINGS, fixed=["f"]), colour=True))
    assert "\x1b[31mdemo/bad" in text
    assert "\x1b[33mdemo/worse" in text
    for code in ("\x1b[1m", "\x1b[31m", "\x1b[32m", "\x1b[33m", "\x1b[36m", "\x1b[0m"):
        text = text.replace(code, "")
    assert text == f"fixed f\n{TEXT}"


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("stream", "environment", "wanted"),
    [
        pytest.param(Terminal(), {"TERM": "xterm"}, True, id="terminal"),
        pytest.param(Terminal(), {"TERM": "xterm", "NO_COLOR": ""}, True, id="empty-no-color"),
        pytest.param(Terminal(), {"TERM": "xterm", "NO_COLOR": "0"}, False, id="no-color"),
        pytest.param(Terminal(), {"TERM": "dumb"}, False, id="dumb"),
        pytest.param(Terminal(), {}, False, id="unknown"),
        pytest.param(io.StringIO(), {"TERM": "xterm"}, False, id="pipe"),
        pytest.param(None, {"TERM": "xterm"}, False, id="closed"),
    ],
)
def test_colour(
    stream: io.StringIO | None, environment: dict[str, str], wanted: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("TERM", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert wants_colour(stream) is wanted
