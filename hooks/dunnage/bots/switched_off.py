"""Updates that the bots' configurations switch off, and that no other entry or bot makes."""

from collections.abc import Iterator

from dunnage.bots import dependabot, json5, movable
from dunnage.bots.configuration import Bots, renovate_moves
from dunnage.bots.dependabot import Entry
from dunnage.bots.patterns import UnsupportedError
from dunnage.bots.renovate import Settings
from dunnage.files.document import Problem

RULE = "update-bot/off"
_KINDS = {"cargo": movable.CARGO, "dockerfile": movable.DOCKER, "github-actions": movable.ACTIONS}
"""What Renovate's managers move, as far as a configuration that switches it off is about many pins."""


def switched_off(found: Bots) -> Iterator[Problem]:
    """Yield what is switched off, unless it is moved all the same, or unless that is unknown."""
    moved: dict[str, set[str] | None] = {}
    remaining: dict[tuple[str, tuple[str, ...]], bool] = {}
    for entry in found.entries:
        if entry.off is not None and not entry.is_for_branch:
            if entry.ecosystem not in moved:
                moved[entry.ecosystem] = _moved(found, entry.ecosystem)
            # Many entries may have the same directories, with many folders.
            key = entry.ecosystem, tuple(directory.text for directory in entry.directories)
            if key not in remaining:
                remaining[key] = _leaves_some(found, entry, moved[entry.ecosystem])
            if remaining[key]:
                yield from _check_entry(found, entry)
    if found.renovate is not None and found.renovate.is_known:
        yield from _check_renovate(found, found.renovate)


def _moved(found: Bots, ecosystem: str) -> set[str] | None:
    """The folders in which other entries move an ecosystem; None if Renovate moves it too, or if that is unknown."""
    try:
        if ecosystem in _KINDS.values() and any(renovate_moves(found, ecosystem)):
            return None
        return dependabot.covered((entry for entry in found.entries if entry.off is None), found.folders, ecosystem)
    except UnsupportedError:
        return None


def _leaves_some(found: Bots, entry: Entry, moved: set[str] | None) -> bool:
    """Whether something in the folders of an entry is not moved. `moved` holds the folders that are moved."""
    if moved is None:
        return False
    try:
        reached = {directory.text: found.folders.reached(directory, entry.ecosystem) for directory in entry.directories}
    except UnsupportedError:
        return False
    return any(not folders <= moved for folders in reached.values())


def _check_entry(found: Bots, entry: Entry) -> Iterator[Problem]:
    if entry.off is None or found.dependabot is None:
        return
    setting, span = entry.off
    message = f"`{setting}` disables version updates of {entry.ecosystem}; only security updates remain"
    if setting.startswith("ignore"):
        message = f"`{setting}` makes Dependabot ignore every update of {entry.ecosystem}"
    help = "remove it, or list the dependencies to ignore" if setting.startswith("ignore") else "remove this line"
    yield Problem(RULE, found.dependabot, message, help, span=span)


def _check_renovate(found: Bots, settings: Settings) -> Iterator[Problem]:
    if not settings.is_enabled:
        if found.dependabot is None:
            enabled, presets = settings.root.get("enabled"), settings.root.get("extends")
            message = "Renovate is disabled for this repository, and there is no other update bot"
            help = "remove `enabled: false`" if enabled is not None else "remove `:disableRenovate` from `extends`"
            yield Problem(RULE, settings.file, message, help, span=(enabled or presets or settings.root).span)
        return
    for manager, kind in _KINDS.items():
        enabled = settings.root.get(manager, "enabled")
        if enabled is not None and enabled.value is False:
            yield from _check_manager(found, settings, manager, kind, enabled)


def _check_manager(found: Bots, settings: Settings, manager: str, kind: str, enabled: json5.Node) -> Iterator[Problem]:
    if any(entry.ecosystem == kind for entry in found.entries):
        return
    count = len(movable.files(found.repository, kind))
    if count:
        files = f"{count} files" if count > 1 else "1 file"
        message = f"Renovate's manager {manager} is disabled, so no update bot updates the pins in {files}"
        help = f"remove `enabled: false` from `{manager}`, or exclude single dependencies in `packageRules`"
        yield Problem(RULE, settings.file, message, help, span=enabled.span)
