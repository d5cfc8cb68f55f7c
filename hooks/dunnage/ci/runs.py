"""What the CI of a repository runs: its workflows, and the actions, scripts, recipes and hooks that these call.

Only files of the repository are followed, each from one call site once. Nothing is executed.
"""

import posixpath
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from dunnage.ci import jobs as ci
from dunnage.ci.job import CallSite, Job, Run
from dunnage.ci.outcome import FailureMask, Shell, interpreter_options, shell_options
from dunnage.ci.repository_files import SOURCING, RepositoryFiles, script_word
from dunnage.files.source import File
from dunnage.files.span import Span
from dunnage.scripts.commands import kind_of, with_text
from dunnage.scripts.github import LOCAL, Action, programs_in_inputs
from dunnage.shell.model import Command, Place, Script, Values, Word, mentions, programs, whole

if TYPE_CHECKING:
    from dunnage.ci.recipes import RunnerCall

_MAX_DEPTH = 12
# How many steps these cost, of those that a repository may take.
_CALL, _COMMAND, _KNOWN_CALL, _NEW_COMMAND, _RUN, _STEP, _VISIT = 50, 4, 8, 120, 40, 50, 5
_READING = 800

_CALLERS = r"\b(?:make|gmake|makers|just|pre-commit|pre_commit|prek|bun|mise|npm|pnpm|task|yarn)\b|\.sh\b"
RUNNERS = frozenset(("bun", "cargo", "gmake", "just", "make", "makers", "mise", "npm", "pnpm", "task", "yarn"))
_HOOK_ACTIONS = frozenset(("pre-commit/action", "j178/prek-action"))
_HOOK_PROGRAMS = frozenset(("pre-commit", "pre_commit", "prek"))
_LAUNCHERS = frozenset(("hatch", "mise", "nix", "pdm", "pipenv", "pipx", "poetry", "python", "python3", "uv", "uvx"))
_PATH = r"(?<![A-Za-z0-9_.+-])[A-Za-z0-9_.+-]+(?:/[A-Za-z0-9_.+-]+)+"


def runs(repository: RepositoryFiles, hints: Collection[str]) -> Iterator[Run]:
    """Yield the commands and actions that CI runs, workflow by workflow, if any of `hints` may be in their words."""
    walk = Walk(repository, hints, ("cargo",))
    for path in repository.workflows:
        yield from walk.workflow(path)


class _Context(NamedTuple):
    """How the walk has come to a program: the last fields of a Run."""

    call_stack: tuple[CallSite, ...]
    events: frozenset[str]
    on_schedule: bool = True
    folders: tuple[str, ...] = ("",)

    def at(self, site: CallSite) -> "_Context":
        return self._replace(call_stack=(*self.call_stack, site))

    def masked(self, mask: FailureMask) -> "_Context":
        """The same call, whose failure `mask` hides."""
        *outer, site = self.call_stack
        return self._replace(call_stack=(*outer, site._replace(masks=partial(tuple, (mask,)))))


_Follow = tuple[Callable[..., Iterator[Run]], tuple[object, ...]]
"""A method of `Walk` that yields the runs of other files that a command starts, and its first arguments.

The others are the file, the variables of the program, and the context. It is not bound, because what is kept of parsed
files would keep the walk, and all that the walk has read.
"""


_Role = tuple[bool, bool, _Follow | None]
"""What a command is for the walk, wherever its program is called: whether it may have a hint, whether it is `cd`, and
what it starts of the repository.
"""


class Walk:
    """Follows calls from the jobs of workflows to commands."""

    def __init__(self, repository: RepositoryFiles, hints: Collection[str], unknown: Collection[str] = ()) -> None:
        """`hints` are texts of which one is in the words of every command to find. An empty one is in all.

        Programs with one of `unknown` are also read if they have a variable that may hold a hint.
        """
        self._repository = repository
        self._hints = hints
        self._unknown = (*hints, *unknown)
        self._mentioning: dict[str, bool] = repository.tree.cache()
        self._with_variables: dict[str, bool] = repository.tree.cache()
        """Whether a variable may be a command or an argument of cargo, by the text of programs."""
        self._seen: set[tuple[object, ...]] = set()
        """What has been called in the current job, with its call site and without."""
        self._too_deep: dict[tuple[object, ...], File] = {}
        """What has been called in too many levels of the current job, with the file of the job."""
        self._without_runs: set[tuple[object, ...]] = set()
        """What was called and runs nothing with a hint, wherever it is called."""
        self._cuts = 0
        self._jobs_of: dict[tuple[object, ...], list[Job]] = {}
        self._scripts: dict[str, tuple[File, Script, Shell] | None] = {}
        """By path: a shell script, its program and the options of the shell that it names."""
        self._script_paths: dict[tuple[Sequence[str], Sequence[str]], str] = {}
        """By the possible paths that a command names and the folders to look in: the path of the script."""
        self._known: dict[int, tuple[Script, list[Command], list[_Role]]] = repository.tree.cache()
        """Each program that has been read, by its identity, with its commands and the roles of the first of them."""
        self._charged: dict[int, tuple[Script, int]] = {}
        """How many commands of a program have taken the steps of new ones. What was released takes these only once."""
        self._mentioned: dict[str, Sequence[str] | None] = repository.tree.cache()
        """By text: the paths in it that may be those of files; None if it may call a program that runs others."""

    def workflow(self, path: str) -> Iterator[Run]:
        """Yield the runs of the workflow at a path of the repository."""
        file = self._repository.program(path)
        events: frozenset[str] = frozenset()
        if file is None or not self._afford(_Context((CallSite(file),), events), _READING):
            return
        if self._repository.yaml(path) is None:
            return
        if kind_of(file.path, b"") == "github":
            from dunnage.ci import github_jobs

            events = github_jobs.events(file)
            if events == {"workflow_call"}:
                return
        for part, job in self._jobs_with_included(file):
            yield from self.job(part, job, events)

    def job(self, file: File, job: Job, events: frozenset[str] = frozenset()) -> Iterator[Run]:
        """Yield the runs of a job."""
        yield from self._begun(self._job(file, job, _Context((), events)))

    def called(self, file: File, command: Command, folders: Sequence[str]) -> Iterator[Run]:
        """Yield the runs that one command of a file starts in `folders`, paths relative to the top."""
        context = _Context((CallSite(file, command=command),), frozenset(), folders=tuple(folders))
        yield from self._begun(self._followed(self._follow(command), file, {}, context))

    def _begun(self, runs: Iterator[Run]) -> Iterator[Run]:
        """Yield runs, and note which calls are in too many levels, unless others lead to the same in fewer."""
        self._seen.clear()
        self._too_deep.clear()
        yield from runs
        for called, file in self._too_deep.items():
            if called not in self._seen:
                message = f"CI calls actions, scripts and recipes in over {_MAX_DEPTH} levels; the others are not read"
                file.note_unread("input/too-deep", message, Span(0, 0))

    def _jobs_with_included(self, file: File) -> Iterator[tuple[File, Job]]:
        """Yield the jobs of a CI file, and of the files that it includes whose names are not those of CI files."""
        yield from ((file, job) for job in ci.jobs(file))
        if kind_of(file.path, b"") != "gitlab":
            return
        from dunnage.scripts import gitlab_includes

        pending, seen = [file], set[str]()
        while pending:
            patterns, _ = gitlab_includes.included(pending.pop())
            for path in (found for pattern in patterns for found in self._repository.matching(pattern.lstrip("/"))):
                part = self._repository.yaml(path) if path not in seen and kind_of(path, b"") is None else None
                seen.add(path)
                if part is not None:
                    pending.append(part)
                    yield from ((part, job) for job in ci.gitlab_jobs(part))

    def _call(self, context: _Context, called: tuple[object, ...], inside: Iterator[Run]) -> Iterator[Run]:
        """Yield the runs inside of what is called, unless this job has called it from this call site before."""
        site = context.call_stack[-1]
        place = site.command.words[0].span if site.command else (site.step, len(context.call_stack))
        key = (*called, site.file.path, place)
        if called in self._without_runs:
            return
        is_known = key in self._seen
        if not self._afford(context, _KNOWN_CALL if is_known else _CALL) or is_known:
            self._cuts += 1
            return
        if len(context.call_stack) > _MAX_DEPTH:
            self._too_deep[called] = context.call_stack[0].file
            self._cuts += 1
            return
        self._seen.update((key, called))
        cuts, has_runs = self._cuts, False
        for run in inside:
            has_runs = True
            yield run
        if not has_runs and cuts == self._cuts:
            self._without_runs.add(called)

    def _afford(self, context: _Context, steps: int) -> bool:
        """Spend steps; False, which is noted, if too few are left."""
        if self._repository.afford(steps):
            return True
        message = "CI calls so many actions, scripts and recipes that what they run is not all read"
        context.call_stack[0].file.note_unread("input/too-large", message, Span(0, 0))
        self._cuts += 1
        return False

    # Jobs

    def _job(self, file: File, job: Job, context: _Context) -> Iterator[Run]:
        context = context._replace(on_schedule=context.on_schedule and job.on_schedule)
        if job.calls.startswith(LOCAL):
            called = self._repository.yaml(local_path(job.calls))
            here = context.at(CallSite(file, job.masks, job))
            if called is not None:
                yield from self._call(here, _key(called, job.inputs), self._jobs(called, job.inputs, here))
        for number, step in enumerate(job.steps):
            here = context.at(CallSite(file, step.masks, job, number))
            here = here._replace(folders=() if step.folder is None else (posixpath.normpath(step.folder or "."),))
            if not self._afford(here, _VISIT * (1 + len(step.action.inputs if step.action else ()))):
                return
            if step.script is not None:
                yield from self._program(file, step.script, step.shell, here)
            elif step.action is not None:
                yield from self._action(file, step.action, here)

    def _jobs(self, file: File, inputs: Mapping[str, Values], context: _Context) -> Iterator[Run]:
        key = _key(file, inputs)
        if key not in self._jobs_of:
            if not self._afford(context, _READING):
                return
            self._jobs_of[key] = []
            for job in ci.jobs(file, inputs):
                self._jobs_of[key].append(job)
                if not self._afford(context, _STEP * len(job.steps) + len(file.data) // 20):
                    break
        for job in self._jobs_of[key]:
            if self._afford(context, _VISIT * (1 + len(job.inputs))):
                yield from self._job(file, job, context)

    def _action(self, file: File, action: Action, context: _Context) -> Iterator[Run]:
        if action.name.startswith(LOCAL):
            yield from self._local_action(action, context)
            return
        texts = (action.name, *(given.text for given in action.inputs.values()))
        texts = (*texts, *(value for given in action.inputs.values() for value in given.values or ()))
        if any(map(self._mentions, texts)):
            yield Run(file, None, action, *context)
        for _, script in programs_in_inputs(action.name, action.inputs, action.place, action.variables):
            yield from self._program(file, script, Shell(stops=True), context)
        if action.name.lower() in _HOOK_ACTIONS:
            extra = action.inputs.get("extra_args") or action.inputs.get("extra-args")
            arguments = (extra.values or ("",))[0].split() if extra else []
            yield from self._hooks(arguments, action.variables.get("SKIP"), context)

    def _mentions(self, text: str) -> bool:
        """Whether a text holds a hint. By aliases, thousands of actions may have one long text."""
        if text not in self._mentioning:
            self._mentioning[text] = any(hint in text for hint in self._hints)
        return self._mentioning[text]

    def _local_action(self, action: Action, context: _Context) -> Iterator[Run]:
        for name in ("action.yml", "action.yaml"):
            called = self._repository.yaml(local_path(f"{action.name}/{name}"))
            if called is not None:
                inputs = {f"inputs.{key}": value.values for key, value in action.inputs.items()}
                yield from self._call(context, _key(called, inputs), self._jobs(called, inputs, context))

    # Programs

    def _program(self, file: File, program: Script | Command, shell: Shell, context: _Context) -> Iterator[Run]:
        """Yield what a program runs. A command is a program without a shell."""
        if isinstance(program, Command):
            from dunnage.shell.commands import see_through

            script, has_hint, found = None, True, list(see_through(file, program))
            roles: list[_Role] = []
        else:
            script, has_hint = program, self._may_have_hint(program)
            if not has_hint and not self._may_call(file, program.text, context):
                return
            if id(program) not in self._known:
                from dunnage.shell.commands import commands

                self._known[id(program)] = program, list(commands(file, program)), []
            _, found, roles = self._known[id(program)]
        for index, command in enumerate(found):
            is_new = index == len(roles)
            is_charged = script is None or index < self._charged.get(id(script), (script, len(roles)))[1]
            if not self._afford(context, _COMMAND if is_charged else _NEW_COMMAND):
                return
            if script and not is_charged and len(context.call_stack) > 1:  # a step of a CI file is looked at once
                self._charged[id(script)] = script, index + 1
            if is_new:
                is_cd = programs(command.words[0]) == ("cd",)
                roles.append((has_hint and self._has_hint(command), is_cd, self._follow(command)))
            has_hint_here, is_cd, follow = roles[index]
            if has_hint_here or follow:
                here = context.at(CallSite(file, script=script, command=command, shell=shell))
                if has_hint_here and self._afford(context, _RUN):
                    yield Run(file, command, None, *here)
                yield from self._followed(follow, file, script.variables if script else {}, here)
            if is_cd:
                target = _text(command.words[1]) if len(command.words) > 1 else None
                folders = (posixpath.normpath(posixpath.join(folder, target)) for folder in context.folders if target)
                context = context._replace(folders=tuple(dict.fromkeys((*folders, *context.folders)))[:10])

    def _followed(
        self, follow: _Follow | None, file: File, variables: Mapping[str, Values], context: _Context
    ) -> Iterator[Run]:
        if follow:
            method, arguments = follow
            yield from method(self, *arguments, file, variables, context)

    def _follow(self, command: Command) -> _Follow | None:
        """Return what follows the calls of a command to other files; None if it calls none of the repository."""
        words = command.words
        names = programs(words[0]) or ()
        if names == ("cd",):
            return None
        if (hook_arguments := _hook_arguments(words)) is not None:
            return Walk._called_hooks, (hook_arguments, dict(command.environment))
        if name := next((name for name in names if name in RUNNERS), ""):
            from dunnage.ci import recipes

            call = recipes.runner_call(name, [_text(word) for word in words])
            # A string, since the hash of a tuple is computed each time.
            return call and (Walk._runner, (call, "\0".join(call.goals), words[call.ignoring]))
        at = script_word(words, names)
        if at is None or not any(map(self._has_name, paths := _paths(words[at]))):
            return None
        shell: Shell | None = None
        if at and names[0] in SOURCING:
            # It shares the shell of the calling program, whose options at this point are not known.
            shell = Shell(stops=True, pipefail=True)
        elif at:
            shell = shell_options(" ".join(_text(option) or "" for option in words[1:at]), Shell())
        return Walk._script, (paths, shell)

    def _has_hint(self, command: Command) -> bool:
        """Whether one of the hints may be in the words of a command."""
        return any(
            word.values is None or any(hint in value for value in word.values for hint in self._hints)
            for word in command.words
        )

    def _may_have_hint(self, script: Script) -> bool:
        text = script.text
        if self._mentions(text):
            return True
        if text not in self._with_variables:
            # `cargo $TOOL check`, and `$CARGO_DENY`.
            found = re.search(r"cargo[^\n]{0,200}(?:[$`]|\{\{|<\()|(?m:^[ \t]*[\"']?\$)", text, re.IGNORECASE)
            self._with_variables[text] = found is not None
        return self._with_variables[text] and mentions(script, self._unknown)

    def _may_call(self, file: File, text: str, context: _Context) -> bool:
        if text not in self._mentioned:
            is_caller = re.search(_CALLERS, text) is not None
            paths = set(re.findall(_PATH, text)) if "/" in text and not is_caller else ()
            self._mentioned[text] = None if is_caller else [path for path in paths if self._has_name(path)]
        paths_in_text = self._mentioned[text]
        if not paths_in_text:
            return paths_in_text is None
        folders = (*context.folders, self._repository.folder(file))
        return any(self._find(path, folders) for path in paths_in_text)

    def _has_name(self, path: str) -> bool:
        """Whether the repository may have a file at a path, by its name."""
        name = path.rpartition("/")[2]
        return name in self._repository.known.by_name or name in ("", ".", "..")

    def _called_hooks(
        self,
        arguments: Sequence[str],
        environment: Mapping[str, Values],
        _file: File,
        variables: Mapping[str, Values],
        context: _Context,
    ) -> Iterator[Run]:
        yield from self._hooks(arguments, environment.get("SKIP", variables.get("SKIP")), context)

    def _script(
        self, paths: Sequence[str], shell: Shell | None, file: File, _variables: Mapping[str, Values], context: _Context
    ) -> Iterator[Run]:
        """Yield the runs of a script, by its possible paths. A `shell` of None means that the script names its own."""
        folders = (*context.folders, self._repository.folder(file))
        if (paths, folders) not in self._script_paths:
            found = (self._find(value, folders) for value in paths)
            self._script_paths[paths, folders] = next(filter(None, found), "")
        path = self._script_paths[paths, folders]
        if path not in self._scripts:
            called = self._repository.find(path)
            if called is not None and kind_of(path, called.data[:200]) == "shell":
                called = with_text(called)
                self._scripts[path] = called, whole(called, Place("shell")), interpreter_options(called.data)
            else:
                self._scripts[path] = None
        if script := self._scripts[path]:
            called, program, own_shell = script
            inside = self._program(called, program, shell or own_shell, context)
            yield from self._call(context, ("script", path), inside)

    def _find(self, value: str, folders: Sequence[str], only_there: bool = False) -> str:
        """Return the file of the repository at a path relative to one of `folders`, or unless `only_there` to the top.

        Empty if there is none.
        """
        if self._has_name(value) and len(value) < 500 and not value.startswith(("-", "~")):
            for folder in dict.fromkeys(folders if only_there else (*folders, "")):
                path = posixpath.normpath(posixpath.join(folder, value))
                if path in self._repository.paths:
                    return path
        return ""

    def _runner(
        self,
        call: "RunnerCall",
        goals: str,
        option: Word,
        file: File,
        _variables: Mapping[str, Values],
        context: _Context,
    ) -> Iterator[Run]:
        """Yield the runs of the recipes or tasks that a command of a file starts, whose failure `option` may hide."""
        from dunnage.ci import recipes

        if call.ignoring:
            reason = f"`make {option.text}` ignores a failure of %COMMAND%"
            context = context.masked(FailureMask(file.path, option.span, reason, f"remove `{option.text}`"))
        folders = [posixpath.normpath(posixpath.join(folder, call.folder)) for folder in context.folders]
        is_recipe = call.runner in ("make", "just")
        only_there = is_recipe and bool(call.folder and folders)
        above = context.folders if call.is_from_caller else folders
        path = next((found for each in call.files if (found := self._find(each, above, only_there))), "")
        if path:
            # just changes to the folder of its file.
            others = () if call.runner == "just" else folders
            inner = folders if call.folder and folders else (posixpath.dirname(path), *others)
            here = context._replace(folders=tuple(dict.fromkeys(inner)))
            inside = (
                run
                for origin, script, shell, mask in recipes.started(
                    self._repository.program, call, path, self._repository.recipes, partial(self._afford, context)
                )
                for run in self._program(origin, script, shell, here.masked(mask) if mask else here)
            )
            yield from self._call(context, ("runner", path, goals), inside)

    def _hooks(self, arguments: Sequence[str], skipped: Values, context: _Context) -> Iterator[Run]:
        from dunnage.ci import recipes

        afford = partial(self._afford, context)
        for file, hook, program in recipes.hooks(self._repository.yaml, arguments, skipped, afford):
            inside = self._program(file, program, Shell(), context)
            yield from self._call(context, ("hook", file.path, hook.span), inside)


def local_path(name: str) -> str:
    """Return the path of an action or workflow of the same repository, relative to its top."""
    return posixpath.normpath(name.removeprefix("$/"))


def _key(file: File, inputs: Mapping[str, Values]) -> tuple[object, ...]:
    return "jobs", file.path, tuple(sorted((name, values or ()) for name, values in inputs.items()))


def _hook_arguments(words: Sequence[Word]) -> list[str] | None:
    """Return the arguments of `pre-commit run`, with any launcher before it; None for any other command."""
    texts = [_text(word) or "" for word in words]
    names = (text.partition("@")[0].partition("=")[0] for text in texts)
    at = next((index for index, name in enumerate(names) if name in _HOOK_PROGRAMS), None)
    if at is None or (at and _LAUNCHERS.isdisjoint(programs(words[0]) or ())):
        return None
    run = next((index for index in range(at + 1, len(texts)) if texts[index] == "run"), None)
    return None if run is None else texts[run + 1 :]


def _text(word: Word) -> str | None:
    return word.values[0] if word.values else None


def _paths(word: Word) -> tuple[str, ...]:
    """Return the possible values of a word that names a file; if they are unknown, how it ends.

    This finds `x.sh` in `"$(dirname "$0")/x.sh"`.
    """
    if word.values is not None:
        return word.values
    if re.search(r"[A-Za-z0-9_.+-][\"']?$", word.text[-2:]) is None:
        return ()  # looking for an ending at each character would take quadratic time
    ending = re.search(r"[\"')}]?/?([A-Za-z0-9_.+-]+(?:/[A-Za-z0-9_.+-]+)*)[\"']?$", word.text[-300:])
    if ending is None:
        return ()
    # In `$DIR/x.sh`, the name of the variable is no folder.
    return (ending[1], ending[1].partition("/")[2])
