"""Scheduled CI jobs that update the dependencies or the pins of a repository, without a bot's configuration in it."""

import re

from dunnage.ci.repository_files import RepositoryFiles

_UPDATES = (
    rb"cargo[ \t-]+(?:\+\S+[ \t]+)?(?:update|upgrade)\b|Cargo\.lock"
    rb"|(?:pre-commit|prek)[ \t]+auto-?update|renovate|updatecli"
)
_PROPOSES = rb"create-pull-request|\bgh[ \t]+pr[ \t]+create\b|\bgit[ \t]+push\b|merge_request|pull-request|/pulls\b"
_BOTS = rb"(?i)renovate|updatecli"
_BOT_FILES = ("updatecli/", "updatecli.d/", ".updatecli", ".github/updatecli")


def may_update(repository: RepositoryFiles) -> bool:
    """Whether a job may update pins and propose the change, or may run a bot whose configuration is elsewhere."""
    if any(
        path.startswith(("updatecli/", ".github/updatecli", ".updatecli", "updatecli.d/")) for path in repository.paths
    ):
        return True
    for path in repository.known.workflows:
        file = repository.find(path)
        if file is None:
            continue
        if re.search(_BOTS, file.data):
            return True
        is_github = "/workflows/" in path
        # Other services keep their schedules outside of the repository.
        is_scheduled = not is_github or re.search(rb"\b(?:schedule|workflow_dispatch)\b", file.data)
        if is_scheduled and re.search(_UPDATES, file.data) and re.search(_PROPOSES, file.data):
            return True
    return False
