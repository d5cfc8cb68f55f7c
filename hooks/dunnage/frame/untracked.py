"""Locks that git does not have, or could not have: what all hooks about locks say of that."""

from dunnage.files import shown
from dunnage.files.git import Repository
from dunnage.files.source import display
from dunnage.files.span import Span
from dunnage.frame.finding import Finding, Rule


def untracked(rule: Rule, path: str, repository: Repository | None, message: str) -> Finding:
    """Report that git does not track the file at `path`; `message` says what comes of it."""
    help = f"run `git add {shown.path(path)}`"
    ignored = repository.ignored_by(path) if repository else None
    if ignored:
        message += f": it is hidden by the pattern `{ignored.pattern}` in {ignored.file}:{ignored.line}"
        help = f"remove that pattern, then {help}"
    return Finding(rule, display(path), Span(0, 0), message, help)


def also_unhide(path: str, repository: Repository | None) -> str:
    """Go on, where git would ignore the file that is to be written at `path`, with what to do about that first."""
    ignored = repository.ignored_by(path) if repository else None
    if ignored is None:
        return ""
    place = f"{shown.argument(ignored.file)}:{ignored.line}"
    return f";\nfirst remove the pattern `{ignored.pattern}` in {place}, which hides it from git"
