"""The tasks in mise's configuration, by https://mise.jdx.dev/tasks/toml-tasks.html.

Templates, `{{ … }}`, remain in the text of a program as expressions, of which `vars` of the same file are known.
"""

from collections.abc import Iterator, Mapping

from dunnage.files.source import File
from dunnage.scripts import toml_strings
from dunnage.scripts.shell_names import interpreter, read_by, shell_of
from dunnage.scripts.tasks import Program, Task
from dunnage.scripts.toml_strings import Keys
from dunnage.scripts.variables import limited, merged
from dunnage.shell.model import Place, Script, Values

_TEMPLATE = "{{"


def tasks(file: File) -> Iterator[Task]:
    """Yield the tasks in the order of the file. Raises SourceError."""
    config = toml_strings.parsed(file)
    variables = toml_strings.variables(config.get("env"), _TEMPLATE)
    variables |= toml_strings.variables(config.get("vars"), _TEMPLATE, "vars.")
    found = toml_strings.tables(config.get("tasks"))
    for name, task in limited(file, found, lambda _: 0, what="tasks"):
        yield from _task(file, name, task, variables)


def _task(file: File, name: str, task: object, variables: Mapping[str, Values]) -> Iterator[Task]:
    keys: Keys = ("tasks", name)
    if not isinstance(task, dict):
        yield Task(name, tuple(_programs(file, keys, task, "", variables)))
        return
    own_variables = toml_strings.variables(task.get("env"), _TEMPLATE)
    # A copy for each of thousands of tasks would take much memory.
    seen = merged(variables, own_variables) if own_variables else variables
    own = task.get("shell")
    shell = own if isinstance(own, str) else ""
    programs = [
        *_programs(file, (*keys, "run"), task.get("run"), shell, seen),
        *_programs(file, (*keys, "run_windows"), task.get("run_windows"), shell or "cmd", seen),
        *_programs(file, (*keys, "file"), task.get("file"), "sh", seen),
    ]
    needs = [other for key in ("depends", "depends_post") for other in _names(task.get(key))]
    entries = task.get("run")
    for entry in entries if isinstance(entries, list) else ():
        needs += [*_names(entry.get("task")), *_names(entry.get("tasks"))] if isinstance(entry, dict) else []
    yield Task(name, tuple(programs), tuple(needs))
    for _, alias in (*toml_strings.strings((), task.get("alias")), *toml_strings.strings((), task.get("aliases"))):
        yield Task(alias, (), (name,))


def _programs(file: File, keys: Keys, value: object, shell: str, variables: Mapping[str, Values]) -> Iterator[Program]:
    """Yield the programs at a path of keys, each of which is a shell of its own."""
    place = Place("mise", (f"task {keys[1]}",))
    for at, command in toml_strings.strings(keys, value):
        chosen = interpreter(command) or shell
        text, offsets = read_by(shell_of((chosen,)), *toml_strings.text_of(file, at, command))
        if text.strip():
            yield Program(Script(text, offsets, place, variables, expressions="just"))


def _names(value: object) -> Iterator[str]:
    """Yield the names of tasks: `build`, `A=b build --release`, `["build", "--release"]` or `{ task = "build" }`."""
    for entry in value if isinstance(value, list) else [value]:
        parts = entry.get("task") if isinstance(entry, dict) else entry
        words = parts.split() if isinstance(parts, str) else parts if isinstance(parts, list) else []
        yield from [word for word in words if isinstance(word, str) and "=" not in word][:1]
