"""The order of findings in every format, and how their places are written."""

from __future__ import annotations

from collections.abc import Iterable

from dunnage.files.source import Tree
from dunnage.frame.finding import Finding
from dunnage.frame.report import Report


def in_order(findings: Iterable[Finding], tree: Tree) -> list[Finding]:
    """Sort findings by path and position."""

    def order(finding: Finding) -> tuple[object, ...]:
        position = tree.position(finding.path, finding.span.start)
        return finding.path, position, finding.rule.id, finding.message, finding.help, finding.hook

    # Positions are computed fastest in ascending order.
    return sorted(sorted(findings, key=lambda finding: (finding.path, finding.span)), key=order)


def ordered(report: Report) -> Report:
    """Sort all findings of a report."""
    return report._replace(
        findings=in_order(report.findings, report.tree), suppressed=in_order(report.suppressed, report.tree)
    )


def place(finding: Finding, tree: Tree) -> str:
    """`path:line:column` of a finding."""
    line, column = tree.position(finding.path, finding.span.start)
    return f"{finding.path}:{line}:{column}"
