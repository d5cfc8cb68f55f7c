"""Findings as JSON."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dunnage.files.span import Edit, Span
from dunnage.frame.finding import Finding, Fix
from dunnage.frame.output import Report
from dunnage.frame.output.json import render as pieces
from frame.output.reports import FINDINGS, SUPPRESSED, report, write_files


@pytest.fixture(autouse=True)
def _files(folder: Path) -> None:
    write_files(folder)


def render(written: Report) -> str:
    return "".join(pieces(written))


def test_findings_are_written_one_by_one() -> None:
    assert max(map(len, pieces(report(FINDINGS * 100, [SUPPRESSED] * 100)))) < 1000


def test_json() -> None:
    read = json.loads(render(report(suppressed=(SUPPRESSED,), fixed=["f"])))
    assert list(read) == ["version", "findings", "suppressed", "fixed"]
    assert (read["version"], read["fixed"]) == (2, ["f"])
    assert [finding["message"] for finding in read["findings"]] == [finding.message for finding in FINDINGS]
    assert read["findings"][3] == {
        "hook": "check-demo",
        "rule": "demo/worse",
        "level": "warning",
        "path": "a.toml",
        "start": {"line": 2, "column": 1},
        "end": {"line": 2, "column": 2},
        "message": "a fourth",
        "help": "x",
        "fix": {"description": "done", "edits": [{"path": "a.toml", "start": 8, "end": 9, "text": "é"}]},
    }
    assert read["findings"][0]["fix"] is None
    assert read["findings"][0]["end"] == {"line": 1, "column": 2}
    assert read["findings"][4]["start"] == read["findings"][4]["end"] == {"line": 1, "column": 1}
    (suppressed,) = read["suppressed"]
    assert suppressed.keys() == read["findings"][0].keys() | {"reason"}
    assert (suppressed["message"], suppressed["reason"]) == ("fifth", "because")


def test_nothing() -> None:
    assert json.loads(render(report(()))) == {"version": 2, "findings": [], "suppressed": [], "fixed": []}


TEXT = st.text(st.characters() | st.sampled_from("#[:\n\x7f"))


@given(st.text(st.characters(exclude_categories=["Cs"])), TEXT, TEXT, st.text(st.characters(exclude_categories=["Cs"])))
def test_arbitrary_text(path: str, message: str, advice: str, inserted: str) -> None:
    fix = Fix(message, (Edit(path, 0, 0, inserted),))
    text = render(report([FINDINGS[0]._replace(path=path, message=message, help=advice, fix=fix)], fixed=[message]))
    assert all(line.isascii() and line.isprintable() for line in text.splitlines())
    assert "##[" not in text
    (finding,) = json.loads(text)["findings"]
    assert finding["path"] == path
    assert finding["fix"]["edits"] == [{"path": path, "start": 0, "end": 0, "text": inserted}]
    assert finding["message"].isprintable()


def test_a_name_that_is_not_utf_8() -> None:
    finding = Finding(FINDINGS[0].rule, "\udcff.toml", Span(0, 0), "x", fix=Fix("y", (Edit("\udcff.toml", 0, 0, ""),)))
    (read,) = json.loads(render(report([finding])))["findings"]
    assert read["path"] == read["fix"]["edits"][0]["path"] == "\\udcff.toml"
