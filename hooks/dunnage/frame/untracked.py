"""Findings about files that git does not track or that it ignores."""

import os

from dunnage.files import shown
from dunnage.files.git import Repository
from dunnage.files.source import display
from dunnage.files.span import Span
from dunnage.frame.finding import Finding, Rule


def untracked(rule: Rule, path: str, repository: Repository | None, message: str, added: str = "") -> Finding:
    """A finding that git does not track the file at `path`. `message` says what follows from that.

    The help names the path `added`, by default that of the file.
    """
    help = f"run `git {_adding(added or path, repository)}`"
    ignored = repository.ignored_by(path) if repository else None
    if ignored:
        message += f": it is hidden by the pattern `{ignored.pattern}` in {ignored.file}:{ignored.line}"
        help = f"remove that pattern, then {help}"
    return Finding(rule, display(path), Span(0, 0), message, help)


def _adding(path: str, repository: Repository | None) -> str:
    """The arguments with which git adds a file, in the working directory."""
    here = os.path.join(os.getcwd(), "")
    if repository is None or here.startswith(os.path.join(repository.top, "")):
        return f"add {shown.path(path)}"
    relative = os.path.relpath(path, repository.top).replace(os.sep, "/")
    return f"-C {shown.path(repository.top)} add {shown.argument(f'./{relative}' if relative[0] == '-' else relative)}"


def also_unhide(path: str, repository: Repository | None) -> str:
    """The continuation of a help text, if git would ignore a new file at `path`: how to change that. Else empty."""
    ignored = repository.ignored_by(path) if repository else None
    if ignored is None:
        return ""
    place = f"{shown.argument(ignored.file)}:{ignored.line}"
    return f";\nfirst remove the pattern `{ignored.pattern}` in {place}, which hides it from git"
