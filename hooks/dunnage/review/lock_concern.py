"""Concerns about packages in a lock, the keys of reviews of packages and their sources, and what cannot be judged."""

from __future__ import annotations

from collections.abc import Iterable

from dunnage.cargo.lockfile import LockedPackage
from dunnage.files.document import Problem
from dunnage.review.changes import Changes, is_from_crates_io
from dunnage.review.concern import Advice, Concern, first_of, listed
from dunnage.review.reviews import source_subject


def about(
    package: LockedPackage, changes: Changes, rule: str, message: str, help: str, subjects: tuple[str, ...] = ()
) -> Concern:
    """A concern about a package in the lock, by the full id of the rule."""
    return Concern(Problem(rule, changes.lock.file, message, help, package.keys), subjects)


class LockAdvice(Advice):
    """The text that the help of all concerns about one lock has in common."""

    __slots__ = ()

    def inspect(
        self, package: LockedPackage, changes: Changes, rule: str, message: str, subject: str = "", file: str = ""
    ) -> Concern:
        """A concern about a package whose code is to be looked at, or first of all one file of it.

        `subject` is what a review accepts; empty for the package.
        """
        subjects = (subject or package_subject(package),)
        look = "review the code before you build, because `cargo check` runs build scripts and macros"
        page = f": {package.source.url}" if package.source else ""
        if is_from_crates_io(package):
            page = f": https://docs.rs/crate/{package.name}/{package.version}/source/{file}"
        help = f"{look}{page}\n{self.restore()}\n{self.accept(subjects)}"
        return about(package, changes, rule, message, help, subjects)


def package_subject(package: LockedPackage) -> str:
    """The key of a review of one version of a package."""
    return f"{package.name}@{package.version}"


def subjects(packages: Iterable[LockedPackage]) -> frozenset[str]:
    """The keys of all reviews that are about any of the packages, or about where they come from."""
    found = set()
    for package in packages:
        found.add(package_subject(package))
        if package.source is not None:
            found.add(source_subject(package.source))
    return frozenset(found)


class Unknowns:
    """Collects what could not be judged because this machine lacks the data, so that it is reported once."""

    def __init__(self) -> None:
        self._names: dict[str, dict[str, None]] = {}

    def add(self, what: str, name: str = "") -> None:
        """Record that something is unknown. Several names are reported together."""
        self._names.setdefault(what, {})[name] = None

    def note(self) -> str:
        """All of it in one line; empty if everything is known."""
        return "; ".join(
            what if list(names) == [""] else f"{what} of {listed(first_of(names))}"
            for what, names in self._names.items()
        )
