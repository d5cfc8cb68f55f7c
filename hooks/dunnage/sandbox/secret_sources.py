"""Where the steps of a GitHub job get secrets from: environments, programs, inputs, and actions for credentials."""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from dunnage.ci.job import Job
from dunnage.files.source import File
from dunnage.files.span import Span
from dunnage.sandbox.github_secrets import ISSUED, Secrets, action_of, exported, outputs, secrets_in
from dunnage.scripts.yaml import Node

_MOST_SOURCES = 200
"""From how many places a job may get secrets for several steps; real jobs have up to 5."""


class Source(NamedTuple):
    """One place that gives secrets to steps."""

    file: File
    span: Span
    secrets: tuple[str, ...]
    """Their names, `secrets.X` or ISSUED; empty if only what they are is known."""
    where: str
    """`the `env` of the job`, with an article."""
    what: str = ""
    """What they are, if they have no names: `credentials of AWS`."""
    variables: tuple[str, ...] = ()
    """The environment variables that hold the secrets, if it is an environment."""
    first_step: int = 0
    """The index of the first step of its job that gets them."""
    is_input: bool = False
    """Whether these are inputs of an action."""
    is_export: bool = False
    """Whether an earlier step exports them."""
    is_shared: bool = False
    """Whether all steps get them."""

    @property
    def place(self) -> tuple[str, Span]:
        """What distinguishes it from others."""
        return self.file.path, self.span


def workflow_source(file: File, workflow: Node, *, has_write: bool) -> Source | None:
    """Return what the steps of all jobs get. The token of the job counts if `has_write`."""
    return _environment(file, workflow.get("env"), "the `env` of the workflow", {}, has_write)


def job_sources(file: File, of_workflow: Source | None, job: Job, known: Secrets, *, has_write: bool) -> list[Source]:
    """Return what all steps of a job get, or all from some step on, with what those of all jobs get."""
    found = [
        of_workflow,
        _environment(file, job.node and job.node.get("env"), "the `env` of the job", known, has_write),
        _environment(file, job.node and job.node.path("container", "env"), "its container", known, has_write),
    ]
    sources = [source._replace(is_shared=True) for source in found if source is not None]
    for index, step in enumerate(job.steps):
        if step.node is not None:
            sources += _exports(file, step.node, known, index + 1, has_write)
        if len(sources) > _MOST_SOURCES:
            message = f"a job gets secrets from more than {_MOST_SOURCES} places; the others are not read"
            file.note_unread("input/too-large", message, sources[-1].span)
            break
    return sources


def step_sources(file: File, step: Node, known: Secrets, *, has_write: bool) -> Iterator[Source]:
    """Yield what one step gets by its own environment, program and inputs."""
    own = _environment(file, step.get("env"), "the `env` of the step", known, has_write)
    if own is not None:
        yield own
    run = step.get("run")
    if run is not None:
        secrets = _counted(secrets_in(run.text, known), has_write)
        if secrets:
            yield Source(file, _first_expression(file, run), secrets, "the program of the step")
    inputs = _environment(file, step.get("with"), "the inputs of the action", known, has_write)
    if inputs is not None:
        yield inputs._replace(is_input=True, variables=())


def credentials(job: Job, inputs: Secrets | None = None) -> Secrets:
    """Return the expressions other than `secrets.X` that hold secrets in a job, or in a composite action.

    `inputs` are those that the caller of a composite action passes, by `inputs.NAME`.
    """
    found = {name: (name,) for step in job.steps if step.node is not None for name in outputs(step.node)}
    return {**found, **(inputs or {})}


def passed_inputs(step: Node, known: Secrets) -> Secrets:
    """Return the secrets that a step passes to a composite action, by `inputs.NAME`."""
    found = ((f"inputs.{name}", secrets_in(value.text, known)) for name, value in step.items("with"))
    return {name: secrets for name, secrets in found if secrets}


def _environment(file: File, node: Node | None, where: str, known: Secrets, has_write: bool) -> Source | None:
    if node is None:
        return None
    secrets: list[str] = []
    variables: list[str] = []
    span: Span | None = None
    for name, value in node.items():
        found = _counted(secrets_in(value.text, known), has_write) if value.kind == "scalar" else ()
        if found:
            secrets += found
            variables.append(name)
            span = span or value.span
    if span is None:
        return None
    return Source(file, span, tuple(dict.fromkeys(secrets)), where, variables=tuple(variables))


def _counted(secrets: Sequence[str], has_write: bool) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for name in secrets if has_write or name != ISSUED))


def _exports(file: File, step: Node, known: Secrets, first: int, has_write: bool) -> Iterator[Source]:
    uses, run = step.get("uses"), step.get("run")
    what = exported(step)
    if uses is not None and what:
        yield Source(file, uses.span, (), f"`{action_of(step)}`", what, first_step=first, is_export=True)
    if run is None or "GITHUB_ENV" not in run.text:
        return
    own = _environment(file, step.get("env"), "", known, has_write)
    for line in run.text.splitlines():
        if "GITHUB_ENV" not in line:
            continue
        used = [name for name in own.variables if re.search(rf"\$\{{?{re.escape(name)}\b", line)] if own else []
        secrets = _counted(secrets_in(line, known), has_write) or (own.secrets if own and used else ())
        if secrets:
            span = _first_expression(file, run)
            yield Source(file, span, secrets, "`GITHUB_ENV`", first_step=first, is_export=True)
            return


def _first_expression(file: File, run: Node) -> Span:
    """Return the place of the first expression with a secret in a program."""
    text = file.data[run.span.start : run.span.end]
    found = re.search(rb"\$\{\{[^}]{0,500}(?:secrets|github\.token|outputs|inputs)[^}]{0,500}\}\}", text)
    if found is None:
        return run.span
    return Span(run.span.start + found.start(), run.span.start + found.end())
