"""What a job of CI is, whatever system runs it."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from dunnage.ci.outcome import Excuse, Shell
from dunnage.files.span import Span
from dunnage.scripts.github import Action
from dunnage.shell.model import Script, Values

Excuses = Callable[[], tuple[Excuse, ...]]
"""Finds out what keeps a failure from counting: few are ever asked for."""


class Step(NamedTuple):
    """One program that a job runs, or one action that it uses."""

    script: Script | None
    """None also if it is for a shell that is not read."""
    action: Action | None = None
    shell: Shell = Shell(stops=True, pipefail=False)
    """How the program's shell is set when it begins."""
    folder: str | None = ""
    """Where it is run, relative to the checkout; None if that is not in the file."""
    excuses: Excuses = tuple
    """What keeps its failure from failing the pipeline."""
    is_conditional: bool = False
    """It may be left out."""


class Job(NamedTuple):
    """Steps that are run one after another in one checkout."""

    name: str
    steps: tuple[Step, ...]
    calls: str = ""
    """The reusable workflow that it is instead: a path that begins with `./`, or `OWNER/REPOSITORY/PATH@REF`."""
    span: Span = Span(0, 0)
    """Of what it calls."""
    given: Mapping[str, Values] = {}
    """What it says of that workflow's `inputs.x`."""
    excuses: Excuses = tuple
    """What keeps its failure from failing the pipeline; those of its steps hold them too."""
    on_schedule: bool = True
    """It is run when a schedule starts the pipeline."""
