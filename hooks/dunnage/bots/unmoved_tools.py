"""Versions in which a repository installs tools, and that no update bot reads."""

import os
import posixpath
from collections.abc import Iterable, Iterator, Sequence

from dunnage.bots import jobs, managers_block
from dunnage.bots.configuration import Bots
from dunnage.bots.managers_block import MOST_PINS, Place, block
from dunnage.bots.moved_tools import MovedTools
from dunnage.bots.patterns import UnsupportedError
from dunnage.bots.renovate import Settings
from dunnage.ci.pinned_tools import pinned_tools
from dunnage.ci.repository_files import RepositoryFiles
from dunnage.files.document import Problem
from dunnage.files.span import Span
from dunnage.files.walk import is_project
from dunnage.scripts.commands import kind_of

RULE = "update-bot/unmoved-tool"
_MOST_NAMES = 3


def places(repository: RepositoryFiles, paths: Iterable[str]) -> list[Place]:
    """The pins of tools in these files of a repository, without tests, examples and vendored files."""
    relevant = [path for path in sorted(paths) if is_project(posixpath.dirname(path)) and _may_install(path)]
    names = {os.path.join(repository.top, path): path for path in relevant}
    found = pinned_tools(repository.tree, names)
    return [Place(pin, posixpath.join(repository.folder(pin.file), posixpath.basename(pin.file.path))) for pin in found]


def _may_install(path: str) -> bool:
    return path == "Cargo.toml" or kind_of(path, b"") is not None or "." not in posixpath.basename(path)


def unmoved_tools(found: Bots, pins: Sequence[Place]) -> Iterator[Problem]:
    """Yield one problem for all pins that no manager reads, unless that is unknown."""
    settings = found.renovate
    file = settings.file if settings is not None else found.dependabot
    if file is None or not found.is_known or (settings is not None and not settings.is_enabled):
        return
    if settings is None and jobs.may_run_bot(found.repository):
        return
    unmoved = [place for place in pins if not _is_moved(found, place)]
    managers, left = block(unmoved[:MOST_PINS])
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
    if len(unmoved) > MOST_PINS:
        lines += f"\nafter these, up to {len(unmoved) - MOST_PINS} more are reported"
    if settings is not None:
        node = settings.root.get("customManagers")
        span = node.span if node is not None else Span(settings.root.span.start, settings.root.span.start)
        how = f"add to {settings.place}:"
        text = managers_block.written({"customManagers": managers})
        if node is not None:
            how = f"add the elements of this list to `customManagers` in {settings.place}:"
            text = managers_block.written(managers)
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
        text = managers_block.written({"enabledManagers": kinds, "customManagers": managers})
    yield Problem(RULE, file, message, f"the versions are:{lines}\n{how}\n{text}", span=span)


def _first_hidden(settings: Settings, places: Sequence[Place]) -> tuple[str, str]:
    """The first path that Renovate does not read, and the setting that excludes it; empty if that is unknown."""
    try:
        return next(((place.path, key) for place in places if (key := settings.hidden_by(place.path))), ("", ""))
    except UnsupportedError:
        return "", ""


def _is_moved(found: Bots, place: Place) -> bool:
    """Whether Renovate reads a pin; also if that is unknown."""
    if found.renovate is None:
        return False
    try:
        return MovedTools(found.renovate).contain(place.pin, place.path)
    except UnsupportedError:
        return True
