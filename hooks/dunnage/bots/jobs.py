"""Scheduled CI jobs that update the dependencies or the pins of a repository, without a bot's configuration in it."""

import re
from collections.abc import Iterator

from dunnage.ci.repository_files import RepositoryFiles
from dunnage.files.source import File

_UPDATES = (
    rb"cargo[ \t-]+(?:\+\S{1,100}[ \t]+)?(?:update|upgrade)\b|Cargo\.lock"
    rb"|(?:pre-commit|prek)[ \t]+auto-?update|renovate|updatecli"
)
_PROPOSES = (
    rb"create-pull-request|\bgh[ \t]+pr[ \t]+create\b|\bgit[ \t]+push\b"
    rb"|merge_request\.create|/merge_requests\b|pull-request|/pulls\b"
)
_BOTS = rb"(?i)renovate|updatecli"
_BOT_FILES = ("updatecli/", "updatecli.d/", ".updatecli", ".github/updatecli")


def may_update(repository: RepositoryFiles) -> bool:
    """Whether a job may update pins and propose the change, or may run a bot whose configuration is elsewhere."""
    return may_run_bot(repository) or any(map(_may_update, _workflows(repository)))


def may_run_bot(repository: RepositoryFiles) -> bool:
    """Whether a job may run a bot that is configured elsewhere, or in a way that is not read."""
    return any(path.startswith(_BOT_FILES) for path in repository.paths) or any(
        re.search(_BOTS, file.data) for _, file in _workflows(repository)
    )


def _workflows(repository: RepositoryFiles) -> Iterator[tuple[str, File]]:
    for path in repository.known.workflows:
        file = repository.find(path)
        if file is not None:
            yield path, file


def _may_update(workflow: tuple[str, File]) -> bool:
    path, file = workflow
    # Services other than GitHub keep their schedules outside of the repository.
    if "/workflows/" in path and not re.search(rb"\b(?:schedule|workflow_dispatch)\b", file.data):
        return False
    # A cache whose key depends on Cargo.lock does not update it.
    return bool(
        re.search(_PROPOSES, file.data) and re.search(_UPDATES, re.sub(rb"hashFiles\([^()\n]*\)", b"", file.data))
    )
