"""The programs of steps in Azure Pipelines, by https://learn.microsoft.com/azure/devops/pipelines/yaml-schema.

Steps may stand in lists at any depth: in stages, jobs, templates, and below conditions such as `${{ if … }}:`.
"""

import re
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from dunnage.files.source import File
from dunnage.scripts import yaml
from dunnage.scripts.shell_names import read_by
from dunnage.scripts.variables import MOST_VARIABLES, Variables, distinct, expand_all, limited, merged, union
from dunnage.shell.model import DIRECTORY, Place, Script, Values, joined_paths
from dunnage.shell.offsets import substitute

# The keys of steps, and the inputs of tasks, with a program and the shell that reads it. The default, marked by an
# empty name, is Bash on Linux and macOS, and cmd on Windows.
_KEYS = {"script": "", "bash": "sh", "pwsh": "pwsh", "powershell": "powershell"}
_TASKS = {"cmdline": "", "bash": "sh", "shellscript": "sh", "powershell": "powershell", "batchscript": "cmd"}
_PROGRAMS = ("script", "inlineScript", "filePath", "scriptPath", "filename")
# What holds no steps of this pipeline.
_NO_STEPS = frozenset(("env", "inputs", "pool", "pr", "resources", "schedules", "trigger", "variables"))
# `$(name)`: a variable of the pipeline, or if there is none with that name, a substitution of the shell.
_MACRO = r"\$\(([A-Za-z_][\w.-]*)\)"
_SOURCES = r"^\$\((?:Build\.SourcesDirectory|Build\.Repository\.LocalPath|System\.DefaultWorkingDirectory)\)"


class Step(NamedTuple):
    """A step that runs a program, with the nodes around it that may decide whether its failure counts."""

    script: Script
    is_strict: bool
    """Whether its shell stops at the first command that fails."""
    nodes: tuple[yaml.Node, ...]
    """The step, its job and its stage, the innermost first."""


class _Context(NamedTuple):
    """What applies to the steps below a node."""

    variables: Variables
    job: str
    is_windows: bool
    nodes: tuple[yaml.Node, ...]


def scripts(file: File) -> Iterator[Script]:
    """Yield the programs of steps, in the order of the file: of Windows' own shells, the plain lines.

    A variable `$(x)` is rewritten as the expression `${{ variables.x }}`. Raises SourceError as YAML does.
    """
    yield from distinct((step.script.offsets[0][1], step.script) for step in steps(file) if step.script.offsets)


def steps(file: File) -> Iterator[Step]:
    """Yield the steps with a program. Raises SourceError as YAML does."""
    for document in yaml.documents(file)[:1]:
        context = _Context(merged({DIRECTORY: (".",)}, _parameters(document)), "", False, ())
        yield from limited(file, _below(document, context, set()), lambda step: step.nodes[0].span.start)


def _below(node: yaml.Node, context: _Context, seen: set[int]) -> Iterator[Step]:
    """Yield the steps in a mapping and in the lists below it; `seen` are the mappings that were visited.

    Azure Pipelines has no aliases, so no mapping is in two places.
    """
    if id(node) in seen:
        return
    seen.add(id(node))
    context = _entered(node, context)
    number = 0
    for key, value in node.items():
        if key in _NO_STEPS:
            continue
        if value.kind == "mapping":
            yield from _below(value, context, seen)
        for element in value.elements():
            number += 1
            if (step := _step(element, context, number)) is not None:
                yield step
                if "task.setvariable" in step.script.text:
                    context = context._replace(variables={DIRECTORY: context.variables.get(DIRECTORY)})
            elif element.kind == "mapping":
                yield from _below(element, context, seen)


def _entered(node: yaml.Node, context: _Context) -> _Context:
    """The context inside of a pipeline, a stage, a job or a template."""
    variables = _with_variables(context.variables, node)
    name = node.named("job", "deployment", "stage")
    pool = node.get("pool")
    is_windows = context.is_windows if pool is None else _is_windows(pool, variables)
    if node.get("container") is not None:
        is_windows = False
    if any(_checks_out_elsewhere(step) for step in node.elements("steps")):
        variables = merged(variables, {DIRECTORY: None})
    nodes = (node, *context.nodes) if name or not context.nodes else context.nodes
    return _Context(variables, name or context.job, is_windows, nodes)


def _step(node: yaml.Node, context: _Context, number: int) -> Step | None:
    found = _program(node)
    if found is None:
        return None
    program, shell = found
    inputs = node.get("inputs") or node
    is_windows = context.is_windows or _only_on_windows(node.get("condition"))
    shell = shell or ("cmd" if is_windows else "sh")
    if shell == "powershell" and inputs.named("pwsh") == "true":
        shell = "pwsh"
    text, offsets = program.text, program.offsets
    if "$(" in text:
        text, offsets = substitute(_MACRO, lambda macro: _reference(macro, context.variables), text, offsets)
    text, offsets = read_by(shell, text, offsets)
    if not text.strip():
        return None
    names = (*((f"job {context.job}",) if context.job else ()), f"step {node.named('displayName', 'name') or number}")
    variables = _with_env(context.variables, node.get("env"))
    own = inputs.get("workingDirectory") or inputs.get("cwd")
    if own is not None and own.text:
        variables = merged(variables, {DIRECTORY: _directory(own, variables)})
    script = Script(text, offsets, Place("azure", names), variables, expressions="github")
    return Step(script, shell != "sh", (node, *context.nodes))


def _program(node: yaml.Node) -> tuple[yaml.Node, str] | None:
    """The program of a step, with the shell that reads it."""
    for key, shell in _KEYS.items():
        if (found := node.get(key)) and found.text:
            return found, shell
    name = node.named("task").partition("@")[0].lower()
    if name in _TASKS:
        values = (node.path("inputs", key) for key in _PROGRAMS)
        return next(((each, _TASKS[name]) for each in values if each and each.text), None)
    return None


def _expression(macro: re.Match[str]) -> str:
    return f"${{{{ {_key(macro[1])} }}}}"


def _reference(macro: re.Match[str], variables: Variables) -> str | None:
    """The expression for a variable of the pipeline; None for a substitution of the shell."""
    # The names of the variables of the system have a dot: `Build.SourcesDirectory`.
    return _expression(macro) if "." in macro[1] or _key(macro[1]) in variables else None


def _key(name: str) -> str:
    """The name of a variable in expressions; the case of letters does not matter."""
    return f"variables.{name.lower()}"


def _directory(node: yaml.Node, variables: Variables) -> Values:
    """The working directory that a step names."""
    path = re.sub(rf"(?i){_SOURCES}", ".", node.text.replace("\\", "/"))
    if any(_key(found[1]) not in variables for found in re.finditer(_MACRO, path)):
        return None
    return joined_paths((".",), expand_all((re.sub(_MACRO, _expression, path),), variables))


def _checks_out_elsewhere(step: yaml.Node) -> bool:
    """Whether a step checks out another repository, or its own one into another folder."""
    checkout = step.get("checkout")
    return checkout is not None and (checkout.text not in ("self", "none") or step.get("path") is not None)


# Variables


def _with_variables(variables: Variables, node: yaml.Node) -> Variables:
    """`variables` and those of a pipeline, a stage or a job, with those of its matrix."""
    added: dict[str, Values] = {}
    for name, entry, is_listed in _entries(node.get("variables")):
        added[name] = _value(entry.get("value") if is_listed else entry, variables)
    combinations: dict[str, list[Values]] = {}
    for _, combination in islice(node.items("strategy", "matrix"), MOST_VARIABLES + 1):
        for name, value in islice(combination.items(), MOST_VARIABLES + 1):
            combinations.setdefault(name, []).append(_value(value, variables))
    return _with(variables, added | {name: union(values) for name, values in combinations.items()})


def _entries(declared: yaml.Node | None) -> Iterator[tuple[str, yaml.Node, bool]]:
    """Yield the values of a mapping by their keys, or those of a list by their `name`, and whether it is a list."""
    if declared is not None:
        yield from ((key, value, False) for key, value in islice(declared.items(), MOST_VARIABLES + 1))
        for entry in declared.elements()[: MOST_VARIABLES + 1]:
            if (name := entry.get("name")) is not None:
                yield name.text, entry, True


def _with(variables: Variables, added: dict[str, Values]) -> Variables:
    """`variables` and others, for expressions and, by their names in capitals, for the environment."""
    if not added:
        return variables
    environment = {name.upper().replace(".", "_"): values for name, values in added.items()}
    return merged(variables, {_key(name): values for name, values in added.items()}, environment)


def _with_env(variables: Variables, env: yaml.Node | None) -> Variables:
    if env is None:
        return variables
    return merged(
        variables, {name: _value(value, variables) for name, value in islice(env.items(), MOST_VARIABLES + 1)}
    )


def _value(node: yaml.Node | None, variables: Variables) -> Values:
    """The values of a scalar; None if a variable in it is unknown."""
    values = yaml.cautious_value(node)
    if values is None or "$[" in values[0]:
        return None
    return expand_all(tuple(re.sub(_MACRO, _expression, value) for value in values), variables)


def _parameters(document: yaml.Node) -> Variables:
    """The defaults of the parameters of a pipeline or a template."""
    found: dict[str, Values] = {}
    for name, entry, is_listed in _entries(document.get("parameters")):
        if is_listed:
            choices = tuple(map(yaml.cautious_value, entry.elements("values")))
            found[f"parameters.{name}"] = union(choices or (yaml.cautious_value(entry.get("default")),))
        else:
            found[f"parameters.{name}"] = yaml.cautious_value(entry) if entry.text else None
    return found


# Windows


def _is_windows(pool: yaml.Node, variables: Variables) -> bool:
    image = pool.get("vmImage") or pool.get("image") or pool.get("name") or pool
    values = _value(image, variables) if image.kind == "scalar" else None
    return bool(values) and all(re.search(r"(?i)windows|^win|win20\d\d", value) for value in values or ())


def _only_on_windows(condition: yaml.Node | None) -> bool:
    if condition is None:
        return False
    text = re.sub(r"\s", "", condition.text)
    is_equal = re.search(r"(?i)(?<!\w)eq\(variables(?:\['Agent\.OS'\]|\.Agent\.OS|\['Agent_OS'\]),'Windows_NT'\)", text)
    return bool(is_equal) and not re.search(r"(?i)(?<!\w)(?:not|or|xor)\(", text)
