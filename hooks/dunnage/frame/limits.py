"""What hooks do not read: a file that cannot be read, or that is larger or deeper than what is read.

All bounds are counts of bytes, levels and steps, so that a file is read alike on every machine. What is over a bound is
reported, because whatever is wrong there is not found.
"""

from collections.abc import Iterator, Sequence

from dunnage.files.source import Tree, display
from dunnage.files.span import Span
from dunnage.frame.finding import MOST_FINDINGS, Finding
from dunnage.frame.shared_rules import TOO_DEEP, TOO_LARGE, UNREADABLE

_RULES = {
    rule.id: (rule, help)
    for rule, help in (
        (TOO_LARGE, "shorten what exceeds the limit, or split the file into smaller ones"),
        (TOO_DEEP, "use fewer levels of nesting"),
        (UNREADABLE, "make it a regular, readable file in UTF-8"),
    )
}
"""By id: each rule, and what to do where it fires."""


def unread(tree: Tree, names: Sequence[str], found: Sequence[Finding]) -> Iterator[Finding]:
    """Yield what a hook did not read of the files that it read through `tree`, and of those of these names.

    `found` is what the hook itself reports, which may include that it cannot read a file.
    """
    for file in tree.files():
        for rule_id, (message, span) in file.unread.items():
            yield _finding(rule_id, file.path, span, message)
    named = set(map(display, names)) - {finding.path for finding in found}
    for path, error in tree.unreadable():
        if path in named:
            yield _finding(error.rule, path, Span(0, 0), f"this file {error.message}")


def too_many(finding: Finding) -> Finding:
    """Return what a hook reports instead of the first finding that is too many."""
    message = f"there are more than {MOST_FINDINGS:,} findings; the hook does not report the rest"
    help = "fix the reported findings, and run the hook again"
    return Finding(TOO_LARGE, finding.path, finding.span, message, help)


def _finding(rule_id: str, path: str, span: Span, message: str) -> Finding:
    rule, help = _RULES[rule_id]
    return Finding(rule, path, span, message, help)
