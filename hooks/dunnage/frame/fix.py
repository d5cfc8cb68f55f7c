"""`--fix`: write the edits of findings, and let hooks repair what edits cannot."""

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from itertools import groupby

from dunnage.files.source import SourceError, Tree
from dunnage.files.span import Edit, apply, take
from dunnage.files.walk import top_folder
from dunnage.files.writing import ChangedError, replace, uninterrupted, writable
from dunnage.frame.finding import MOST_FINDINGS, Finding
from dunnage.frame.output import Repaired, Report, in_order, place

# A fix may enable another, or may have to wait for one that it overlaps. Real files need two or three rounds.
_ROUNDS = 10
_FEW_ROUNDS = 2
_MOST_WRITTEN = 1024 * 1024
"""How many bytes are written before there are no more than _FEW_ROUNDS rounds."""


def fix(report: Report, look: Callable[[], Report], repair: Callable[[Sequence[Finding]], Repaired]) -> Report:
    """Fix findings, and return a report of the remaining findings and of the changes.

    `look` checks again, after reading the files again. `repair` is called once, for findings that no edit can fix.
    """
    root = top_folder(os.getcwd())
    fixed: list[str] = []
    refused: dict[str, str] = {}
    failed: Mapping[Finding, str] = {}
    is_repaired = False
    written = 0
    for number in range(_ROUNDS):
        try:
            actions, size = _write(in_order(report.findings, report.tree), report.tree, root, refused)
        except ChangedError:  # another hook fixes the same file, or one file cannot be written
            report = look()
            continue
        if not actions and report.findings and not is_repaired:
            actions, failed = repair(report.findings)
            is_repaired = True
        if not actions:
            break
        fixed += actions
        report = look()
        written += size
        if len(fixed) + len(report.findings) >= MOST_FINDINGS:
            break
        if number + 1 >= _FEW_ROUNDS and written > _MOST_WRITTEN:
            break
    return report._replace(
        findings=[_with_reasons(finding, refused, failed) for finding in report.findings], fixed=fixed
    )


def _write(findings: Sequence[Finding], tree: Tree, root: str, refused: dict[str, str]) -> tuple[Sequence[str], int]:
    """Write the fixes that do not overlap. Returns their descriptions, and how many bytes the files have then.

    `refused` receives the reason for each path that cannot be written. Raises ChangedError, with no fix written, if
    that shows too late, or if a file is not as it was when it was read.
    """
    taken: list[Edit] = []
    allowed: set[str] = set()
    actions = [
        f"{place(finding, tree)}: {finding.rule.id} {finding.fix.description}"
        for finding in findings
        if finding.fix and _may_write(finding.fix.edits, root, allowed, refused) and take(finding.fix.edits, taken)
    ]
    written: dict[str, bytes] = {}
    path = ""
    with uninterrupted():
        try:
            for path, edits in groupby(taken, lambda edit: edit.path):
                before = tree.read(path).data
                written[path] = apply(before, edits)
                replace(path, before, written[path], root)
        except BaseException as error:
            # A fix is written completely or not at all, so undo every file, whichever fix it belongs to.
            for other, content in written.items():
                with suppress(SourceError):
                    replace(other, content, tree.read(other).data, root)
            if type(error) is SourceError:
                refused[path] = error.message
                raise ChangedError(error.message) from None
            raise
    return actions, sum(map(len, written.values()))


def _may_write(edits: Iterable[Edit], root: str, allowed: set[str], refused: dict[str, str]) -> bool:
    """Whether all files of edits can be written. `allowed` and `refused` receive the paths that are looked at."""
    paths = {edit.path for edit in edits}
    for path in (path for path in paths - allowed if path not in refused):
        try:
            writable(path, root)
        except SourceError as error:
            refused[path] = error.message
        else:
            allowed.add(path)
    return refused.keys().isdisjoint(paths)


def _with_reasons(finding: Finding, refused: Mapping[str, str], failed: Mapping[Finding, str]) -> Finding:
    """Add to the help of a finding why it was not fixed."""
    paths = sorted({edit.path for edit in finding.fix.edits} & refused.keys()) if finding.fix else []
    reasons = [f"{path} {refused[path]}" for path in paths]
    reasons += filter(None, (failed.get(finding), finding.obstacle))
    if not reasons:
        return finding
    lines = [finding.help, *(f"--fix changed nothing: {reason}" for reason in reasons)]
    return finding._replace(help="\n".join(filter(None, lines)))
