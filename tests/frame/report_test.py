"""What is printed: order, escapes, colour, JSON."""

from __future__ import annotations

import io
import json
import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dunnage.files.source import Tree
from dunnage.files.span import Edit, Span
from dunnage.frame.finding import Finding, Fix, Rule
from dunnage.frame.report import as_json, as_text, printable, wants_colour, write

BAD = Rule("demo/bad", "a value is bad")
WORSE = Rule("demo/worse", "a value is worse")


@pytest.fixture(autouse=True)
def _file(folder: Path) -> None:
    (folder / "a.toml").write_bytes("é = 1\r\nb = 2\r\n".encode())


FINDINGS = [
    Finding(BAD, "a.toml", Span(0, 2), "first"),
    Finding(BAD, "a.toml", Span(5, 6), "second", "one\ntwo"),
    Finding(WORSE, "a.toml", Span(5, 6), "third"),
    Finding(WORSE, "a.toml", Span(8, 9), "a fourth", "x", Fix("done", (Edit("a.toml", 8, 9, "é"),))),
    Finding(BAD, "b.toml", Span(7, 9), "missing"),
]
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


def test_text_is_the_same_in_any_order() -> None:
    findings = list(FINDINGS)
    for seed in range(10):
        random.Random(seed).shuffle(findings)
        assert as_text(findings, [], Tree(), colour=False) == TEXT


def test_text_of_nothing() -> None:
    assert as_text([], [], Tree(), colour=False) == ""


def test_text_of_fixes() -> None:
    assert as_text([], ["a.toml:1:1: demo/bad done"], Tree(), colour=False) == "fixed a.toml:1:1: demo/bad done\n"


def test_text_in_colour_has_the_same_words() -> None:
    text = as_text(FINDINGS, ["f"], Tree(), colour=True)
    assert text != TEXT
    for code in ("\x1b[1m", "\x1b[31m", "\x1b[32m", "\x1b[36m", "\x1b[0m"):
        text = text.replace(code, "")
    assert text == f"fixed f\n{TEXT}"


def test_json() -> None:
    report = json.loads(as_json("check-demo", list(reversed(FINDINGS)), ["f"], Tree()))
    assert {name: value for name, value in report.items() if name != "findings"} == {
        "version": 1,
        "hook": "check-demo",
        "fixed": ["f"],
    }
    assert [finding["message"] for finding in report["findings"]] == ["first", "second", "third", "a fourth", "missing"]
    assert report["findings"][3] == {
        "rule": "demo/worse",
        "path": "a.toml",
        "start": {"line": 2, "column": 1},
        "end": {"line": 2, "column": 2},
        "message": "a fourth",
        "help": "x",
        "fix": {"description": "done", "edits": [{"path": "a.toml", "start": 8, "end": 9, "text": "é"}]},
    }
    assert report["findings"][0]["fix"] is None
    assert report["findings"][0]["end"] == {"line": 1, "column": 2}
    assert report["findings"][4]["start"] == report["findings"][4]["end"] == {"line": 1, "column": 1}


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        pytest.param("plain é 𝄞 \\n", "plain é 𝄞 \\n", id="plain"),
        pytest.param("a\nb.toml:1:1: x", "a\\nb.toml:1:1: x", id="newline"),
        pytest.param("a\x1b[31m\x9b0m", "a\\x1b[31m\\x9b0m", id="terminal-escape"),
        pytest.param("a\r\x00\x08\x7f", "a\\r\\x00\\x08\\x7f", id="control"),
        pytest.param("a\u202eb\u2066\u200b", "a\\u202eb\\u2066\\u200b", id="hidden"),
        pytest.param("a\udcff", "a\\udcff", id="not-utf-8"),
        pytest.param("a\u2028b\U000e0041", "a\\u2028b\\U000e0041", id="separator-and-tag"),
    ],
)
def test_printable(text: str, printed: str) -> None:
    assert printable(text) == printed


@given(st.text(st.characters()), st.text(st.characters()), st.text(st.characters()))
def test_nothing_breaks_out_of_its_line(path: str, message: str, advice: str) -> None:
    finding = Finding(BAD, path, Span(0, 0), message, advice)
    lines = as_text([finding], [message], Tree(), colour=False).split("\n")
    assert len(lines) == 3 + (len(advice.split("\n")) if advice else 0)
    assert all(line.isprintable() for line in lines)
    assert json.loads(as_json("x", [finding], [], Tree()))["findings"][0]["path"] == path


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


@pytest.mark.parametrize(
    ("encoding", "written"),
    [("utf-8", "é𝄞".encode()), ("latin-1", b"\xe9\\U0001d11e"), ("ascii", b"\\xe9\\U0001d11e")],
)
def test_write(encoding: str, written: bytes) -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    write("é𝄞", stream)
    assert stream.buffer.getvalue() == written


def test_write_to_nowhere() -> None:
    write("x", None)
