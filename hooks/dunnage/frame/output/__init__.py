"""How findings are reported: a module per format, the order of findings, and where the report goes.

Here: the result of a run, and escaping text from a repository, so that it cannot control a terminal, deceive a reader,
or command a CI runner.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from dunnage.files.source import Tree
from dunnage.frame.finding import Finding, Rule

# Python counts these as printable, but they are invisible. U+FE0F after a symbol is part of an emoji.
_INVISIBLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0e\uffa0\U000e0100-\U000e01ef]"
    "|(?<![\u203c-\u303d\u3297\u3299\U0001f000-\U0001faff])\ufe0f"
)
# GitHub's runner obeys `::name …::` at the start of a line, after any spaces, and `##[name …]` anywhere in it; see
# ActionCommand.cs in actions/runner. Azure Pipelines obeys `##vso[…]`, TeamCity `##teamcity[…]`.
_COMMAND = re.compile(r"\A( *):(?=:)|(?<=#)#(?=\w*\[)")


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


def printable(text: str) -> str:
    """`text` on one line. Characters that are invisible, or that control a terminal or a CI runner, are escaped."""
    if not text.isprintable():
        text = "".join(character if character.isprintable() else _escape(character) for character in text)
    if not text.isascii():
        text = _INVISIBLE.sub(lambda found: _escape(found[0]), text)
    return _COMMAND.sub(lambda found: rf"{found[1]}\x3a" if found[1] is not None else r"\x23", text)


def printable_lines(text: str) -> list[str]:
    """The lines of `text`, each printable; no lines if it is empty."""
    return [printable(line) for line in text.split("\n")] if text else []


def _escape(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")
