"""What a check says: a rule was broken here, and this is what to do about it.

These are named tuples and not dataclasses because importing `dataclasses` takes longer than a whole check.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from dunnage.files.span import Edit, Span


class Rule(NamedTuple):
    """One thing that can be wrong."""

    id: str
    """Public name, `concern/problem` in kebab case: `cargo-lock/stale`."""
    summary: str
    """One line, for `--help` and the README."""
    cuts_short: bool = False
    """Where this rule fires, the rest of the check could not be carried out.

    An ignore comment that silenced nothing in such a run may only look unused, so it is not reported.
    """


class Fix(NamedTuple):
    """Edits, in one file or several, that together make a finding go away: all of them or none."""

    description: str
    """What was done, as it is reported once it is done: `pinned to 1.2.3`."""
    edits: tuple[Edit, ...]


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


class Repaired(NamedTuple):
    """What came of a fix that is an action."""

    done: Sequence[str]
    """What was done, in lines that begin with a path."""
    failed: Mapping[Finding, str]
    """Why nothing could be done about a finding, in one line each."""
