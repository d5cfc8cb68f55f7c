"""Findings about locks that git does not track or that it ignores."""

from dunnage.files import shown
from dunnage.files.git import Repository
from dunnage.files.source import display
from dunnage.files.span import Span
from dunnage.frame.finding import Finding, Rule


def untracked(rule: Rule, path: str, repository: Repository | None, message: str) -> Finding:
    """A finding that git does not track the file at `path`. `message` says what follows from that."""
    help = f"run `git add {shown.path(path)}`"
    ignored = repository.ignored_by(path) if repository else None
    if ignored:
        message += f": it is hidden by the pattern `{ignored.pattern}` in {ignored.file}:{ignored.line}"
        help = f"remove that pattern, then {help}"
    return Finding(rule, display(path), Span(0, 0), message, help)


def also_unhide(path: str, repository: Repository | None) -> str:
    """The continuation of a help text, if git would ignore a new file at `path`: how to change that. Else empty."""
    ignored = repository.ignored_by(path) if repository else None
    if ignored is None:
        return ""
    place = f"{shown.argument(ignored.file)}:{ignored.line}"
    return f";\nfirst remove the pattern `{ignored.pattern}` in {place}, which hides it from git"
