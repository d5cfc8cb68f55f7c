"""The programs and actions in the steps of GitHub workflows and composite actions.

Their syntax is that of https://docs.github.com/en/actions/reference/workflows-and-actions.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from itertools import chain, islice
from operator import attrgetter
from typing import TYPE_CHECKING, NamedTuple

from dunnage.files.source import File
from dunnage.files.span import Span
from dunnage.scripts import yaml
from dunnage.scripts.shell_names import read_by, shell_of
from dunnage.scripts.variables import (
    MOST_STEPS,
    MOST_VARIABLES,
    Variables,
    distinct,
    expand_all,
    limited,
    merged,
    union,
    without_written,
)
from dunnage.shell.model import DIRECTORY, Place, Script, Values, joined_paths
from dunnage.shell.offsets import Segment

if TYPE_CHECKING:
    from dunnage.scripts.github_matrix import Matrix


_MOST_INPUT_CHARACTERS = 1024 * 1024
"""How many characters the inputs of actions may have together; real files have a few thousand."""
LOCAL = ("./", "../", "$/")
"""How the name of an action or workflow of the same repository begins."""
_PROGRAM_INPUTS = frozenset(("cmd", "command", "commands", "install", "prepare", "run", "script", "setup"))
"""Inputs of actions that retry a program, or run it in a container or on another system."""


class Input(NamedTuple):
    """A value in the `with:` of a step."""

    values: Values
    """What the action receives; None if it is unknown."""
    span: Span
    """The value in the file, quotes included."""
    text: str
    """The value in YAML, with its expressions."""
    offsets: tuple[Segment, ...]
    """The bytes of `text` that are copied from the file."""


class Action(NamedTuple):
    """A step that uses an action."""

    name: str
    """`owner/name`, `owner/name/path`, `./path` or `docker://image:tag`."""
    ref: str
    """The tag, branch or commit after `@`; empty if there is none."""
    span: Span
    """The value of `uses`, quotes included."""
    inputs: Mapping[str, Input]
    """By name in lower case, since GitHub ignores case."""
    place: Place
    variables: Variables


class Step:
    """A step of a job or of a composite action."""

    def __init__(self, node: yaml.Node, place: Place, variables: Variables, shell: Values, *, is_windows: bool) -> None:
        self.node = node
        self.variables = variables
        """The variables before the `env:` of the step itself."""
        self.shell = shell
        """The shell of a step without `shell:`; empty for the default of the runner."""
        self.is_windows = is_windows
        self.place = place

    @cached_property
    def script(self) -> Script | None:
        """The program that it runs in a known shell, if it does."""
        run = self.node.scalar("run")
        if run is None:
            return None
        text, offsets = read_by(_shell_of(self), run.text, run.offsets)
        if not text.strip():
            return None
        variables = _with_env(self.variables, self.node.get("env"))
        own = self.node.get("working-directory")
        if own is not None:
            variables = merged(variables, {DIRECTORY: joined_paths((".",), _expanded(own, variables))})
        return Script(text, offsets, self.place, variables, expressions="github")

    @cached_property
    def action(self) -> Action | None:
        """The action that it uses, if it does."""
        used = self.node.get("uses")
        if used is None or not used.text:
            return None
        variables = _with_env(self.variables, self.node.get("env"))
        inputs = {
            name.lower(): Input(_expanded(value, variables), value.span, value.text, value.offsets)
            for name, value in self.node.items("with")
            if value.kind == "scalar"
        }
        name, _, ref = used.text.strip().partition("@")
        return Action(name, ref, used.span, inputs, self.place, variables)


def scripts(file: File) -> Iterator[Script]:
    """Yield the programs that steps run, in the order of the file: of Windows' own shells, the plain lines.

    Raises SourceError as YAML does.
    """
    steps = limited(file, every_step(file), attrgetter("node.span.start"))
    yield from distinct(chain.from_iterable(map(_programs, steps)))


def _programs(step: Step) -> Iterator[tuple[int, Script]]:
    """Yield the programs of a step, each with where it begins."""
    if (run := step.node.get("run")) and step.script:
        yield run.span.start, step.script
    given = {name.lower(): value for name, value in step.node.items("with") if value.kind == "scalar"}
    if not _PROGRAM_INPUTS.isdisjoint(given):
        variables = _with_env(step.variables, step.node.get("env"))
        yield from programs_in_inputs(step.node.named("uses"), given, step.place, variables)


def programs_in_inputs(
    action: str, inputs: Mapping[str, Input | yaml.Node], place: Place, variables: Variables
) -> Iterator[tuple[int, Script]]:
    """Yield the programs in the inputs of an action that is not of the repository, each with where it begins."""
    if action.startswith(LOCAL) or action.lower().startswith("actions/github-script"):
        return  # the steps of the first run its inputs, and the second runs JavaScript
    shell = inputs["shell"].text if "shell" in inputs else "sh"
    reader = shell_of(None if "${{" in shell else (shell,))
    for name in sorted(_PROGRAM_INPUTS & inputs.keys()):
        text, offsets = read_by(reader, inputs[name].text, inputs[name].offsets)
        if text.strip():
            yield inputs[name].span.start, Script(text, offsets, place, variables, expressions="github")


def uses(file: File) -> Iterator[Action]:
    """Yield the actions that steps use, in the order of the file. Raises SourceError as YAML does."""
    found: dict[int, Action] = {}
    characters = 0
    for step in limited(file, every_step(file), attrgetter("node.span.start")):
        if step.action is None or step.action.span.start in found:
            continue
        # By aliases and expressions, many inputs may have one long value.
        values = (given.values or () for given in step.action.inputs.values())
        characters += sum(map(len, chain.from_iterable(values)))
        if characters > _MOST_INPUT_CHARACTERS:
            what = f"the inputs of actions have more than {_MOST_INPUT_CHARACTERS:,} characters, the limit for CI files"
            file.note_unread("input/too-large", f"{what}; the others are not read", step.action.span)
            break
        found[step.action.span.start] = step.action
    yield from (action for _, action in sorted(found.items()))


class Workflow:
    """What applies to all jobs of a workflow."""

    def __init__(self, node: yaml.Node, variables: Variables, shell: Values) -> None:
        self.node = node
        self.variables = variables
        self.shell = shell
        # By the places of their nodes: by aliases, many jobs may have one matrix.
        self._matrices: dict[Span | None, Matrix] = {}
        # By the names of jobs, and the places of their nodes.
        self._steps: dict[tuple[str, Span], Sequence[Step]] = {}

    def matrix(self, job: yaml.Node) -> "Matrix":
        """Return the matrix of a job."""
        from dunnage.scripts.github_matrix import Matrix

        node = job.path("strategy", "matrix")
        return self._matrices.setdefault(None if node is None else node.span, Matrix(node, self.variables))

    def steps(self, name: str, job: yaml.Node) -> Sequence[Step]:
        """Return the steps of a job, whatever the combination of its matrix."""
        key = (name, job.span)
        if key not in self._steps:
            self._steps[key] = list(islice(job_steps(self, name, job), MOST_STEPS + 1))
        return self._steps[key]


def workflow(file: File, inputs: Variables | None = None) -> Workflow | None:
    """Return the workflow in a file; None if it is a composite action. Raises SourceError as YAML does.

    `inputs` are those that its caller passes, by `inputs.NAME`.
    """
    return _workflow(file, inputs) if inputs else file.memo(_workflow)


def _workflow(file: File, inputs: Variables | None = None) -> Workflow | None:
    document = next(iter(yaml.documents(file)), None)
    if document is None or document.get("jobs") is None:
        return None
    variables = _with_env(merged(file.memo(_declared_inputs), inputs or {}), document.get("env"))
    variables = _with_default_directory(merged(variables, {DIRECTORY: (".",)}), document)
    return Workflow(document, variables, _shell(document, ("",), variables))


def every_step(file: File) -> Iterator[Step]:
    """Yield the steps of a workflow, job after job, or of a composite action. Raises SourceError as YAML does."""
    found = workflow(file)
    if found is None:
        yield from action_steps(file)
    else:
        for name, job in found.node.items("jobs"):
            yield from found.steps(name, job)


def action_steps(file: File, inputs: Variables | None = None) -> Sequence[Step]:
    """Return the steps of a composite action; `inputs` are those that its caller passes, by `inputs.NAME`."""
    return _action_steps(file, inputs) if inputs else file.memo(_action_steps)


def _action_steps(file: File, inputs: Variables | None = None) -> Sequence[Step]:
    for document in yaml.documents(file)[:1]:
        variables = merged(file.memo(_declared_inputs), inputs or {}, {DIRECTORY: (".",)})
        steps = _each_step(document.path("runs", "steps"), (), variables, ("",), is_windows=False)
        return list(islice(steps, MOST_STEPS + 1))
    return ()


def job_steps(common: Workflow, name: str, job: yaml.Node, matrix: Variables | None = None) -> Iterator[Step]:
    """Yield the steps of a job; those of one combination if `matrix` has the values of `matrix.NAME` in it."""
    steps = job.get("steps")
    if steps is None:
        return
    variables = _with_default_directory(job_variables(common, job, matrix), job)
    if _checks_out_elsewhere(steps):
        variables = merged(variables, {DIRECTORY: None})
    is_windows = job.get("container") is None and _is_windows(job.get("runs-on"), variables)
    shell = _shell(job, common.shell, variables)
    yield from _each_step(steps, (f"job {name}",), variables, shell, is_windows=is_windows)


def job_variables(common: Workflow, job: yaml.Node, matrix: Variables | None = None) -> Variables:
    """Return the variables and expressions that the steps of a job see."""
    if matrix is None:
        matrix = common.matrix(job).variables if job.path("strategy", "matrix") else {}
    variables = _with_env(merged(common.variables, matrix), job.get("env"))
    return _with_env(variables, job.path("container", "env"), is_context=False)


def _each_step(
    steps: yaml.Node | None, names: tuple[str, ...], variables: Variables, shell: Values, *, is_windows: bool
) -> Iterator[Step]:
    for number, node in enumerate(steps.elements() if steps else (), 1):
        if node.kind != "mapping":
            continue
        place = Place("github", (*names, f"step {node.named('name', 'id') or number}"))
        yield Step(node, place, variables, shell, is_windows=is_windows)
        program = node.named("run")
        if "GITHUB_ENV" in program or "github.env" in program:
            variables = without_written(variables, program)


# Variables


def _with_env(variables: Variables, env: yaml.Node | None, is_context: bool = True) -> Variables:
    """`variables` and those of an `env:`, also as `env.X` if `is_context`."""
    if env is None:
        return variables
    if env.kind != "mapping":
        # The whole mapping is an expression.
        return without_written(variables, "") if env.text else variables
    added: dict[str, Values] = {}
    for name, node in islice(env.items(), MOST_VARIABLES + 1):
        values = _expanded(node, variables)
        added[name] = values
        if is_context:
            added[f"env.{name}"] = values
    return merged(variables, added)


def _with_default_directory(variables: Variables, node: yaml.Node) -> Variables:
    """`variables` with the working directory that a workflow or a job sets for its steps."""
    default = node.path("defaults", "run", "working-directory")
    if default is None:
        return variables
    return merged(variables, {DIRECTORY: joined_paths((".",), _expanded(default, variables))})


def _checks_out_elsewhere(steps: yaml.Node) -> bool:
    """Whether a job checks out another repository, or its own one into another folder.

    Not if it checks out its own one as usual, and others into folders of their own.
    """
    checkouts = [step.get("with") for step in steps.elements() if step.named("uses").startswith("actions/checkout@")]
    paths = [given.named("path") for given in checkouts if given and (given.get("path") or given.get("repository"))]
    return bool(paths) and (len(paths) == len(checkouts) or not all(re.match(r"[\w-]", path) for path in paths))


def _expanded(node: yaml.Node | None, variables: Variables) -> Values:
    return expand_all(yaml.value(node), variables)


def _declared_inputs(file: File) -> Variables:
    """The values of the inputs of a workflow or an action, for `File.memo`."""
    document = yaml.documents(file)[0]
    variables = {f"inputs.{name}": _input_values(node) for name, node in document.items("inputs")}
    for event in ("workflow_dispatch", "workflow_call"):
        for name, node in document.items("on", event, "inputs"):
            values = _input_values(node)
            if event == "workflow_dispatch":
                variables[f"github.event.inputs.{name}"] = values
            variables[f"inputs.{name}"] = union((variables.get(f"inputs.{name}", ()), values))
    return variables


def _input_values(node: yaml.Node) -> Values:
    default = node.get("default")
    values = _expanded(default, {}) if default else None
    kind, options = node.named("type"), node.get("options")
    if kind == "boolean":
        return union((values or (), ("true", "false")))
    if kind == "choice" and options is not None:
        return union(yaml.value(option) for option in options.elements())
    return values


# Shells


def _shell(node: yaml.Node, outer: Values, variables: Variables) -> Values:
    shell = node.path("defaults", "run", "shell")
    return outer if shell is None else _expanded(shell, variables)


def _shell_of(step: Step) -> str:
    own = step.node.get("shell")
    is_windows = step.is_windows or _only_on_windows(step.node.get("if"))
    return shell_of(step.shell if own is None else _expanded(own, step.variables), "pwsh" if is_windows else "")


def runner_labels(runs_on: yaml.Node | None, variables: Variables) -> list[tuple[str, ...]]:
    """Return the possible values of each label in `runs-on` whose value is known."""
    if runs_on is not None and runs_on.kind == "mapping":
        runs_on = runs_on.get("labels")
    labels = runs_on.listed() if runs_on is not None else ()
    return [values for label in labels if (values := _expanded(label, variables))]


def _is_windows(runs_on: yaml.Node | None, variables: Variables) -> bool:
    return any(all("windows" in value.lower() for value in values) for values in runner_labels(runs_on, variables))


def _only_on_windows(condition: yaml.Node | None) -> bool:
    if condition is None or "||" in condition.text:
        return False
    for part in condition.text.lower().split("&&"):
        comparison = part.strip().removeprefix("${{").removesuffix("}}").strip()
        system = re.fullmatch(r"(?:runner\.os|matrix\.[\w.-]+)\s*==\s*'([^']*)'", comparison)
        if system and "windows" in system[1]:
            return True
    return False
