"""Entries of the bots' configurations that lead to no file."""

import posixpath
import re
from collections.abc import Iterator

from dunnage.bots import dependabot, json5, movable
from dunnage.bots.configuration import MANAGERS_OF, Bots
from dunnage.bots.dependabot import MANIFESTS, Directory, Entry, directory_of
from dunnage.bots.globs import Patterns
from dunnage.bots.patterns import UnsupportedError
from dunnage.bots.renovate import Settings, file_patterns
from dunnage.files.document import Problem
from dunnage.files.span import Span
from dunnage.files.walk import is_project

RULE = "update-bot/dead-entry"
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
    yield Problem(RULE, found.dependabot, message, help, span=directory.span)


def _unreached(found: Bots, ecosystem: str) -> list[str]:
    """The directories with something to update that no entry for an ecosystem reaches."""
    try:
        covered = dependabot.covered(found.entries, found.folders, ecosystem)
    except UnsupportedError:
        covered = set()
    if ecosystem == movable.CARGO:
        possible = [
            folder for folder in found.folders.with_manifest(ecosystem) if is_project(folder) and folder not in covered
        ]
        # In the folder of a member, Dependabot updates the manifest without the lock of the workspace.
        return [f"/{folder}" for folder in movable.workspace_roots(found.repository, possible)]
    if ecosystem not in MANAGERS_OF:
        return []
    paths = [path for path in movable.files(found.repository, ecosystem) if posixpath.dirname(path) not in covered]
    return list(dict.fromkeys(directory_of(path, ecosystem) for path in paths))


def _check_renovate(found: Bots, settings: Settings) -> Iterator[Problem]:
    for text, span in settings.root.texts("includePaths"):
        if text not in found.repository.paths and not _matches(found, settings.patterns, text, is_pattern=False):
            message = f"`{text}` in `includePaths` matches no file of the repository"
            yield Problem(RULE, settings.file, message, "remove it, or write the path of a file that exists", span=span)
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
    yield Problem(RULE, settings.file, message, help, span=Span(*span))


def _matches(found: Bots, patterns: Patterns, text: str, *, is_pattern: bool) -> bool:
    """Whether a pattern matches any file of the repository; also if that is unknown."""
    try:
        pattern = patterns.expression_or_glob(text) if is_pattern else patterns.glob(text)
        return any(pattern.matches(path) for path in found.repository.known.ordered)
    except UnsupportedError:
        return True
