"""Jobs of CI, as every CI system has them."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from dunnage.ci.outcome import FailureMask, Shell
from dunnage.files.span import Span
from dunnage.scripts.github import Action
from dunnage.scripts.yaml import Node
from dunnage.shell.model import Script, Values

FailureMasks = Callable[[], tuple[FailureMask, ...]]
"""Returns what hides a failure. It is a function because few steps need the answer."""


class JobStep(NamedTuple):
    """One program that a job runs, or one action that it uses."""

    script: Script | None
    """None for an action, and for a program in a language other than that of POSIX shells."""
    action: Action | None = None
    shell: Shell = Shell(stops=True, pipefail=False)
    """The options of the shell when the program begins."""
    folder: str | None = ""
    """The working directory, relative to the checkout; None if it is unknown."""
    masks: FailureMasks = tuple
    """What hides its failure from the pipeline."""
    is_conditional: bool = False
    """Whether it may be skipped."""
    node: Node | None = None
    """What the file says of it, if that is a file of GitHub."""


class Job(NamedTuple):
    """Steps that run one after another in one checkout."""

    name: str
    steps: tuple[JobStep, ...]
    calls: str = ""
    """The reusable workflow that it runs instead of steps: `./PATH`, or `OWNER/REPOSITORY/PATH@REF`."""
    span: Span = Span(0, 0)
    """The place of `calls`."""
    inputs: Mapping[str, Values] = {}
    """The inputs that it passes to that workflow, by `inputs.NAME`."""
    masks: FailureMasks = tuple
    """What hides its failure from the pipeline. The masks of its steps include these."""
    on_schedule: bool = True
    """Whether it runs when a schedule starts the pipeline."""
    node: Node | None = None
    """What the file says of it, if that is a workflow of GitHub."""
