"""The rules that every hook has: about what is not read, and about ignore comments.

A file is not read if that is impossible, or if it is larger or deeper than a bound. All bounds are counts of bytes,
levels and steps, so that a file is read alike on every machine. What is over a bound is reported, because whatever is
wrong there is not found.
"""

from collections.abc import Iterator, Sequence

from dunnage.files.source import LinksError, Tree, display
from dunnage.files.span import Span
from dunnage.frame.finding import MOST_FINDINGS, Finding, Rule

TOO_LARGE = Rule(
    "input/too-large", "a file or a part of it is not checked, because it is too large", "warning", cuts_short=True
)
TOO_DEEP = Rule(
    "input/too-deep", "a part of a file is not checked, because it is nested too deeply", "warning", cuts_short=True
)
UNREADABLE = Rule(
    "input/unreadable", "a file or a part of it is not checked, because it cannot be read", "warning", cuts_short=True
)
ABOUT_INPUT = (TOO_LARGE, TOO_DEEP, UNREADABLE)

MALFORMED = Rule("ignore/malformed", "a `dunnage:` comment does not have the form `ignore[RULE] reason`", "warning")
NO_REASON = Rule("ignore/no-reason", "an ignore comment has no reason, so it silences nothing", "warning")
UNUSED = Rule("ignore/unused", "an ignore comment silences no finding", "warning")
ABOUT_COMMENTS = (MALFORMED, NO_REASON, UNUSED)

SHARED_RULES = (*ABOUT_COMMENTS, *ABOUT_INPUT)

_HELP = {
    TOO_LARGE: "shorten what exceeds the limit, or split the file into smaller ones",
    TOO_DEEP: "use fewer levels of nesting",
    UNREADABLE: "make it a regular, readable file in UTF-8; if it is YAML, correct it and remove control characters",
}
_HELP_FOR_FILES = "exclude files that need no check, with `exclude` in .pre-commit-config.yaml or with `--exclude`"


def unread(tree: Tree, names: Sequence[str], found: Sequence[Finding]) -> Iterator[Finding]:
    """Yield what a hook did not read of the files that it read through `tree`, and of those of these names.

    Of other files, only what the limit for symbolic links keeps from being read counts.

    `found` is what the hook itself reports, which may include that it cannot read a file.
    """
    for path, message in tree.left_out.items():
        yield Finding(TOO_LARGE, path, Span(0, 0), message, _HELP_FOR_FILES)
    for file in tree.files():
        for rule_id, (message, span) in file.unread.items():
            yield _finding(rule_id, file.path, span, message)
    named, reported = set(map(display, names)), {finding.path for finding in found}
    for path, error in tree.unreadable():
        if path not in reported and (path in named or isinstance(error, LinksError)):
            yield _finding(error.rule, path, Span(0, 0), f"this file {error.message}")


def too_many(finding: Finding, what: str = f"{MOST_FINDINGS:,} findings") -> Finding:
    """Return what a hook reports instead of the first finding that is too many. `what` is the limit."""
    message = f"there are more than {what}; the hook does not report the rest"
    help = "fix the reported findings, and run the hook again"
    return Finding(TOO_LARGE, finding.path, finding.span, message, help)


def _finding(rule_id: str, path: str, span: Span, message: str) -> Finding:
    rule = next(rule for rule in ABOUT_INPUT if rule.id == rule_id)
    return Finding(rule, path, span, message, _HELP[rule])
