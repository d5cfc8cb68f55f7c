"""`--fix`: write the edits of findings, and let hooks repair what edits cannot."""

import os
from bisect import bisect_right
from collections.abc import Callable, Collection, Mapping, Sequence
from itertools import accumulate, groupby
from typing import NamedTuple, TypeAlias

from dunnage.files.source import Tree
from dunnage.files.span import Edit, Span, apply, take
from dunnage.files.walk import top_folder
from dunnage.files.writing import ChangedError, replace_all
from dunnage.frame.finding import Finding, Suppression
from dunnage.frame.output import Repaired, Report, in_order, place

# A fix may enable another, or may have to wait for one that it overlaps. Real files need two or three rounds.
_ROUNDS = 10
_MOST_EXAMINED = 256 * 1024
"""How many bytes of changed files are checked again. After that, what is left is what was found before."""
_FILE = 1024
"""What each of them counts besides its bytes."""

_Look: TypeAlias = Callable[[Tree, Collection[str] | None], tuple[Sequence[Finding], Sequence[Finding]]]
"""Check the files at some paths, or all files if that is None.

Returns the findings, and those that ignore comments silence.
"""


class _Written(NamedTuple):
    """What a round has done."""

    actions: Sequence[str]
    """The descriptions of the fixes, each with its place."""
    left: Sequence[Finding]
    """The findings that are not fixed."""
    edits: Mapping[str, Sequence[Edit]]
    """The edits of each file that has changed, by its path and in order."""
    is_stale: bool
    """Whether another program had changed a file, so that it was not written."""


def fix(report: Report, look: _Look, repair: Callable[[Sequence[Finding]], Repaired]) -> Report:
    """Fix findings, and return a report of the remaining findings and of the changes.

    `repair` is called once, for findings that no edit can fix.
    """
    root = top_folder(os.getcwd())
    fixed: list[str] = []
    refused: dict[str, str] = {}
    failed: Mapping[Finding, str] = {}
    is_repaired = False
    examined = 0
    for _ in range(_ROUNDS):
        known = len(refused)
        written = _write(report, root, refused)
        fixed += written.actions
        if written.edits and not written.is_stale:
            examined += sum(len(report.tree.read(path).data) + _FILE for path in written.edits)
            report = _after(report, written, look if examined <= _MOST_EXAMINED else None)
            continue
        if not written.is_stale:
            if len(refused) > known:
                continue  # without the fixes that cannot be written
            if is_repaired or not report.findings:
                break
            actions, failed = repair(report.findings)
            is_repaired = True
            if not actions:
                break
            fixed += actions
        tree = Tree()  # another program has changed a file
        findings, suppressed = look(tree, None)
        report = report._replace(tree=tree, findings=findings, suppressed=suppressed)
    return report._replace(
        findings=[_with_reasons(finding, refused, failed) for finding in report.findings], fixed=fixed
    )


def _write(report: Report, root: str, refused: dict[str, str]) -> _Written:
    """Write the fixes that do not overlap.

    `refused` has the reason for each path that cannot be written, and receives more. Fixes of several files are written
    completely or not at all.
    """
    taken: list[Edit] = []
    fixes = [
        (finding, finding.fix, {edit.path for edit in finding.fix.edits})
        for finding in in_order(report.findings, report.tree)
        if finding.fix
        and refused.keys().isdisjoint(edit.path for edit in finding.fix.edits)
        and take(finding.fix.edits, taken)
    ]
    edits = {path: list(found) for path, found in groupby(taken, lambda edit: edit.path)}
    together = {path for _, _, paths in fixes if len(paths) > 1 for path in paths}
    is_stale = False
    for paths in (sorted(together), *([path] for path in sorted(edits.keys() - together))):
        before = {path: report.tree.read(path).data for path in paths}
        after = {path: apply(before[path], edits[path]) for path in paths}
        errors = replace_all({path: (before[path], after[path]) for path in paths}, root)
        if errors:
            is_stale |= any(isinstance(error, ChangedError) for error in errors.values())
            refused |= {path: error.message for path, error in errors.items() if not isinstance(error, ChangedError)}
            for path in paths:
                del edits[path]
    written = [(finding, fix) for finding, fix, paths in fixes if paths <= edits.keys()]
    actions = [f"{place(finding, report.tree)}: {finding.rule.id} {fix.description}" for finding, fix in written]
    fixed = {finding for finding, _ in written}
    return _Written(actions, [each for each in report.findings if each not in fixed], edits, is_stale)


def _after(report: Report, written: _Written, look: _Look | None) -> Report:
    """A report of what is left after a round, at its places in the files as they are now.

    What the changed files lead to by themselves is looked for again, if `look` is given.
    """
    edits = written.edits
    ends = {path: [edit.end for edit in found] for path, found in edits.items()}
    growth = {
        path: [0, *accumulate(len(edit.text.encode()) - edit.end + edit.start for edit in found)]
        for path, found in edits.items()
    }

    def moved(finding: Finding) -> Finding:
        if finding.fix and any(edit.path in edits for edit in finding.fix.edits):
            waiting.add(finding.path)
            finding = finding._replace(fix=None)
        path, silenced = finding.path, finding.suppression
        if path not in edits:
            return finding
        span, comment = (
            Span(*(offset + growth[path][bisect_right(ends[path], offset)] for offset in each))
            for each in (finding.span, silenced.span if silenced else finding.span)
        )
        return finding._replace(span=span, suppression=silenced and Suppression(silenced.reason, comment))

    waiting = set(edits)
    tree = report.tree.without(edits)
    left = {finding: moved(finding) for finding in written.left}
    now: Sequence[Finding] = ()
    if look:
        before = set(look(report.tree, waiting)[0])
        now, _ = look(tree, waiting)
        # A hook may find something only because it does not look at the other files.
        of_less = before.difference(report.findings)
        left = {finding: place for finding, place in left.items() if finding not in before}
        places = {(each.rule, each.path, each.span.start) for each in (*left.values(), *map(moved, of_less))}
        now = [each for each in now if (each.rule, each.path, each.span.start) not in places]
    return report._replace(
        tree=tree, findings=[*left.values(), *now], suppressed=[moved(each) for each in report.suppressed]
    )


def _with_reasons(finding: Finding, refused: Mapping[str, str], failed: Mapping[Finding, str]) -> Finding:
    """Add to the help of a finding why it was not fixed."""
    paths = sorted({edit.path for edit in finding.fix.edits} & refused.keys()) if finding.fix else []
    reasons = [f"{path} {refused[path]}" for path in paths]
    reasons += filter(None, (failed.get(finding), finding.obstacle))
    if not reasons:
        return finding
    lines = [finding.help, *(f"--fix changed nothing: {reason}" for reason in reasons)]
    return finding._replace(help="\n".join(filter(None, lines)))
