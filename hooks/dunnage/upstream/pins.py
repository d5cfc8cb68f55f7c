"""The pins of a repository as tools to watch, and which of them a change updates."""

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from dunnage.cargo.version import version_of
from dunnage.ci.pinned_tools import CRATE, HINTS, PinnedTool, pinned_tools
from dunnage.files.git import EVERYTHING, Repository
from dunnage.files.git_objects import GitObjects
from dunnage.files.source import File, SourceError, Tree
from dunnage.upstream.report import Place, Watched
from dunnage.upstream.source import SourceFailed


def pinned(repository: Repository, tree: Tree) -> list[Watched]:
    """The crates that the tracked files of a repository pin, one for each version. Raises SourceFailed."""
    names = repository.mentioning((*HINTS, "metadata.dunnage"))
    if names is None:
        raise SourceFailed("git cannot list the files of this repository")
    return _watched(_crates(tree, sorted(names)))


def moved(repository: Repository, tree: Tree, base: str) -> list[Watched]:
    """The pins that differ from the common ancestor with a commit: as ranges, or as new pins. Raises SourceFailed."""
    objects = GitObjects(repository)
    try:
        start, head = objects.commit(base), objects.commit("HEAD")
        ancestor = repository.merge_base(start.name, head.name) if start and head else None
        names = repository.differing(ancestor, [EVERYTHING]) if ancestor else None
        if ancestor is None or names is None:
            raise SourceFailed(f"{base} and HEAD have no common ancestor in this clone")
        before = _versions(_crates(_tree_of(objects, ancestor), sorted(names)))
    finally:
        objects.close()
    present = sorted(name for name in names if tree.exists(name))
    after = _watched(_crates(tree, present))
    kept = {(watched.tool, watched.version) for watched in after}
    replaced: dict[str, str] = {}
    for tool, versions in before.items():
        gone = [version for version in versions if (tool, version) not in kept and version_of(version)]
        replaced[tool] = max(gone, key=lambda version: version_of(version) or version, default="")
    return [
        watched._replace(version=old, newer=watched.version) if (old := replaced.get(watched.tool)) else watched
        for watched in after
        if watched.version not in before[watched.tool]
    ]


def _crates(tree: Tree, names: Iterable[str]) -> Iterator[PinnedTool]:
    return (tool for tool in pinned_tools(tree, names) if tool.registry == CRATE)


def _versions(tools: Iterable[PinnedTool]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for tool in tools:
        found[tool.name].add(tool.version)
    return found


def _watched(tools: Iterable[PinnedTool]) -> list[Watched]:
    places: dict[tuple[str, str], list[Place]] = defaultdict(list)
    for tool in tools:
        line, column = tool.file.position((tool.literal or tool.span).start)
        places[tool.name, tool.version].append(Place(tool.file.path, line, column))
    return [
        Watched(name, version, places=tuple(sorted(set(found)))) for (name, version), found in sorted(places.items())
    ]


def _tree_of(objects: GitObjects, commit: str) -> Tree:
    """The files of the repository as they are in a commit."""
    top = objects.repository.top

    def load(path: str) -> File | SourceError | None:
        name = os.path.relpath(os.path.abspath(path), top).replace(os.sep, "/")
        data = None if name.startswith("../") else objects.file(commit, name)
        return None if data is None else File(path, data)

    return Tree(load=load)


def named(texts: Sequence[str], known: Iterable[Watched]) -> list[Watched]:
    """What the arguments name: `TOOL`, `TOOL@VERSION`, or `TOOL` and then `OLD..NEW`.

    A tool without a version has the versions that `known` pins. Raises ValueError, with a clause that says what is
    wrong.
    """
    found: list[Watched] = []
    pinned_versions: dict[str, list[Watched]] = defaultdict(list)
    for watched in known:
        pinned_versions[watched.tool].append(watched)
    for text in texts:
        if ".." in text:
            old, _, new = text.partition("..")
            if not found or found[-1].newer or found[-1].version:
                raise ValueError(f"{text} is a range, but no tool precedes it: write `TOOL OLD..NEW`")
            found[-1] = Watched(found[-1].tool, _version(old), _version(new.removeprefix(".")))
            continue
        tool, at, version = text.partition("@")
        found.append(Watched(tool, _version(version) if at else ""))
    return [
        watched
        for each in found
        for watched in (pinned_versions[each.tool] if each.tool in pinned_versions and not each.version else [each])
    ]


def _version(text: str) -> str:
    plain = text.removeprefix("v")
    if version_of(plain) is None:
        raise ValueError(f"{text or 'nothing'} is not a version: write MAJOR.MINOR.PATCH")
    return plain
