"""The programs of jobs and commands in CircleCI configurations.

Its syntax is that of https://circleci.com/docs/reference/configuration-reference/. Commands and jobs of orbs are not in
the file.
"""

import re
from collections.abc import Iterator
from itertools import chain, islice
from operator import itemgetter
from typing import NamedTuple

from dunnage.files.source import File
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
from dunnage.shell.offsets import substitute

# `<< parameters.x >>`, and the escape `\<<`.
_PARAMETER = r"\\<<|<<\s*((?:parameters|pipeline|matrix|node)(?:\.[A-Za-z0-9_-]+)+)\s*>>"
_DEEPEST = 20


class StepSequence(NamedTuple):
    """A command or a job, which runs its steps in order."""

    node: yaml.Node | None
    """The command or job; None if it is not in the file."""
    steps: yaml.Node | None
    names: tuple[str, ...]
    variables: Variables
    shell: Values
    is_windows: bool


def scripts(file: File) -> Iterator[Script]:
    """Yield the programs of `run` steps, in the order of the file: of Windows' own shells, the plain lines.

    Raises SourceError as YAML does.
    A parameter is rewritten as the expression `${{ parameters.x }}`. Its values are its default and those that this
    file passes.
    """
    for document in yaml.documents(file)[:1]:
        found = (script for sequence in sequences(document) for script in _scripts(sequence))
        yield from distinct(limited(file, found, itemgetter(0)))


def sequences(document: yaml.Node) -> Iterator[StepSequence]:
    """Yield the commands and jobs of a file."""
    pipeline = _pipeline(document)
    shell = expanded(document.get("shell"), pipeline)
    calls = _calls(document)
    executors = document.get("executors")
    jobs: dict[str, StepSequence] = {}
    for kind in ("commands", "jobs"):
        for name, node in document.items(kind):
            if node.kind != "mapping":
                continue
            variables = merged(pipeline, _parameters(node, calls.get(name, []), pipeline))
            executor = node.get("executor")
            if executor is not None:
                chosen = (executor if executor.kind == "scalar" else executor.get("name")) or executor
                executor = executors.get(chosen.text) if executors else None
                is_windows = _is_windows(executor) or chosen.text.lower().startswith("win")
            else:
                is_windows = _is_windows(node)
            own = shell
            for part in (executor, node):
                if part is not None:
                    own = expanded(part.get("shell"), variables) if part.get("shell") else own
                    docker = part.get("docker")
                    for image in docker.elements()[:1] if docker else ():
                        variables = _with_environment(variables, image.get("environment"))
                    variables = _with_environment(variables, part.get("environment"))
            sequence = StepSequence(
                node, node.get("steps"), (f"{kind.removesuffix('s')} {name}",), variables, own, is_windows
            )
            if kind == "jobs":
                jobs[name] = sequence
            yield sequence
    for workflow, name, arguments in _called_jobs(document):
        for key in ("pre-steps", "post-steps"):
            # A job of an orb is not in the file.
            job = jobs.get(name) or StepSequence(None, None, (), pipeline, shell, name.startswith("win"))
            if (steps := arguments.get(key)) is not None:
                yield job._replace(steps=steps, names=(f"workflow {workflow}", f"{key} of {name}"))


def _called_jobs(document: yaml.Node) -> Iterator[tuple[str, str, yaml.Node]]:
    """The jobs that workflows run with arguments, each with the name of the workflow."""
    calls = (
        (workflow, name, arguments)
        for workflow, node in document.items("workflows")
        for job in node.elements("jobs")
        for name, arguments in job.items()
    )
    return islice(calls, MOST_STEPS)


def executors(document: yaml.Node) -> Iterator[tuple[yaml.Node, Variables]]:
    """Yield the executors of a file, each with the variables that it sees."""
    pipeline = _pipeline(document)
    calls: dict[str, list[yaml.Node]] = {}
    for _, job in islice(document.items("jobs"), MOST_STEPS):
        executor = job.get("executor")
        name = executor.get("name") if executor and executor.kind == "mapping" else executor
        if executor is not None and name is not None:
            calls.setdefault(name.text, []).append(executor)
    for label, node in document.items("executors"):
        yield node, merged(pipeline, _parameters(node, calls.get(label, []), pipeline))


def _pipeline(document: yaml.Node) -> Variables:
    """The parameters of the pipeline."""
    defaults = _defaults(document.get("parameters"), {})
    return {f"pipeline.parameters.{name}": values for name, values in defaults.items()}


def _scripts(sequence: StepSequence) -> Iterator[tuple[int, Script]]:
    variables = sequence.variables
    for number, step in enumerate(_steps(sequence.steps), 1):
        run = step.get("run")
        if run is None:
            continue
        command = run if run.kind == "scalar" else run.get("command")
        if command is None or not command.text:
            continue
        names = (*sequence.names, f"step {run.named('name') or number}")
        shell = expanded(run.get("shell"), variables) if run.get("shell") else sequence.shell
        seen = _with_environment(variables, run.get("environment"))
        # https://circleci.com/docs/guides/execute/using-windows/
        name_of_shell = shell_of(shell, "powershell" if sequence.is_windows else "")
        text, offsets = command.text, command.offsets
        if "<<" in text:
            text, offsets = substitute(_PARAMETER, _expression, text, offsets)
        text, offsets = read_by(name_of_shell, text, offsets)
        if text.strip():
            # By default, steps run in the folder that the repository is checked out into.
            own = run.get("working_directory")
            directory = (".",) if own is None else joined_paths((".",), expanded(own, variables))
            seen = merged(seen, {DIRECTORY: directory})
            yield command.span.start, Script(text, offsets, Place("circleci", names), seen, expressions="github")
        if "BASH_ENV" in command.text:
            variables = without_written(variables, command.text)


def _steps(steps: yaml.Node | None) -> Iterator[yaml.Node]:
    """The steps in a list, in nested lists, and in `when:` and `unless:`."""
    waiting = [(steps, 0)] if steps else []
    seen: set[int] = set()
    while waiting:
        node, depth = waiting.pop()
        if depth > _DEEPEST or node.span.start in seen:
            continue
        seen.add(node.span.start)
        if node.kind == "sequence":
            waiting += [(element, depth + 1) for element in reversed(node.elements())]
        elif node.kind == "mapping":
            for condition in ("when", "unless"):
                inner = node.path(condition, "steps")
                if inner is not None:
                    waiting.append((inner, depth + 1))
            yield node


def _is_windows(node: yaml.Node | None) -> bool:
    machine = node.get("machine") if node else None
    names = (part.named(key) for part in (node, machine) if part for key in ("image", "resource_class"))
    return any("windows" in name.lower() for name in names)


# Values


def expanded(node: yaml.Node | None, variables: Variables) -> Values:
    """Return the values of a scalar with parameters; an empty text if there is no node."""
    if node is None:
        return ("",)
    texts = yaml.cautious_value(node)
    if texts is None:
        return None
    return expand_all(tuple(re.sub(_PARAMETER, _expression, text) for text in texts), variables)


def _expression(parameter: re.Match[str]) -> str:
    """A parameter in the syntax of GitHub's expressions, which `expression` evaluates."""
    return "${{ " + parameter[1] + " }}" if parameter[1] else "<<"


def _with_environment(variables: Variables, environment: yaml.Node | None) -> Variables:
    if environment is None:
        return variables
    added: dict[str, Values] = {}
    for part in environment.listed():
        for name, node in islice(part.items(), MOST_VARIABLES + 1):
            added[name] = expanded(node, variables)
        name, equals, text = part.text.partition("=")
        if equals:
            added[name] = (text,) if "<<" not in text else None
    return merged(variables, added)


def _parameters(node: yaml.Node, calls: list[yaml.Node], pipeline: Variables) -> Variables:
    """The values of `parameters.x` for each parameter of a job or command with these calls."""
    found: dict[str, Values] = {}
    for name, default in _defaults(node.get("parameters"), pipeline).items():
        values: Values = default
        arguments = [call.get(name) for call in calls]
        if values is None and arguments and None not in arguments:
            # There is no default, but every call passes a value.
            values = ()
        # In a matrix, the value is a list of values.
        distinct = {id(argument): argument for argument in arguments if argument}.values()
        passed = (expanded(element, pipeline) for argument in distinct for element in argument.listed())
        found[f"parameters.{name}"] = union(chain((values,), passed)) or None
    return found


def _defaults(parameters: yaml.Node | None, pipeline: Variables) -> dict[str, Values]:
    found: dict[str, Values] = {}
    for name, node in parameters.items() if parameters else ():
        default, options = node.get("default"), node.get("enum")
        values = expanded(default, pipeline) if default else None
        if node.named("type") == "boolean":
            values = union((values or (), ("true", "false")))
        elif options is not None and values is None:
            values = tuple(text for option in options.elements() for text in yaml.cautious_value(option) or ()) or None
        found[name] = values
    return found


def _calls(document: yaml.Node) -> dict[str, list[yaml.Node]]:
    """The arguments of each call in the file, by command or job."""
    found: dict[str, list[yaml.Node]] = {}
    lists: list[yaml.Node] = []
    for kind in ("commands", "jobs"):
        lists += [steps for _, node in document.items(kind) if (steps := node.get("steps"))]
    lists += [jobs for _, workflow in document.items("workflows") if (jobs := workflow.get("jobs"))]
    for step in islice((step for steps in lists for step in _steps(steps)), MOST_STEPS):
        for name, arguments in step.items():
            matrix = arguments.path("matrix", "parameters")
            if name not in ("run", "when", "unless"):
                found.setdefault(name, []).append(matrix or arguments)
    for element in (element for steps in lists[:MOST_STEPS] for element in steps.elements()):
        if element.kind == "scalar":
            found.setdefault(element.text, []).append(element)
    return found
