"""The tasks in a `Makefile.toml`, by https://sagiegurari.github.io/cargo-make/.

A task runs a script, or a command with arguments but without a shell. In the arguments, cargo-make replaces `${NAME}`
by the environment, and `@@split(…)` by several arguments.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from dunnage.files.source import File
from dunnage.files.span import Span
from dunnage.files.toml import locate_value
from dunnage.scripts import toml_strings
from dunnage.scripts.shell_names import interpreter, read_by, shell_of
from dunnage.scripts.tasks import Program, Task
from dunnage.scripts.toml_strings import Keys
from dunnage.shell import bounds
from dunnage.shell.assembly import joined_lines
from dunnage.shell.model import POSIX_SHELLS, Command, Place, Script, Values, Word
from dunnage.shell.offsets import Segment

_PLATFORMS = ("linux", "mac", "windows")
_MOST_ANCESTORS = 30
_REFERENCE = r"\$\{([^}]{0,200})\}"


def tasks(file: File) -> Iterator[Task]:
    """Yield the tasks in the order of the file. Raises SourceError."""
    config = toml_strings.parsed(file)
    every = dict(toml_strings.tables(config.get("tasks")))
    variables = _variables(config, every)
    for name, task in every.items():
        if not isinstance(task, dict):
            continue
        programs: list[Program] = []
        needs: list[str] = []
        for keys, part in _parts(("tasks", name), task):
            ignored = _ignored(file, keys, part) or _ignored(file, ("tasks", name), task)
            programs += (Program(program, ignored) for program in _programs(file, keys, part, every, variables))
            needs += _needs(part)
        yield Task(name, tuple(programs), tuple(needs))


def _parts(keys: Keys, task: dict[str, Any]) -> Iterator[tuple[Keys, dict[str, Any]]]:
    """Yield a task and what it is on one platform only."""
    yield keys, task
    for platform in _PLATFORMS:
        if isinstance(part := task.get(platform), dict):
            yield (*keys, platform), part


def _inherited(task: dict[str, Any], key: str, every: Mapping[str, Any]) -> Any:
    """The value of a key in a task, or in the nearest task that it extends; None if there is none."""
    found: Any = task
    for _ in range(_MOST_ANCESTORS):
        if not isinstance(found, dict) or key in found:
            break
        found = every.get(str(found.get("extend")))
    return found.get(key) if isinstance(found, dict) else None


def _ignored(file: File, keys: Keys, task: dict[str, Any]) -> Span | None:
    key = next((key for key in ("ignore_errors", "force") if task.get(key) is True), None)
    return locate_value(file, (*keys, key)) if key else None


def _needs(task: dict[str, Any]) -> Iterator[str]:
    """Yield the names of the tasks that a task runs."""
    for key in ("alias", "linux_alias", "mac_alias", "windows_alias", "dependencies", "run_task"):
        found = task.get(key)
        for entry in found if isinstance(found, list) else [found]:
            names = entry.get("name") if isinstance(entry, dict) else entry
            yield from (str(name) for name in (names if isinstance(names, list) else [names]) if name is not None)


# Variables


def _variables(config: dict[str, Any], every: Mapping[str, Any]) -> dict[str, Values]:
    """The environment. What a task sets stays for the tasks after it, so a variable has any of the values set."""
    if "env_scripts" in config:
        return {}
    parts = [part for task in every.values() if isinstance(task, dict) for _, part in _parts((), task)]
    found: dict[str, Values] = {}
    for table in (config.get("env"), *(part.get("env") for part in parts)):
        for name, values in toml_strings.variables(table, "$").items():
            found[name] = bounds.union((found.get(name, ()), values))
    # A table in the environment may be that of a profile, with variables of its own.
    for _, profile in toml_strings.tables(config.get("env")):
        for name, _ in toml_strings.tables(profile):
            found[name] = None
    return found


# Programs


def _programs(
    file: File, keys: Keys, task: dict[str, Any], every: Mapping[str, Any], variables: Mapping[str, Values]
) -> Iterator[Script | Command]:
    place = Place("cargo-make", (f"task {keys[1]}",))
    runner = _inherited(task, "script_runner", every)
    for key in ("install_script", "script"):
        text, offsets = _script(file, (*keys, key), task.get(key))
        shell = runner if isinstance(runner, str) else interpreter(text) or ("cmd" if keys[-1] == "windows" else "")
        # `@shell` translates a program for POSIX shells to one for cmd.
        text, offsets = read_by(shell_of((shell.replace("@shell", "sh"),)), text, offsets)
        if text.strip():
            yield Script(text, offsets, place, variables)
    program = _inherited(task, "command", every)
    arguments = list(toml_strings.strings((*keys, "args"), task.get("args", [])))
    if not isinstance(program, str) or not ("command" in task or arguments):
        return
    if program in POSIX_SHELLS and len(arguments) > 1 and re.fullmatch("-[a-z]*c", arguments[0][1]):
        yield Script(*toml_strings.text_of(file, *arguments[1]), place, variables)
        return
    where = (*keys, "command") if "command" in task else arguments[0][0]
    words = [_word(file, at, text, variables) for at, text in ((where, program), *arguments)]
    yield Command(tuple(words), place, form="arguments")


def _script(file: File, keys: Keys, value: object) -> tuple[str, tuple[Segment, ...]]:
    """A script: a string, lines, sections, or the path of a file with it; empty if it is none of these."""
    parts = list(toml_strings.strings(keys, value))
    if isinstance(value, dict):
        parts = [
            part
            for key in ("file", "pre", "main", "post")
            for part in toml_strings.strings((*keys, key), value.get(key))
        ]
    return joined_lines(toml_strings.text_of(file, *part) for part in parts)


def _word(file: File, keys: Keys, text: str, variables: Mapping[str, Values]) -> Word:
    span = locate_value(file, keys)
    written = file.data[span.start : span.end].decode("utf-8", "replace")
    if text.startswith("@@") or "${@}" in text:
        return Word(span, None, written, splits=True)
    references = ((*found.span(), variables.get(found[1])) for found in re.finditer(_REFERENCE, text))
    return Word(span, bounds.Budget().filled(text, references), written)
