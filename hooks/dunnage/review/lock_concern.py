"""Concerns about packages in a lock, and the keys of reviews of packages and their sources."""

from collections.abc import Iterable

from dunnage.cargo.lockfile import LockedPackage
from dunnage.cargo.source_id import SourceId
from dunnage.files.document import Problem
from dunnage.review.changes import Changes, is_from_crates_io
from dunnage.review.concern import Advice, Concern


def about(
    package: LockedPackage, changes: Changes, rule: str, message: str, help: str, subjects: tuple[str, ...] = ()
) -> Concern:
    """A concern about a package in the lock, by the full id of the rule."""
    return Concern(Problem(rule, changes.lock.file, message, help, package.keys), subjects)


class LockAdvice(Advice):
    """The text that the help of all concerns about one lock has in common."""

    __slots__ = ()

    def help(self, package: LockedPackage, subjects: tuple[str, ...], file: str = "") -> str:
        """How to inspect a package, or one file in it, and what to do next."""
        look = "review the code before you build, because `cargo check` runs build scripts and macros"
        return f"{look}{_page(package, file)}\n{self.restore()}\n{self.accept(subjects)}"


def package_subject(package: LockedPackage) -> str:
    """The key of a review of one version of a package."""
    return f"{package.name}@{package.version}"


def source_subject(source: SourceId) -> str:
    """The key of a review of a registry or git repository."""
    return source.url if source.kind == "sparse" else f"{source.kind}+{source.url}"


def subjects(packages: Iterable[LockedPackage]) -> frozenset[str]:
    """The keys of all reviews that are about any of the packages, or about where they come from."""
    found = set()
    for package in packages:
        found.add(package_subject(package))
        if package.source is not None:
            found.add(source_subject(package.source))
    return frozenset(found)


def _page(package: LockedPackage, file: str) -> str:
    if is_from_crates_io(package):
        return f": https://docs.rs/crate/{package.name}/{package.version}/source/{file}"
    return f": {package.source.url}" if package.source else ""
