"""What cargo-make, mise, Task, npm, pnpm, Yarn and Bun run for given tasks.

Their command lines are those of https://sagiegurari.github.io/cargo-make/, https://mise.jdx.dev/cli/run.html,
https://taskfile.dev/docs/reference/cli and https://docs.npmjs.com/cli/commands/npm-run.
"""

import posixpath
from collections.abc import Callable, Collection, Iterator, Sequence
from fnmatch import fnmatchcase
from typing import NamedTuple

from dunnage.ci.outcome import FailureMask, Shell
from dunnage.files.source import File, SourceError
from dunnage.scripts.commands import kind_of, note, tasks
from dunnage.scripts.tasks import Program, Task

_MOST_FILES = 100
_TASKFILES = tuple(
    f"{first}askfile{middle}.{ending}" for middle in ("", ".dist") for ending in ("yml", "yaml") for first in "Tt"
)
_MISE = (
    *("mise.toml", ".mise.toml", "mise/config.toml", ".mise/config.toml", ".config/mise.toml"),
    ".config/mise/config.toml",
)
# Options whose value is the next word.
_WITH_VALUE = {
    "cargo-make": frozenset(("--cwd", "--env", "--loglevel", "--makefile", "--profile", "-e", "-l", "-p")),
    "mise": frozenset(("--cd", "--env", "--jobs", "-C", "-E", "-j")),
    "taskfile": frozenset(("--concurrency", "--dir", "--output", "--taskfile", "-C", "-d", "-o", "-t")),
    "npm": frozenset(("--cwd", "--dir", "--filter", "--prefix", "--workspace", "-C", "-F", "-w")),
}
_FOLDERS = frozenset(("--cd", "--cwd", "--dir", "--prefix", "-d"))
_FILES = frozenset(("--makefile", "--taskfile", "-t"))
# Of npm and its kin, the commands that run the script of the same name, and all that `pnpm X` does not take for one.
_SCRIPTS = frozenset(("restart", "start", "stop", "t", "test"))
_NO_SCRIPTS = frozenset(
    ("add", "create", "dlx", "exec", "i", "init", "install", "publish", "remove", "up", "workspace")
)
_NPM = frozenset(("bun", "npm", "pnpm", "yarn"))


class TaskCall(NamedTuple):
    """A command that runs tasks."""

    files: tuple[str, ...]
    """The file that it names, or the default ones in order of precedence."""
    folder: str
    """The folder to change to first."""
    goals: tuple[str, ...]


def task_call(name: str, words: Sequence[str | None]) -> TaskCall | None:
    """Return the tasks that a command line runs, whose program is `name`. None is an unknown word."""
    operands: list[str] = []
    runner = {"task": "taskfile", "mise": "mise"}.get(name, "npm" if name in _NPM else "cargo-make")
    folder = file = ""
    index = 1
    while index < len(words):
        word = words[index] or ""
        option, equals, value = word.partition("=")
        if word == "--":
            break
        if option in _WITH_VALUE[runner] and not equals:
            index += 1
            value = (words[index] if index < len(words) else None) or ""
        if option in _FOLDERS or (option == "-C" and runner != "taskfile"):
            folder = value
        elif option in _FILES:
            file = value
        elif word[:1] not in ("", "-", "+") and not (runner == "taskfile" and equals):
            operands.append(word)
        index += 1
    goals = _goals(name, operands)
    if goals is None:
        return None
    files = {"cargo-make": ("Makefile.toml",), "mise": _MISE, "taskfile": _TASKFILES, "npm": ("package.json",)}[runner]
    return TaskCall((file,) if file else files, folder, goals)


def _goals(name: str, operands: list[str]) -> tuple[str, ...] | None:
    first, rest = (operands[0], operands[1:]) if operands else ("", [])
    if name == "cargo":
        return (rest[0] if rest else "default",) if first == "make" else None
    if name == "makers":
        return (first or "default",)
    if name == "task":
        return tuple(operands) or ("default",)
    if name == "mise":
        if first in ("task", "tasks") and rest[:1] == ["run"]:
            first, rest = "run", rest[1:]
        # `mise run a x ::: b`
        starts = [0, *(at + 1 for at, word in enumerate(rest) if word == ":::")]
        return tuple(rest[at] for at in starts if at < len(rest)) if first in ("r", "run") else (first,)
    if first in ("run", "run-script"):
        return tuple(rest[:1])
    if first in _SCRIPTS or (name != "npm" and first and first not in _NO_SCRIPTS):
        return ("test" if first == "t" else first,)
    return None


def task_programs(
    read: Callable[[str], File | None], path: str, goals: Collection[str]
) -> Iterator[tuple[File, Program, Shell]]:
    """Yield the programs that run for `goals`, in order. `path` is the file; it may include others."""
    found: list[tuple[File, Task]] = []
    for file in _with_included(read, path):
        try:
            found += [(file, task) for task in file.memo(tasks)]
        except SourceError as error:
            note(file, error)
    pending, seen = list(goals), set[str]()
    needed: set[int] = set()
    while pending:
        goal = pending.pop()
        if goal in seen:
            continue
        seen.add(goal)
        for index, (_, task) in enumerate(found):
            if index not in needed and _is_meant(task.name, goal):
                needed.add(index)
                pending += task.needs
    for index in sorted(needed):
        file, task = found[index]
        # All runners but npm stop at the first command that fails.
        shell = Shell(stops=kind_of(file.path, b"") != "npm")
        yield from ((file, program, shell) for program in task.programs if program.is_step)


def _is_meant(name: str, goal: str) -> bool:
    """Whether a task is meant by the name of a goal, which may have the name of an included file before it."""
    return bool(name) and (name == goal or goal.endswith(f":{name}") or ("*" in goal and fnmatchcase(name, goal)))


def _with_included(read: Callable[[str], File | None], path: str) -> Iterator[File]:
    """Yield a file and all Taskfiles that it includes, directly or not."""
    pending, seen = [path], {path}
    while pending and len(seen) < _MOST_FILES:
        path = pending.pop(0)
        file = read(path)
        if file is None:
            continue
        yield file
        if kind_of(path, b"") != "taskfile":
            continue
        from dunnage.scripts.yaml_tasks import included_taskfiles

        for name in included_taskfiles(file):
            for ending in ("", *_TASKFILES):
                other = posixpath.normpath(posixpath.join(posixpath.dirname(path), name, ending))
                if other not in seen:
                    seen.add(other)
                    pending.append(other)


def mask_of(file: File, program: Program) -> FailureMask | None:
    """Return what makes a runner ignore the failure of a program; None if nothing does."""
    if program.ignored is None:
        return None
    key = "ignore_error" if kind_of(file.path, b"") == "taskfile" else "ignore_errors"
    return FailureMask(file.path, program.ignored, f"`{key}` hides the failure of %COMMAND%", f"remove `{key}`")
