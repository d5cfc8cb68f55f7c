"""What a review of a change says, and what a person writes down to accept it."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from dunnage.files.document import Problem
from dunnage.files.shown import argument, toml_string
from dunnage.files.shown import path as shown_path
from dunnage.review.base import Base
from dunnage.review.reviews import Settings, source_subject

if TYPE_CHECKING:
    from dunnage.cargo.lockfile import LockedPackage
    from dunnage.review.changes import Changes

_MOST_SUBJECTS = 5
_MOST_LISTED = 5
FETCH = "fetch the history (`fetch-depth: 0` with actions/checkout), or name a commit with --base"
"""What to do where there is no base."""


class Concern(NamedTuple):
    """A change that a person must review."""

    problem: Problem
    subjects: tuple[str, ...]
    """The keys of the reviews that accept it. All of them are required. Empty if no review can accept it."""


class Advice(NamedTuple):
    """The text that the help of all concerns about some files has in common."""

    restored: str
    """The paths to give to git, as arguments of a command."""
    revision: str
    """What git calls the commit that the files are compared with."""
    command: str
    """The program that writes a review, with the options that lead to the same findings."""
    reviews: str
    """Where a review is written: a table and its file."""
    checked: str
    """The paths to give to that program, as arguments of a command."""

    def restore(self) -> str:
        """The command that restores the files of the base."""
        return f"to undo: git restore --source={self.revision} --staged --worktree -- {self.restored}"

    def accept(self, subjects: tuple[str, ...]) -> str:
        """What to write to accept a change."""
        entries = "; ".join(f'{toml_string(subject)} = "why"' for subject in subjects[:_MOST_SUBJECTS])
        more = len(subjects) - _MOST_SUBJECTS
        rest = f" and {more} more" if more > 0 else ""
        command = f"{self.command} --accept REASON {self.checked}"
        return f"to accept: add {entries}{rest} to {self.reviews}, or run `{command}`"

    def inspect(
        self, package: "LockedPackage", changes: "Changes", rule: str, message: str, subject: str = "", file: str = ""
    ) -> Concern:
        """A concern about a package in a lock whose code is to be looked at, or first of all one file of it.

        `subject` is what a review accepts; empty for the package.
        """
        from dunnage.review.changes import is_from_crates_io

        subjects = (subject or package_subject(package),)
        look = "review the code before you build, because `cargo check` runs build scripts and macros"
        page = f": {package.source.url}" if package.source else ""
        if is_from_crates_io(package):
            page = f": https://docs.rs/crate/{package.name}/{package.version}/source/{file}"
        help = f"{look}{page}\n{self.restore()}\n{self.accept(subjects)}"
        return about(package, changes, rule, message, help, subjects)


def about(
    package: "LockedPackage", changes: "Changes", rule: str, message: str, help: str, subjects: tuple[str, ...] = ()
) -> Concern:
    """A concern about a package in the lock, by the full id of the rule."""
    return Concern(Problem(rule, changes.lock.file, message, help, package.keys), subjects)


def package_subject(package: "LockedPackage") -> str:
    """The key of a review of one version of a package."""
    return f"{package.name}@{package.version}"


def subjects(packages: "Iterable[LockedPackage]") -> frozenset[str]:
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


def command(program: str, base: Base, settings: Settings) -> list[str]:
    """The words of the command that repeats a review with the same findings, whichever commit is checked out."""
    words = [program]
    if base.revision != "HEAD":
        words.append(f"--base={argument(base.revision)}")
    if settings.reviews:
        words.append(f"--reviews={shown_path(settings.reviews)}")
    return words


def first_of(texts: Iterable[str]) -> list[str]:
    """The first texts, and how many more there are."""
    found = list(texts)
    more = len(found) - _MOST_LISTED
    return [*found[:_MOST_LISTED], *([f"{more} more"] if more > 0 else [])]


def listed(texts: Iterable[str]) -> str:
    """The texts as a sentence lists them."""
    *start, last = texts
    return f"{', '.join(start)} and {last}" if start else last
