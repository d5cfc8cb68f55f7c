"""The WIT of repositories compared with their bases: the findings about each, and what changed."""

import os
from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from typing import NamedTuple

from dunnage.files.source import File, SourceError, Tree, display
from dunnage.files.walk import upwards
from dunnage.review.base import Base, Histories, History, same_text
from dunnage.review.reviews import MANIFEST, Examination, Judgement, Settings
from dunnage.review.reviews import read as read_reviews
from dunnage.wit import root

_DEPENDENCIES = "deps"
_MOST_BYTES = 8 * 1024 * 1024
"""How much WIT of a folder in a commit is compared."""
_ENDINGS = (".wit", ".wasm")
PATTERNS = ("**/*.wit", "**/deps/*.wasm")


class WitFolder(NamedTuple):
    """A WIT folder with the packages that are vendored in its `deps`, now and before the change."""

    path: str
    files: Mapping[str, File]
    """By absolute path."""
    before: Mapping[str, File]
    """A file that has not changed is the same object as in `files`."""

    def changed(self) -> set[str]:
        """The paths of the files that are new, changed or removed."""
        return {path for path in {*self.files, *self.before} if self.files.get(path) is not self.before.get(path)}


class Project(NamedTuple):
    """WIT folders below one manifest, or without one in one repository."""

    folder: str
    """The folder of the outermost manifest, or else the top of the repository, or else the WIT folder."""
    history: History | None
    named: dict[str, list[str]]
    """For each WIT folder, the files that are to be checked."""
    manifests: dict[str, None]
    """The folders with manifests above any of the WIT."""


def examine(paths: Iterable[str], tree: Tree, settings: Settings) -> Iterator[Examination]:
    """Yield the findings about the WIT folders of the files at some absolute paths, one for each project."""
    histories = Histories(settings.base, settings.refs)
    by_folder: dict[str, list[str]] = {}
    for path in paths:
        by_folder.setdefault(root(path), []).append(path)
    projects: dict[tuple[str, str], Project] = {}
    try:
        for folder, files in by_folder.items():
            history = histories.of(folder)
            top = history.repository.top if history else folder
            manifests = [above for above in upwards(folder) if os.path.isfile(os.path.join(above, MANIFEST))]
            outermost = manifests[-1] if manifests else top
            project = projects.setdefault((top, outermost), Project(outermost, history, {}, {}))
            project.named[folder] = files
            project.manifests.update(dict.fromkeys(manifests))
        for project in projects.values():
            yield _examine(project, tree, settings)
    finally:
        histories.close()


def _examine(project: Project, tree: Tree, settings: Settings) -> Examination:
    folder, history, named, manifests = project
    above = sorted(manifests, key=len, reverse=True) or [folder]
    reviews = read_reviews(tree, above, settings.reviews)
    base, folders = _compared(history, named, tree)
    first = min(path for paths in named.values() for path in paths)
    name = _shown(folder if len(named) > 1 else root(first))
    if base.commits and not any(folders) and not any(review.is_about_wit for review in reviews.entries):
        return Examination(name, reviews, Judgement())
    from dunnage.review.wit_review import judge

    file = tree.find(first)
    if file is None:
        return Examination(name, reviews, Judgement())
    return Examination(name, reviews, judge(name, file, base, folders, reviews, tree, settings))


def _compared(
    history: History | None, named: Mapping[str, list[str]], tree: Tree
) -> tuple[Base, list[list[WitFolder]]]:
    """Find the commits to compare with, and for each the WIT folders that differ from it."""
    if history is None:
        return Base((), "it is not in a git repository"), []
    known: dict[str, list[WitFolder]] = {}

    def changes(commit: str) -> list[WitFolder]:
        if commit not in known:
            known[commit] = list(_changed(history, commit, named, tree))
        return known[commit]

    try:
        base = history.base(lambda commit: bool(changes(commit)))
        return base, [changes(commit) for commit in base.commits]
    except SourceError as error:
        return Base((), error.message), []


def _changed(history: History, commit: str, named: Mapping[str, list[str]], tree: Tree) -> Iterator[WitFolder]:
    """Yield the WIT folders that differ from a commit. Only folders in which git finds a difference are read.

    Raises SourceError if git cannot read the commit.
    """
    paths_before = history.files(commit)  # first, because git could compare a tree of hostile size for long
    differing = history.differing(commit, PATTERNS)
    before: dict[str, set[str]] = {}
    roots: dict[str, str] = {}
    for path in paths_before:
        if path.endswith(_ENDINGS):
            above = os.path.dirname(path)
            if above not in roots:  # files of one folder have one root
                roots[above] = root(path)
            before.setdefault(roots[above], set()).add(path)
    changed = set(named) if differing is None else {root(path) for path in differing}
    for folder, paths in named.items():
        olds = before.get(folder, set())
        if folder not in changed and olds.issuperset(paths):
            continue
        found = _read(folder, history, commit, olds, olds if differing is None else differing, tree)
        if found.changed():
            yield found


def _read(
    folder: str, history: History, commit: str, olds: AbstractSet[str], differing: AbstractSet[str], tree: Tree
) -> WitFolder:
    """Read a WIT folder, now and before: `olds` are the paths of its old files, of which `differing` may differ."""
    now = _files(folder, tree)
    before = {path: file for path, file in now.items() if path in olds and path not in differing}
    read = sorted(olds - before.keys())
    size = 0
    for path, text in zip(read, history.require_all(commit, read), strict=True):
        size += len(text or b"")
        if size > _MOST_BYTES:
            raise SourceError(f"{display(folder)} has more than {_MOST_BYTES // 2**20} MiB of WIT in {commit[:12]}")
        file = now.get(path)
        if text is not None:
            is_same = file is not None and same_text(file.data, text)
            before[path] = file if file is not None and is_same else File(display(path), text)
    return WitFolder(folder, now, before)


def _files(root: str, tree: Tree) -> dict[str, File]:
    """The WIT of a folder and of its `deps`, as it is on disk. Unreadable files are left out."""
    paths = _names(root)
    deps = os.path.join(root, _DEPENDENCIES)
    for path in _names(deps):
        paths += _names(path) if os.path.isdir(path) else [path]
    found = {path: tree.find(path) for path in paths if path.endswith(_ENDINGS)}
    return {path: file for path, file in found.items() if file is not None}


def _names(folder: str) -> list[str]:
    try:
        return [os.path.join(folder, name) for name in sorted(os.listdir(folder))]
    except OSError:
        return []


def _shown(folder: str) -> str:
    return "." if folder == os.getcwd() else display(folder)
