"""Files that no entry of a bot's configuration reaches."""

import posixpath
from collections.abc import Iterator, Sequence

from dunnage.bots import jobs, movable
from dunnage.bots.configuration import MANAGERS_OF, Bots, unmoved
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
        except UnsupportedError:
            continue
        if paths and not jobs.may_update(found.repository):
            yield from _problem(found, kind, paths)


def _problem(found: Bots, kind: str, paths: list[str]) -> Iterator[Problem]:
    shown = ", ".join(f"`{path}`" for path in paths[:_MOST_NAMES])
    more = len(paths) - _MOST_NAMES
    message = f"no update bot updates {shown}" + (f" and {more} more" if more > 0 else "")
    if found.dependabot is not None:
        entry = next((entry for entry in reversed(found.entries) if entry.ecosystem == kind), None)
        span = entry.span if entry is not None else Span(0, 0)
        missing = list(dict.fromkeys(_directory(path, kind) for path in paths))
        listed = [directory.text for directory in entry.directories] if entry is not None else []
        help = _for_dependabot(found.dependabot, kind, listed, missing)
        yield Problem(RULE, found.dependabot, message, help, span=span)
    elif found.renovate is not None:
        place = _for_renovate(found.renovate, kind, paths)
        if place is not None:
            help, span = place
            yield Problem(RULE, found.renovate.file, message, help, span=span)


def _directory(path: str, kind: str) -> str:
    folder = posixpath.dirname(path)
    return "/" if kind == movable.ACTIONS and folder == ".github/workflows" else f"/{folder}"


def _for_dependabot(file: File, kind: str, listed: list[str], missing: list[str]) -> str:
    if listed:
        directories = "".join(f"\n      - {directory}" for directory in [*listed, *missing])
        return f"list the folders in the entry for {kind} in {file.path}:\n    directories:{directories}"
    directories = "".join(f"\n      - {directory}" for directory in missing)
    return (
        f"add to `updates:` in {file.path}:\n  - package-ecosystem: {kind}\n    directories:{directories}"
        "\n    schedule:\n      interval: weekly"
    )


def _for_renovate(settings: Settings, kind: str, paths: list[str]) -> tuple[str, Span] | None:
    """What to change in Renovate's configuration, and where; None if another rule reports the cause."""
    manager = MANAGERS_OF[kind]
    enabled = settings.root.get(manager, "enabled")
    if not settings.is_enabled or (enabled is not None and enabled.value is False):
        return None
    listed = settings.root.get("enabledManagers")
    if listed is not None and settings.enabled_managers and manager not in settings.enabled_managers:
        return f'add "{manager}" to `enabledManagers`', listed.span
    if manager in settings.disabled:
        return f'add to {settings.file.path}: "{manager}": {{ "enabled": true }}', Span(0, 0)
    try:
        is_left = len(settings.reads(paths)) == len(paths)
    except UnsupportedError:
        return None
    if is_left:
        return None
    for key in ("includePaths", "ignorePaths"):
        node = settings.root.get(key)
        if node is not None:
            return f"change `{key}` so that Renovate reads `{paths[0]}`", node.span
    others = [text for text in settings.ignored if not any(settings.ignores(text, path) for path in paths)]
    kept = ", ".join(f'"{text}"' for text in others)
    return f'a preset excludes this path; to include it, add to {settings.file.path}:\n  "ignorePaths": [{kept}]', Span(
        0, 0
    )
