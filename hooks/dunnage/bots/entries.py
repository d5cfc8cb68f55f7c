"""Entries of the bots' configurations that lead to no file, and those that switch updates off."""

import posixpath
import re
from collections.abc import Iterator

from dunnage.bots import dependabot, json5
from dunnage.bots.configuration import (
    ACTIONS,
    CARGO,
    DOCKER,
    MANAGERS_OF,
    Bots,
    pinned_files,
    renovate_moves,
    workspace_roots,
)
from dunnage.bots.dependabot import MANIFESTS, Directory, Entry, directory_of
from dunnage.bots.globs import Patterns
from dunnage.bots.patterns import UnsupportedError
from dunnage.bots.renovate import Settings, file_patterns
from dunnage.files.document import Problem
from dunnage.files.span import Span
from dunnage.files.walk import is_project

DEAD_ENTRY = "update-bot/dead-entry"
OFF = "update-bot/off"
_KINDS = {"cargo": CARGO, "dockerfile": DOCKER, "github-actions": ACTIONS}
"""What Renovate's managers move, as far as a configuration that switches it off is about many pins."""
_MOST_EXAMPLES = 5


def dead_entries(found: Bots) -> Iterator[Problem]:
    """Yield the directories of Dependabot without a manifest, and the patterns of Renovate that match no file."""
    unreached: dict[str, list[str]] = {}
    for entry in found.entries:
        for directory in entry.directories if not entry.is_for_branch else ():
            yield from _check_directory(found, entry, directory, unreached)
    settings = found.renovate
    # Another branch may have other files.
    if settings is not None and not {"baseBranches", "baseBranchPatterns"} & settings.root.items().keys():
        yield from _check_renovate(found, settings)


def _check_directory(
    found: Bots, entry: Entry, directory: Directory, unreached: dict[str, list[str]]
) -> Iterator[Problem]:
    """Check one directory. `unreached` keeps the directories that no entry for an ecosystem reaches."""
    try:
        reached = found.folders.reached(directory, entry.ecosystem)
    except UnsupportedError:
        return
    if found.dependabot is None or reached:
        return
    manifest = MANIFESTS[entry.ecosystem]
    article = "an" if manifest[0] in "aeio" else "a"
    message = f"Dependabot finds no {manifest} in `{directory.text}`, so it updates nothing there"
    if directory.is_glob:
        message = (
            f"no folder that `{directory.text}` matches has {article} {manifest}, so Dependabot updates nothing there"
        )
    if entry.ecosystem not in unreached:
        unreached[entry.ecosystem] = _unreached(found, entry.ecosystem)
    examples = unreached[entry.ecosystem]
    more = len(examples) - _MOST_EXAMPLES
    place = "this line from `directories`" if len(entry.directories) > 1 else f"the entry for {entry.ecosystem}"
    help = f"remove {place}"
    if examples:
        listed = ", ".join(f"`{directory}`" for directory in examples[:_MOST_EXAMPLES]) + (
            f" and {more} more" if more > 0 else ""
        )
        help += f", or write a folder with {article} {manifest}: {listed}"
    yield Problem(DEAD_ENTRY, found.dependabot, message, help, span=directory.span)


def _unreached(found: Bots, ecosystem: str) -> list[str]:
    """The directories with something to update that no entry for an ecosystem reaches."""
    try:
        covered = dependabot.covered(found.entries, found.folders, ecosystem)
    except UnsupportedError:
        covered = set()
    if ecosystem == CARGO:
        possible = [
            folder for folder in found.folders.with_manifest(ecosystem) if is_project(folder) and folder not in covered
        ]
        # In the folder of a member, Dependabot updates the manifest without the lock of the workspace.
        return [f"/{folder}" for folder in workspace_roots(found.repository, possible)]
    if ecosystem not in MANAGERS_OF:
        return []
    paths = [path for path in pinned_files(found.repository, ecosystem) if posixpath.dirname(path) not in covered]
    return list(dict.fromkeys(directory_of(path, ecosystem) for path in paths))


def _check_renovate(found: Bots, settings: Settings) -> Iterator[Problem]:
    for text, span in settings.root.texts("includePaths"):
        if text not in found.repository.paths and not _matches(found, settings.patterns, text, is_pattern=False):
            message = f"`{text}` in `includePaths` matches no file of the repository"
            help = "remove it, or write the path of a file that exists"
            yield Problem(DEAD_ENTRY, settings.file, message, help, span=span)
    for name, section in settings.root.items().items():
        for node in section.elements() if name in ("customManagers", "regexManagers") else [section]:
            yield from _check_patterns(found, settings, name, node)


def _check_patterns(found: Bots, settings: Settings, name: str, node: json5.Node) -> Iterator[Problem]:
    patterns = file_patterns(node)
    if not patterns or any(_matches(found, settings.patterns, text, is_pattern=True) for text, _ in patterns):
        return
    text, span = patterns[0]
    count = len(patterns)
    what = f"no file matches `{text}`" if count == 1 else f"no file matches any of these {count} patterns"
    is_custom = name in ("customManagers", "regexManagers")
    message = f"{what}, so {'this custom manager reads nothing' if is_custom else f'it adds nothing to `{name}`'}"
    help = "write a pattern that matches a file of the repository, or remove it"
    if re.search(r"^\^|\$$", text):
        help = f"write `/{text}/`: without `/` around it, Renovate reads the text as a glob"
    yield Problem(DEAD_ENTRY, settings.file, message, help, span=Span(*span))


def _matches(found: Bots, patterns: Patterns, text: str, *, is_pattern: bool) -> bool:
    """Whether a pattern matches any file of the repository; also if that is unknown."""
    try:
        pattern = patterns.expression_or_glob(text) if is_pattern else patterns.glob(text)
        return any(pattern.matches(path) for path in found.repository.known.ordered)
    except UnsupportedError:
        return True


# Updates that are switched off, and that no other entry or bot makes


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
        yield from _check_enabled(found, found.renovate)


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
    yield Problem(OFF, found.dependabot, message, help, span=span)


def _check_enabled(found: Bots, settings: Settings) -> Iterator[Problem]:
    if not settings.is_enabled:
        if found.dependabot is None:
            enabled, presets = settings.root.get("enabled"), settings.root.get("extends")
            message = "Renovate is disabled for this repository, and there is no other update bot"
            help = "remove `enabled: false`" if enabled is not None else "remove `:disableRenovate` from `extends`"
            yield Problem(OFF, settings.file, message, help, span=(enabled or presets or settings.root).span)
        return
    for manager, kind in _KINDS.items():
        enabled = settings.root.get(manager, "enabled")
        if enabled is not None and enabled.value is False:
            yield from _check_manager(found, settings, manager, kind, enabled)


def _check_manager(found: Bots, settings: Settings, manager: str, kind: str, enabled: json5.Node) -> Iterator[Problem]:
    if any(entry.ecosystem == kind for entry in found.entries):
        return
    count = len(pinned_files(found.repository, kind))
    if count:
        files = f"{count} files" if count > 1 else "1 file"
        message = f"Renovate's manager {manager} is disabled, so no update bot updates the pins in {files}"
        help = f"remove `enabled: false` from `{manager}`, or exclude single dependencies in `packageRules`"
        yield Problem(OFF, settings.file, message, help, span=enabled.span)
