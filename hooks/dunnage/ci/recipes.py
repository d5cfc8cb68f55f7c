"""What `make` and `just` run for given goals: the recipes of these and of all that they depend on."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from dunnage.ci.outcome import Shell, options
from dunnage.files.source import File, SourceError
from dunnage.files.span import Span
from dunnage.scripts import justfile, makefile
from dunnage.shell.model import Script

Read = Callable[[str], "File | None"]
"""Gives the file at a path relative to the top of the repository."""

_MOST_FILES = 100

MAKEFILES = ("GNUmakefile", "makefile", "Makefile")
JUSTFILES = ("justfile", ".justfile", "Justfile", "JUSTFILE")
"""The names that are looked for, in this order."""


class Call(NamedTuple):
    """What a command line of make or just says."""

    folder: str = ""
    """Where to go first."""
    file: str = ""
    """The file that it names; empty if it names none."""
    goals: tuple[str, ...] = ()
    """Targets or recipes; for just also arguments of recipes."""
    ignores: int = 0
    """The word that has make go on after failures; 0 if none does."""


def make_call(words: Sequence[str | None]) -> Call:
    """Read the command line of make; None is a word that is not known."""
    folder = file = ""
    goals: list[str] = []
    ignores = 0
    for name, value, index in _options(words, "CfjlIOo", ("--directory", "--file", "--makefile")):
        if name in ("-C", "--directory"):
            folder = posixpath.join(folder, value)
        elif name in ("-f", "--file", "--makefile"):
            file = value
        elif name in ("-i", "--ignore-errors"):
            ignores = index
        elif not name and "=" not in value:
            goals.append(value)
    return Call(folder, file, tuple(goals), ignores)


def just_call(words: Sequence[str | None]) -> Call:
    """Read the command line of just."""
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
    return Call(folder, file, tuple(goals))


def _options(words: Sequence[str | None], letters: str, long: Sequence[str]) -> Iterator[tuple[str, str, int]]:
    """Each option with its value and where it stands; an operand has no name."""
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


def made(read: Read, path: str, goals: Sequence[str]) -> Iterator[tuple[File, Script, Shell]]:
    """The recipe lines of the makefile at `path`, and of those it includes, that are run for `goals`, or without any
    for its first target.
    """
    files = list(_with_included(read, path, makefile.included))
    found_rules = [rule for file in files for rule in file.memo(makefile.rules)]
    rules = [(rule.targets.split(), rule.prerequisites.split(), rule.targets) for rule in found_rules]
    if not goals:
        first = (name for names, _, _ in rules for name in names if name[0] != "." and "%" not in name)
        goals = [next(first, "")]
    by_name: dict[str, list[int]] = {}
    patterns: list[tuple[str, int]] = []
    for number, (names, _, _) in enumerate(rules):
        for name in names:
            if "%" in name:
                patterns.append((name, number))
            else:
                by_name.setdefault(name, []).append(number)
    waiting, reached, seen = list(goals), set[int](), set[str]()
    while waiting:
        goal = waiting.pop()
        if goal in seen:
            continue
        seen.add(goal)
        found = by_name.get(goal) or [number for pattern, number in patterns if _matches(pattern, goal)]
        reached.update(found)
        waiting += [name for number in found for name in rules[number][1]]
    wanted = {f"recipe {rules[number][2]}" for number in reached}
    for file in files:
        flags = re.search(r"(?m)^\.SHELLFLAGS[ \t]*[:?]*=(.*)", file.text)
        shell = options(flags[1], Shell()) if flags else Shell()
        for script in file.memo(_make_scripts):
            if script.place.names[0] in wanted or script.place.names[0].startswith("define "):
                yield file, script, shell


def _make_scripts(file: File) -> list[Script]:
    return list(makefile.scripts(file))


def _just_scripts(file: File) -> list[Script]:
    return list(justfile.scripts(file))


def _matches(pattern: str, goal: str) -> bool:
    before, _, after = pattern.partition("%")
    return goal.startswith(before) and goal.endswith(after) and len(goal) > len(before) + len(after)


def done(read: Read, path: str, goals: Sequence[str]) -> Iterator[tuple[File, Script, Shell]]:
    """The lines of the justfile at `path`, and of those it imports, that are run for `goals`, or without any for its
    first recipe.
    """
    files = list(_with_included(read, path, _imports))
    recipes = [recipe for file in files for recipe in justfile.recipes(file)]
    if not goals:
        goals = [recipe.name for recipe in recipes[:1]]
    by_name = {recipe.name: recipe.dependencies for recipe in reversed(recipes)}
    waiting, seen = list(goals), set[str]()
    while waiting:
        goal = waiting.pop()
        if goal not in seen:
            seen.add(goal)
            waiting += by_name.get(goal, ())
    settings = (re.search(r"(?m)^set[ \t]+shell[ \t]*:=[ \t]*\[([^\]]*)\]", file.text) for file in files)
    shell_flags = next((" ".join(re.findall(r"['\"]([^'\"]*)['\"]", found[1])) for found in settings if found), "")
    for file in files:
        for script in file.memo(_just_scripts):
            if script.place.names[0].removeprefix("recipe ") in seen:
                first = script.text.partition("\n")[0]
                flags = first.partition(" ")[2] if first.startswith("#!") else shell_flags
                yield file, script, options(flags, Shell())
    for goal in goals:
        # A recipe of a module: `just ci::deny`.
        module, colons, rest = goal.partition("::")
        for name in (f"{module}.just", f"{module}/mod.just", f"{module}/justfile") if colons else ():
            inner = posixpath.normpath(posixpath.join(posixpath.dirname(path), name))
            if inner != path and read(inner) is not None:
                yield from done(read, inner, [rest.replace("::", "")])


def _imports(file: File) -> list[str]:
    return [found[1] for found in re.finditer(r"(?m)^import\??[ \t]+['\"]([^'\"\n]+)['\"]", file.text)]


def _with_included(read: Read, path: str, included: Callable[[File], Iterable[str]]) -> Iterator[File]:
    waiting, seen = [path], {path}
    while waiting and len(seen) < _MOST_FILES:
        path = waiting.pop(0)
        file = read(path)
        if file is None:
            continue
        try:
            names = list(included(file))
            yield file
        except SourceError:
            continue
        for name in names:
            # make looks for them from where it was started, just from where the file is.
            for folder in (posixpath.dirname(path), ""):
                other = posixpath.normpath(posixpath.join(folder, name))
                if other not in seen:
                    seen.add(other)
                    waiting.append(other)


def ignored(file: File, script: Script) -> Span | None:
    """What has make or just go on where a recipe line fails: the `-` in front of it, or make's `.IGNORE` for its
    target or all in the file; None if there is neither.
    """
    if script.place.kind not in ("makefile", "justfile") or not script.offsets:
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
