"""What `make`, `just` and runners of tasks run for given goals, and which hooks `pre-commit run` and `prek run` run.

The runners of tasks are cargo-make, mise, Task, npm, pnpm, Yarn and Bun. Their command lines are those of
https://sagiegurari.github.io/cargo-make/, https://mise.jdx.dev/cli/run.html, https://taskfile.dev/docs/reference/cli
and https://docs.npmjs.com/cli/commands/npm-run.
"""

import posixpath
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from fnmatch import fnmatchcase
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from dunnage.ci.outcome import FailureMask, Shell, shell_options
from dunnage.files.source import File, SourceError
from dunnage.files.span import Span
from dunnage.scripts.commands import kind_of, note, tasks
from dunnage.shell.model import Command, Place, Script, Values

if TYPE_CHECKING:
    from dunnage.scripts.justfile import Recipe
    from dunnage.scripts.makefile_syntax import MakeRule
    from dunnage.scripts.pre_commit import ConfiguredHook
    from dunnage.scripts.tasks import Task

Read = Callable[[str], File | None]
"""Returns the UTF-8 file at a path relative to the top of the repository; None if there is none."""
Started = tuple[File, Script | Command, Shell, FailureMask | None]
"""A program that is run: its file, the options of its shell, and what makes the runner ignore its failure."""

Afford = Callable[[int], bool]
"""Spends steps; returns False if too few are left."""
Runner = Callable[[Sequence[str], Afford], Iterator[Started]]
"""Yields what goals start, in order."""

_MAX_FILES = 100
# How many steps these cost, of those that a repository may take.
_NEED, _PROGRAM = 4, 3


# Command lines


class _Syntax(NamedTuple):
    """The files and the options of a runner. All of these options take a value."""

    files: tuple[str, ...]
    """The default names of its file, in order of precedence."""
    folder: tuple[str, ...]
    """The options that name the folder to change to."""
    file: tuple[str, ...] = ()
    """The options that name the file."""
    others: tuple[str, ...] = ()


_TASKFILES = tuple(
    f"{first}askfile{middle}.{ending}" for middle in ("", ".dist") for ending in ("yml", "yaml") for first in "Tt"
)
_SYNTAX = {
    "make": _Syntax(
        ("GNUmakefile", "makefile", "Makefile"),
        ("-C", "--directory"),
        ("-f", "--file", "--makefile"),
        ("-I", "-o"),
    ),
    "just": _Syntax(
        ("justfile", ".justfile", "Justfile", "JUSTFILE"),
        ("-d", "--working-directory"),
        ("-f", "--justfile"),
        ("--set", "--shell", "--color", "--dotenv-path"),
    ),
    "cargo": _Syntax(
        ("Makefile.toml",), ("--cwd",), ("--makefile",), ("--env", "--loglevel", "--profile", "-e", "-l", "-p")
    ),
    "mise": _Syntax(
        (
            *("mise.toml", ".mise.toml", "mise/config.toml", ".mise/config.toml", ".config/mise.toml"),
            ".config/mise/config.toml",
        ),
        ("--cd", "-C"),
        (),
        ("--env", "--jobs", "-E", "-j"),
    ),
    "task": _Syntax(_TASKFILES, ("--dir", "-d"), ("--taskfile", "-t"), ("--concurrency", "--output", "-C", "-o")),
    "npm": _Syntax(
        ("package.json",), ("--cwd", "--dir", "--prefix", "-C"), (), ("--filter", "--workspace", "-F", "-w")
    ),
}
"""By the program; of several with the same options, by the first."""
_SAME_OPTIONS = {"gmake": "make", "makers": "cargo", "bun": "npm", "pnpm": "npm", "yarn": "npm"}

# Of npm and its kin, the commands that run the script of the same name, and all that `pnpm X` does not take for one.
_SCRIPTS = frozenset(("restart", "start", "stop", "t", "test"))
_NO_SCRIPTS = frozenset(
    ("add", "create", "dlx", "exec", "i", "init", "install", "publish", "remove", "up", "workspace")
)


class RunnerCall(NamedTuple):
    """A command that runs recipes or tasks."""

    runner: str
    """`make`, `just` or `task`; also `cargo`, `mise` and `npm` stand for several programs."""
    files: tuple[str, ...]
    """The file that it names, or the default ones in order of precedence."""
    folder: str = ""
    """The folder to change to first."""
    is_from_caller: bool = False
    """Whether the file is named relative to the folder of the caller, not to `folder`."""
    goals: tuple[str, ...] = ()
    """Targets, recipes or tasks; for just also the arguments of recipes."""
    ignoring: int = 0
    """The index of the option with which make continues after failures; 0 if there is none."""


def runner_call(name: str, words: Sequence[str | None]) -> RunnerCall | None:
    """Return what a command line runs, whose program is `name`, one of `runs.RUNNERS`. None is an unknown word."""
    runner = _SAME_OPTIONS.get(name, name)
    syntax = _SYNTAX[runner]
    is_recipe = runner in ("make", "just")
    with_value = (*syntax.folder, *syntax.file, *syntax.others)
    folder = ""
    files = syntax.files
    operands: list[str] = []
    ignoring = 0
    rest = enumerate(words)
    next(rest)
    for index, word in rest:
        text = word or ""
        if text == "--" and not is_recipe:
            break
        option, equals, value = text.partition("=")
        if text[:1] == "-" != text[1:2]:
            option, value = text[:2], text[2:].removeprefix("=")
        if option in with_value and not equals and not value:
            value = next(rest, (0, None))[1] or ""
        if option in syntax.folder:
            folder = posixpath.join(folder, value)
        elif option in syntax.file:
            files = (value,) if value else syntax.files
        elif runner == "make" and option in ("-i", "--ignore-errors"):
            ignoring = index
        elif text[:1] not in ("", "-", "+") and not (equals and runner in ("make", "just", "task")):
            operands.append(text)
    goals = tuple(operands) if is_recipe else _goals(name, operands)
    is_from_caller = runner in ("just", "task") and files is not syntax.files
    return None if goals is None else RunnerCall(runner, files, folder, is_from_caller, goals, ignoring)


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


def started(
    read: Read, call: RunnerCall, path: str, known: dict[tuple[str, str], Runner], afford: Afford
) -> Iterator[Started]:
    """Yield what a call runs, in order. `path` is the file; it may include others.

    `known` has what has been read for other calls, by the runner and the path.
    """
    key = call.runner, path
    if key not in known:
        known[key] = _READERS.get(call.runner, _tasks)(read, path)
    yield from known[key](call.goals, afford)
    if call.runner == "just":
        for goal in call.goals:
            # A recipe in a module: `just ci::deny`.
            module, colons, recipe = goal.partition("::")
            for name in (f"{module}.just", f"{module}/mod.just", f"{module}/justfile") if colons else ():
                inner = posixpath.normpath(posixpath.join(posixpath.dirname(path), name))
                if inner != path and read(inner) is not None:
                    inside = call._replace(goals=(recipe.replace("::", ""),))
                    yield from started(read, inside, inner, known, afford)


def _with_included(read: Read, path: str, included: Callable[[str, File], Iterable[str]]) -> Iterator[File]:
    """Yield a file and all files that it includes, directly or not. `included` returns the paths where they may be."""
    pending, seen = [path], {path}
    while pending and len(seen) < _MAX_FILES:
        path = pending.pop(0)
        file = read(path)
        if file is None:
            continue
        yield file
        for other in map(posixpath.normpath, included(path, file)):
            if other not in seen:
                seen.add(other)
                pending.append(other)


def _needed(
    goals: Sequence[str], meant: Callable[[str], Iterable[int]], needs: Sequence[Sequence[str]], afford: Afford
) -> set[int]:
    """Return the rules or tasks that goals mean, and those that these need, directly or not.

    `meant` returns the numbers of those that one goal means, and `needs` has the goals that each needs.
    """
    pending, seen, chosen = list(goals), set[str](), set[int]()
    afford(len(pending))
    while pending:
        goal = pending.pop()
        if goal not in seen:
            seen.add(goal)
            for number in meant(goal):
                if number not in chosen and afford(_NEED * (1 + len(needs[number]))):
                    chosen.add(number)
                    pending += needs[number]
    return chosen


class _Recipes:
    """The recipes of a makefile or a justfile, and of the files that it includes."""

    def __init__(self, first: str) -> None:
        """`first` is the goal of a call that names none."""
        self._first = first
        # By number, the names of rules and what they need; the numbers by goals, and by patterns of goals.
        self._names: list[str] = []
        self._needs: list[Sequence[str]] = []
        self._by_goal: dict[str, list[int]] = {}
        self._by_pattern: list[tuple[str, int]] = []
        # The places of programs by the name of the rule; what is always run has no name.
        self._places: dict[str, list[int]] = {}
        self._programs: list[Started] = []

    def add_rule(self, goals: Iterable[str], name: str, needs: Sequence[str]) -> None:
        for goal in goals:
            if "%" in goal:
                self._by_pattern.append((goal, len(self._names)))
            else:
                self._by_goal.setdefault(goal, []).append(len(self._names))
        self._names.append(name)
        self._needs.append(needs)

    def add_program(self, name: str, started: Started) -> None:
        self._places.setdefault(name, []).append(len(self._programs))
        self._programs.append(started)

    def started(self, goals: Sequence[str], afford: Afford) -> Iterator[Started]:
        """Yield what runs for `goals`, in the order of the files."""

        def meant(goal: str) -> Sequence[int]:
            if goal not in self._by_goal and self._by_pattern:
                if not afford(len(self._by_pattern)):
                    return ()
                self._by_goal[goal] = [rule for pattern, rule in self._by_pattern if _matches(pattern, goal)]
            return self._by_goal.get(goal, ())

        rules = _needed(goals or [self._first], meant, self._needs, afford)
        names = {"", *(self._names[rule] for rule in rules)}
        places = sorted(place for name in names for place in self._places.get(name, ()))
        return map(self._programs.__getitem__, places if afford(_PROGRAM * len(places)) else ())


# make


def _make_recipes(read: Read, path: str) -> Runner:
    """Return what make runs for goals, without any for the first target of the makefile at `path`.

    The recipe lines may stand in makefiles that it includes.
    """
    from dunnage.scripts import makefile

    files = list(_with_included(read, path, lambda path, file: _from_either(path, makefile.included(file))))
    rules = [rule for file in files for rule in file.memo(makefile.rules)]
    found = _Recipes(_first_target(rules))
    for rule in rules:
        found.add_rule(rule.targets.split(), rule.targets, rule.prerequisites.split())
    for file in files:
        flags = re.search(r"(?m)^\.SHELLFLAGS[ \t]*[:?]*=(.*)", file.text)
        shell = shell_options(flags[1], Shell()) if flags else Shell()
        for script in makefile.scripts(file):
            kind, _, name = script.place.names[0].partition(" ")
            found.add_program(name if kind == "recipe" else "", (file, script, shell, None))
    return found.started


def _from_either(path: str, names: Iterable[str]) -> list[str]:
    """Relative names start at the including file in just, and at the working directory in make."""
    return [posixpath.join(folder, name) for name in names for folder in (posixpath.dirname(path), "")]


def _first_target(rules: "Iterable[MakeRule]") -> str:
    targets = (name for rule in rules for name in rule.targets.split())
    return next((name for name in targets if name[0] != "." and "%" not in name), "")


def _matches(pattern: str, goal: str) -> bool:
    before, _, after = pattern.partition("%")
    return goal.startswith(before) and goal.endswith(after) and len(goal) > len(before) + len(after)


# just


def _just_recipes(read: Read, path: str) -> Runner:
    """Return what just runs for goals, without any for the first recipe of the justfile at `path`.

    The lines may stand in justfiles that it imports.
    """
    from dunnage.scripts import justfile

    files = list(_with_included(read, path, lambda path, file: _from_either(path, re.findall(_IMPORT, file.text))))
    recipes: list[Recipe] = [recipe for file in files for recipe in justfile.recipes(file)]
    found = _Recipes(recipes[0].name if recipes else "")
    for name, dependencies in {recipe.name: recipe.dependencies for recipe in reversed(recipes)}.items():
        found.add_rule((name,), name, dependencies)
    flags = _shell_flags(files)
    for file in files:
        for script in justfile.scripts(file):
            first = script.text.partition("\n")[0]
            own_flags = first.partition(" ")[2] if first.startswith("#!") else flags
            name = script.place.names[0].removeprefix("recipe ")
            found.add_program(name, (file, script, shell_options(own_flags, Shell()), None))
    return found.started


_IMPORT = r"(?m)^import\??[ \t]+['\"]([^'\"\n]+)['\"]"


def _shell_flags(files: Iterable[File]) -> str:
    """Return the words of just's setting `shell`."""
    settings = (re.search(r"(?m)^set[ \t]+shell[ \t]*:=[ \t]*\[([^\]]*)\]", file.text) for file in files)
    return next((" ".join(re.findall(r"['\"]([^'\"]*)['\"]", found[1])) for found in settings if found), "")


def ignore_mark(file: File, script: Script) -> Span | None:
    """Return what makes make or just ignore the failure of a recipe line; None if nothing does.

    This is a `-` before the line, or make's `.IGNORE` for its target or for all targets.
    """
    if not script.offsets:
        return None
    end = start = script.offsets[0][1]
    while start and file.data[start - 1] in b" \t@+-":
        start -= 1
    at = file.data.find(b"-", start, end)
    if at >= 0:
        return Span(at, at + 1)
    if script.place.kind == "makefile":
        ignored = file.memo(_ignored_targets)
        targets = ("", *script.place.names[0].removeprefix("recipe ").split())
        return min((ignored[target] for target in targets if target in ignored), default=None)
    return None


def _ignored_targets(file: File) -> dict[str, Span]:
    """The first `.IGNORE` for each target; that for all targets has an empty name."""
    ignored: dict[str, Span] = {}
    for found in re.finditer(rb"(?m)^(\.IGNORE)[ \t]*:([^:\r\n#]*)", file.data):
        for target in found[2].decode().split() or ("",):
            ignored.setdefault(target, Span(*found.span(1)))
    return ignored


# Tasks


_MOST_COMPARISONS = 500_000
"""How many names of a file are compared with patterns; real files have up to a hundred names and a few patterns."""


class _NamedTasks:
    """The tasks of a file, by their names."""

    def __init__(self, file: File) -> None:
        """Raises SourceError as `tasks` does."""
        self.tasks = file.memo(tasks)
        self._by_name: dict[str, list[int]] = {}
        for index, task in enumerate(self.tasks):
            if task.name:
                self._by_name.setdefault(task.name, []).append(index)
        self._lengths = set(map(len, self._by_name))
        self._by_pattern: dict[str, list[str]] = {}
        self._comparisons = 0

    def meant(self, goal: str, file: File) -> list[int]:
        """Return the indexes of the tasks that a goal means. It may have the name of an included file before that."""
        endings = (goal[found.end() :] for found in re.finditer(":", goal) if len(goal) - found.end() in self._lengths)
        names = {goal, *endings}
        if "*" in goal:
            names.update(self._matching(goal, file))
        return sorted(index for name in names for index in self._by_name.get(name, ()))

    def _matching(self, pattern: str, file: File) -> list[str]:
        if pattern not in self._by_pattern:
            self._comparisons += len(self._by_name)
            if self._comparisons > _MOST_COMPARISONS:
                message = (
                    f"patterns are compared with more than {_MOST_COMPARISONS:,} names of tasks; others match none"
                )
                file.note_unread("input/too-large", message, Span(0, 0))
                return []
            self._by_pattern[pattern] = [name for name in self._by_name if fnmatchcase(name, pattern)]
        return self._by_pattern[pattern]


def _tasks(read: Read, path: str) -> Runner:
    """Return what a runner of tasks runs for goals; its file is at `path`."""
    files: dict[int, tuple[File, _NamedTasks]] = {}  # by the number of the first task
    count = 0
    for file in _with_included(read, path, _included_taskfiles):
        try:
            named = _NamedTasks(file)  # each hook has its own number of comparisons
            files[count] = file, named
            count += len(named.tasks)
        except SourceError as error:
            note(file, error)
    needs = [task.needs for _, named in files.values() for task in named.tasks]
    programs = [list(_programs(file, task)) for file, named in files.values() for task in named.tasks]
    known: dict[str, list[int]] = {}

    def meant(goal: str) -> list[int]:
        if goal not in known:
            known[goal] = [start + index for start, (file, named) in files.items() for index in named.meant(goal, file)]
        return known[goal]

    def started(goals: Sequence[str], afford: Afford) -> Iterator[Started]:
        for number in sorted(_needed(goals, meant, needs, afford)):
            yield from programs[number] if afford(_PROGRAM * len(programs[number])) else ()

    return started


def _programs(file: File, task: "Task") -> Iterator[Started]:
    kind = kind_of(file.path, b"")
    for program in task.programs:
        mask = None
        if program.ignored is not None:
            key = "ignore_error" if kind == "taskfile" else "ignore_errors"
            reason = f"`{key}` hides the failure of %COMMAND%"
            mask = FailureMask(file.path, program.ignored, reason, f"remove `{key}`")
        if program.is_step:
            # All runners but npm stop at the first command that fails.
            yield file, program.script, Shell(stops=kind != "npm"), mask


_READERS: "dict[str, Callable[[Read, str], Runner]]" = {"make": _make_recipes, "just": _just_recipes}


def _included_taskfiles(path: str, file: File) -> list[str]:
    if kind_of(path, b"") != "taskfile":
        return []
    from dunnage.scripts.tasks import included_taskfiles

    folder = posixpath.dirname(path)
    return [posixpath.join(folder, name, end) for name in included_taskfiles(file) for end in ("", *_TASKFILES)]


# Hooks

_WITH_VALUE = ("-c", "--config", "--hook-stage", "--from-ref", "--to-ref", "--files")
_KNOWN_PROGRAMS = {"cargo-deny": ("cargo-deny", "--all-features", "check"), "cargo-audit": ("cargo", "audit")}
"""The entry and default arguments of hooks, by id, that other repositories define."""


def hooks(
    read: Read, arguments: Sequence[str], skipped: Values, afford: Afford
) -> "Iterator[tuple[File, ConfiguredHook, Script]]":
    """Yield the hooks that `pre-commit run` runs with these arguments, each with the configuration and its program.

    `read` returns a YAML file; None if it cannot be read. `skipped` are the values of the environment
    variable SKIP. Hooks whose program is unknown are left out.
    """
    from dunnage.scripts import pre_commit

    config = next((value for option, value in pairwise(arguments) if option in ("-c", "--config")), "")
    file = next((file for name in ((config,) if config else pre_commit.NAMES) if (file := read(name))), None)
    if file is None:
        return
    by_id = file.memo(_hooks_by_id)
    selected = {
        word
        for before, word in zip(("", *arguments), arguments, strict=False)
        if word[:1] != "-" and before not in _WITH_VALUE
    }
    any_stage = any(word.startswith("--hook-stage") for word in arguments)
    skip = {name.strip() for value in skipped or () for name in value.split(",")}
    chosen = sorted(hook for name in selected or by_id if name not in skip for hook in by_id.get(name, ()))
    for _, hook in chosen if afford(len(arguments) + _PROGRAM * len(chosen)) else ():
        program = hook.program or _known_program(hook)
        if program is not None and (hook.is_run or any_stage):
            yield file, hook, program


def _hooks_by_id(file: File) -> "dict[str, list[tuple[int, ConfiguredHook]]]":
    """The hooks of a file, with their places in it."""
    from dunnage.scripts import pre_commit

    found: dict[str, list[tuple[int, ConfiguredHook]]] = {}
    for place, hook in enumerate(pre_commit.hooks(file)):
        found.setdefault(hook.id, []).append((place, hook))
    return found


def _known_program(hook: "ConfiguredHook") -> Script | None:
    if hook.id not in _KNOWN_PROGRAMS:
        return None
    entry, *arguments = _KNOWN_PROGRAMS[hook.id]
    text = " ".join((entry, *(arguments if hook.arguments is None else hook.arguments)))
    offsets = ((0, hook.span.start, 0), (len(text.encode("utf-8")), hook.span.end, 0))
    return Script(text, offsets, Place("pre-commit", (f"hook {hook.id}",)))
