"""GitHub's workflows and composite actions: what their steps run, and which actions they use.

Their syntax is that of https://docs.github.com/en/actions/reference/workflows-and-actions.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice, product
from typing import NamedTuple

from dunnage.files.source import File
from dunnage.files.span import Span
from dunnage.scripts import yaml
from dunnage.shell import expression
from dunnage.shell.model import POSIX_SHELLS, Place, Script, Segment, Values

Variables = Mapping[str, Values]

# Under these names, well-known actions install a wrapper that hands the script to a POSIX shell.
_WRAPPED_SHELLS = frozenset(("alpine.sh", "msys2", "wsl-bash"))

# Aliases can make millions of steps of a small file. Real ones have up to a few hundred.
_MOST_STEPS = 5000

# A job of more combinations is described by all the values that each name has anywhere.
_MOST_COMBINATIONS = 300


class Input(NamedTuple):
    """One of the `with:` values that a step gives to an action."""

    values: Values
    """What the action gets; None if that is not in the file."""
    span: Span
    """The value in the file, quotes included."""
    text: str
    """The value as YAML reads it, expressions still in it."""
    offsets: tuple[Segment, ...]
    """Which bytes of `text` stand in the file as they are."""


class Action(NamedTuple):
    """A step that uses an action."""

    name: str
    """`owner/name`, with a path behind it if there is one; `./path`, or `docker://image:tag`."""
    ref: str
    """What follows `@`: a tag, a branch or a commit; empty if nothing does."""
    span: Span
    """The value of `uses`, quotes included."""
    inputs: Mapping[str, Input]
    """By name in lower case, since GitHub takes names in any."""
    place: Place
    variables: Variables


class Step(NamedTuple):
    """A step of a job or of a composite action."""

    node: yaml.Node
    place: Place
    variables: Variables
    """Without those that the step sets for itself."""
    shell: Values
    """What is used if the step names none; an empty text for the default of the runner."""
    is_windows: bool


def scripts(file: File) -> Iterator[Script]:
    """What each step runs in a POSIX shell, in the order of the file. Raises SourceError as YAML does."""
    found: dict[int, Script] = {}
    for step in islice(_steps(file), _MOST_STEPS):
        run, script = step.node.get("run"), script_of(step)
        if run is None or script is None:
            continue
        # An anchor: it is run in several places, but stands in the first.
        other = found.setdefault(run.span.start, script)
        if other is not script:
            found[run.span.start] = other._replace(variables=either(other.variables, script.variables))
    yield from (script for _, script in sorted(found.items()))


def script_of(step: Step) -> Script | None:
    """What a step runs in a POSIX shell; None if it runs nothing there."""
    run = step.node.get("run")
    if run is None or run.kind != "scalar" or not run.text or not _is_posix(step):
        return None
    variables = _with_env(step.variables, step.node.get("env"))
    return Script(run.text, run.offsets, step.place, variables, expressions="github")


def uses(file: File) -> Iterator[Action]:
    """The actions that steps use, in the order of the file. Raises SourceError as YAML does."""
    found: dict[int, Action] = {}
    for step in islice(_steps(file), _MOST_STEPS):
        action = action_of(step)
        if action is not None:
            found.setdefault(action.span.start, action)
    yield from (action for _, action in sorted(found.items()))


def action_of(step: Step) -> Action | None:
    """The action that a step uses, if it uses one."""
    used = step.node.get("uses")
    if used is None or used.kind != "scalar" or not used.text:
        return None
    variables = _with_env(step.variables, step.node.get("env"))
    given = step.node.get("with")
    inputs = {
        name.lower(): Input(_expanded(value, variables), value.span, value.text, value.offsets)
        for name, value in (given.items() if given else ())
        if value.kind == "scalar"
    }
    name, _, ref = used.text.strip().partition("@")
    return Action(name, ref, used.span, inputs, step.place, variables)


def either(one: Variables, other: Variables) -> Variables:
    """What is known of variables in a place that has two ways to it."""
    both: dict[str, Values] = {}
    for name in one.keys() & other.keys():
        values, more = one[name], other[name]
        both[name] = None if values is None or more is None else tuple(dict.fromkeys(values + more))
    return both


class Workflow(NamedTuple):
    """What all jobs of a workflow have in common."""

    node: yaml.Node
    variables: Variables
    shell: Values


def workflow(document: yaml.Node, given: Variables | None = None) -> Workflow:
    """A workflow as its jobs see it; `given` is what a workflow that calls this one says of `inputs.x`."""
    variables = _with_env({**_workflow_inputs(document), **(given or {})}, document.get("env"))
    return Workflow(document, variables, _shell(document, ("",), variables))


def _steps(file: File) -> Iterator[Step]:
    for document in yaml.documents(file)[:1]:
        jobs = document.get("jobs")
        if jobs is None:
            yield from action_steps(document)
            continue
        common = workflow(document)
        for name, job in jobs.items():
            yield from job_steps(common, name, job)


def job_steps(common: Workflow, name: str, job: yaml.Node, matrix: Variables | None = None) -> Iterator[Step]:
    """The steps of a job; in one of its combinations if `matrix` says what `matrix.x` is there."""
    steps = job.get("steps")
    if steps is None:
        return
    variables = job_variables(common, job, matrix)
    is_windows = job.get("container") is None and _is_windows(job.get("runs-on"), variables)
    shell = _shell(job, common.shell, variables)
    yield from _each_step(steps, (f"job {name}",), variables, shell, is_windows=is_windows)


def job_variables(common: Workflow, job: yaml.Node, matrix: Variables | None = None) -> Variables:
    """What is known of variables and expressions in the steps of a job."""
    if matrix is None:
        matrix = _matrix(job.path("strategy", "matrix"), common.variables)
    variables = _with_env({**common.variables, **matrix}, job.get("env"))
    return _with_env(variables, job.path("container", "env"), is_context=False)


def action_steps(document: yaml.Node, given: Variables | None = None) -> Iterator[Step]:
    """The steps of a composite action; `given` is what the step that uses it says of `inputs.x`."""
    variables = {**_action_inputs(document), **(given or {})}
    yield from _each_step(document.path("runs", "steps"), (), variables, ("",), is_windows=False)


def combinations(common: Workflow, job: yaml.Node) -> list[Variables] | None:
    """What `matrix.x` is in each combination of a job's matrix; None if it has none, or not all of it is known."""
    matrix = job.path("strategy", "matrix")
    if matrix is None or matrix.kind != "mapping":
        return None
    vectors, include, exclude = _parts(matrix, common.variables)
    if include is None or None in vectors.values():
        return None
    found = _combinations(vectors, include, exclude)
    if found is None:
        return None
    return [
        {f"matrix.{name}{path}": values for name, leaves in each.items() for path, values in leaves.items()}
        for each in found
    ]


def _each_step(
    steps: yaml.Node | None, names: tuple[str, ...], variables: Variables, shell: Values, *, is_windows: bool
) -> Iterator[Step]:
    for number, node in enumerate(steps.elements() if steps else (), 1):
        if node.kind != "mapping":
            continue
        label = next((found.text for key in ("name", "id") if (found := node.get(key)) and found.text), str(number))
        yield Step(node, Place("github", (*names, f"step {label}")), variables, shell, is_windows)
        run = node.get("run")
        if run is not None and ("GITHUB_ENV" in run.text or "github.env" in run.text):
            variables = without_written(variables, run.text)


# Variables


def _with_env(variables: Variables, env: yaml.Node | None, is_context: bool = True) -> Variables:
    """`variables` and what an `env:` adds to them, as variables of the shell and, mostly, as `env.X` too."""
    if env is None:
        return variables
    if env.kind != "mapping":
        # It comes from an expression as a whole.
        return without_written(variables, "") if env.text else variables
    added: dict[str, Values] = {}
    for name, node in env.items():
        values = _expanded(node, variables)
        added[name] = values
        if is_context:
            added[f"env.{name}"] = values
    return {**variables, **added}


def _expanded(node: yaml.Node | None, variables: Variables) -> Values:
    return expand_all(yaml.value(node), variables)


def expand_all(texts: Values, variables: Variables) -> Values:
    """All that any of `texts` may be once expressions in it are replaced."""
    found: list[str] = []
    for text in texts or ():
        values = expression.expand(text, variables)
        if values is None:
            return None
        found += values
    return None if texts is None else tuple(dict.fromkeys(found))


def _without(variables: Variables, names: Iterable[str]) -> Variables:
    gone = {name for bare in names for name in (bare, f"env.{bare}")} & variables.keys()
    if not gone:
        return variables
    return {name: values for name, values in variables.items() if name not in gone}


def without_written(variables: Variables, text: str) -> Variables:
    """`variables` without those that a step may have changed for all after it; all of `env`, if it does not say."""
    names = re.findall(r"([A-Za-z_][A-Za-z0-9_]*)\s*(?:=|<<)", text)
    return _without(variables, names or [name for name in variables if f"env.{name}" in variables])


def _workflow_inputs(document: yaml.Node) -> Variables:
    variables: dict[str, Values] = {}
    on = document.get("on")
    for event in ("workflow_dispatch", "workflow_call"):
        inputs = on.path(event, "inputs") if on else None
        for name, node in inputs.items() if inputs else ():
            values = _input_values(node)
            if event == "workflow_dispatch":
                variables[f"github.event.inputs.{name}"] = values
            known = variables.get(f"inputs.{name}", ())
            variables[f"inputs.{name}"] = None if known is None or values is None else _unique(known + values)
    return variables


def _action_inputs(document: yaml.Node) -> Variables:
    inputs = document.get("inputs")
    return {f"inputs.{name}": _input_values(node) for name, node in (inputs.items() if inputs else ())}


def _input_values(node: yaml.Node) -> Values:
    default = node.get("default")
    values = _expanded(default, {}) if default else None
    kind = node.get("type")
    options = node.get("options")
    if kind is not None and kind.text == "boolean":
        return _unique((*(values or ()), "true", "false"))
    if kind is not None and kind.text == "choice" and options is not None:
        found = [yaml.value(option) for option in options.elements()]
        return None if None in found else _unique(text for option in found for text in option or ())
    return values


def _unique(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(values))


# The matrix

_Leaves = dict[str, Values]
"""A value of the matrix: the texts in it by their path, `.os.name`, or by an empty one if it is a text itself."""


def _matrix(matrix: yaml.Node | None, variables: Variables) -> Variables:
    """`matrix.x` for each x, with all its values; an empty text among them if some combination has none."""
    if matrix is None or matrix.kind != "mapping":
        return {}
    vectors, include, exclude = _parts(matrix, variables)
    if include is None:
        # What comes from outside may set every name.
        return {}
    found: dict[str, list[_Leaves]] = {}
    every = _combinations(vectors, include, exclude)
    is_exact = every is not None
    if every is None:
        single = [{name: leaves} for name, vector in vectors.items() for leaves in vector or ()]
        every = [*single, *include]
    names = dict.fromkeys(name for combination in every for name in combination)
    for name in names:
        found[name] = [it.get(name, {"": ("",)}) for it in every if is_exact or name in it]
    known = {
        f"matrix.{name}{path}": values for name, leaves in found.items() for path, values in _by_path(leaves).items()
    }
    for name, vector in vectors.items():
        if vector is None:
            known = {key: it for key, it in known.items() if not f"{key}.".startswith(f"matrix.{name}.")}
    return known


def _parts(
    matrix: yaml.Node, variables: Variables
) -> tuple[dict[str, list[_Leaves] | None], list[dict[str, _Leaves]] | None, list[dict[str, _Leaves]]]:
    """The lists of values by name, None where they are not in the file; what is included, and what is excluded."""
    vectors: dict[str, list[_Leaves] | None] = {}
    extra: dict[str, list[dict[str, _Leaves]] | None] = {}
    for name, node in matrix.items():
        if name in ("include", "exclude"):
            extra[name] = _entries(node, variables)
        else:
            vectors[name] = [_leaves(element, variables) for element in node.elements()]
            if node.kind != "sequence":
                vectors[name] = None
    return vectors, extra.get("include", []), extra.get("exclude") or []


def _by_path(leaves: list[_Leaves]) -> _Leaves:
    """The values of one name in all combinations, by path."""
    paths = dict.fromkeys(path for each in leaves for path in each)
    found: _Leaves = {}
    for path in paths:
        texts: list[str] = []
        for each in leaves:
            values = each.get(path, ("",))
            if values is None:
                break
            texts += values
        else:
            found[path] = _unique(texts)
    return found


def _entries(node: yaml.Node, variables: Variables) -> list[dict[str, _Leaves]] | None:
    """The combinations in an `include:` or `exclude:`; None if they are not in the file."""
    if node.kind != "sequence":
        return None if node.text or node.kind != "scalar" else []
    elements = node.elements()
    if any(element.kind != "mapping" for element in elements):
        return None
    return [{name: _leaves(value, variables) for name, value in element.items()} for element in elements]


def _leaves(node: yaml.Node, variables: Variables) -> _Leaves:
    found: _Leaves = {}
    waiting = [("", node)]
    while waiting:
        path, part = waiting.pop()
        if part.kind == "mapping" and path.count(".") < 5:
            waiting += [(f"{path}.{name}", value) for name, value in part.items()]
        else:
            found[path] = _expanded(part, variables)
    return found


def _combinations(
    vectors: Mapping[str, list[_Leaves] | None],
    include: list[dict[str, _Leaves]],
    exclude: list[dict[str, _Leaves]],
) -> list[dict[str, _Leaves]] | None:
    """What GitHub makes of a matrix, by its rules for `include` and `exclude`; None if that is too much."""
    count = 1
    for vector in vectors.values():
        count *= max(1, len(vector or ()))
        if count > _MOST_COMBINATIONS:
            return None
    names = list(vectors)
    # A vector that is not in the file has one value, which is unknown.
    unknown: list[_Leaves] = [{"": None}]
    lists = [unknown if vector is None else vector for vector in vectors.values()]
    everything: list[dict[str, _Leaves]] = [dict(zip(names, chosen, strict=True)) for chosen in product(*lists)]
    originals = [it for it in everything if it and not any(_agrees(it, entry) and entry for entry in exclude)]
    combinations = [dict(it) for it in originals]
    alone: list[dict[str, _Leaves]] = []
    for entry in include:
        shared = {name: value for name, value in entry.items() if name in vectors}
        matching = [index for index, it in enumerate(originals) if _agrees(it, shared)]
        for index in matching:
            combinations[index].update(entry)
        if not matching:
            alone.append(entry)
    return combinations + alone


def _agrees(combination: dict[str, _Leaves], entry: dict[str, _Leaves]) -> bool:
    return all(
        name in combination and combination[name].get(path, ("",)) == values
        for name, leaves in entry.items()
        for path, values in leaves.items()
    )


# Shells


def _shell(node: yaml.Node, outer: Values, variables: Variables) -> Values:
    shell = node.path("defaults", "run", "shell")
    return outer if shell is None else _expanded(shell, variables)


def _is_posix(step: Step) -> bool:
    """Whether a step's script may be read as one for a POSIX shell: not if all shells that it may have are others."""
    own = step.node.get("shell")
    shells = step.shell if own is None else _expanded(own, step.variables)
    if shells is None:
        return True
    if any(map(is_posix_shell, shells)):
        return True
    run = step.node.get("run")
    is_windows = step.is_windows or _only_on_windows(step.node.get("if"))
    return "" in shells and (not is_windows or (run is not None and is_plain(run.text)))


def is_posix_shell(shell: str) -> bool:
    """Whether `shell`, a name or a command with `{0}`, is a POSIX shell or starts one: `nix develop -c bash`."""
    for word in shell.replace("'", " ").replace('"', " ").split():
        program = word.replace("\\", "/").rpartition("/")[2].lower().removesuffix(".exe")
        if program in POSIX_SHELLS or program in _WRAPPED_SHELLS:
            return True
    return False


def is_plain(text: str) -> bool:
    """Whether a script is nothing but words, and so means the same to PowerShell, which Windows runners use."""
    words = "".join(piece for piece, is_expression in expression.pieces(text) if not is_expression)
    return bool(re.fullmatch(r"[A-Za-z0-9_ ./:=@,+\-\n]*", words))


def _is_windows(runs_on: yaml.Node | None, variables: Variables) -> bool:
    if runs_on is not None and runs_on.kind == "mapping":
        runs_on = runs_on.get("labels")
    if runs_on is None:
        return False
    labels = runs_on.elements() if runs_on.kind == "sequence" else [runs_on]
    return any(
        values is not None and bool(values) and all("windows" in value.lower() for value in values)
        for values in (_expanded(label, variables) for label in labels)
    )


def _only_on_windows(condition: yaml.Node | None) -> bool:
    if condition is None or "||" in condition.text:
        return False
    pattern = r"(?i)\s*(?:\$\{\{)?\s*(?:runner\.os|matrix\.[\w.-]+)\s*==\s*'[^']*windows[^']*'\s*(?:\}\})?\s*"
    return any(re.fullmatch(pattern, part) for part in condition.text.split("&&"))
