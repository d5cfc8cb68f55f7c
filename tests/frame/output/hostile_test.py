"""A hostile repository cannot forge a line of any format, nor give a command to what reads it."""

from __future__ import annotations

import importlib
import io
import json
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import dunnage
from dunnage.files.span import Edit, Span
from dunnage.frame.finding import Finding, Fix, Suppression
from dunnage.frame.options import FORMATS
from dunnage.frame.output import Report
from dunnage.frame.output.delivery import deliver
from frame.output.reports import BAD, WORSE, report, write_files

TEXTS = [
    "a\n::error file=x,line=1::forged\nb.toml:1:1: demo/bad forged",
    "::error::forged",
    "  ::set-env name=PATH::forged",
    "\xa0\u2003::stop-commands::forged",
    "x ##[error]forged",
    "##[group]forged ##[set-env name=PATH;]forged",
    "##vso[task.setvariable variable=x]forged",
    "%0A::error::forged%0D%25",
    ",line=7::forged::,;title=x",
    "\r::error::forged",
    "\x85::error::forged\u2028::error::forged\u2029\x0b\x0c\x1c\x1d\x1e",
    "\x1b[2J\x1b]0;forged\x07\x9b31m\x08\x7f\x00",
    "\u202egnitset\u2066\u200b\ufeff\U000e0041\u3164",
    "\udcff\udc80\ud800",
    '","findings":[],"x":"',
    "</script><img src=x>`x`[forged](https://forged.example){0}{{x}}",
    "",
]


def _commands(line: str) -> list[str]:
    """What GitHub's runner would do for a line, as ActionCommand.cs reads it, if every name were a command's."""
    commands = []
    if line.lstrip().startswith("::") and "::" in line.lstrip()[2:]:
        commands.append(line)
    if re.search(r"##\w*\[[^]]*\]", line):
        commands.append(line)
    return commands


def _rendered(format_name: str, hostile: Report) -> str:
    stream = io.StringIO()
    deliver(hostile, format_name, stream)
    return stream.getvalue()


def hostile_report(text: str) -> Report:
    """A report in which `text` is everywhere that text of a repository can be."""
    fix = Fix(text, (Edit(text, 0, 1, text.encode("utf-8", "ignore").decode()),))
    findings = [
        Finding(BAD, text or "a", Span(0, 1), text, text, fix, "check-demo"),
        Finding(WORSE, "a.toml", Span(0, 1), f"`{text}` is bad", f"write\n{text}", hook="check-demo"),
    ]
    silenced = Finding(BAD, "a.toml", Span(5, 6), text, hook="check-demo", suppression=Suppression(text, Span(8, 9)))
    return report(findings, [silenced], [text])


def _as_text(hostile: Report) -> None:
    lines = _rendered("text", hostile).splitlines()
    assert len(lines) == 3 + sum(len(finding.help.split("\n")) for finding in hostile.findings if finding.help)
    assert all(line.isprintable() and _commands(line) == [] for line in lines)
    assert [line for line in lines if line.startswith("fixed ")] == lines[:1]


def _as_github(hostile: Report) -> None:
    lines = _rendered("github", hostile).splitlines()
    assert len(lines) == 3
    assert all(line.isprintable() for line in lines)
    assert [_commands(line) for line in lines] == [[], [lines[1]], [lines[2]]]
    for line in lines[1:]:
        command = re.fullmatch(r"::(error|warning) ([^:]*)::(.*)", line)
        assert command
        assert [part.partition("=")[0] for part in command[2].split(",")] == [
            *("file", "line", "col", "endLine", "endColumn", "title")
        ]
        for shown in command[3].replace("%0A", "\n").split("\n"):
            assert _commands(shown.replace("%0D", "\r").replace("%25", "%")) == []


def _as_json(hostile: Report) -> None:
    texts = [_rendered(format_name, hostile) for format_name in ("json", "sarif")]
    for text in texts:
        assert text.isascii()
        assert all(line.isprintable() and _commands(line) == [] for line in text.splitlines())
        assert not re.search(r"\\ud[89a-f]", re.sub(r"\\ud[89ab]..\\ud[c-f]..", "", text.replace(r"\\", "")))
    read, log = map(json.loads, texts)
    assert [finding["message"].isprintable() for finding in read["findings"]] == [True, True]
    (run,) = log["runs"]
    assert len(run["results"]) == 3


@pytest.mark.parametrize("check", [_as_text, _as_github, _as_json])
@pytest.mark.parametrize("text", TEXTS)
def test_texts(folder: Path, text: str, check: Callable[[Report], None]) -> None:
    write_files(folder)
    check(hostile_report(text))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(TEXTS) | st.text(st.characters())).map("".join))
def test_arbitrary_texts(folder: Path, text: str) -> None:
    write_files(folder)
    for check in (_as_text, _as_github, _as_json):
        check(hostile_report(text))


HOOKS = sorted(path.stem for path in Path(dunnage.__file__).parent.glob("[cr]*_*.py"))
NAMES = [text.replace("/", "|").replace("\0", "").encode("utf-8", "surrogateescape") for text in TEXTS[:13]]
NAMES.append(b"\xff\xfe::error::forged")


def _repository(folder: Path) -> list[str]:
    """Write a repository in which every name and every text is hostile; return the names of its files."""
    files = []

    def write(name: bytes, data: str) -> None:
        path = os.path.join(os.fsencode(folder), name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as stream:
            stream.write(data.encode("utf-8", "surrogateescape"))
        files.append(os.fsdecode(name))

    for name, text in zip(NAMES, TEXTS, strict=False):
        quoted = json.dumps(text.encode("utf-8", "ignore").decode())
        line = " ".join(text.encode("utf-8", "ignore").decode().split())
        plain = re.sub(r"[\0'\n\r]", " ", line)
        write(
            name + b"/Cargo.toml", f"[package]\nname = {quoted}\nversion = {quoted}\n[dependencies]\n{quoted} = '1'\n"
        )
        write(name + b"/b/Cargo.toml", f"[package]\nname = 'b'\nversion = '0.1.0'\n[dependencies]\n{quoted} = '1'\n")
        write(name + b"/b/Cargo.lock", f"version = 4\n[[package]]\nname = 'b'\nversion = {quoted}\n")
        write(name + b"/deny.toml", f"[advisories]\nignore = [{quoted}, {{ id = {quoted} }}]\n[{quoted}]\nx = 1\n")
        write(name + b"/wit/deps.toml", f"{quoted} = {quoted}\na = {{ url = {quoted} }}\n")
        write(name + b"/wit/a.wit", f"package a:b;\nworld w {{ import c:d/e; }} // {plain}\n% {plain}\n")
        write(name + b"/Dockerfile", f"FROM rust\nRUN cargo install '{plain}' && cargo build # dunnage: {plain}\n")
        write(name + b"/x.sh", f"#!/bin/sh\ncargo install '{plain}'\ncd '{plain}' && cargo build\n")
        write(
            b".github/workflows/" + name.replace(b"\n", b" ") + b".yml",
            f"on: push\njobs:\n  {quoted if quoted.isascii() else 'a'}:\n    runs-on: x\n    steps:\n"
            f"      - uses: {json.dumps('taiki-e/install-action@' + plain)}\n"
            f"        with: {{tool: {json.dumps(plain)}}}\n"
            f"      - run: {json.dumps('cargo install ' + plain + chr(10) + 'cargo audit || true')}\n",
        )
    return files


@pytest.mark.untraced
@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such names")
@pytest.mark.parametrize("format_name", FORMATS)
@pytest.mark.parametrize("hook", HOOKS)
def test_hooks(folder: Path, hook: str, format_name: str, capsys: pytest.CaptureFixture[str]) -> None:
    files = _repository(folder)
    main = importlib.import_module(f"dunnage.{hook}").main
    status = main(["--output-format", format_name, "--output-file", "out.sarif", "--", *files])
    printed, complaints = capsys.readouterr()
    assert status == (0 if hook.startswith("review_") else 1)  # there is no commit whose changes could be reviewed
    assert all(line.isprintable() and _commands(line) == [] for line in complaints.splitlines())
    lines = printed.splitlines()
    assert all(line.isprintable() for line in lines)
    (run,) = json.loads((folder / "out.sarif").read_bytes())["runs"]
    if format_name == "github":
        assert [_commands(line) for line in lines] == [[line] for line in lines]
        assert len(lines) == len(run["results"])
    else:
        assert [line for line in lines if _commands(line)] == []
    if format_name == "text":
        findings = [line for line in lines if not line.startswith("    ")]
        assert len(findings) == len(run["results"])
