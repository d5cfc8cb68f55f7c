"""The jobs of GitHub's workflows and composite actions.

Their syntax is that of https://docs.github.com/en/actions/reference/workflows-and-actions.
"""

import re
from collections.abc import Iterable, Iterator
from functools import partial
from typing import NamedTuple

from dunnage.ci.job import FailureMasks, Job, JobStep
from dunnage.ci.outcome import FailureMask, Shell, shell_options
from dunnage.files.path_pattern import ANYTHING, FOLDERS, NAME, Part, PathPattern, literal
from dunnage.files.source import File
from dunnage.files.span import Span
from dunnage.scripts import github, yaml
from dunnage.scripts.github import Step, Workflow
from dunnage.scripts.variables import Variables, expand_all, limited
from dunnage.shell import expression
from dunnage.shell.model import Values

_MOST_JOBS = 2000
_MAX_STEPS = 10_000
"""How many steps all jobs of a file may have. By aliases and matrices, a small file may have millions."""
_MAX_PATTERN = 200
_LONGEST_PATTERN = 2000
_COST_OF_PATTERN = 100
_MOST_STEPS = 2_000_000
"""How many steps the patterns of a workflow may take for all paths; real ones take a few thousand."""
_FOLDER = ("defaults", "run", "working-directory")


def events(file: File) -> frozenset[str]:
    """Return the events that start a workflow: `push`, `schedule`, `workflow_call`. Raises SourceError."""
    on = next((document.get("on") for document in yaml.documents(file)), None)
    if on is None:
        return frozenset()
    names = [on.text] if on.kind == "scalar" else [element.text for element in on.elements()]
    return frozenset((*names, *(name for name, _ in on.items())))


_COMMIT_EVENTS = ("push", "pull_request", "pull_request_target")


class PathFilter(NamedTuple):
    """A filter of the events that start a workflow, by the files that change."""

    key: str
    """`paths` or `paths-ignore`."""
    span: Span


def path_filter(file: File, path: str) -> PathFilter | None:
    """Return the filter that keeps a workflow from running if only the file at `path` changes.

    None if it runs then, or if other events than pushes and pull requests start it. Raises SourceError.
    """
    return file.memo(_PathFilters).of(path)


class _PathFilters:
    """The filters of a workflow that keep it from running, for each path that changes alone."""

    def __init__(self, file: File) -> None:
        self._file = file
        self._known: dict[str, PathFilter | None] = {}
        self._patterns: dict[str, PathPattern | None] = {}
        self._steps = 0

    def of(self, path: str) -> PathFilter | None:
        """Return the filter for a path; None if the workflow runs, or if the patterns take too long to match."""
        if path not in self._known:
            self._known[path] = self._find(path)
        return self._known[path]

    def _find(self, path: str) -> PathFilter | None:
        first = None
        for event in sorted(events(self._file) - {"workflow_dispatch"}):
            found = self._filter_of(event, path) if event in _COMMIT_EVENTS else None
            if found is None:
                return None
            first = first or found
        return first

    def _filter_of(self, event: str, path: str) -> PathFilter | None:
        for key, is_ignored in (("paths", False), ("paths-ignore", True)):
            patterns = yaml.documents(self._file)[0].path("on", event, key)
            # Neither is the answer if the patterns take too long.
            if patterns is not None and patterns.kind == "sequence" and self._includes(patterns, path) is is_ignored:
                return PathFilter(key, patterns.span)
        return None

    def _includes(self, patterns: yaml.Node, path: str) -> bool | None:
        """Whether the last of the patterns that match a path includes it; None if that takes too many steps."""
        is_included = False
        for node in patterns.elements():
            text = node.text.removeprefix("!")
            if text not in self._patterns:
                self._steps += _COST_OF_PATTERN
                self._patterns[text] = _pattern(text)
            pattern = self._patterns[text]
            if pattern is None:
                return True
            before = pattern.steps
            if pattern.matches(path):
                is_included = not node.text.startswith("!")
            self._steps += pattern.steps - before
            if self._steps > _MOST_STEPS:
                message = f"the filters of paths take more than {_MOST_STEPS:,} steps to match; they are not checked"
                self._file.note_unread("input/too-large", message, patterns.span)
                return None
        return is_included


def _pattern(text: str) -> PathPattern | None:
    """A pattern of a filter; None if GitHub rejects the workflow, or reads the pattern in another way.

    The patterns are those of https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax, under
    "Filter pattern cheat sheet".
    """
    if len(text) > _LONGEST_PATTERN:
        return None
    parts: list[Part] = []
    may_quantify = False
    for piece in re.findall(r"\*\*/|\*\*|\*|\[[^\]]+\]|.", text, re.DOTALL)[:_MAX_PATTERN]:
        if piece in ("?", "+"):
            if not may_quantify:
                return None
            last = parts[-1]
            if not (last.may_repeat or last.is_folders):
                parts[-1] = last._replace(may_be_absent=piece == "?", may_repeat=piece == "+")
            may_quantify = False
            continue
        may_quantify = True
        if piece in _WILDCARDS:
            parts.append(_WILDCARDS[piece])
        elif len(piece) > 1:
            try:
                characters = re.compile(piece)
            except re.error:
                return None
            parts.append(Part(partial(_is_in, characters)))
        else:
            parts.append(literal(piece))
    return PathPattern(parts)


def _is_in(characters: re.Pattern[str], character: str) -> bool:
    return characters.match(character) is not None


_WILDCARDS = {"**/": FOLDERS, "**": ANYTHING, "*": NAME}


def called(file: File) -> list[str]:
    """Return the reusable workflows that the jobs of a workflow call, as they are written. Raises SourceError."""
    jobs = (job for document in yaml.documents(file)[:1] for _, job in document.items("jobs"))
    return [used.text for job in jobs if (used := job.get("uses")) is not None]


def jobs(file: File, inputs: Variables | None = None) -> Iterator[Job]:
    """Yield the jobs of a workflow. A composite action has one, without a name.

    If the matrix of a job decides whether its failure is hidden, the job is yielded once for each combination. Raises
    SourceError as YAML does.
    """
    common = github.workflow(file, inputs)
    if common is None:
        yield Job("", _steps(file, github.action_steps(file, inputs), tuple))
    else:
        nodes = ((name, node) for name, node in common.node.items("jobs") if node.kind == "mapping")
        # Who starts the workflow may choose other inputs than their defaults.
        has_inputs = inputs is not None
        found = ((node, job) for name, node in nodes for job in _jobs(file, common, name, node, has_inputs))
        count = 0
        for node, job in limited(file, found, lambda pair: pair[0].span.start, _MOST_JOBS, "jobs"):
            count += len(job.steps)
            if count > _MAX_STEPS:
                message = f"the jobs of this file have more than {_MAX_STEPS:,} steps; the others are not read"
                file.note_unread("input/too-large", message, node.span)
                return
            yield job


def _jobs(file: File, common: Workflow, name: str, job: yaml.Node, has_inputs: bool) -> Iterator[Job]:
    on_schedule = _is_for_schedule(job)
    variants: list[Variables | None] = [None]
    if _depends_on_matrix(job):
        variants = [*(common.matrix(job).combinations or variants)]
    for matrix in variants:
        variables = github.job_variables(common, job, matrix)
        masks = partial(_masks, file, job, variables, "job", has_inputs)
        called = job.get("uses")
        if called is not None:
            values = {f"inputs.{key}": expand_all(yaml.value(value), variables) for key, value in job.items("with")}
            yield Job(name, (), called.text, called.span, values, masks, on_schedule, job)
        else:
            steps = _steps(
                file,
                common.steps(name, job) if matrix is None else github.job_steps(common, name, job, matrix),
                masks,
                job.path(*_FOLDER) or common.node.path(*_FOLDER),
                has_inputs,
            )
            yield Job(name, steps, masks=masks, on_schedule=on_schedule, node=job)


def _depends_on_matrix(job: yaml.Node) -> bool:
    """Whether the matrix decides if a failure of the job, or of one of its steps, is hidden."""
    return any("matrix." in node.named("continue-on-error") for node in (job, *job.elements("steps")))


def _steps(
    file: File, steps: Iterable[Step], job: FailureMasks, folder: yaml.Node | None = None, has_inputs: bool = True
) -> tuple[JobStep, ...]:
    return tuple(
        JobStep(
            step.script,
            step.action,
            _shell(step),
            _path(step.node.get("working-directory") or folder, step.variables),
            partial(_all_masks, file, step, job, has_inputs),
            step.node.get("if") is not None,
            step.node,
        )
        for step in limited(file, steps, lambda step: step.node.span.start)
    )


def _path(node: yaml.Node | None, variables: Variables) -> str | None:
    if node is None:
        return ""
    text = re.sub(r"^(?:\$\{\{\s*github\.workspace\s*\}\}|\$GITHUB_WORKSPACE)/?", "", node.text)
    values = expression.expand(text, variables)
    return values[0] if values is not None and len(values) == 1 else None


def _shell(step: Step) -> Shell:
    """Return the options of the shell that GitHub starts for a step. An unknown shell is taken for a strict one."""
    own = step.node.get("shell")
    shells: Values = step.shell if own is None else expand_all(yaml.value(own), step.variables)
    found = [_parse_shell(shell.strip()) for shell in shells or ()]
    return Shell(all(shell.stops for shell in found), all(shell.pipefail for shell in found) and bool(found))


def _parse_shell(shell: str) -> Shell:
    if shell in ("", "sh"):
        return Shell(stops=True, pipefail=False)
    if shell == "bash" or "{0}" not in shell:
        return Shell(stops=True, pipefail=True)
    return shell_options(shell, Shell())


# What hides failures


def _all_masks(file: File, step: Step, job: FailureMasks, has_inputs: bool) -> tuple[FailureMask, ...]:
    return (*_masks(file, step.node, step.variables, "step", has_inputs), *job())


def _masks(file: File, node: yaml.Node, variables: Variables, kind: str, has_inputs: bool) -> tuple[FailureMask, ...]:
    """Return what hides the failure of a job or step. Unless `has_inputs`, inputs may have other values."""
    found: list[FailureMask] = []
    condition = node.get("if")
    is_known = condition is not None and (has_inputs or "inputs." not in condition.text)
    if condition is not None and is_known and _condition(condition, variables) == ("false",):
        reason = f"the `if:` of the {kind} that runs %COMMAND% is never true"
        found.append(FailureMask(file.path, condition.span, reason, _NEVER))
    tolerated = node.get("continue-on-error")
    if tolerated is not None and _truths(tolerated, variables) == ("true",) and not _is_watched(file, node):
        reason = "`continue-on-error` hides the failure of %COMMAND%"
        found.append(FailureMask(file.path, tolerated.span, reason, "remove `continue-on-error`"))
    return tuple(found)


_NEVER = "remove the condition"


def never_runs(masks: Iterable[FailureMask]) -> bool:
    """Whether a step or job with these masks is never run, because its condition is never true."""
    return any(mask.help == _NEVER for mask in masks)


def _is_watched(file: File, step: yaml.Node) -> bool:
    """Whether the file uses the outcome of a step that may fail."""
    name = step.named("id")
    return bool(name) and (f"steps.{name}.outcome" in file.text or f"steps['{name}']" in file.text)


def _truths(node: yaml.Node, variables: Variables) -> Values:
    values = expand_all(yaml.value(node), variables)
    return None if values is None else tuple(dict.fromkeys(value.strip().lower() for value in values))


def _condition(node: yaml.Node, variables: Variables) -> Values:
    """Return the values of an `if:`, an expression with or without `${{ }}`."""
    text = node.text.strip()
    if text.startswith("${{") and text.endswith("}}") and text.count("${{") == 1:
        text = text[3:-2].strip()
    if text == "0":
        return ("false",)
    if "${{" in text:
        return None
    values = expression.resolve(text, variables)
    return None if values is None else tuple(dict.fromkeys(value.lower() for value in values))


def _is_for_schedule(job: yaml.Node) -> bool:
    """Whether a job runs on a schedule, according to a simple condition on the event name."""
    text = re.sub(r"\s|\$\{\{|\}\}", "", job.named("if"))
    if "||" in text:
        return True
    wanted = re.search(r"github\.event_name==['\"](\w+)", text)
    if wanted:
        return wanted[1] == "schedule"
    return not re.search(r"github\.event_name!=['\"]schedule", text)
