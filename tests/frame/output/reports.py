"""A report with findings of every kind, on files that `write_files` writes into the working directory."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from dunnage.files.source import Tree
from dunnage.files.span import Edit, Span
from dunnage.frame.finding import Finding, Fix, Rule, Suppression
from dunnage.frame.output import Report

BAD = Rule("demo/bad", "a value is bad")
WORSE = Rule("demo/worse", "a value is worse", "warning")

RULES = (BAD, WORSE)
FINDINGS = (
    Finding(BAD, "a.toml", Span(0, 2), "first", hook="check-demo"),
    Finding(BAD, "a.toml", Span(5, 6), "second", "one\ntwo", hook="check-demo"),
    Finding(WORSE, "a.toml", Span(5, 6), "third", hook="check-demo"),
    Finding(WORSE, "a.toml", Span(8, 9), "a fourth", "x", Fix("done", (Edit("a.toml", 8, 9, "é"),)), "check-demo"),
    Finding(BAD, "b.toml", Span(0, 0), "missing", hook="check-demo"),
)
SUPPRESSED = Finding(
    BAD, "a.toml", Span(12, 13), "fifth", hook="check-demo", suppression=Suppression("because", Span(8, 9))
)


def write_files(folder: Path) -> None:
    """Write what the findings are about into `folder`. There is no `b.toml`."""
    (folder / "a.toml").write_bytes("é = 1\r\nb = 2\r\n".encode())


def report(
    findings: Sequence[Finding] = FINDINGS, suppressed: Sequence[Finding] = (), fixed: Sequence[str] = ()
) -> Report:
    """A report of `check-demo`."""
    return Report("check-demo", RULES, Tree(), findings, suppressed, fixed)
