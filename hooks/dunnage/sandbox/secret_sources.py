"""Secrets of GitHub's jobs: in expressions, from actions for credentials, and what gives them to the steps.

Steps get secrets from environments, programs, inputs, and actions that hand out credentials.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from dunnage.ci.job import Job
from dunnage.files.source import File
from dunnage.files.span import Span
from dunnage.scripts.yaml import Node
from dunnage.shell.expression import MARK, insides, marked
from dunnage.shell.model import Values

ISSUED = "GITHUB_TOKEN"
"""The name of the token that GitHub creates for each job, however it is written."""

Secrets = Mapping[str, tuple[str, ...]]
"""Expressions other than `secrets.X` that hold secrets, such as `inputs.token`, each with the names of these."""

_NAME = r"secrets\s{0,9}(?:\.|\[\s{0,9}')\s{0,9}([A-Za-z0-9_-]+)"

_OUTPUTS = {
    "actions/create-github-app-token": ("token",),
    "aws-actions/configure-aws-credentials": ("aws-access-key-id", "aws-secret-access-key", "aws-session-token"),
    "google-github-actions/auth": ("access_token", "auth_token", "id_token"),
    "octo-sts/action": ("token",),
    "rust-lang/crates-io-auth-action": ("token",),
    "tibdex/github-app-token": ("token",),
}
"""The outputs of actions that are credentials."""


class _Export(NamedTuple):
    """An action that exports credentials to all later steps of its job."""

    what: str
    input: str = ""
    """The input that decides whether it exports them."""
    default: str = "true"


_EXPORTS = {
    "aws-actions/aws-secretsmanager-get-secrets": _Export("secrets of AWS"),
    "aws-actions/configure-aws-credentials": _Export("credentials of AWS", "output-env-credentials"),
    "azure/login": _Export("credentials of Azure"),
    "google-github-actions/auth": _Export("credentials of Google Cloud", "create_credentials_file"),
    "hashicorp/vault-action": _Export("secrets of Vault", "exportenv"),
}


def secrets_in(text: str, known: Secrets) -> tuple[str, ...]:
    """Return the secrets that a text holds when GitHub has replaced its expressions: `secrets.NAME`, or ISSUED.

    A secret that an expression only tests, as `secrets.X != ''` does, is not in the text. `secrets` alone means all.
    """
    found: list[str] = []
    for start, end in insides(text, "${{"):
        found += _secrets_of(text[start:end], known)
    return tuple(dict.fromkeys(found))


def _secrets_of(expression: str, known: Secrets) -> Iterator[str]:
    if not any(word in expression for word in ("secrets", "github", "steps.", "inputs.")):
        return
    variables: dict[str, Values] = {
        name: (f"{MARK}{name}{MARK}",)
        for name in ("secrets", *(f"secrets.{each}" for each in re.findall(_NAME, expression)))
    }
    variables["secrets.*"] = variables["secrets"]
    # The whole context has the token in it.
    variables["github"] = variables["github.token"] = (f"{MARK}{ISSUED}{MARK}",)
    for name, secrets in known.items():
        variables[name] = ("".join(f"{MARK}{secret}{MARK}" for secret in secrets),)
    for value in marked(expression, variables):
        for name in value.split(MARK)[1::2]:
            yield ISSUED if name.upper() == f"SECRETS.{ISSUED}" else name


def action_of(step: Node) -> str:
    """Return the name of the action that a step uses, in lower case and without its ref; empty if it uses none."""
    return step.named("uses").strip().partition("@")[0].lower()


def outputs(step: Node) -> Iterator[str]:
    """Yield the outputs of a step that are credentials: `steps.ID.outputs.NAME`."""
    identity, action = step.get("id"), action_of(step)
    if identity is None or action not in _OUTPUTS:
        return
    granted = [value.text for name, value in step.items("with") if name.startswith("permission-")]
    if granted and all(level == "read" for level in granted):
        return
    yield from (f"steps.{identity.text}.outputs.{name}" for name in _OUTPUTS[action])


def exported(step: Node) -> str:
    """Return what a step exports to all later steps, if it uses an action for credentials; else an empty text."""
    export = _EXPORTS.get(action_of(step))
    if export is None:
        return ""
    given = {name.lower(): value.text for name, value in step.items("with")}
    return export.what if given.get(export.input, export.default).strip() == "true" else ""


class Permissions(NamedTuple):
    """What the token of a job may do."""

    writes: tuple[str, ...]
    """The scopes that it may write to, as `contents: write`, without that of OIDC; or `write-all`."""
    has_identity: bool
    """Whether the job may ask for an OIDC token: `id-token: write`."""


def permissions(node: Node | None) -> Permissions | None:
    """Read the value of `permissions:`. None if it is not given, or not known: the organisation then decides."""
    if node is None:
        return None
    if node.kind == "mapping":
        scopes = [name for name, level in node.items() if level.text == "write"]
        writes = tuple(f"{name}: write" for name in scopes if name != "id-token")
        return Permissions(writes, "id-token" in scopes)
    if node.text in ("write-all", "read-all"):
        is_write = node.text == "write-all"
        return Permissions((node.text,) if is_write else (), is_write)
    return None


# Sources

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
    named = (step.node for step in job.steps if step.node is not None and step.node.get("id") is not None)
    found = {name: (name,) for node in named for name in outputs(node)}
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
    start = run.span.start
    for piece in file.data[start : run.span.end].split(b"}"):
        end = start + len(piece)
        opened = file.data.find(b"${{", start, end)
        if opened >= 0 and file.data[end : end + 2] == b"}}" and re.search(_SECRET, file.data[opened:end]):
            return Span(opened, end + 2)
        start = end + 1
    return run.span


_SECRET = rb"secrets|github\.token|outputs|inputs"
