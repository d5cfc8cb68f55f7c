"""Files that no entry of a bot's configuration reaches."""

from collections.abc import Iterator, Sequence

from dunnage.bots import jobs
from dunnage.bots.configuration import MANAGERS_OF, Bots, unmoved
from dunnage.bots.dependabot import directory_of, written_directories, written_entry
from dunnage.bots.patterns import UnsupportedError
from dunnage.bots.renovate import Settings
from dunnage.files.document import Problem
from dunnage.files.source import File
from dunnage.files.span import Span

RULE = "update-bot/uncovered"
_MOST_NAMES = 3


def uncovered(found: Bots, kinds: Sequence[str]) -> Iterator[Problem]:
    """Yield a problem for each of these kinds if no bot updates some of its files."""
    for kind in kinds:
        try:
            paths = list(unmoved(found, kind))
            problems = [*_problem(found, kind, paths)] if paths and not jobs.may_update(found.repository) else []
        except UnsupportedError:
            continue
        yield from problems


def _problem(found: Bots, kind: str, paths: list[str]) -> Iterator[Problem]:
    """Yield the problem, unless another rule reports the cause. Raises UnsupportedError if that is unknown."""
    shown = ", ".join(f"`{path}`" for path in paths[:_MOST_NAMES])
    more = len(paths) - _MOST_NAMES
    message = f"no update bot updates {shown}" + (f" and {more} more" if more > 0 else "")
    if found.dependabot is not None:
        entry = next((entry for entry in reversed(found.entries) if entry.ecosystem == kind), None)
        span = entry.span if entry is not None else Span(0, 0)
        missing = list(dict.fromkeys(directory_of(path, kind) for path in paths))
        listed = None
        if entry is not None:
            listed = [each.text for each in entry.directories if found.folders.reached(each, kind)]
        help = _for_dependabot(found.dependabot, kind, listed, missing)
        yield Problem(RULE, found.dependabot, message, help, span=span)
        return
    settings = found.renovate
    place = _for_renovate(settings, kind, paths) if settings is not None else None
    if settings is not None and place is not None:
        help, span = place
        yield Problem(RULE, settings.file, message, help, span=span)


def _for_dependabot(file: File, kind: str, listed: list[str] | None, missing: list[str]) -> str:
    """What to write for these folders. `listed` are those of the entry; None if there is no entry."""
    if listed is None:
        return f"add to `updates:` in {file.path}:\n{written_entry(kind, missing)}"
    return f"replace the folders of this entry with:\n{written_directories([*listed, *missing])}"


def _for_renovate(settings: Settings, kind: str, paths: list[str]) -> tuple[str, Span] | None:
    """What to change in Renovate's configuration, and where; None if another rule reports the cause.

    Raises UnsupportedError if that is unknown.
    """
    manager = MANAGERS_OF[kind]
    enabled = settings.root.get(manager, "enabled")
    if not settings.is_enabled or (enabled is not None and enabled.value is False):
        return None
    listed = settings.root.get("enabledManagers")
    if listed is not None and settings.enabled_managers and manager not in settings.enabled_managers:
        return f'add "{manager}" to `enabledManagers`', listed.span
    if manager in settings.disabled:
        return f'add to {settings.place}: "{manager}": {{ "enabled": true }}', Span(0, 0)
    path, key = next(((path, key) for path in paths if (key := settings.hidden_by(path))), ("", ""))
    if not key:
        return None
    node = settings.root.get(key)
    if node is not None:
        return f"change `{key}` so that Renovate reads `{path}`", node.span
    others = [text for text in settings.ignored if not any(settings.ignores(text, path) for path in paths)]
    kept = ", ".join(f'"{text}"' for text in others)
    help = f'a preset excludes this path; to include it, add to {settings.place}:\n  "ignorePaths": [{kept}]'
    return help, Span(0, 0)
