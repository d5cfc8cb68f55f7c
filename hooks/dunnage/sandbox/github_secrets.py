"""Secrets in the expressions of GitHub's workflows, and the actions that hand out credentials."""

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

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
    uses = step.get("uses")
    return uses.text.strip().partition("@")[0].lower() if uses is not None else ""


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
