"""All rules about the change of a lock. Each applies where its data is available."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from dunnage.cargo.config_files import Read
from dunnage.cargo.lockfile import LockedPackage
from dunnage.files.document import Problem
from dunnage.files.git import Repositories
from dunnage.files.shown import argument, pathspec
from dunnage.files.shown import path as shown_path
from dunnage.files.source import File, Tree
from dunnage.review import advisories, cached_rules, cargo_home, lock_rules, policies
from dunnage.review.base import Base
from dunnage.review.changes import Changes, compare, read, read_base
from dunnage.review.compile_time import CompileTimeCode, Contents, contents_at
from dunnage.review.concern import FETCH, Advice, Concern, Unknowns, command, package_subject, subjects
from dunnage.review.reviews import Judgement, Reviews, Settings, stale

if TYPE_CHECKING:
    from dunnage.review.tables import Table

_OLD_DATABASE = 90


def judge(
    file: File,
    base: Base,
    texts: Sequence[bytes],
    readers: Iterable[Read],
    reviews: Reviews,
    tree: Tree,
    folder: str,
    settings: Settings,
) -> Judgement:
    """Judge the lock in a folder.

    `texts` are its contents in the base commits, empty if it is new; `readers` read other files of these commits.
    """
    lock = read(file)
    if lock is None:
        return Judgement(notes=(f"{file.path} cannot be read, so its changes are not checked",))

    own = [review for review in reviews.entries if not review.is_about_wit]
    listed = reviews.listed.take()
    present = subjects(lock.packages) if own or listed else frozenset[str]()
    in_any = present.union(_in_any(tree, folder)) if any(each.subject not in present for each in listed) else present
    found = list(stale(own, "lock-review/stale-review", "in the lock", present))
    found += stale(listed, "lock-review/stale-review", "in the lock", in_any)
    notes = []
    old = tuple(before for text in texts if (before := read_base(File(file.path, text), lock)))
    if len(old) < len(texts):
        base = Base((), f"the lock in {base.revision} cannot be read")
    if base.missing:
        message = f"there is nothing to compare this lock with: {base.missing}"
        notes.append(f"{file.path}: {message}")
        if settings.require_base:
            found.append(Problem("lock-review/no-base", file, message, FETCH, ("version",)))
    elif not old:
        notes.append(f"{file.path} is new, so there is nothing to compare it with")
    changes = compare(lock, old if old and not base.missing else (lock,))
    concerns: list[Concern] = []
    if not changes.is_empty or settings.whole_lock:
        paths, revision = pathspec(file.path), argument(base.revision)
        advice = Advice(paths, revision, _command(base, settings), reviews.place(), shown_path(file.path))
        unknown = Unknowns()
        contents = contents_at(tree, folder, cargo_home.find(), readers)
        concerns = list(_concerns(changes, advice, reviews, tree, folder, settings, contents, unknown))
        if unknown.note():
            notes.append(f"{file.path}: not checked, because this machine lacks the data: {unknown.note()}")

    def summary() -> Iterator[Table]:
        from dunnage.review.lock_summary import tables

        return tables(changes, contents_at(tree, folder, cargo_home.find()))

    return Judgement(tuple(found), tuple(concerns), None if changes.is_empty else summary, tuple(notes))


def _command(base: Base, settings: Settings) -> str:
    words = command("review-cargo-lock", base, settings)
    if settings.advisory_db:
        words.append(f"--advisory-db={shown_path(settings.advisory_db)}")
    if settings.least_age is not None:
        days, rest = divmod(settings.least_age, 86_400)
        words.append(f"--min-age='{f'{settings.least_age} seconds' if rest else f'{days} days'}'")
    if settings.whole_lock:
        words.append("--all")
    return " ".join(words)


def _in_any(tree: Tree, folder: str) -> frozenset[str]:
    """What can be reviewed of all locks that git tracks: one file of reviews may serve several."""
    found: set[str] = set()
    for path in Repositories(tree, "**/Cargo.lock").tracked_near(folder):
        file = tree.find(path)
        lock = read(file) if file else None
        found |= subjects(lock.packages) if lock else set()
    return frozenset(found)


def _concerns(
    changes: Changes,
    advice: Advice,
    reviews: Reviews,
    tree: Tree,
    folder: str,
    settings: Settings,
    contents: Contents,
    unknown: Unknowns,
) -> Iterator[Concern]:
    def is_reviewed(package: LockedPackage) -> bool:
        return reviews.accepts(package_subject(package))

    home = contents.home
    unreviewed = changes.without(is_reviewed)
    workspace = policies.LockedWorkspace(tree, folder)
    yield from lock_rules.checksum_changed(changes, advice)
    yield from cached_rules.wrong_checksum(changes, advice, home)
    yield from cached_rules.undeclared_edge(changes, advice, home)
    yield from lock_rules.grew(unreviewed, advice)
    yield from lock_rules.look_alike(unreviewed, advice, unknown)
    yield from lock_rules.new_source(unreviewed, advice, reviews.accepts)
    yield from lock_rules.downgrade(unreviewed, advice, workspace.explain)
    age = policies.AgePolicy(tree, folder, settings.least_age)
    yield from cached_rules.published(unreviewed, advice, home, age, unknown)
    vetting = policies.vetting_of(tree, folder, workspace, changes.lock) if unreviewed.incoming else None
    if vetting:
        from dunnage.review.vetting import unvetted

        yield from unvetted(unreviewed, advice, vetting, unknown)

    scripts = policies.allowed_scripts(tree, folder)

    def is_allowed(package: LockedPackage, code: CompileTimeCode) -> bool:
        is_listed = not code.is_macro and scripts.allows(package)
        return is_listed or (vetting is not None and vetting.vets(package))

    yield from cached_rules.compile_time_code(unreviewed, advice, contents, is_allowed, unknown)

    packages, judged = unreviewed.incoming, changes
    if settings.whole_lock:
        packages = tuple(package for package in changes.lock.packages if not is_reviewed(package))
        judged = changes._replace(bases=())
    database = advisories.find(home.folder, settings.advisory_db) if packages else None
    if database is not None:
        yield from advisories.advisory(packages, judged, advice, database, policies.ignored(tree, folder))
        if database.age is not None and database.age > _OLD_DATABASE:
            unknown.add(f"vulnerabilities of the last {database.age} days (the advisory database is that old)")
    elif packages:
        unknown.add("known vulnerabilities (no advisory database)")
