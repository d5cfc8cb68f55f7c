"""All rules about the change of a lock, each where its source is at hand."""

from __future__ import annotations

from collections.abc import Iterator

from dunnage.cargo.lockfile import LockedPackage
from dunnage.files.source import Tree
from dunnage.review import advisories, cached_rules, cargo_home, lock_rules, vet_rule
from dunnage.review.advisory_rule import advisory
from dunnage.review.age_policy import AgePolicy
from dunnage.review.allowed_scripts import AllowedScripts
from dunnage.review.changes import Changes
from dunnage.review.compile_time import CompileTimeCode, contents_at
from dunnage.review.concern import Advice, Concern, package_subject
from dunnage.review.manifests import LockedWorkspace
from dunnage.review.reviews import Reviews
from dunnage.review.settings import Settings
from dunnage.review.unknowns import Unknowns

_OLD_DATABASE = 90


def concerns_about(
    changes: Changes, advice: Advice, reviews: Reviews, tree: Tree, folder: str, settings: Settings
) -> tuple[list[Concern], str]:
    """What there is to look at in the change of the lock in a folder, and what is unknown, in one line."""
    unknown = Unknowns()
    found = list(_concerns(changes, advice, reviews, tree, folder, settings, unknown))
    return found, unknown.note()


def _concerns(
    changes: Changes,
    advice: Advice,
    reviews: Reviews,
    tree: Tree,
    folder: str,
    settings: Settings,
    unknown: Unknowns,
) -> Iterator[Concern]:
    def is_reviewed(package: LockedPackage) -> bool:
        return reviews.accepts(package_subject(package))

    home = cargo_home.find()
    unreviewed = changes.without(is_reviewed)
    workspace = LockedWorkspace(tree, folder)
    yield from lock_rules.checksum_changed(changes, advice)
    yield from cached_rules.wrong_checksum(changes, advice, home)
    yield from cached_rules.undeclared_edge(changes, advice, home)
    yield from lock_rules.grew(unreviewed, advice)
    yield from lock_rules.look_alike(unreviewed, advice)
    yield from lock_rules.new_source(unreviewed, advice, reviews.accepts)
    yield from lock_rules.downgrade(unreviewed, advice, workspace.explain)
    yield from cached_rules.published(unreviewed, advice, home, AgePolicy(tree, folder, settings.least_age), unknown)

    contents = contents_at(tree, folder, home)
    scripts = AllowedScripts(tree, folder)

    loaded = workspace.workspace if unreviewed.incoming else None
    vetting = vet_rule.find(tree, loaded, changes) if loaded else None
    if vetting:
        yield from vet_rule.unvetted(unreviewed, advice, vetting)

    def is_allowed(package: LockedPackage, code: CompileTimeCode) -> bool:
        if not code.is_macro and scripts.allows(package):
            return True
        return vetting is not None and vetting.vets(package)

    yield from cached_rules.compile_time_code(unreviewed, advice, contents, is_allowed, unknown)

    packages, judged = unreviewed.incoming, changes
    if settings.whole_lock:
        packages = tuple(package for package in changes.lock.packages if not is_reviewed(package))
        judged = changes._replace(bases=())
    database = advisories.find(home.folder, settings.advisory_db) if packages else None
    if database is not None:
        yield from advisory(packages, judged, advice, database, advisories.ignored(tree, folder))
        if database.age is not None and database.age > _OLD_DATABASE:
            unknown.add(f"vulnerabilities of the last {database.age} days (the database is as old)")
    elif packages:
        unknown.add("known vulnerabilities (there is no advisory-db)")
