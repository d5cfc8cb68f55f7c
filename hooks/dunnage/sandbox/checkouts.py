"""Checkouts that keep the token of a job where code that compiles later can read it.

Before version 6, actions/checkout keeps the token in `.git/config`, and since then in a file in `$RUNNER_TEMP`. Every
process of the runner can read both.
"""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from dunnage.ci.repository_files import RepositoryFiles
from dunnage.files.span import Edit
from dunnage.sandbox.exposure import Exposure
from dunnage.sandbox.job_view import Build, JobView
from dunnage.sandbox.secret_sources import ISSUED, secrets_in
from dunnage.scripts.github import Action
from dunnage.scripts.yaml import Node
from dunnage.shell.model import programs
from dunnage.shell.wrappers import CONTAINER_PROGRAMS

if TYPE_CHECKING:
    from dunnage.sandbox.git_use import User

RULE = "build-sandbox/checkout-token"
CHECKOUT = "actions/checkout"

# With these inputs, git downloads the missing part of the checkout when a command needs it.
_PARTIAL = frozenset(("filter", "sparse-checkout"))


def kept(view: JobView) -> Iterator[tuple[int, Action, str]]:
    """Yield the steps that check out and keep a token that is worth stealing: the index, the action, and the token."""
    for index, step in enumerate(view.job.steps):
        action = step.action
        if action is None or step.node is None or action.name.lower() != CHECKOUT:
            continue
        persists = action.inputs.get("persist-credentials")
        if persists is not None and persists.values != ("true",):
            continue
        given = action.inputs.get("token")
        if given is not None and given.values is not None and given.values != ("",):
            continue  # a text that is no secret
        secrets = secrets_in(given.text, view.known) if given is not None else (ISSUED,)
        other = next((name for name in secrets if name != ISSUED), "")
        if other:
            yield index, action, view.named([other])
        elif ISSUED in secrets and view.has_write:
            yield index, action, view.named([ISSUED])


def exposures(view: JobView, repository: RepositoryFiles) -> Iterator[Exposure]:
    """Report checkouts whose token a later step can read while it compiles."""
    users: list[User] | None = None
    for index, action, token in kept(view):
        later = next((build for build in view.builds if build.step > index and _can_read(build, action)), None)
        node = view.job.steps[index].node
        if later is None or node is None:
            continue
        if users is None:
            from dunnage.sandbox import git_use

            users = git_use.users_after(view, repository)
        message = f"`{CHECKOUT}` keeps {token}, and build scripts in `{later.name}` can read it"
        help = "add `with: {persist-credentials: false}` to this step"
        if node.get("with") is not None:
            help = "write `persist-credentials: false` in the `with` of this step"
        user = users[index]
        edit = None
        if user.name.startswith("git ") and user.name != "git push":
            help += (
                f"\n`{user.name}` then needs no token if the repository is public; otherwise, compile in another job"
            )
        elif user.name:
            help = f"compile in another job, or {help}, and pass the token only to `{user.name}`"
        elif not user.is_unknown and _PARTIAL.isdisjoint(action.inputs):
            edit = _edit(view, node)
        fixed, edits = ("inserted persist-credentials: false", (edit,)) if edit is not None else ("", ())
        yield Exposure(RULE, view.file, action.span, message, help, fixed, edits)


def _can_read(build: Build, checkout: Action) -> bool:
    """Whether the code that a build compiles can read what a checkout keeps."""
    if not build.is_in_container:
        return True
    # A container that gets the checkout gets `.git/config` with it, and not `$RUNNER_TEMP`.
    version = re.match(r"v(\d{1,3})(?:\.|$)", checkout.ref)
    command = build.run.command
    wrapper = {name for word in command.wrapper for name in programs(word) or ()} if command is not None else set()
    is_here = command is None or not wrapper or not wrapper.isdisjoint(CONTAINER_PROGRAMS)
    return is_here and version is not None and int(version[1]) < 6


def _edit(view: JobView, step: Node) -> Edit | None:
    """Return the edit that adds the input to a step; None if the step is not written in the usual way."""
    data = view.file.data
    keys = {key.text: (key, value) for key, value in step.pairs()}
    if "uses" not in keys or "<<" in keys or re.search(rb"[-:][ \t]+&", data):
        return None
    key, uses = keys["uses"]
    line_start = data.rfind(b"\n", 0, key.span.start) + 1
    newline = "\r\n" if data[: line_start or None].endswith(b"\r\n") else "\n"
    column = key.span.start - line_start
    if data[step.span.start : step.span.start + 1] == b"{" or not _is_one_line(data, uses):
        return None
    if "with" not in keys:
        text = f"{' ' * column}with:{newline}{' ' * (column + 2)}persist-credentials: false{newline}"
        return _line_after(view, uses.span.end, text, newline)
    with_key, inputs = keys["with"]
    if inputs.kind != "mapping" or not inputs.pairs() or inputs.get("persist-credentials") is not None:
        return None
    first = inputs.pairs()[0][0].span.start
    if data[inputs.span.start : inputs.span.start + 1] == b"{":
        return Edit(view.file.path, first, first, "persist-credentials: false, ")
    start = data.rfind(b"\n", 0, first) + 1
    if start <= with_key.span.end or data[start:first].strip():
        return None
    indent = data[start:first].decode("ascii")
    return Edit(view.file.path, start, start, f"{indent}persist-credentials: false{newline}")


def _is_one_line(data: bytes, node: Node) -> bool:
    return b"\n" not in data[node.span.start : node.span.end]


def _line_after(view: JobView, offset: int, text: str, newline: str) -> Edit:
    """Return the edit that adds lines after the one of an offset."""
    end = view.file.data.find(b"\n", offset)
    if end < 0:
        size = len(view.file.data)
        return Edit(view.file.path, size, size, newline + text.removesuffix(newline))
    return Edit(view.file.path, end + 1, end + 1, text)
