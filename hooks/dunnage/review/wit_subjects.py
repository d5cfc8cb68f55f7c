"""What can be reviewed of the WIT of a repository, to find reviews that are stale."""

from __future__ import annotations

from collections.abc import Iterator

from dunnage.files.git import Repositories
from dunnage.files.source import File, SourceError, Tree
from dunnage.review.wit_rules import content_subject, package_subject, world_subject
from dunnage.review.wit_state import WitState
from dunnage.wit.packages import root


def present(tree: Tree, folder: str) -> frozenset[str] | None:
    """The keys of all reviews that match something in the WIT of a repository; None if some of it is unknown."""
    roots: dict[str, dict[str, File]] = {}
    for path in sorted(Repositories(tree, "**/*.wit").tracked_near(folder)):
        try:
            # Not through the run's own tree, which would report unused ignore comments of unchecked files.
            roots.setdefault(root(path), {})[path] = Tree().read(path)
        except (FileNotFoundError, SourceError):
            return None
    found: set[str] = set()
    for top, files in roots.items():
        state = WitState(top, files, files)
        if state.unreadable:
            return None
        for package in state.foreign():
            found |= {package_subject(package.name, package.version), content_subject(package)}
        for subject in _in_worlds(state):
            if subject is None:
                return None
            found.add(subject)
    return frozenset(found)


def _in_worlds(state: WitState) -> Iterator[str | None]:
    for world in state.worlds():
        elaborated = state.elaborated(world)
        if elaborated is None or elaborated.missing:
            yield None
            return
        for number in elaborated.imports:
            name, _, text = (world.graph.scopes[number].part.package.name or "").partition("@")
            yield world_subject(name, text, world.name)
