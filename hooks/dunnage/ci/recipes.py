"""What `make` and `just` run for given goals: the recipes of the goals and of all their dependencies."""

import posixpath
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from dunnage.ci.outcome import Shell, shell_options
from dunnage.files.source import File
from dunnage.files.span import Span
from dunnage.shell.model import Script

if TYPE_CHECKING:
    from dunnage.scripts.justfile import Recipe
    from dunnage.scripts.makefile_syntax import MakeRule

Read = Callable[[str], File | None]
"""Returns the UTF-8 file at a path relative to the top of the repository; None if there is none."""

_MAX_FILES = 100

MAKEFILES = ("GNUmakefile", "makefile", "Makefile")
JUSTFILES = ("justfile", ".justfile", "Justfile", "JUSTFILE")
"""The default names of the file, in order of precedence."""


class RunnerArguments(NamedTuple):
    """The arguments of make or just."""

    folder: str = ""
    """The folder to change to first."""
    file: str = ""
    """The file that they name; empty if they name none."""
    goals: tuple[str, ...] = ()
    """Targets or recipes; for just also the arguments of recipes."""
    ignoring: int = 0
    """The index of the option with which make continues after failures; 0 if there is none."""


def make_arguments(words: Sequence[str | None]) -> RunnerArguments:
    """Parse the command line of make. None is an unknown word."""
    folder = file = ""
    goals: list[str] = []
    ignoring = 0
    for name, value, index in _options(words, "CfjlIOo", ("--directory", "--file", "--makefile")):
        if name in ("-C", "--directory"):
            folder = posixpath.join(folder, value)
        elif name in ("-f", "--file", "--makefile"):
            file = value
        elif name in ("-i", "--ignore-errors"):
            ignoring = index
        elif not name and "=" not in value:
            goals.append(value)
    return RunnerArguments(folder, file, tuple(goals), ignoring)


def just_arguments(words: Sequence[str | None]) -> RunnerArguments:
    """Parse the command line of just. None is an unknown word."""
    folder = file = ""
    goals: list[str] = []
    long = ("--justfile", "--working-directory", "--set", "--shell", "--color", "--dotenv-path")
    for name, value, _ in _options(words, "fd", long):
        if name in ("-f", "--justfile"):
            file = value
        elif name in ("-d", "--working-directory"):
            folder = value
        elif not name and "=" not in value:
            goals.append(value)
    return RunnerArguments(folder, file, tuple(goals))


def _options(words: Sequence[str | None], letters: str, long: Sequence[str]) -> Iterator[tuple[str, str, int]]:
    """Yield each option with its value and its index. The name of an operand is empty."""
    index = 1
    while index < len(words):
        word, at = words[index] or "", index
        if word[:2] == "--":
            name, equals, value = word.partition("=")
            if name in long and not equals:
                index += 1
                value = (words[index] if index < len(words) else None) or ""
            yield name, value, at
        elif word[:1] == "-" and len(word) > 1:
            value = word[2:]
            if word[1] in letters and not value and word[1] not in "jlO":
                index += 1
                value = (words[index] if index < len(words) else None) or ""
            yield word[:2], value, at
        elif word:
            yield "", word, at
        index += 1


def make_recipes(read: Read, path: str, goals: Sequence[str]) -> Iterator[tuple[File, Script, Shell]]:
    """Yield the recipe lines that make runs for `goals`, without any for its first target.

    `path` is the makefile; the lines may stand in makefiles that it includes.
    """
    from dunnage.scripts import makefile

    files = list(_with_included(read, path, makefile.included))
    rules = [rule for file in files for rule in file.memo(makefile.rules)]
    wanted = {f"recipe {targets}" for targets in _needed_rules(rules, goals or [_first_target(rules)])}
    for file in files:
        flags = re.search(r"(?m)^\.SHELLFLAGS[ \t]*[:?]*=(.*)", file.text)
        shell = shell_options(flags[1], Shell()) if flags else Shell()
        for script in file.memo(_make_scripts):
            if script.place.names[0] in wanted or script.place.names[0].startswith("define "):
                yield file, script, shell


def _first_target(rules: "Iterable[MakeRule]") -> str:
    targets = (name for rule in rules for name in rule.targets.split())
    return next((name for name in targets if name[0] != "." and "%" not in name), "")


def _needed_rules(rules: "Sequence[MakeRule]", goals: Iterable[str]) -> set[str]:
    """Return the rules for the goals and all their prerequisites, by their targets as they are written."""
    by_name: dict[str, list[MakeRule]] = {}
    by_pattern: list[tuple[str, MakeRule]] = []
    for rule in rules:
        for name in rule.targets.split():
            if "%" in name:
                by_pattern.append((name, rule))
            else:
                by_name.setdefault(name, []).append(rule)
    pending, seen = list(goals), set[str]()
    needed: set[str] = set()
    while pending:
        goal = pending.pop()
        if goal in seen:
            continue
        seen.add(goal)
        for rule in by_name.get(goal) or [rule for pattern, rule in by_pattern if _matches(pattern, goal)]:
            needed.add(rule.targets)
            pending += rule.prerequisites.split()
    return needed


def _make_scripts(file: File) -> list[Script]:
    from dunnage.scripts import makefile

    return list(makefile.scripts(file))


def _matches(pattern: str, goal: str) -> bool:
    before, _, after = pattern.partition("%")
    return goal.startswith(before) and goal.endswith(after) and len(goal) > len(before) + len(after)


def just_recipes(read: Read, path: str, goals: Sequence[str]) -> Iterator[tuple[File, Script, Shell]]:
    """Yield the lines that just runs for `goals`, without any for its first recipe.

    `path` is the justfile; the lines may stand in justfiles that it imports, and in modules.
    """
    from dunnage.scripts import justfile

    files = list(_with_included(read, path, _imports))
    recipes = [recipe for file in files for recipe in justfile.recipes(file)]
    if not goals:
        goals = [recipe.name for recipe in recipes[:1]]
    needed = _needed_recipes(recipes, goals)
    flags = _shell_flags(files)
    for file in files:
        for script in file.memo(_just_scripts):
            if script.place.names[0].removeprefix("recipe ") in needed:
                first = script.text.partition("\n")[0]
                own_flags = first.partition(" ")[2] if first.startswith("#!") else flags
                yield file, script, shell_options(own_flags, Shell())
    for goal in goals:
        yield from _module_recipes(read, path, goal)


def _needed_recipes(recipes: "Sequence[Recipe]", goals: Iterable[str]) -> set[str]:
    """Return the names of the goals and of all the recipes on which they depend."""
    by_name = {recipe.name: recipe.dependencies for recipe in reversed(recipes)}
    pending, needed = list(goals), set[str]()
    while pending:
        goal = pending.pop()
        if goal not in needed:
            needed.add(goal)
            pending += by_name.get(goal, ())
    return needed


def _shell_flags(files: Iterable[File]) -> str:
    """Return the words of just's setting `shell`."""
    settings = (re.search(r"(?m)^set[ \t]+shell[ \t]*:=[ \t]*\[([^\]]*)\]", file.text) for file in files)
    return next((" ".join(re.findall(r"['\"]([^'\"]*)['\"]", found[1])) for found in settings if found), "")


def _just_scripts(file: File) -> list[Script]:
    from dunnage.scripts import justfile

    return list(justfile.scripts(file))


def _module_recipes(read: Read, path: str, goal: str) -> Iterator[tuple[File, Script, Shell]]:
    """Yield the lines of a recipe in a module: `just ci::deny`."""
    module, colons, recipe = goal.partition("::")
    for name in (f"{module}.just", f"{module}/mod.just", f"{module}/justfile") if colons else ():
        inner = posixpath.normpath(posixpath.join(posixpath.dirname(path), name))
        if inner != path and read(inner) is not None:
            yield from just_recipes(read, inner, [recipe.replace("::", "")])


def _imports(file: File) -> list[str]:
    return [found[1] for found in re.finditer(r"(?m)^import\??[ \t]+['\"]([^'\"\n]+)['\"]", file.text)]


def _with_included(read: Read, path: str, included: Callable[[File], Iterable[str]]) -> Iterator[File]:
    """Yield a file and all files that it includes, directly or not."""
    pending, seen = [path], {path}
    while pending and len(seen) < _MAX_FILES:
        path = pending.pop(0)
        file = read(path)
        if file is None:
            continue
        yield file
        for name in included(file):
            # Relative names start at the including file in just, and at the working directory in make.
            for folder in (posixpath.dirname(path), ""):
                other = posixpath.normpath(posixpath.join(folder, name))
                if other not in seen:
                    seen.add(other)
                    pending.append(other)


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
        targets = set(script.place.names[0].removeprefix("recipe ").split())
        for found in re.finditer(rb"(?m)^(\.IGNORE)[ \t]*:([^:\r\n#]*)", file.data):
            named = found[2].decode().split()
            if not named or targets.intersection(named):
                return Span(*found.span(1))
    return None
