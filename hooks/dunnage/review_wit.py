"""Suspicious changes in foreign WIT packages have been reviewed.

Compares WIT with what it was, offline, in the terms of the component model. A WIT package is a contract with code that
others wrote, and a new import of a world is a new capability of the components that are built for it.
"""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING, NamedTuple

from dunnage.files import toml
from dunnage.files.source import File, SourceError, Tree, display
from dunnage.files.span import Span
from dunnage.files.walk import upwards
from dunnage.frame.finding import Finding, Rule, findings
from dunnage.frame.hook import Hook, run
from dunnage.frame.options import FROM_REF, TO_REF, Options
from dunnage.frame.review import (
    ACCEPT,
    BASE,
    REQUIRE_BASE,
    REVIEWS,
    SHOW,
    SUMMARY_FORMAT,
    accepted,
    reviewed_files,
    say_notes,
)
from dunnage.review.base import Base, Histories, History, same_text
from dunnage.review.reviews import (
    MANIFEST,
    Examination,
    Judgement,
    Listed,
    NotAcceptedError,
    Settings,
    accept_all,
    problems,
    summaries,
)
from dunnage.review.reviews import read as read_reviews
from dunnage.wit import root

if TYPE_CHECKING:
    from dunnage.review.wit_changes import WitFolder

_DEPENDENCIES = "deps"
_MOST_BYTES = 8 * 1024 * 1024
"""How much WIT of a folder in a commit is compared."""
_ENDINGS = (".wit", ".wasm")
PATTERNS = ("**/*.wit", "**/deps/*.wasm")

_RULES = (
    Rule("wit-review/same-version", "the content of a foreign package changed, but its version did not"),
    Rule("wit-review/new-import", "a world imports an interface of a foreign package that it did not import before"),
    Rule("wit-review/breaking", "a compatible update of a foreign package breaks a world that uses it"),
    Rule("wit-review/downgrade", "an older version of a foreign package replaces a newer one"),
    Rule("wit-review/stale-review", "a review matches nothing in the WIT of the repository, or gives no reason"),
    Rule("wit-review/no-base", "there is nothing to compare the WIT with, although `--require-base` is given"),
)


def check(names: Sequence[str], tree: Tree, options: Options) -> Iterator[Finding]:
    """Compare the WIT folders of the named files with their bases."""
    return findings(problems(_examine(names, tree, options)), _RULES)


def _examine(names: Iterable[str], tree: Tree, options: Options) -> Iterator[Examination]:
    """Yield the findings about the WIT folders of the named files, one for each project."""
    settings = Settings(options[BASE], (options[FROM_REF], options[TO_REF]), options[REQUIRE_BASE], options[REVIEWS])
    paths = {os.path.abspath(name) for name in names if name.endswith(_ENDINGS)}
    histories = Histories(settings.base, settings.refs)
    by_folder: dict[str, list[str]] = {}
    for path in sorted(paths):
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
        listed = Listed(tree, settings.reviews, about_wit=True)
        for project in projects.values():
            examination = _compare(project, tree, settings, listed)
            options.notes.extend(examination.judgement.notes)
            yield examination
    finally:
        histories.close()


class Project(NamedTuple):
    """WIT folders below one manifest, or without one in one repository."""

    folder: str
    """The folder of the outermost manifest, or else the top of the repository, or else the WIT folder."""
    history: History | None
    named: dict[str, list[str]]
    """For each WIT folder, the files that are to be checked."""
    manifests: dict[str, None]
    """The folders with manifests above any of the WIT."""


def _compare(project: Project, tree: Tree, settings: Settings, listed: Listed) -> Examination:
    folder, history, named, manifests = project
    above = sorted(manifests, key=len, reverse=True) or [folder]
    reviews = read_reviews(tree, above, listed)
    base, folders = _compared(history, named, tree)
    first = min(path for paths in named.values() for path in paths)
    name = _shown(folder if len(named) > 1 else root(first))
    is_judged = listed.unjudged or any(review.is_about_wit for review in reviews.entries)
    if base.commits and not any(folders) and not is_judged:
        return Examination(name, reviews, Judgement())
    from dunnage.review.wit_review import judge

    file = tree.find(first)
    if file is None:
        return Examination(name, reviews, Judgement())
    return Examination(name, reviews, judge(name, file, base, folders, reviews, tree, settings))


def _compared(
    history: History | None, named: Mapping[str, list[str]], tree: Tree
) -> "tuple[Base, list[list[WitFolder]]]":
    """Find the commits to compare with, and for each the WIT folders that differ from it."""
    if history is None:
        return Base((), "it is not in a git repository"), []
    known: dict[str, list[WitFolder]] = {}

    def changes(commit: str) -> "list[WitFolder]":
        if commit not in known:
            known[commit] = list(_changed(history, commit, named, tree))
        return known[commit]

    try:
        base = history.base(lambda commit: bool(changes(commit)))
        return base, [changes(commit) for commit in base.commits]
    except SourceError as error:
        return Base((), error.message), []


def _changed(history: History, commit: str, named: Mapping[str, list[str]], tree: Tree) -> "Iterator[WitFolder]":
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
) -> "WitFolder":
    """Read a WIT folder, now and before: `olds` are the paths of its old files, of which `differing` may differ."""
    from dunnage.review.wit_changes import WitFolder

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


def _accept(options: Options) -> str:
    """Write a review of all that is found, and say which."""
    reviews = accept_all(_examine(reviewed_files(options, *PATTERNS), Tree(), options), options[ACCEPT])
    return accepted(HOOK.name, options, reviews, NotAcceptedError)


def _summarize(options: Options) -> str:
    """Say what changed in the WIT of each repository."""
    from dunnage.files.shown import printable
    from dunnage.review.tables import written

    files = reviewed_files(options, *PATTERNS)
    found = summaries(_examine(files, Tree(), options))
    say_notes(HOOK.name, options, "no WIT has changed" if files and not found else "")
    return written(found, options[SUMMARY_FORMAT], printable)


def _comments(file: File) -> Iterable[tuple[Span, str]]:
    """The comments of WIT, and those of a manifest with reviews."""
    if file.path.endswith(".toml"):
        return toml.comments(file)
    from dunnage.wit.lexer import comments

    return comments(file)


HOOK = Hook(
    name="review-wit",
    summary="check that suspicious changes in foreign WIT packages have been reviewed",
    rules=_RULES,
    check=check,
    comments=_comments,
    options=(BASE, REQUIRE_BASE, REVIEWS, ACCEPT, SHOW, SUMMARY_FORMAT),
    prints=((ACCEPT, _accept), (SHOW, _summarize)),
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the hook and return its exit status."""
    return run(HOOK, argv)


if __name__ == "__main__":
    raise SystemExit(main())
