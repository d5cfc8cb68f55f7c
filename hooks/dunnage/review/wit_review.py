"""Judging what changed in the WIT of a repository."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, TypeVar, cast

from dunnage.files.document import Problem
from dunnage.files.git import Repositories
from dunnage.files.shown import argument
from dunnage.files.source import File, Tree, display
from dunnage.files.span import Span
from dunnage.review import wit_rules
from dunnage.review.base import Base
from dunnage.review.concern import FETCH, Advice, Concern, command, first_of
from dunnage.review.reviews import Judgement, Reviews, Settings, stale
from dunnage.review.tables import Table
from dunnage.review.wit_changes import Changes, PackageChange, compare
from dunnage.review.wit_rules import content_subject, world_subject
from dunnage.review.wit_state import WitState, full_name
from dunnage.wit import root

if TYPE_CHECKING:
    from dunnage.review.wit_changes import WitFolder

T = TypeVar("T")

_TRACKED = "**/*.wit"
_OWN_PACKAGE = rb"^[ \t]*package\s+%?([a-z][a-z0-9-]*)\s*:[^;{]{0,300};"  # bounded, or files without `;` take long


def judge(
    name: str,
    first: File,
    base: Base,
    folders: Sequence[Sequence[WitFolder]],
    reviews: Reviews,
    tree: Tree,
    settings: Settings,
) -> Judgement:
    """Judge WIT: `folders` are those that differ from each commit of the base, `first` is a file in them."""
    notes = []
    problem: list[Problem] = []
    if base.missing:
        message = f"there is nothing to compare this WIT with: {base.missing}"
        notes.append(f"{name}: {message}")
        if settings.require_base:
            problem.append(Problem("wit-review/no-base", first, message, FETCH, span=Span(0, 0)))
    entries = [review for review in reviews.entries if review.is_about_wit] + reviews.listed.take()
    folder = os.path.dirname(os.path.abspath(first.path))
    if entries:
        present = _once(tree, folder, _present)
        problem += stale(entries, "wit-review/stale-review", "in the WIT of the repository", present)

    def is_own(package: str) -> bool:
        return package.partition(":")[0].encode() in _once(tree, folder, _namespaces)

    compared = [[changes for folder in each if (changes := compare(folder))] for each in folders]
    first_compared = compared[0] if compared else []
    place = reviews.place() if os.path.lexists(reviews.path) else "`[reviews]` in a TOML file that `--reviews` names"
    advice = Advice("", argument(base.revision), _command(base, settings, reviews), place, "")
    judges = wit_rules.Judge(advice, is_own, reviews.accepts, [])
    concerns = _in_all([list(_concerns(each, judges)) for each in compared])
    unknown = [*(reason for changes in first_compared for reason in changes.unknown), *dict.fromkeys(judges.unknown)]
    if unknown:
        notes.append(f"{name}: not all changes are checked: {'; '.join(first_of(unknown))}")
    changed = [changes for changes in first_compared if changes.packages or changes.worlds]
    summary = partial(_tables, changed) if changed else None
    return Judgement(tuple(problem), tuple(concerns), summary, tuple(notes))


def _concerns(all_changes: Sequence[Changes], judges: wit_rules.Judge) -> Iterator[Concern]:
    for rule in (wit_rules.same_version, wit_rules.new_import, wit_rules.breaking, wit_rules.downgrade):
        yield from rule(all_changes, judges)


def _in_all(concerns: Sequence[Sequence[Concern]]) -> list[Concern]:
    """The concerns about the first commit of the base that are concerns about all others too."""
    others = [{(concern.problem.rule, concern.subjects) for concern in each} for each in concerns[1:]]
    return [
        concern
        for concern in (concerns[0] if concerns else ())
        if all((concern.problem.rule, concern.subjects) in each for each in others)
    ]


def _command(base: Base, settings: Settings, reviews: Reviews) -> str:
    words = command("review-wit", base, settings)
    if not settings.reviews and not os.path.lexists(reviews.path):
        words.append("--reviews=FILE")
    return " ".join(words)


def _once(tree: Tree, folder: str, read: Callable[[frozenset[str]], T]) -> T:
    """What a function finds in the WIT of the repository of a folder. It is called once for all projects there."""
    paths = Repositories(tree, _TRACKED).tracked_near(folder)
    known = tree.memo(_known)
    if (read, paths) not in known:
        known[read, paths] = read(paths)
    return cast("T", known[read, paths])


def _known(_: Tree) -> dict[tuple[Callable[[frozenset[str]], object], frozenset[str]], object]:
    return {}


def _namespaces(paths: frozenset[str]) -> frozenset[bytes]:
    """The namespaces of the packages that WIT outside of `deps` defines."""
    found: set[bytes] = set()
    for path in paths:
        if os.path.dirname(path) == root(path):  # not in `deps`
            found.update(re.findall(_OWN_PACKAGE, Tree().content(path) or b"", re.MULTILINE))
    return frozenset(found)


def _present(paths: frozenset[str]) -> frozenset[str] | None:
    """The keys of all reviews that match something in the WIT of a repository; None if some of it is unknown."""
    roots: dict[str, dict[str, File]] = {}
    for path in sorted(paths):
        # Not through the run's own tree, which would report unused ignore comments of unchecked files.
        file = Tree().find(path)
        if file is None:
            return None
        roots.setdefault(root(path), {})[path] = file
    found: set[str] = set()
    for top, files in roots.items():
        state = WitState(top, files, files)
        if state.unreadable:
            return None
        for package in state.foreign():
            found |= {full_name(package.name, package.version), content_subject(package)}
        for world in state.worlds():
            elaborated = state.elaborated(world)
            if elaborated is None or elaborated.missing:
                return None
            for number in elaborated.imports:
                name, _, text = (world.graph.scopes[number].part.package.name or "").partition("@")
                found.add(world_subject(name, text, world.name))
    return frozenset(found)


def _tables(all_changes: Sequence[Changes]) -> Iterator[Table]:
    """Yield what a reviewer wants to see at a glance, in the tables that have rows."""
    packages: dict[tuple[str, str, str], list[str]] = {}
    contents: dict[tuple[str, str, str, str], None] = {}
    worlds: dict[tuple[str, str, str, str], None] = {}
    for changes in all_changes:
        for package in changes.packages:
            packages.setdefault(_package(package), []).append(display(changes.state.folder))
            contents.update(dict.fromkeys(_contents(package)))
        for world in changes.worlds:
            for what, interfaces in (
                ("import gained", world.imports),
                ("import lost", world.lost_imports),
                ("export gained", world.exports),
                ("export lost", world.lost_exports),
            ):
                for each in interfaces:
                    worlds[world.new.name, what, full_name(each.package, each.version), each.interface] = None
    binaries = sorted({display(path) for changes in all_changes for path in changes.changed if path.endswith(".wasm")})
    rows = [(*row, ", ".join(folders)) for row, folders in sorted(packages.items())]
    found = (
        Table("packages", ("package", "from", "to", "folders"), rows),
        Table("content", ("package", "interface or world", "item", "change"), sorted(contents)),
        Table("worlds", ("world", "change", "package", "interface"), sorted(worlds)),
        Table("binary packages", ("file",), [(path,) for path in binaries]),
    )
    return (table for table in found if table.rows)


def _package(change: PackageChange) -> tuple[str, str, str]:
    old, new = change.old, change.new
    return change.name, old.version or "no version" if old else "", new.version or "no version" if new else ""


def _contents(change: PackageChange) -> Iterator[tuple[str, str, str, str]]:
    found = change.new or change.old
    name = found.full_name if found else ""
    yield from ((name, scope, "", "added") for scope in change.added)
    yield from ((name, scope, "", "removed") for scope in change.removed)
    yield from ((name, item.scope, item.item, item.change) for item in change.items)
