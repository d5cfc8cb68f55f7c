"""What no update bot updates: files with pins, and the versions in which a repository installs tools."""

import os
import posixpath
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from dunnage.bots.configuration import ACTIONS, CARGO, MANAGERS_OF, Bots, may_run_bot, may_update, pinned_files, unmoved
from dunnage.bots.dependabot import directory_of, written_directories, written_entry
from dunnage.bots.managers_block import MOST_PINS, Place, block, captures, written
from dunnage.bots.patterns import UnsupportedError
from dunnage.bots.renovate import CustomManager, Settings
from dunnage.ci.pinned_tools import PinnedTool, pinned_tools
from dunnage.ci.repository_files import RepositoryFiles
from dunnage.files.document import Problem
from dunnage.files.source import File
from dunnage.files.span import Span
from dunnage.files.walk import is_project
from dunnage.scripts.commands import kind_of

ABSENT = "update-bot/absent"
UNCOVERED = "update-bot/uncovered"
UNMOVED_TOOL = "update-bot/unmoved-tool"
_FOR_RENOVATE = "write into renovate.json, and enable Renovate for the repository:"
_MOST_NAMES = 3
_ACTIONS = frozenset(("baptiste0928/cargo-install", "cargo-bins/cargo-binstall", "extractions/setup-just"))
"""The actions whose inputs the manager github-actions reads. Source: github-actions/known-actions in Renovate."""


def uncovered(found: Bots, kinds: Sequence[str]) -> Iterator[Problem]:
    """Yield a problem for each of these kinds if no bot updates some of its files."""
    for kind in kinds:
        try:
            paths = list(unmoved(found, kind))
            problems = [*_problem(found, kind, paths)] if paths and not may_update(found.repository) else []
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
        yield Problem(UNCOVERED, found.dependabot, message, help, span=span)
        return
    settings = found.renovate
    place = _for_renovate(settings, kind, paths) if settings is not None else None
    if settings is not None and place is not None:
        help, span = place
        yield Problem(UNCOVERED, settings.file, message, help, span=span)


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


# Versions of tools


def places(repository: RepositoryFiles, paths: Iterable[str]) -> Iterator[Place]:
    """Yield the pins of tools in these files of a repository, without tests, examples and vendored files."""
    relevant = (path for path in paths if is_project(posixpath.dirname(path)) and _may_install(path))
    names = {os.path.join(repository.top, path): path for path in repository.tree.few(relevant, repository.top)}
    for pin in pinned_tools(repository.tree, names):
        yield Place(pin, posixpath.join(repository.folder(pin.file), posixpath.basename(pin.file.path)))


def _may_install(path: str) -> bool:
    return path == "Cargo.toml" or kind_of(path, b"") is not None or "." not in posixpath.basename(path)


def unmoved_tools(found: Bots, pins: Iterable[Place]) -> Iterator[Problem]:
    """Yield one problem for all pins that no manager reads, unless that is unknown."""
    settings = found.renovate
    file = settings.file if settings is not None else found.dependabot
    if file is None or not found.is_known or (settings is not None and not settings.is_enabled):
        return
    if settings is None and may_run_bot(found.repository):
        return
    pins = (place for place in pins if not _is_moved(found, place))
    managers, left = block(list(islice(pins, MOST_PINS)))
    more_pins = sum(1 for _ in pins)
    if not left:
        return
    tools = list(dict.fromkeys(f"{place.pin.name} {place.pin.version}" for place in left))
    more = len(tools) - _MOST_NAMES
    shown = ", ".join(tools[:_MOST_NAMES]) + (f" and {more} more" if more > 0 else "")
    message = f"no update bot updates the pinned versions of tools: {shown}"
    lines = "".join(
        f"\n  {place.pin.name} {place.pin.version} in {place.path}:{place.pin.file.position(at.start)[0]}"
        for place in left
        if (at := place.pin.literal) is not None
    )
    if more_pins:
        lines += f"\nafter these, up to {more_pins} more are reported"
    if settings is not None:
        node = settings.root.get("customManagers")
        span = node.span if node is not None else Span(settings.root.span.start, settings.root.span.start)
        how = f"add to {settings.place}:"
        text = written({"customManagers": managers})
        if node is not None:
            how = f"add the elements of this list to `customManagers` in {settings.place}:"
            text = written(managers)
        kinds = sorted({f"custom.{manager['customType']}" for manager in managers})
        missing = [kind for kind in kinds if not settings.runs(kind)]
        if missing:
            names = " and ".join(f'"{name}"' for name in missing)
            how = f"add {names} to `enabledManagers`, and {how}"
        path, key = _first_hidden(settings, left)
        if key:
            how = f"change `{key}` so that Renovate reads `{path}`, and {how}"
    else:
        span = Span(0, 0)
        how = "Dependabot cannot read them. To let Renovate update only these versions, write into renovate.json:"
        kinds = sorted({f"custom.{manager['customType']}" for manager in managers})
        text = written({"enabledManagers": kinds, "customManagers": managers})
    yield Problem(UNMOVED_TOOL, file, message, f"the versions are:{lines}\n{how}\n{text}", span=span)


def _first_hidden(settings: Settings, places: Sequence[Place]) -> tuple[str, str]:
    """The first path that Renovate does not read, and the setting that excludes it; empty if that is unknown."""
    try:
        return next(((place.path, key) for place in places if (key := settings.hidden_by(place.path))), ("", ""))
    except UnsupportedError:
        return "", ""


def _is_moved(found: Bots, place: Place) -> bool:
    """Whether Renovate reads a pin; also if that is unknown."""
    try:
        return found.renovate is not None and reads(found.renovate, place)
    except UnsupportedError:
        return True


def reads(settings: Settings, place: Place) -> bool:
    """Whether a manager reads a pin. Raises UnsupportedError."""
    pin, path = place
    if settings.hidden_by(path):
        return False
    is_input = pin.literal is not None and pin.span.start <= pin.literal.start < pin.span.end
    if pin.action in _ACTIONS and is_input and settings.reads_actions(path):
        return True
    return any(_manager_reads(settings, manager, pin) for manager in settings.custom_of(path))


def _manager_reads(settings: Settings, manager: CustomManager, pin: PinnedTool) -> bool:
    if manager.kind != "regex":
        if pin.kind == "list" and any("dunnage.tools" in text for text in manager.match_strings):
            return True
        raise UnsupportedError("a query")
    return captures(settings.patterns.expressions(manager.match_strings), pin, is_recursive=manager.is_recursive)


# Without any bot


def absent(repository: RepositoryFiles) -> Iterator[Problem]:
    """Yield one problem if there are locks or pinned tools, and no job may update them."""
    locks = pinned_files(repository, CARGO)
    found = iter(()) if locks else places(repository, repository.paths)
    pins = list(islice(found, MOST_PINS))
    more_pins = sum(1 for _ in found)
    if not (locks or pins) or may_update(repository):
        return
    folder = posixpath.dirname(locks[0]) if locks else ""
    file = repository.find(posixpath.join(folder, "Cargo.toml")) if locks else pins[0].pin.file
    if file is None:
        return
    what = f"the versions in `{locks[0]}`" if locks else f"{pins[0].pin.name} {pins[0].pin.version}"
    count = len(locks or pins) - 1 + more_pins
    more = f" and {count} more" if count else ""
    message = f"no update bot is configured, so nobody updates {what}{more}"
    help = _absent_help(repository, locks) if locks else _help_for_tools(pins)
    yield Problem(ABSENT, file, message, help, span=_absent_place(repository, file.path))


def _absent_place(repository: RepositoryFiles, path: str) -> Span:
    """The comment in a file that ignores the rule, wherever it is; else the start of the file."""
    from dunnage.scripts.comments import comments

    file = repository.read(os.path.relpath(os.path.abspath(path), repository.top).replace(os.sep, "/"))
    found = (span for span, text in comments(file) if ABSENT in text) if file is not None else iter(())
    return next(found, Span(0, 0))


def _absent_help(repository: RepositoryFiles, locks: list[str]) -> str:
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
    managers, _ = block(pins)
    return f"{_FOR_RENOVATE}\n{written({'extends': ['config:recommended'], 'customManagers': managers})}"
