"""What a check says: a rule was broken here, and this is what to do about it.

These are named tuples and not dataclasses because importing `dataclasses` takes longer than a whole check.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple

from dunnage.files.span import Edit, Span

if TYPE_CHECKING:
    from dunnage.files.document import Problem
    from dunnage.files.source import Tree

HOMEPAGE = "https://github.com/OWNER/dunnage"


class Rule(NamedTuple):
    """One thing that can be wrong."""

    id: str
    """Public name, `concern/problem` in kebab case: `cargo-lock/stale`."""
    summary: str
    """One line, for `--help` and the README."""
    level: Literal["error", "warning"] = "error"
    """`error`, or `warning` where a build is not in danger."""
    since: str = "0.1.0"
    """The release that brought the rule."""
    cuts_short: bool = False
    """Where this rule fires, the rest of the check could not be carried out.

    An ignore comment that silenced nothing in such a run may only look unused, so it is not reported.
    """
    is_fixable: bool = False
    """Whether `--fix` can make a finding of it go away, at least in some cases."""

    @property
    def page(self) -> str:
        """Where the rule is described."""
        return f"{HOMEPAGE}/blob/main/docs/rules/{self.id}.md"


class Fix(NamedTuple):
    """Edits, in one file or several, that together make a finding go away: all of them or none."""

    description: str
    """What was done, as it is reported once it is done: `pinned to 1.2.3`."""
    edits: tuple[Edit, ...]


class Suppression(NamedTuple):
    """The ignore comment that silences a finding."""

    reason: str
    """What the comment says after the brackets."""
    span: Span
    """Where it stands, in the file of the finding."""


class Finding(NamedTuple):
    """A rule that is broken at one place."""

    rule: Rule
    path: str
    """As it is printed: relative to the working directory if the file is below it, separated by `/`."""
    span: Span
    message: str
    """One line."""
    help: str = ""
    """What to type; may have several lines."""
    fix: Fix | None = None
    """Only what needs no guess."""
    hook: str = ""
    """The id of the hook that found it. A hook leaves this to the frame."""
    suppression: Suppression | None = None
    """What silences it, if anything does. A hook leaves this to the frame."""


class Report(NamedTuple):
    """What came of a run."""

    program: str
    """The id of the hook, or the name of the command, that ran."""
    rules: tuple[Rule, ...]
    """All that its findings may have, each once."""
    tree: Tree
    """The files as they were when these findings were made."""
    findings: Sequence[Finding]
    suppressed: Sequence[Finding] = ()
    """The findings that ignore comments silence."""
    fixed: Sequence[str] = ()
    """What `--fix` did before these findings were left, in lines that begin with a path."""


class Repaired(NamedTuple):
    """What came of a fix that is an action."""

    actions: Sequence[str]
    """What was done, in lines that begin with a path."""
    failed: Mapping[Finding, str]
    """Why nothing could be done about a finding, in one line each."""


def findings(problems: Iterable[Problem], rules: Iterable[Rule]) -> Iterator[Finding]:
    """Yield a finding for each problem. Every problem names one of `rules`."""
    by_id = {rule.id: rule for rule in rules}
    for problem in problems:
        yield Finding(by_id[problem.rule], problem.file.path, problem.place(), problem.message, problem.help)
