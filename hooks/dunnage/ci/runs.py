"""What the CI of a repository runs: its workflows, and the actions, scripts, recipes and hooks that these call.

Only files of the repository are followed, each from one place once. Nothing is run.
"""

from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from dunnage.ci import jobs as ci
from dunnage.ci import outcome, recipes
from dunnage.ci.job import Excuses, Job
from dunnage.ci.outcome import Excuse, Shell
from dunnage.files.source import File, SourceError, Tree
from dunnage.scripts import pre_commit
from dunnage.scripts.commands import kind_of
from dunnage.shell.model import Command, Place, Script, Values, Word, mentions, programs, whole

if TYPE_CHECKING:
    from dunnage.scripts.github import Action

_MOST_CALLS = 20_000
_DEEPEST = 12

_PRE_COMMIT = frozenset(("pre-commit", "pre_commit", "prek"))
_PRE_COMMIT_WITH_VALUE = ("-c", "--config", "--hook-stage", "--from-ref", "--to-ref", "--files")
_PRE_COMMIT_ACTIONS = frozenset(("pre-commit/action", "j178/prek-action"))
# Inputs of actions that retry a program, or run it in a container or in another system.
_PROGRAM_INPUTS = frozenset(("cmd", "command", "commands", "run", "script"))
_CALLERS = r"\b(?:make|gmake|just|pre-commit|pre_commit|prek)\b|\.sh\b"
_PATH = r"[A-Za-z0-9_.+-]+(?:/[A-Za-z0-9_.+-]+)+"
# Hooks of other repositories whose id says what they run, with what they run it with.
_KNOWN_HOOKS = {"cargo-deny": ("cargo-deny", "--all-features", "check"), "cargo-audit": ("cargo", "audit")}


HERE = ("./", "../", "$/")
"""How the name of an action or workflow begins that is in the same repository."""


class Link(NamedTuple):
    """A stage on the way from a workflow to a command: a step of a job, or a command that runs another program."""

    file: File
    excuses: Excuses = tuple
    """What keeps failures from counting, beside what the script does."""
    job: Job | None = None
    step: int = 0
    """Which of the job's steps it is."""
    script: Script | None = None
    command: Command | None = None
    shell: Shell = Shell()


class Run(NamedTuple):
    """A command that a job runs, or an action that it uses."""

    file: File
    """In which it stands."""
    command: Command | None
    action: Action | None
    way: tuple[Link, ...]
    """How CI comes to it: the job of a workflow first, the command itself last."""
    events: frozenset[str]
    """What starts the workflow; empty if its file does not say."""
    on_schedule: bool
    """It is not left out when a schedule starts the workflow."""
    folders: tuple[str, ...]
    """Where it may be run, relative to the top of the repository."""

    def excuses(self, is_wrapped: bool = False) -> list[Excuse]:
        """What keeps its failure from failing the pipeline, nearest first; empty if it counts or if that is not
        known.

        If the command `is_wrapped` by one that is not known, that may take note of its failure.
        """
        found: list[Excuse] = []
        for link in reversed(self.way):
            is_noted = is_wrapped and link is self.way[-1]
            if link.script is not None and link.command is not None and not is_noted:
                lost = _ignored(link) or outcome.excuse(link.file, link.script, link.command, link.shell)
                found += [lost] if lost else []
            found += link.excuses()
        return list(dict.fromkeys(found))


class Repository(NamedTuple):
    """The files of a repository."""

    tree: Tree
    top: str
    """An absolute path."""
    files: frozenset[str]
    """Relative to it, separated by `/`."""

    def read(self, path: str) -> File | None:
        """The text file at a path relative to the top; None if the repository has no such file."""
        if path not in self.files:
            return None
        try:
            file = self.tree.read(os.path.join(self.top, path))
            return file if file.text else None
        except (FileNotFoundError, SourceError):
            return None

    def matching(self, pattern: str) -> list[str]:
        """The files at a path, in which `*` stands for any characters."""
        if "*" not in pattern:
            return [pattern] if pattern in self.files else []
        from fnmatch import fnmatchcase

        return sorted(path for path in self.files if fnmatchcase(path, pattern))

    def folder(self, file: File) -> str:
        """The folder that a file is in, relative to the top."""
        path = os.path.relpath(os.path.dirname(os.path.abspath(file.path)), self.top).replace(os.sep, "/")
        return "" if path == "." else path

    def workflows(self) -> list[str]:
        """The CI files that are started from outside, in the order of their paths."""
        return [path for path in sorted(self.files) if path.endswith((".yml", ".yaml")) and _is_workflow(path)]


def _is_workflow(path: str) -> bool:
    kind = kind_of(path, b"")
    if kind == "github":
        return path.startswith((".github/workflows/", ".gitea/workflows/", ".forgejo/workflows/"))
    return kind == "circleci" if path.startswith(".circleci/") else kind == "gitlab"


def runs(repository: Repository, hints: Collection[str]) -> Iterator[Run]:
    """The commands and actions that CI runs, workflow after workflow, of those in whose program or inputs one of
    `hints` stands.
    """
    walk = _Walk(repository, hints)
    for path in repository.workflows():
        file = repository.read(path)
        if file is not None:
            try:
                yield from walk.workflow(file)
            except SourceError:
                continue


class _Way(NamedTuple):
    links: tuple[Link, ...]
    events: frozenset[str]
    on_schedule: bool = True
    folders: tuple[str, ...] = ("",)

    def to(self, link: Link) -> _Way:
        return self._replace(links=(*self.links, link))


class _Walk:
    def __init__(self, repository: Repository, hints: Collection[str]) -> None:
        self._repository = repository
        self._hints = hints
        self._callers = re.compile(_CALLERS)
        self._seen: set[tuple[object, ...]] = set()
        # What was called and runs nothing that is looked for, wherever it is called.
        self._dull: set[tuple[object, ...]] = set()
        self._calls = self._cuts = 0
        # By key or identity, which holds as long as what it is of is kept here too.
        self._jobs_of: dict[tuple[object, ...], list[Job]] = {}
        self._commands_of: dict[int, tuple[Script, list[Command]]] = {}
        self._files: dict[str, Script] = {}

    def workflow(self, file: File) -> Iterator[Run]:
        events: frozenset[str] = frozenset()
        if kind_of(file.path, b"") == "github":
            from dunnage.ci import github_jobs

            events = github_jobs.events(file)
            if events == {"workflow_call"}:
                return
        for part, job in self._own_jobs(file):
            self._seen.clear()
            yield from self._job(part, job, _Way((), events))

    def _own_jobs(self, file: File) -> Iterator[tuple[File, Job]]:
        """The jobs of a CI file, and of those it includes that would not be taken for CI files by their names."""
        yield from ((file, job) for job in ci.jobs(file))
        if kind_of(file.path, b"") != "gitlab":
            return
        from dunnage.ci import gitlab_jobs

        waiting, seen = [file], set[str]()
        while waiting:
            paths, _ = gitlab_jobs.included(waiting.pop())
            for path in (found for pattern in paths for found in self._repository.matching(pattern.lstrip("/"))):
                part = self._repository.read(path) if path not in seen and kind_of(path, b"") is None else None
                seen.add(path)
                if part is not None:
                    waiting.append(part)
                    yield from ((part, job) for job in gitlab_jobs.jobs(part))

    def _call(self, way: _Way, called: tuple[object, ...], inside: Iterator[Run]) -> Iterator[Run]:
        """What is run by something that is called, unless it was called in this job from here before."""
        last = way.links[-1]
        key = (*called, last.file.path, last.command.words[0].span if last.command else (last.step, len(way.links)))
        self._calls += 1
        if called in self._dull:
            return
        if key in self._seen or len(way.links) > _DEEPEST or self._calls > _MOST_CALLS:
            self._cuts += 1
            return
        self._seen.add(key)
        cuts, is_dull = self._cuts, True
        for found in inside:
            is_dull = False
            yield found
        if is_dull and cuts == self._cuts:
            self._dull.add(called)

    # Jobs

    def _job(self, file: File, job: Job, way: _Way) -> Iterator[Run]:
        way = way._replace(on_schedule=way.on_schedule and job.on_schedule)
        if job.calls.startswith(HERE):
            called = self._repository.read(_inside(job.calls))
            here = way.to(Link(file, job.excuses, job))
            if called is not None:
                yield from self._call(here, _key("jobs", called, job.given), self._jobs(called, job.given, here))
        for number, step in enumerate(job.steps):
            here = way.to(Link(file, step.excuses, job, number))
            here = here._replace(folders=() if step.folder is None else (posixpath.normpath(step.folder or "."),))
            if step.script is not None:
                yield from self._program(file, step.script, step.shell, here)
            elif step.action is not None:
                yield from self._action(file, step.action, here)

    def _jobs(self, file: File, given: Mapping[str, Values], way: _Way) -> Iterator[Run]:
        key = _key("jobs", file, given)
        if key not in self._jobs_of:
            try:
                self._jobs_of[key] = list(ci.jobs(file, given))
            except SourceError:
                self._jobs_of[key] = []
        for job in self._jobs_of[key]:
            yield from self._job(file, job, way)

    def _action(self, file: File, action: Action, way: _Way) -> Iterator[Run]:
        if action.name.startswith(HERE):
            for name in ("action.yml", "action.yaml"):
                called = self._repository.read(_inside(f"{action.name}/{name}"))
                if called is not None:
                    inputs = {f"inputs.{key}": value.values for key, value in action.inputs.items()}
                    yield from self._call(way, _key("jobs", called, inputs), self._jobs(called, inputs, way))
            return
        texts = (action.name, *(given.text for given in action.inputs.values()))
        texts = (*texts, *(value for given in action.inputs.values() for value in given.values or ()))
        if any(hint in text for text in texts for hint in self._hints):
            yield Run(file, None, action, *way)
        for name in sorted(_PROGRAM_INPUTS & action.inputs.keys()):
            given = action.inputs[name]
            script = Script(given.text, given.offsets, action.place, action.variables, expressions="github")
            yield from self._program(file, script, Shell(stops=True), way)
        if action.name.lower() in _PRE_COMMIT_ACTIONS:
            extra = action.inputs.get("extra_args") or action.inputs.get("extra-args")
            words = (extra.values or ("",))[0].split() if extra else []
            yield from self._hooks(words, action.variables.get("SKIP"), way)

    # Programs

    def _program(self, file: File, script: Script, shell: Shell, way: _Way) -> Iterator[Run]:
        is_wanted = self._is_wanted(script)
        if not is_wanted and not self._may_call(file, script.text, way):
            return
        for command in self._commands(file, script):
            here = way.to(Link(file, script=script, command=command, shell=shell))
            if is_wanted and self._is_named(command):
                yield Run(file, command, None, *here)
            if programs(command.words[0]) == ("cd",):
                to = _text(command.words[1]) if len(command.words) > 1 else None
                folders = (posixpath.normpath(posixpath.join(folder, to)) for folder in way.folders if to)
                way = way._replace(folders=tuple(dict.fromkeys((*folders, *way.folders)))[:10])
            else:
                yield from self._called(file, script, command, here)

    def _commands(self, file: File, script: Script) -> list[Command]:
        from dunnage.shell.shell import commands

        if id(script) not in self._commands_of:
            self._commands_of[id(script)] = script, list(commands(file, script))
        return self._commands_of[id(script)][1]

    def _is_named(self, command: Command) -> bool:
        """Whether one of the hints may be in the words of a command."""
        return any(
            word.values is None or any(hint in value for value in word.values for hint in self._hints)
            for word in command.words
        )

    def _is_wanted(self, script: Script) -> bool:
        if any(hint in script.text for hint in self._hints):
            return True
        # `cargo $TOOL check`, and `$CARGO_DENY`.
        return bool(re.search(r"cargo[^\n]{0,200}\$|(?m:^[ \t]*[\"']?\$)", script.text, re.IGNORECASE)) and mentions(
            script, self._hints
        )

    def _may_call(self, file: File, text: str, way: _Way) -> bool:
        if self._callers.search(text):
            return True
        if "/" not in text:
            return False
        folders = (*way.folders, self._repository.folder(file))
        return any(self._path(found, folders) for found in set(re.findall(_PATH, text)))

    def _called(self, file: File, script: Script, command: Command, way: _Way) -> Iterator[Run]:
        """What a command runs that stands in other files."""
        words = command.words
        names = programs(words[0]) or ()
        if "make" in names or "gmake" in names:
            call = recipes.make_call([_text(word) for word in words])
            if call.ignores:
                why = f"`make {words[call.ignores].text}` goes on where a command fails, so"
                excuse = Excuse(file.path, words[call.ignores].span, why, f"remove `{words[call.ignores].text}`")
                way = way._replace(links=(*way.links[:-1], way.links[-1]._replace(excuses=partial(tuple, (excuse,)))))
            yield from self._recipes(call, recipes.MAKEFILES, way)
        elif "just" in names:
            yield from self._recipes(recipes.just_call([_text(word) for word in words]), recipes.JUSTFILES, way)
        elif (at := _pre_commit(words)) is not None:
            environment = {**script.variables, **dict(command.environment)}
            yield from self._hooks([_text(word) or "" for word in words[at:]], environment.get("SKIP"), way)
        else:
            yield from self._script(file, words, names, way)

    def _script(self, file: File, words: tuple[Word, ...], names: tuple[str, ...], way: _Way) -> Iterator[Run]:
        from dunnage.shell.wrappers import SHELLS, shell_input

        shell = Shell()
        word = words[0]
        if names and names[0] in SHELLS:
            kind, at = shell_input([_text(each) or each.text for each in words])
            if kind != "file":
                return
            word = words[at]
            shell = outcome.options(" ".join(_text(each) or "" for each in words[1:at]), shell)
        elif names and names[0] in (".", "source") and len(words) > 1:
            # It shares the shell of the program around it, which may have been set by then.
            word, shell = words[1], Shell(stops=True, pipefail=True)
        folders = (*way.folders, self._repository.folder(file))
        path = next((found for value in _paths(word) if (found := self._path(value, folders))), "")
        called = self._repository.read(path)
        if called is None or kind_of(path, called.data[:200]) != "shell":
            return
        first = called.data[:200].partition(b"\n")[0].decode("utf-8", "replace")
        if first.startswith("#!") and word is words[0]:
            shell = outcome.options(first.partition(" ")[2], shell)
        if path not in self._files:
            self._files[path] = whole(called, Place("shell"))
        inside = self._program(called, self._files[path], shell, way)
        yield from self._call(way, ("script", path), inside)

    def _path(self, value: str, folders: Sequence[str]) -> str:
        """The file of the repository that a path leads to from one of `folders`, or from the top; empty if none."""
        if len(value) < 500 and not value.startswith(("-", "~")):
            for folder in dict.fromkeys((*folders, "")):
                path = posixpath.normpath(posixpath.join(folder, value))
                if path in self._repository.files:
                    return path
        return ""

    def _recipes(self, call: recipes.Call, names: Sequence[str], way: _Way) -> Iterator[Run]:
        folders = [posixpath.normpath(posixpath.join(folder, call.folder)) for folder in way.folders]
        path = next(
            (found for name in (call.file and [call.file]) or names if (found := self._path(name, folders))), ""
        )
        if path:
            read = recipes.made if names is recipes.MAKEFILES else recipes.done
            scripts = read(self._repository.read, path, call.goals)
            here = way._replace(folders=(posixpath.dirname(path),))
            inside = (run for file, script, shell in scripts for run in self._program(file, script, shell, here))
            yield from self._call(way, ("recipes", path, call.goals), inside)

    # pre-commit

    def _hooks(self, words: Sequence[str], skipped: Values, way: _Way) -> Iterator[Run]:
        """The hooks that `pre-commit run` runs, given the words behind `run`."""
        config = next((words[index + 1] for index, word in enumerate(words[:-1]) if word in ("-c", "--config")), "")
        file = next(
            (it for name in ((config,) if config else pre_commit.NAMES) if (it := self._repository.read(name))), None
        )
        if file is None:
            return
        with_value = ("-c", "--config", "--hook-stage", "--from-ref", "--to-ref", "--files")
        chosen = [
            word
            for before, word in zip(("", *words), words, strict=False)
            if word[:1] != "-" and before not in with_value
        ]
        by_hand = any(word.startswith("--hook-stage") for word in words)
        skip = {name.strip() for value in skipped or () for name in value.split(",")}
        try:
            hooks = list(pre_commit.hooks(file))
        except SourceError:
            return
        for hook in hooks:
            if hook.id in skip or (chosen and hook.id not in chosen) or not (hook.is_run or by_hand):
                continue
            script = hook.program
            if script is None and hook.id in _KNOWN_HOOKS:
                known = _KNOWN_HOOKS[hook.id]
                text = " ".join((known[0], *(known[1:] if hook.arguments is None else hook.arguments)))
                offsets = ((0, hook.span.start, 0), (len(text.encode("utf-8")), hook.span.end, 0))
                script = Script(text, offsets, Place("pre-commit", (f"hook {hook.id}",)))
            if script is not None:
                yield from self._call(way, ("hook", file.path, hook.span), self._program(file, script, Shell(), way))


def _inside(name: str) -> str:
    """The path of an action or workflow of the same repository, relative to its top."""
    return posixpath.normpath(name.removeprefix("$/"))


def _key(kind: str, file: File, given: Mapping[str, Values]) -> tuple[object, ...]:
    return kind, file.path, tuple(sorted((name, values or ()) for name, values in given.items()))


def _text(word: Word) -> str | None:
    return word.values[0] if word.values else None


def _paths(word: Word) -> tuple[str, ...]:
    """What a word that names a file may be; of one that is not known, how it ends: `"$(dirname "$0")/x.sh"`."""
    if word.values is not None:
        return word.values
    ends = re.search(r"[\"')}]?/?([A-Za-z0-9_.+-]+(?:/[A-Za-z0-9_.+-]+)*)[\"']?$", word.text[-300:])
    if ends is None:
        return ()
    # `$DIR/x.sh`: the name of the variable is no folder.
    return (ends[1], ends[1].partition("/")[2])


def _pre_commit(words: Sequence[Word]) -> int | None:
    """The word behind `pre-commit run`, however pre-commit is called; None if it is not."""
    texts = [_text(word) or "" for word in words]
    at = next(
        (index for index, text in enumerate(texts) if text.partition("@")[0].partition("=")[0] in _PRE_COMMIT), None
    )
    if at is None or (at and not set(programs(words[0]) or ()) & _STARTERS):
        return None
    run = next((index for index in range(at + 1, len(texts)) if texts[index] == "run"), None)
    return None if run is None else run + 1


_STARTERS = frozenset(("hatch", "mise", "nix", "pdm", "pipenv", "pipx", "poetry", "python", "python3", "uv", "uvx"))


def _ignored(link: Link) -> Excuse | None:
    span = link.script and recipes.ignored(link.file, link.script)
    if not span or not link.script:
        return None
    if link.file.data[span.start : span.end] == b".IGNORE":
        return Excuse(link.file.path, span, "`.IGNORE` has make go on where it fails, so", "remove `.IGNORE`")
    tool = "make" if link.script.place.kind == "makefile" else "just"
    return Excuse(
        link.file.path, span, f"`-` in front of the line has {tool} go on where it fails, so", "remove the `-`"
    )
