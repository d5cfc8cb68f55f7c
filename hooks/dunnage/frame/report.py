"""The result of a run."""

from collections.abc import Mapping, Sequence
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
