"""Commands and actions that commit a changed Cargo.lock, so that builds before them may have to update it."""

import posixpath
from collections.abc import Mapping

from dunnage.files.source import File
from dunnage.shell.model import Command, programs

_ACTIONS = ("create-pull-request", "git-auto-commit-action", "add-and-commit")
"""The last parts of the names of actions that commit all changes, also of forks."""
_ALL = frozenset({".", "--all", "--update", "-A", "-u"})


def commits_lock(command: Command) -> bool:
    """Whether a command is a `git commit` or `git add` of everything or of Cargo.lock."""
    if programs(command.words[0]) != ("git",):
        return False
    texts = {value for word in command.words[1:] for value in word.values or ()}
    if "commit" in texts:
        clusters = (text.partition("m")[0] for text in texts if text[:1] == "-" != text[1:2])
        is_all = "--all" in texts or any("a" in cluster for cluster in clusters)
    else:
        is_all = "add" in texts and not _ALL.isdisjoint(texts)
    is_lock = not texts.isdisjoint(("add", "commit")) and any(
        posixpath.basename(text) == "Cargo.lock" for text in texts
    )
    return is_all or is_lock


def last_commits(file: File) -> Mapping[tuple[str, ...], int]:
    """The offset of the last action that commits, by the job. Raises SourceError as YAML does."""
    if not any(name.encode() in file.data for name in _ACTIONS):
        return {}
    from dunnage.scripts import github

    return {
        action.place.names[:1]: action.span.start
        for action in github.uses(file)
        if action.name.lower().endswith(_ACTIONS)
    }
