"""The tasks in the files of task runners: cargo-make, mise, Task, and the scripts of npm, pnpm, Yarn and Bun."""

from typing import NamedTuple

from dunnage.files.span import Span
from dunnage.shell.model import Command, Script

KINDS = ("cargo-make", "mise", "npm", "taskfile")
"""The kinds of files with tasks, as `kind_of` names them."""


class Program(NamedTuple):
    """A program of a task, or a command without a shell."""

    script: Script | Command
    ignored: Span | None = None
    """What makes the runner ignore its failure; None if nothing does."""
    is_step: bool = True
    """Whether the task consists of it; other programs compute a value or a condition, or clean up."""


class Task(NamedTuple):
    """A task, and the tasks that run before, in and after it."""

    name: str
    programs: tuple[Program, ...] = ()
    needs: tuple[str, ...] = ()
    """The names of these tasks; `*` means any characters."""
