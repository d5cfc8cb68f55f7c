"""What the CI of a repository runs: its workflows, and the actions, scripts, recipes and hooks that these call.

Only files of the repository are followed, each from one place once. Nothing is run.
"""

from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from dunnage.commands import jobs as ci
from dunnage.commands import kind_of, outcome, pre_commit, recipes
from dunnage.commands.job import Job
from dunnage.commands.model import Command, Place, Script, Values, Word, programs, whole
from dunnage.commands.outcome import Excuse, Shell
from dunnage.source import File, SourceError, Tree

if TYPE_CHECKING:
    from dunnage.commands.github import Action

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


class Link(NamedTuple):
    """A stage on the way from a workflow to a command: a step of a job, or a command that runs another program."""

    file: File
    excuses: tuple[Excuse, ...] = ()
    """What is known at once to keep failures from counting."""
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

    def excuses(self) -> list[Excuse]:
        """What keeps its failure from failing the pipeline, nearest first; empty if it counts or if that is not
        known.
        """
        found: list[Excuse] = []
        for link in reversed(self.way):
            if link.script is not None and link.command is not None:
                lost = _ignored(link) or outcome.excuse(link.file, link.script, link.command, link.shell)
                found += [lost] if lost else []
            found += link.excuses
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


def runs(repository: Repository, wanted: Callable[[str], bool]) -> Iterator[Run]:
    """The commands and actions that CI runs, workflow after workflow.

    A program is only read if its text is `wanted` or calls something that can be followed.
    """
    walk = _Walk(repository, wanted)
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
    def __init__(self, repository: Repository, wanted: Callable[[str], bool]) -> None:
        self._repository = repository
        self._wanted = wanted
        self._callers = re.compile(_CALLERS)
        self._seen: set[tuple[object, ...]] = set()
        self._calls = 0

    def workflow(self, file: File) -> Iterator[Run]:
        events: frozenset[str] = frozenset()
        if kind_of(file.path, b"") == "github":
            from dunnage.commands import github_jobs

            events = github_jobs.events(file)
            if events == {"workflow_call"}:
                return
        for job in ci.jobs(file):
            self._seen.clear()
            yield from self._job(file, job, _Way((), events))

    def _is_new(self, way: _Way, *called: object) -> bool:
        """Whether this was not called in this job from here before, and not too deep."""
        last = way.links[-1]
        here = last.command.words[0].span if last.command else (last.step, len(way.links))
        key = (*called, last.file.path, here)
        self._calls += 1
        if key in self._seen or len(way.links) > _DEEPEST or self._calls > _MOST_CALLS:
            return False
        self._seen.add(key)
        return True

    # Jobs

    def _job(self, file: File, job: Job, way: _Way) -> Iterator[Run]:
        way = way._replace(on_schedule=way.on_schedule and job.on_schedule)
        if job.calls.startswith("./"):
            called = self._repository.read(posixpath.normpath(job.calls))
            here = way.to(Link(file, job.excuses, job))
            if called is not None and self._is_new(here, "workflow", job.calls):
                yield from self._jobs(called, job.given, here)
        for number, step in enumerate(job.steps):
            here = way.to(Link(file, step.excuses, job, number))
            here = here._replace(folders=() if step.folder is None else (posixpath.normpath(step.folder or "."),))
            if step.script is not None:
                yield from self._program(file, step.script, step.shell, here)
            elif step.action is not None:
                yield from self._action(file, step.action, here)

    def _jobs(self, file: File, given: Mapping[str, Values], way: _Way) -> Iterator[Run]:
        try:
            found = list(ci.jobs(file, given))
        except SourceError:
            return
        for job in found:
            yield from self._job(file, job, way)

    def _action(self, file: File, action: Action, way: _Way) -> Iterator[Run]:
        yield Run(file, None, action, *way)
        if action.name.startswith(("./", "../")):
            for name in ("action.yml", "action.yaml"):
                called = self._repository.read(posixpath.normpath(f"{action.name}/{name}"))
                if called is not None and self._is_new(way, "action", action.name):
                    inputs = {f"inputs.{key}": value.values for key, value in action.inputs.items()}
                    yield from self._jobs(called, inputs, way)
            return
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
        if not self._may_matter(file, script.text, way):
            return
        from dunnage.commands.shell import commands

        for command in commands(file, script):
            here = way.to(Link(file, script=script, command=command, shell=shell))
            yield Run(file, command, None, *here)
            if programs(command.words[0]) == ("cd",):
                to = _text(command.words[1]) if len(command.words) > 1 else None
                folders = (posixpath.normpath(posixpath.join(folder, to)) for folder in way.folders if to)
                way = way._replace(folders=tuple(dict.fromkeys((*folders, *way.folders)))[:10])
            else:
                yield from self._called(file, script, command, here)

    def _may_matter(self, file: File, text: str, way: _Way) -> bool:
        if self._wanted(text) or self._callers.search(text):
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
                way = way._replace(links=(*way.links[:-1], way.links[-1]._replace(excuses=(excuse,))))
            yield from self._recipes(call, recipes.MAKEFILES, way)
        elif "just" in names:
            yield from self._recipes(recipes.just_call([_text(word) for word in words]), recipes.JUSTFILES, way)
        elif (at := _pre_commit(words)) is not None:
            environment = {**script.variables, **dict(command.environment)}
            yield from self._hooks([_text(word) or "" for word in words[at:]], environment.get("SKIP"), way)
        else:
            yield from self._script(file, words, names, way)

    def _script(self, file: File, words: tuple[Word, ...], names: tuple[str, ...], way: _Way) -> Iterator[Run]:
        from dunnage.commands.wrappers import SHELLS, shell_input

        shell = Shell()
        word = words[0]
        if names and names[0] in SHELLS:
            kind, at = shell_input(words)
            if kind != "file":
                return
            word = words[at]
            shell = outcome.options(" ".join(_text(each) or "" for each in words[1:at]), shell)
        elif names and names[0] in (".", "source") and len(words) > 1:
            word = words[1]
            shell = way.links[-1].shell
        folders = (*way.folders, self._repository.folder(file))
        path = next((found for value in _paths(word) if (found := self._path(value, folders))), "")
        called = self._repository.read(path)
        if called is None or kind_of(path, called.data[:200]) != "shell" or not self._is_new(way, "script", path):
            return
        first = called.data[:200].partition(b"\n")[0].decode("utf-8", "replace")
        if first.startswith("#!"):
            shell = outcome.options(first.partition(" ")[2], shell)
        yield from self._program(called, whole(called, Place("shell")), shell, way)

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
        if not path or not self._is_new(way, "recipes", path, call.goals):
            return
        read = recipes.made if names is recipes.MAKEFILES else recipes.done
        for file, script, shell in read(self._repository.read, path, call.goals):
            yield from self._program(file, script, shell, way._replace(folders=(posixpath.dirname(path),)))

    # pre-commit

    def _hooks(self, words: Sequence[str], skipped: Values, way: _Way) -> Iterator[Run]:
        """The hooks that `pre-commit run` runs, given the words behind `run`."""
        config = next((words[index + 1] for index, word in enumerate(words[:-1]) if word in ("-c", "--config")), "")
        file = next(
            (it for name in ((config,) if config else pre_commit.NAMES) if (it := self._repository.read(name))), None
        )
        if file is None or not self._is_new(way, "hooks", *words):
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
                yield from self._program(file, script, Shell(), way)


def _text(word: Word) -> str | None:
    return word.values[0] if word.values else None


def _paths(word: Word) -> tuple[str, ...]:
    """What a word that names a file may be; of one that is not known, how it ends: `"$(dirname "$0")/x.sh"`."""
    if word.values is not None:
        return word.values
    ends = re.search(r"[\"')}]?/?([A-Za-z0-9_.+-]+(?:/[A-Za-z0-9_.+-]+)*)[\"']?$", word.text)
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
    tool = "make" if link.script.place.kind == "makefile" else "just"
    return Excuse(
        link.file.path, span, f"`-` in front of the line has {tool} go on where it fails, so", "remove the `-`"
    )
