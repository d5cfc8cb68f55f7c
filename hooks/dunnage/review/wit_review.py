"""Judging what changed in the WIT of a repository."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache

from dunnage.files.document import Problem
from dunnage.files.git import Repositories
from dunnage.files.shown import argument
from dunnage.files.shown import path as shown_path
from dunnage.files.source import File, SourceError, Tree
from dunnage.files.span import Span
from dunnage.review import wit_rules
from dunnage.review.base import Base
from dunnage.review.concern import Advice, Concern
from dunnage.review.judgement import Judgement
from dunnage.review.reviews import Review, Reviews, problems
from dunnage.review.settings import Settings
from dunnage.review.tables import Table
from dunnage.review.wit_changes import Changes, compare
from dunnage.review.wit_folder import WitBase
from dunnage.wit.packages import root

_MOST_UNKNOWN = 5
_OWN_PACKAGE = rb"^[ \t]*package\s+%?([a-z][a-z0-9-]*)\s*:[^;{]{0,300};"  # bounded, or files without `;` take long


def judge(name: str, first: File, found: WitBase, reviews: Reviews, tree: Tree, settings: Settings) -> Judgement:
    """Judge the WIT folders that differ from the base. `first` is a file in them."""
    base = found.base
    notes = []
    problem: list[Problem] = []
    if base.missing:
        message = f"there is nothing to compare this WIT with: {base.missing}"
        notes.append(f"{name}: {message}")
        if settings.require_base:
            help = "fetch the history (`fetch-depth: 0` with actions/checkout), or name a commit with --base"
            problem.append(Problem("wit-review/no-base", first, message, help, span=Span(0, 0)))
    entries = [review for review in reviews.entries if review.is_about_wit]
    folder = os.path.dirname(os.path.abspath(first.path))
    if entries:
        from dunnage.review.wit_subjects import present

        known = present(tree, folder)

        def is_there(review: Review) -> bool:
            return known is None or review.subject in known

        problem += problems(entries, "wit-review/stale-review", "in the WIT of the repository", is_there)

    compared = [[changes for each in folders if (changes := compare(each))] for folders in found.folders]
    unknown = [reason for changes in (compared[0] if compared else ()) for reason in changes.unknown]
    if unknown:
        more = len(unknown) - _MOST_UNKNOWN
        shown = [*unknown[:_MOST_UNKNOWN], *([f"{more} more"] if more > 0 else [])]
        notes.append(f"{name}: not all changes are checked: {'; '.join(shown)}")
    place = reviews.place() if os.path.lexists(reviews.path) else "`[reviews]` in a TOML file that `--reviews` names"
    advice = Advice("", argument(base.revision), _command(base, settings, reviews), place)
    judges = wit_rules.Judge(advice, _own_namespaces(tree, folder), reviews.accepts)
    concerns = _in_all([list(_concerns(each, judges)) for each in compared])
    changed = [changes for changes in (compared[0] if compared else ()) if changes.packages or changes.worlds]

    def summary() -> Iterator[Table]:
        from dunnage.review.wit_summary import tables

        return tables(changed)

    return Judgement(tuple(problem), tuple(concerns), summary if changed else None, tuple(notes))


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
    """The command that repeats this review with the same findings, whichever commit is checked out."""
    words = ["review-wit"]
    if base.revision != "HEAD":
        words.append(f"--base={argument(base.revision)}")
    if settings.reviews:
        words.append(f"--reviews={shown_path(settings.reviews)}")
    elif not os.path.lexists(reviews.path):
        words.append("--reviews=FILE")
    return " ".join(words)


def _own_namespaces(tree: Tree, folder: str) -> Callable[[str], bool]:
    """Whether a package is in a namespace that WIT outside of `deps` defines. It is read for the first question."""

    @cache
    def namespaces() -> frozenset[bytes]:
        found: set[bytes] = set()
        for path in _outside_of_deps(Repositories(tree, "**/*.wit").tracked_near(folder)):
            try:
                found.update(re.findall(_OWN_PACKAGE, Tree().read(path).data, re.MULTILINE))
            except (FileNotFoundError, SourceError):
                continue
        return frozenset(found)

    return lambda package: package.partition(":")[0].encode() in namespaces()


def _outside_of_deps(paths: Iterable[str]) -> Iterator[str]:
    return (path for path in paths if os.path.dirname(path) == root(path))
