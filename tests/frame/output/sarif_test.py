"""Findings as SARIF."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from dunnage.files.source import Tree
from dunnage.files.span import Edit, Span
from dunnage.frame.finding import Finding, Fix
from dunnage.frame.output import Report
from dunnage.frame.output.sarif import render as pieces
from frame.output.reports import FINDINGS, RULES, SUPPRESSED, report, write_files


@pytest.fixture(autouse=True)
def _files(folder: Path) -> None:
    write_files(folder)


def render(written: Report) -> str:
    return "".join(pieces(written))


def test_findings_are_written_one_by_one() -> None:
    written = list(pieces(report(FINDINGS * 100)))
    assert max(map(len, written[written.index("[\n        ") :])) < 3000


def _run(text: str) -> dict[str, Any]:
    log = json.loads(text)
    assert log["version"] == "2.1.0"
    (run,) = log["runs"]
    assert isinstance(run, dict)
    return run


def test_rules() -> None:
    driver = _run(render(report(())))["tool"]["driver"]
    assert driver["name"] == "dunnage"
    assert [rule["id"] for rule in driver["rules"]] == [rule.id for rule in RULES]
    worse = driver["rules"][1]
    assert worse["name"] == "DemoWorse"
    assert worse["shortDescription"] == {"text": "A value is worse."}
    assert worse["helpUri"] == "https://OWNER.github.io/dunnage/rules/demo/worse/"
    assert worse["defaultConfiguration"] == {"level": "warning"}


def test_the_series_of_runs() -> None:
    assert _run(render(report(())))["automationDetails"] == {"id": "check-demo/"}
    assert _run(render(report(())._replace(program="dunnage check")))["automationDetails"] == {"id": "dunnage-check/"}


def test_results() -> None:
    results = _run(render(report(suppressed=(SUPPRESSED,))))["results"]
    assert [result["ruleId"] for result in results] == [finding.rule.id for finding in (*FINDINGS, SUPPRESSED)]
    fourth = results[3]
    assert fourth["partialFingerprints"].keys() == {"findingHash/v1"}
    del fourth["partialFingerprints"]
    region = {"startLine": 2, "startColumn": 1, "endLine": 2, "endColumn": 2, "byteOffset": 8, "byteLength": 1}
    artifact = {"uri": "a.toml", "uriBaseId": "%SRCROOT%"}
    assert fourth == {
        "ruleId": "demo/worse",
        "ruleIndex": 1,
        "level": "warning",
        "message": {"text": "a fourth\nx"},
        "locations": [{"physicalLocation": {"artifactLocation": artifact, "region": region}}],
        "suppressions": [],
        "properties": {"hook": "check-demo"},
        "fixes": [
            {
                "description": {"text": "done"},
                "artifactChanges": [
                    {
                        "artifactLocation": artifact,
                        "replacements": [{"deletedRegion": region, "insertedContent": {"text": "é"}}],
                    }
                ],
            }
        ],
    }
    (suppression,) = results[5]["suppressions"]
    assert suppression["kind"] == "inSource"
    assert suppression["justification"] == "because"
    assert suppression["location"]["physicalLocation"]["region"] == region


def test_what_was_fixed() -> None:
    (invocation,) = _run(render(report((), fixed=["a.toml:1:1: demo/bad done"])))["invocations"]
    assert [notification["message"]["text"] for notification in invocation["toolExecutionNotifications"]] == [
        "fixed a.toml:1:1: demo/bad done"
    ]


@pytest.mark.parametrize(
    ("path", "uri"),
    [
        pytest.param("a b/c.toml", "a%20b/c.toml", id="space"),
        pytest.param("a:b/%41?#[é].toml", "a%3Ab/%2541%3F%23%5B%C3%A9%5D.toml", id="reserved"),
        pytest.param("a\n\u202e.toml", "a%0A%E2%80%AE.toml", id="control"),
        pytest.param("\udcff.toml", "%FF.toml", id="not-utf-8"),
        pytest.param("/outside/a b", "file:///outside/a%20b", id="absolute"),
    ],
)
def test_locations(path: str, uri: str) -> None:
    (result,) = _run(render(report([FINDINGS[0]._replace(path=path)])))["results"]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == uri


def test_fixes_are_in_the_order_of_files() -> None:
    edits = (Edit("b.toml", 1, 2, "x"), Edit("a.toml", 8, 9, "y"), Edit("a.toml", 0, 0, "z"), Edit("a.toml", 8, 9, "y"))
    (result,) = _run(render(report([FINDINGS[0]._replace(fix=Fix("d", edits))])))["results"]
    changes = result["fixes"][0]["artifactChanges"]
    assert [
        (change["artifactLocation"]["uri"], [part["insertedContent"]["text"] for part in change["replacements"]])
        for change in changes
    ] == [("a.toml", ["z", "y"]), ("b.toml", ["x"])]


def test_links_in_messages() -> None:
    (result,) = _run(render(report([FINDINGS[0]._replace(message="[a](http://b) [c]")])))["results"]
    assert result["message"]["text"] == r"[a\](http://b) [c]"


def _fingerprints(folder: Path, data: bytes, *words: bytes) -> list[str]:
    (folder / "f").write_bytes(data)
    findings = []
    start = 0
    for word in words:
        start = data.index(word, start)
        findings.append(Finding(FINDINGS[0].rule, "f", Span(start, start + len(word)), "x"))
        start += len(word)
    results = _run(render(report(findings)))["results"]
    return [result["partialFingerprints"]["findingHash/v1"] for result in results]


BEFORE = b'a = "bad"\nb = ["bad", "bad"]\na = "bad"\n'


@pytest.mark.parametrize(
    "after",
    [
        pytest.param(b"# new\r\n\n" + BEFORE, id="lines-before"),
        pytest.param(BEFORE.replace(b"\n", b"\n\nc = 1\n"), id="lines-between"),
        pytest.param(BEFORE.replace(b"\n", b"\r\n"), id="line-ends"),
        pytest.param(BEFORE.replace(b"a = ", b"  a   =  "), id="spaces"),
    ],
)
def test_fingerprints_that_stay(folder: Path, after: bytes) -> None:
    words = [b'"bad"'] * 4
    before = _fingerprints(folder, BEFORE, *words)
    assert len(set(before)) == 4
    assert _fingerprints(folder, after, *words) == before


def test_fingerprints_of_other_findings(folder: Path) -> None:
    before = set(_fingerprints(folder, BEFORE, b'"bad"'))
    assert before.isdisjoint(_fingerprints(folder, BEFORE.replace(b"a", b"c", 1), b'"bad"'))
    assert before.isdisjoint(_fingerprints(folder, BEFORE, b"a"))


def test_a_long_line(folder: Path) -> None:
    """The work for a finding does not grow with its line."""
    (folder / "f").write_bytes(b"x" * 1_000_000)
    tree = Tree()
    findings = [Finding(FINDINGS[0].rule, "f", Span(start, start + 1), "x") for start in range(0, 1_000_000, 1000)]
    assert len(_run(render(report(findings)._replace(tree=tree)))["results"]) == 1000
