"""The order of findings."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from dunnage.frame.output import ordered, place
from frame.output.reports import FINDINGS, report, write_files


@pytest.mark.parametrize("seed", range(10))
def test_any_order_becomes_one(folder: Path, seed: int) -> None:
    write_files(folder)
    findings = list(FINDINGS)
    random.Random(seed).shuffle(findings)
    shuffled = ordered(report(findings, findings))
    assert shuffled.findings == shuffled.suppressed == list(FINDINGS)


def test_place(folder: Path) -> None:
    write_files(folder)
    assert [place(finding, report().tree) for finding in FINDINGS[3:]] == ["a.toml:2:1", "b.toml:1:1"]
