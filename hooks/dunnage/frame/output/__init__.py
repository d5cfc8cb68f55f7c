"""How findings are reported: a module per format, where the report goes and, here, the result of a run."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from dunnage.files.source import Tree
from dunnage.frame.finding import Finding, Rule


class Report(NamedTuple):
    """The result of a run."""

    program: str
    """The id of the hook, or the name of the command, that ran."""
    rules: tuple[Rule, ...]
    """Every rule that its findings may have, each once."""
    tree: Tree
    """The files as they were when they were checked."""
    findings: Sequence[Finding]
    suppressed: Sequence[Finding] = ()
    """The findings that ignore comments silence."""
    fixed: Sequence[str] = ()
    """The changes that `--fix` made, one line each, which starts with a path."""


class Repaired(NamedTuple):
    """The result of `Hook.repair`."""

    actions: Sequence[str]
    """The changes, one line each, which starts with a path."""
    failed: Mapping[Finding, str]
    """For each finding that could not be repaired, the reason in one line."""


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
