"""Findings as annotations of a GitHub job."""

from __future__ import annotations

from pathlib import Path

import pytest

from dunnage.files.span import Span
from dunnage.frame.output.github import render
from frame.output.reports import FINDINGS, SUPPRESSED, report, write_files


@pytest.fixture(autouse=True)
def _files(folder: Path) -> None:
    write_files(folder)


def test_commands() -> None:
    assert "".join(render(report(suppressed=(SUPPRESSED,), fixed=["a.toml:1:1: demo/bad done"]))) == (
        "fixed a.toml:1:1: demo/bad done\n"
        "::error file=a.toml,line=1,col=1,endLine=1,endColumn=2,title=demo/bad (check-demo)::first\n"
        "::error file=a.toml,line=1,col=5,endLine=1,endColumn=6,title=demo/bad (check-demo)::second%0Aone%0Atwo\n"
        "::warning file=a.toml,line=1,col=5,endLine=1,endColumn=6,title=demo/worse (check-demo)::third\n"
        "::warning file=a.toml,line=2,col=1,endLine=2,endColumn=2,title=demo/worse (check-demo)::a fourth%0Ax\n"
        "::error file=b.toml,line=1,col=1,endLine=1,endColumn=1,title=demo/bad (check-demo)::missing\n"
    )


def test_nothing() -> None:
    assert "".join(render(report(()))) == ""


def test_a_finding_over_several_lines() -> None:
    assert "".join(render(report([FINDINGS[0]._replace(span=Span(0, 9))]))) == (
        "::error file=a.toml,line=1,endLine=2,title=demo/bad (check-demo)::first\n"
    )


@pytest.mark.parametrize(
    ("path", "written"),
    [
        pytest.param("100%/a,b:c;d=e.toml", "100%25/a%2Cb%3Ac;d=e.toml", id="property"),
        pytest.param("%0A::error::", "%250A%3A%3Aerror%3A%3A", id="escaped-already"),
        pytest.param("a\r\n::error::b", "a\\r\\n%3A%3Aerror%3A%3Ab", id="newline"),
        pytest.param("##[error]", "#\\x23[error]", id="old-command"),
    ],
)
def test_names(path: str, written: str) -> None:
    (line,) = "".join(render(report([FINDINGS[0]._replace(path=path)]))).splitlines()
    assert line.startswith(f"::error file={written},line=1,")


@pytest.mark.parametrize(
    ("message", "written"),
    [
        pytest.param("50%: a,b", "50%25: a,b", id="data"),
        pytest.param("%0A::error::", "%250A::error::", id="escaped-already"),
        pytest.param("a\n::error::b", "a\\n::error::b", id="newline"),
        pytest.param("::error::b", "\\x3a:error::b", id="command"),
    ],
)
def test_messages(message: str, written: str) -> None:
    (line,) = "".join(render(report([FINDINGS[0]._replace(message=message)]))).splitlines()
    assert line.endswith(f"(check-demo)::{written}")


def test_help() -> None:
    (line,) = "".join(render(report([FINDINGS[0]._replace(help="a\n::error::b\r\n##[x]")]))).splitlines()
    assert line.endswith("::first%0Aa%0A\\x3a:error::b\\r%0A#\\x23[x]")
