"""Repositories with pins, but without anything that updates them."""

import os
import posixpath
from collections.abc import Iterator

from dunnage.bots.configuration import ACTIONS, CARGO, may_update, pinned_files
from dunnage.bots.dependabot import written_entry
from dunnage.bots.managers_block import MOST_PINS, Place, block, written
from dunnage.bots.unmoved import places
from dunnage.ci.repository_files import RepositoryFiles
from dunnage.files.document import Problem
from dunnage.files.span import Span

RULE = "update-bot/absent"
_FOR_RENOVATE = "write into renovate.json, and enable Renovate for the repository:"


def absent(repository: RepositoryFiles) -> Iterator[Problem]:
    """Yield one problem if there are locks or pinned tools, and no job may update them."""
    locks = pinned_files(repository, CARGO)
    pins = [] if locks else places(repository, repository.paths)
    if not (locks or pins) or may_update(repository):
        return
    folder = posixpath.dirname(locks[0]) if locks else ""
    file = repository.find(posixpath.join(folder, "Cargo.toml")) if locks else pins[0].pin.file
    if file is None:
        return
    what = f"`{locks[0]}`" if locks else f"{pins[0].pin.name} {pins[0].pin.version}"
    count = len(locks or pins) - 1
    more = f" and {count} more" if count else ""
    message = f"no update bot is configured, so nobody updates the versions in {what}{more}"
    help = _help(repository, locks) if locks else _help_for_tools(pins)
    yield Problem(RULE, file, message, help, span=_place(repository, file.path))


def _place(repository: RepositoryFiles, path: str) -> Span:
    """The comment in a file that ignores the rule, wherever it is; else the start of the file."""
    from dunnage.scripts.comments import comments

    file = repository.read(os.path.relpath(os.path.abspath(path), repository.top).replace(os.sep, "/"))
    found = (span for span, text in comments(file) if RULE in text) if file is not None else iter(())
    return next(found, Span(0, 0))


def _help(repository: RepositoryFiles, locks: list[str]) -> str:
    folders = [f"/{posixpath.dirname(lock)}" for lock in locks]
    is_github = any(path.startswith(".github/") for path in repository.paths)
    if not is_github:
        return f'{_FOR_RENOVATE}\n{{ "extends": ["config:recommended"] }}'
    entries = [written_entry(CARGO, folders)]
    if pinned_files(repository, ACTIONS):
        entries.append(written_entry(ACTIONS, ["/"]))
    return "\n".join(["write into .github/dependabot.yml:", "version: 2", "updates:", *entries])


def _help_for_tools(pins: list[Place]) -> str:
    """Only custom managers read the versions of tools."""
    managers, _ = block(pins[:MOST_PINS])
    return f"{_FOR_RENOVATE}\n{written({'extends': ['config:recommended'], 'customManagers': managers})}"
