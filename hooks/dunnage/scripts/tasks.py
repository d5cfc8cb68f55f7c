"""The tasks in the files of task runners, and the files of those that use YAML or JSON: Task, npm, pnpm, Yarn and Bun.

In a Taskfile, templates, `{{ … }}`, remain in the text of a program as expressions, of which variables of the same file
are known. Source: https://taskfile.dev/docs/reference/schema.

In a `package.json`, JSON is read as YAML, of which it is a part but for rare escapes. Source:
https://docs.npmjs.com/cli/using-npm/scripts.
"""

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import NamedTuple

from dunnage.files.source import File
from dunnage.files.span import Span
from dunnage.scripts import yaml
from dunnage.scripts.variables import MOST_STEPS, MOST_VARIABLES, limited
from dunnage.shell import bounds
from dunnage.shell.model import Command, Place, Script, Values

KINDS = ("cargo-make", "mise", "npm", "taskfile", "wrangler")
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


# Taskfiles


def taskfile_tasks(file: File) -> Iterator[Task]:
    """Yield the tasks in the order of the file, those of a task runner's variables first. Raises SourceError."""
    for document in yaml.documents(file)[:1]:
        variables = _variables(document)
        dynamic = tuple(_dynamic(document, Place("taskfile"), variables))
        if dynamic:
            yield Task("", dynamic)
        yield from _tasks(file, document, variables)


def included_taskfiles(file: File) -> list[str]:
    """The files or folders that a Taskfile includes, relative to its own folder. Raises SourceError."""
    found: list[str] = []
    for document in yaml.documents(file)[:1]:
        for _, entry in document.items("includes"):
            path = entry if entry.kind == "scalar" else entry.scalar("taskfile")
            found += [path.text] if path is not None else []
    return found


def _tasks(file: File, document: yaml.Node, variables: Mapping[str, Values]) -> Iterator[Task]:
    named = limited(file, document.items("tasks"), lambda pair: pair[1].span.start)
    for name, task in named:
        place = Place("taskfile", (f"task {name}",))
        programs: list[Program] = []
        needs: list[str] = []
        own = _mask(task)
        commands = task.listed() if task.kind != "mapping" else _commands(task)
        for command in limited(file, commands):
            called = command.get("task") or command.path("defer", "task")
            if called is not None:
                needs.append(called.text)
            deferred = command.get("defer")
            text = command.get("cmd") or deferred or command
            program = _program(text, place, variables)
            programs += (each._replace(ignored=_mask(command) or own, is_step=deferred is None) for each in program)
        for condition in (*task.elements("preconditions"), *task.elements("status")):
            program = _program(condition.get("sh") or condition, place, variables)
            programs += (each._replace(is_step=False) for each in program)
        programs += _dynamic(task, place, variables)
        for other in task.elements("deps"):
            found = other if other.kind == "scalar" else other.get("task")
            needs += [found.text] if found is not None else []
        yield Task(name, tuple(programs), tuple(needs))
        for alias in task.elements("aliases"):
            yield Task(alias.text, (), (name,))


def _commands(task: yaml.Node) -> Iterator[yaml.Node]:
    for key in ("cmd", "cmds"):
        found = task.get(key)
        if found is not None:
            yield from found.listed()


def _program(node: yaml.Node, place: Place, variables: Mapping[str, Values]) -> list[Program]:
    if node.kind != "scalar" or not node.text.strip():
        return []
    return [Program(Script(node.text, node.offsets, place, variables, expressions="just"))]


def _mask(node: yaml.Node) -> Span | None:
    found = node.get("ignore_error")
    return found.span if found is not None and found.text == "true" else None


def _dynamic(node: yaml.Node, place: Place, variables: Mapping[str, Values]) -> Iterator[Program]:
    """The programs whose output is the value of a variable."""
    for key in ("vars", "env"):
        for _, value in node.items(key):
            program = value.get("sh")
            if program is not None:
                yield from (each._replace(is_step=False) for each in _program(program, place, variables))


def _variables(document: yaml.Node) -> Mapping[str, Values]:
    """The variables of all tasks and of all their calls: one task may set those that another one reads.

    None if they are too many.
    """
    found: dict[str, Values] = {}
    holders = [document]
    for _, task in islice(document.items("tasks"), MOST_STEPS + 1):
        calls = (*task.elements("cmds"), *task.elements("deps"), *(task.elements() if task.kind == "sequence" else ()))
        holders += [task, *calls]
    if len(holders) > MOST_STEPS:
        return {}
    for holder in holders:
        for key, prefix in (("vars", "."), ("env", "")):
            for name, value in islice(holder.items(key), MOST_VARIABLES + 1):
                known = yaml.cautious_value(value)
                values = None if known is None or "{{" in known[0] or "$" in known[0] else known
                found[f"{prefix}{name}"] = bounds.union((found.get(f"{prefix}{name}", ()), values))
    return found if len(found) <= MOST_VARIABLES else {}


# Scripts of npm and its like


def npm_tasks(file: File) -> Iterator[Task]:
    """Yield the scripts in the order of the file. Raises SourceError as YAML does."""
    for document in yaml.documents(file)[:1]:
        names = {name for name, _ in document.items("scripts")}
        for name, script in document.items("scripts"):
            if script.style == "double" and script.text:
                program = Program(Script(script.text, script.offsets, Place("npm", (f"script {name}",))))
                # `npm run test` also runs `pretest` and `posttest`.
                around = tuple(each for each in (f"pre{name}", f"post{name}") if each in names)
                yield Task(name, (program,), around)
