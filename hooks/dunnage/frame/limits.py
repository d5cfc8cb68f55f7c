"""What hooks do not read: a file that cannot be read, or that is larger or deeper than what is read.

All bounds are counts of bytes, levels and steps, so that a file is read alike on every machine. What is over a bound is
reported, because whatever is wrong there is not found.
"""

from collections.abc import Iterator, Sequence

from dunnage.files.source import Tree, display
from dunnage.files.span import Span
from dunnage.frame.finding import Finding, Rule, findings

TOO_LARGE = Rule(
    "input/too-large", "a file or a part of it is not checked, because it is too large", "warning", cuts_short=True
)
TOO_DEEP = Rule(
    "input/too-deep", "a part of a file is not checked, because it is nested too deeply", "warning", cuts_short=True
)
UNREADABLE = Rule(
    "input/unreadable", "a file or a part of it is not checked, because it cannot be read", "warning", cuts_short=True
)
RULES = (TOO_LARGE, TOO_DEEP, UNREADABLE)
_BY_ID = {rule.id: rule for rule in RULES}


def unread(tree: Tree, names: Sequence[str], found: Sequence[Finding]) -> Iterator[Finding]:
    """Yield what a hook did not read of the files that it read through `tree`, and of those of these names.

    `found` is what the hook itself reports, which may include that it cannot read a file.
    """
    for file in tree.files():
        yield from findings(file.unread.values(), RULES)
    named = set(map(display, names)) - {finding.path for finding in found}
    for path, error in tree.unreadable():
        if path in named:
            from dunnage.files.document import help_for_unread

            rule = _BY_ID[error.rule]
            yield Finding(rule, path, Span(0, 0), f"this file {error.message}", help_for_unread(rule.id))
