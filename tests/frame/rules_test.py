"""`dunnage rules` lists every rule, as text and as JSON."""

from __future__ import annotations

import json

import pytest

from dunnage.frame.cli import main
from dunnage.frame.registry import ENTRIES
from dunnage.frame.shared_rules import SHARED_RULES

RULES = {rule.id: (entry.id, rule) for entry in ENTRIES for rule in entry.hook().rules}


def test_text(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules"]) == 0
    head, *lines = capsys.readouterr().out.splitlines()
    assert head.split() == ["RULE", "HOOK", "LEVEL", "FIX", "SINCE", "WHAT", "IS", "WRONG"]
    assert [line.split()[0] for line in lines] == [*RULES, *(rule.id for rule in SHARED_RULES)]
    summaries = head.index("WHAT IS WRONG")
    for line, (hook, rule) in zip(lines, RULES.values(), strict=False):
        assert line[summaries:] == rule.summary
        assert line.split()[1:5] == [hook, rule.level, "yes" if rule.is_fixable else "no", rule.since]


def test_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules", "--output-format", "json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert listed["version"] == 1
    by_id = {entry["id"]: entry for entry in listed["rules"]}
    assert by_id["cargo-lock/stale"] == {
        "id": "cargo-lock/stale",
        "hook": "check-cargo-lock",
        "level": "error",
        "fix": True,
        "since": "0.1.0",
        "summary": RULES["cargo-lock/stale"][1].summary,
    }
    assert by_id["ignore/unused"]["hook"] is None
    assert [*by_id] == [*RULES, *(rule.id for rule in SHARED_RULES)]
