"""Jobs of CI, as every CI system has them, and how CI reaches a command: through the programs that a step calls."""

import re
from collections.abc import Callable, Mapping
from typing import NamedTuple

from dunnage.ci.outcome import FailureMask, Shell, failure_mask, function_mask
from dunnage.files.source import File
from dunnage.files.span import Span
from dunnage.scripts.github import Action
from dunnage.scripts.yaml import Node
from dunnage.shell.model import Command, Script, Values

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


class CallSite(NamedTuple):
    """A step of a job, or a command that runs another program."""

    file: File
    masks: FailureMasks = tuple
    """What hides its failure, apart from the rest of the script."""
    job: Job | None = None
    step: int = 0
    """The index of the step in the job."""
    script: Script | None = None
    command: Command | None = None
    shell: Shell = Shell()


class Run(NamedTuple):
    """A command that a job runs, or an action that it uses."""

    file: File
    """The file that contains it."""
    command: Command | None
    action: Action | None
    call_stack: tuple[CallSite, ...]
    """Outermost first: the job of a workflow, …, the command itself."""
    events: frozenset[str]
    """What starts the workflow; empty if its file does not say."""
    on_schedule: bool
    """Whether it runs when a schedule starts the workflow."""
    folders: tuple[str, ...]
    """The possible working directories, relative to the top of the repository."""

    def masks(self, is_wrapped: bool = False) -> list[FailureMask]:
        """Return what hides its failure from the pipeline, innermost first; nothing if that is unknown.

        `is_wrapped` says that an unknown program or function runs the command, and may use its status.
        """
        found: list[FailureMask] = []
        for site in reversed(self.call_stack):
            file, script, command = site.file, site.script, site.command
            if script is not None and command is not None:
                if is_wrapped and site is self.call_stack[-1]:
                    mask = function_mask(file, script, command.words[0].text, site.shell)
                else:
                    mask = _ignored_line(file, script) or _find_mask(file, command)
                    mask = mask or failure_mask(file, script, command, site.shell)
                found += [mask] if mask else []
            found += site.masks()
        return list(dict.fromkeys(found))


def _ignored_line(file: File, script: Script) -> FailureMask | None:
    if script.place.kind not in ("makefile", "justfile"):
        return None
    from dunnage.ci import recipes

    span = recipes.ignore_mark(file, script)
    if not span:
        return None
    if file.data[span.start : span.end] == b".IGNORE":
        return FailureMask(file.path, span, "`.IGNORE` hides the failure of %COMMAND%", "remove `.IGNORE`")
    tool = "make" if script.place.kind == "makefile" else "just"
    reason = f"`-` at the start of the line makes {tool} ignore a failure of %COMMAND%"
    return FailureMask(file.path, span, reason, "remove the `-`")


def _find_mask(file: File, command: Command) -> FailureMask | None:
    """Return `find … -exec … \\;` around a command. With `+` instead of `;`, find fails if the command fails."""
    end = command.words[-1].span.end
    if "find" not in command.inside or not re.match(rb"\s*(?:\\;|';'|\";\")", file.data[end : end + 100]):
        return None
    span = Span(command.wrapper[-1].span.start, end)
    help = "write `find … -print0 | xargs -0 -n 1 …`, which fails if a command fails"
    return FailureMask(file.path, span, f"`find {command.wrapper[-1].text} … \\;` ignores a failure of %COMMAND%", help)
