"""Commands that replace the committed Cargo.lock before a gate reads it."""

import posixpath
from collections.abc import Iterator
from typing import NamedTuple

from dunnage.cargo_cli.aliases import Alias, Aliases
from dunnage.cargo_cli.calls import cargo_call
from dunnage.ci.job import Run
from dunnage.ci.lock_changes import PRECISE, REMOVED, RESOLVED, RESTORED, UNCERTAIN, lock_change
from dunnage.ci.repository_files import RepositoryFiles
from dunnage.files.source import File
from dunnage.files.span import Span
from dunnage.shell.model import Script, programs


class Replacement(NamedTuple):
    """A command or an action that replaces the committed Cargo.lock."""

    path: str
    span: Span
    text: str
    """The command or action as it is written."""


class LockReplacements:
    """Finds what replaces the committed locks in jobs."""

    def __init__(self, repository: RepositoryFiles, resolve: Aliases) -> None:
        self._repository = repository
        self._resolve = resolve
        # By the identity of a script, which is kept here too.
        self._changes: dict[int, tuple[Script, list[_Change]]] = {}

    def paths(self, run: Run, name: str) -> list[str]:
        """Return the committed files of a name in a working directory of a run, in the folder above, and at the top."""
        folders = {"", *run.folders, *(posixpath.dirname(folder) for folder in run.folders)}
        paths = {posixpath.normpath(posixpath.join(folder, name)) for folder in folders}
        return sorted(paths & self._repository.paths)

    def before(self, run: Run) -> Replacement | None:
        """Return what replaces the lock in the steps and programs that the job of a run executes before it."""
        if not self.paths(run, "Cargo.lock"):
            return None
        changes: list[_Change] = []
        for site in run.call_stack:
            if site.job is not None and site.job.steps:
                folder = site.job.steps[site.step].folder
                for step in site.job.steps[: site.step]:
                    if step.script is not None and step.folder == folder and not step.is_conditional:
                        changes += self._of(site.file, step.script)[-1:]
            elif site.script is not None and site.command is not None:
                here = site.command.words[0].span
                changes += [change for change in self._of(site.file, site.script) if change.at < here][-1:]
        return changes[-1].replacement if changes else None

    def _of(self, file: File, script: Script) -> "list[_Change]":
        if id(script) not in self._changes:
            text = script.text
            may_change = "Cargo.lock" in text or "update" in text or "generate-lockfile" in text or "git" in text
            alias = self._resolve.of(file)
            self._changes[id(script)] = script, list(_changes(file, script, alias)) if may_change else []
        return self._changes[id(script)][1]


class _Change(NamedTuple):
    at: Span
    replacement: Replacement | None
    """None if the committed lock is restored."""


def _changes(file: File, script: Script, alias: Alias) -> Iterator[_Change]:
    """Yield the changes that a program makes to the lock, in order."""
    from dunnage.shell.commands import commands

    is_here = True
    for command in commands(file, script):
        is_here = is_here and programs(command.words[0]) not in (("cd",), ("pushd",))
        first = command.words[0].span
        # With this directory, the change is relative to where the program runs.
        local = command._replace(directory=(".",))
        change = lock_change(local, cargo_call(local, alias))
        if change is None:
            continue
        is_certain = is_here and change.directories == (".",) and command.inside.isdisjoint(UNCERTAIN)
        if change.kind == RESTORED:
            yield _Change(first, None)
        elif is_certain and change.kind in (PRECISE, REMOVED, RESOLVED):
            span = Span(first.start, command.words[-1].span.end)
            text = " ".join(word.text for word in command.words)
            shown = text if len(text) <= 60 else f"{text[:60]} …"
            yield _Change(first, Replacement(file.path, span, shown))
