"""The tasks in a `Makefile.toml` of cargo-make and in the configuration of mise, and the builds in a `wrangler.toml`.

In cargo-make, a task runs a script, or a command with arguments but without a shell. In the arguments, `${NAME}` is
replaced by the environment, and `@@split(…)` by several arguments. Source: https://sagiegurari.github.io/cargo-make/.

In mise, templates, `{{ … }}`, remain in the text of a program as expressions, of which `vars` of the same file are
known. Source: https://mise.jdx.dev/tasks/toml-tasks.html.

Wrangler builds a worker with `build.command`, which a shell runs. Source:
https://developers.cloudflare.com/workers/wrangler/custom-builds/.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from dunnage.files import toml
from dunnage.files.source import File, SourceError
from dunnage.files.span import Span
from dunnage.files.toml import Key, locate_value
from dunnage.scripts.shell_names import interpreter, read_by, shell_of
from dunnage.scripts.tasks import Program, Task
from dunnage.scripts.variables import limited, merged
from dunnage.shell import bounds
from dunnage.shell.model import POSIX_SHELLS, Command, Place, Script, Values, Word
from dunnage.shell.offsets import Segment, Text, joined_lines

Keys = tuple[Key, ...]
"""The path of a value in a file."""

_PLATFORMS = ("linux", "mac", "windows")
_MOST_ANCESTORS = 30
_REFERENCE = r"\$\{([^}]{0,200})\}"
_TEMPLATE = "{{"


def tasks(file: File, kind: str) -> Iterator[Task]:
    """Yield the tasks of a file of this kind in its order. Raises SourceError."""
    return {"cargo-make": _cargo_make_tasks, "mise": _mise_tasks, "wrangler": _wrangler_tasks}[kind](file)


# cargo-make


def _cargo_make_tasks(file: File) -> Iterator[Task]:
    config = parsed(file)
    every = dict(tables(config.get("tasks")))
    variables = _variables(config, every)
    for name, task in every.items():
        if not isinstance(task, dict):
            continue
        programs: list[Program] = []
        needs: list[str] = []
        for keys, part in _parts(("tasks", name), task):
            ignored = _ignored(file, keys, part) or _ignored(file, ("tasks", name), task)
            programs += (Program(program, ignored) for program in _programs_of_part(file, keys, part, every, variables))
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


def _variables(config: dict[str, Any], every: Mapping[str, Any]) -> dict[str, Values]:
    """The environment. What a task sets stays for the tasks after it, so a variable has any of the values set."""
    if "env_scripts" in config:
        return {}
    parts = [part for task in every.values() if isinstance(task, dict) for _, part in _parts((), task)]
    found: dict[str, Values] = {}
    for table in (config.get("env"), *(part.get("env") for part in parts)):
        for name, values in table_variables(table, "$").items():
            found[name] = bounds.union((found.get(name, ()), values))
    # A table in the environment may be that of a profile, with variables of its own.
    for _, profile in tables(config.get("env")):
        for name, _ in tables(profile):
            found[name] = None
    return found


def _programs_of_part(
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
    arguments = list(strings((*keys, "args"), task.get("args", [])))
    if not isinstance(program, str) or not ("command" in task or arguments):
        return
    if program in POSIX_SHELLS and len(arguments) > 1 and re.fullmatch("-[a-z]*c", arguments[0][1]):
        yield Script(*text_of(file, *arguments[1]), place, variables)
        return
    where = (*keys, "command") if "command" in task else arguments[0][0]
    words = [_word(file, at, text, variables) for at, text in ((where, program), *arguments)]
    yield Command(tuple(words), place, form="arguments")


def _script(file: File, keys: Keys, value: object) -> tuple[str, tuple[Segment, ...]]:
    """A script: a string, lines, sections, or the path of a file with it; empty if it is none of these."""
    parts = list(strings(keys, value))
    if isinstance(value, dict):
        parts = [part for key in ("file", "pre", "main", "post") for part in strings((*keys, key), value.get(key))]
    return joined_lines(text_of(file, *part) for part in parts)


def _word(file: File, keys: Keys, text: str, variables: Mapping[str, Values]) -> Word:
    span = locate_value(file, keys)
    written = file.data[span.start : span.end].decode("utf-8", "replace")
    if text.startswith("@@") or "${@}" in text:
        return Word(span, None, written, splits=True)
    references = ((*found.span(), variables.get(found[1])) for found in re.finditer(_REFERENCE, text))
    return Word(span, bounds.Budget().filled(text, references), written)


# mise


def _mise_tasks(file: File) -> Iterator[Task]:
    config = parsed(file)
    variables = table_variables(config.get("env"), _TEMPLATE)
    variables |= table_variables(config.get("vars"), _TEMPLATE, "vars.")
    found = tables(config.get("tasks"))
    for name, task in limited(file, found, lambda _: 0, what="tasks"):
        yield from _mise_task(file, name, task, variables)


def _mise_task(file: File, name: str, task: object, variables: Mapping[str, Values]) -> Iterator[Task]:
    keys: Keys = ("tasks", name)
    if not isinstance(task, dict):
        yield Task(name, tuple(_programs(file, keys, task, "", variables)))
        return
    own_variables = table_variables(task.get("env"), _TEMPLATE)
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
    for _, alias in (*strings((), task.get("alias")), *strings((), task.get("aliases"))):
        yield Task(alias, (), (name,))


def _programs(file: File, keys: Keys, value: object, shell: str, variables: Mapping[str, Values]) -> Iterator[Program]:
    """Yield the programs at a path of keys, each of which is a shell of its own."""
    place = Place("mise", (f"task {keys[1]}",))
    for at, command in strings(keys, value):
        chosen = interpreter(command) or shell
        text, offsets = read_by(shell_of((chosen,)), *text_of(file, at, command))
        if text.strip():
            yield Program(Script(text, offsets, place, variables, expressions="just"))


def _names(value: object) -> Iterator[str]:
    """Yield the names of tasks: `build`, `A=b build --release`, `["build", "--release"]` or `{ task = "build" }`."""
    for entry in value if isinstance(value, list) else [value]:
        parts = entry.get("task") if isinstance(entry, dict) else entry
        words = parts.split() if isinstance(parts, str) else parts if isinstance(parts, list) else []
        yield from [word for word in words if isinstance(word, str) and "=" not in word][:1]


# Wrangler


def _wrangler_tasks(file: File) -> Iterator[Task]:
    for key, command in tables(parsed(file).get("build")):
        if key == "command" and isinstance(command, str):
            script = Script(*text_of(file, ("build", key), command), Place("wrangler"))
            yield Task("build", (Program(script),))


# Values of TOML

_ESCAPES = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r", "e": "\x1b", '"': '"', "\\": "\\"}
_ESCAPE = (
    rb"\\(?:x(?P<x>[0-9A-Fa-f]{2})|u(?P<u>[0-9A-Fa-f]{4})|U(?P<U>[0-9A-Fa-f]{8})"
    rb"|(?P<break>[ \t]*\r?\n[ \t\r\n]*)|(?P<name>.))"
)


def parsed(file: File) -> dict[str, Any]:
    """A TOML file with tasks; empty if it is not TOML. Raises SourceError if it is not UTF-8, or too large."""
    if len(file.data) > toml.MAX_BYTES:
        raise SourceError(f"is larger than {toml.MAX_BYTES:,} bytes, the limit for TOML", rule="input/too-large")
    _ = file.text  # raises SourceError
    try:
        return toml.parse(file)
    except toml.TomlError:
        return {}


def tables(value: object) -> Iterator[tuple[str, Any]]:
    """The keys and values of a table; nothing for any other value."""
    yield from value.items() if isinstance(value, dict) else ()


def strings(keys: Keys, value: object) -> Iterator[tuple[Keys, str]]:
    """The strings of an array at the path `keys`, or a string there, each with its own path."""
    if isinstance(value, str):
        yield keys, value
    elif isinstance(value, list):
        yield from (((*keys, at), element) for at, element in enumerate(value) if isinstance(element, str))


def table_variables(table: object, template: str, prefix: str = "") -> dict[str, Values]:
    """The values of a table by name; a value with a `template` is unknown, and so is one that is no text or number."""
    found: dict[str, Values] = {}
    for name, value in tables(table):
        text = str(value).lower() if isinstance(value, bool) else str(value)
        is_known = isinstance(value, (str, int)) and template not in text
        found[f"{prefix}{name}"] = (text,) if is_known else None
    return found


def text_of(file: File, keys: Keys, value: str) -> tuple[str, tuple[Segment, ...]]:
    """The string at the path `keys`, which is `value`, with the bytes that are copied from the file."""
    span = toml.locate_value(file, keys)
    text = Text(file.data)
    quotes = 3 if file.data.startswith((b'"""', b"'''"), span.start, span.end) and span.end - span.start > 5 else 1
    start, end = span.start + quotes, span.end - quotes
    if quotes == 3:
        # A line break right after the opening quotes is not part of the string.
        newline = next((each for each in (b"\r\n", b"\n") if file.data.startswith(each, start, end)), b"")
        start += len(newline)
    if file.data.startswith(b"'", span.start):
        text.copy(start, end)
    else:
        _unescape(text, file.data, start, end)
    found, offsets = text.result()
    if found.replace("\r\n", "\n") != value:
        return value, ((0, span.start, 0), (len(value.encode("utf-8")), span.end, 0))
    return found, offsets


def _unescape(text: Text, data: bytes, start: int, end: int) -> None:
    """Add the inside of a string between double quotes."""
    for escape in re.compile(_ESCAPE, re.DOTALL).finditer(data, start, end):
        text.copy(start, escape.start())
        text.mark(escape.start())
        kind = escape.lastgroup or ""
        if kind == "name":
            text.add(_ESCAPES.get(escape[kind].decode("latin-1"), "").encode("utf-8"))
        elif kind != "break":
            text.add(chr(int(escape[kind], 16)).encode("utf-8"))
        start = escape.end()
        text.mark(start)
    text.copy(start, end)
