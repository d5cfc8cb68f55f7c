"""The WIT of repositories compared with their bases: what there is to say about each, and what changed."""

import os
from collections.abc import Iterable, Iterator, Mapping

from dunnage.files.source import File, SourceError, Tree, display
from dunnage.files.walk import upwards
from dunnage.review.base import Base, Histories, History, same_text
from dunnage.review.judgement import Examination, Judgement
from dunnage.review.reviews import MANIFEST
from dunnage.review.reviews import read as read_reviews
from dunnage.review.settings import Settings
from dunnage.review.wit_folder import WitBase, WitFolder

_DEPENDENCIES = "deps"
_ENDINGS = (".wit", ".wasm")


def examine(paths: Iterable[str], tree: Tree, settings: Settings) -> Iterator[Examination]:
    """Yield what there is to say about the WIT folders of the files at some absolute paths, one for each repository."""
    from dunnage.wit.packages import root

    histories = Histories(settings.base, settings.refs)
    roots: dict[str, list[str]] = {}
    try:
        found: dict[str, History | None] = {}
        for folder in sorted({root(path) for path in paths}):
            history = histories.of(folder)
            top = history.repository.top if history else ""
            found[top] = history
            roots.setdefault(top, []).append(folder)
        for top, folders in roots.items():
            yield _examine(top, found[top], folders, tree, settings)
    finally:
        histories.close()


def _examine(top: str, history: History | None, roots: list[str], tree: Tree, settings: Settings) -> Examination:
    files = {root: _files(root, tree) for root in roots}
    reviews = read_reviews(tree, _manifest_folders(top, roots), settings.reviews)
    found = _compared(history, files)
    is_same = bool(found.base.commits) and not any(found.folders)
    name = display(top) if top and len(roots) > 1 else display(roots[0])
    if is_same and not any(review.is_about_wit for review in reviews.entries):
        return Examination(name, reviews, Judgement())
    from dunnage.review.wit_review import judge

    first = next((file for root in roots for file in files[root].values()), None)
    if first is None:
        return Examination(name, reviews, Judgement())
    return Examination(name, reviews, judge(name, first, found, reviews, tree, settings))


def _compared(history: History | None, files: Mapping[str, Mapping[str, File]]) -> WitBase:
    """Find the commits to compare with, and the WIT folders that differ from each."""
    if history is None:
        return WitBase(Base((), "it is in no git repository"), ())
    known: dict[str, tuple[WitFolder, ...]] = {}

    def changes(commit: str) -> tuple[WitFolder, ...]:
        if commit not in known:
            known[commit] = tuple(_changed(history, commit, files))
        return known[commit]

    base = history.base(lambda commit: bool(changes(commit)))
    return WitBase(base, tuple(changes(commit) for commit in base.commits))


def _changed(history: History, commit: str, files: Mapping[str, Mapping[str, File]]) -> Iterator[WitFolder]:
    from dunnage.wit.packages import root

    names: dict[str, list[str]] = {folder: [] for folder in files}
    for path in sorted(history.files(commit)):
        if path.endswith(_ENDINGS) and (folder := root(path)) in names:
            names[folder].append(path)
    history.read_all(commit, [path for paths in names.values() for path in paths])
    for folder, paths in names.items():
        now, before = files[folder], {}
        for path in paths:
            text = history.read(commit, path)
            file = now.get(path)
            if text is not None:
                is_same = file is not None and same_text(file.data, text)
                before[path] = file if file is not None and is_same else File(display(path), text)
        found = WitFolder(folder, now, before)
        if found.changed():
            yield found


def _files(root: str, tree: Tree) -> dict[str, File]:
    """The WIT of a folder and of its `deps`, as it is on disk. What cannot be read is left out."""
    paths = _names(root)
    deps = os.path.join(root, _DEPENDENCIES)
    for path in _names(deps):
        paths += _names(path) if os.path.isdir(path) else [path]
    files = {}
    for path in paths:
        if path.endswith(_ENDINGS):
            try:
                files[path] = tree.read(path)
            except (FileNotFoundError, SourceError):
                continue
    return files


def _names(folder: str) -> list[str]:
    try:
        return [os.path.join(folder, name) for name in sorted(os.listdir(folder))]
    except OSError:
        return []


def _manifest_folders(top: str, roots: Iterable[str]) -> list[str]:
    """The folders above WIT whose manifests may hold reviews. A new one is written in the last, the outermost."""
    folders = dict.fromkeys(folder for root in roots for folder in upwards(root))
    found = [folder for folder in folders if os.path.isfile(os.path.join(folder, MANIFEST))]
    return sorted(found, key=len, reverse=True) or [top or next(iter(folders))]
