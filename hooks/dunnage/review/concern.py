"""What a review of a change says, and what a person writes down to accept it."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from dunnage.cargo.lockfile import LockedPackage
from dunnage.cargo.source_id import SourceId
from dunnage.files.document import Problem
from dunnage.files.shown import toml_string
from dunnage.review.changes import Changes, is_from_crates_io


class Concern(NamedTuple):
    """A change that somebody has to look at."""

    problem: Problem
    subjects: tuple[str, ...]
    """The keys of the reviews that accept it, all of which it takes; empty if no review can."""


def about(
    package: LockedPackage, changes: Changes, rule: str, message: str, help: str, subjects: tuple[str, ...] = ()
) -> Concern:
    """A concern about a package in the lock, by the full id of the rule."""
    return Concern(Problem(rule, changes.lock.file, message, help, package.keys), subjects)


class Advice(NamedTuple):
    """What the help of all concerns about one lock says in the same words."""

    lock: str
    """The path of the lock, as an argument of a command."""
    revision: str
    """What git calls the commit that the lock is compared with."""
    command: str
    """The program that writes a review, with the options that lead to the same findings."""
    reviews: str
    """Where a review is written: a table and its file."""

    def help(self, package: LockedPackage, subjects: tuple[str, ...], file: str = "") -> str:
        """How to look at a package, or at one file in it, and what to do then."""
        look = "review the code before you build, because `cargo check` runs build scripts and macros"
        return f"{look}{_page(package, file)}\n{self.restore()}\n{self.accept(subjects)}"

    def restore(self) -> str:
        """The command that brings back the lock of the base."""
        return f"to undo: git restore --source={self.revision} --staged --worktree -- {self.lock}"

    def accept(self, subjects: tuple[str, ...]) -> str:
        """What to write to accept a change."""
        entries = "; ".join(f'{toml_string(subject)} = "why"' for subject in subjects[:_MOST_SUBJECTS])
        more = len(subjects) - _MOST_SUBJECTS
        rest = f" and {more} more" if more > 0 else ""
        return f"to accept: add {entries}{rest} to {self.reviews}, or run `{self.command} --accept REASON {self.lock}`"


_MOST_SUBJECTS = 5


def listed(texts: Sequence[str]) -> str:
    """The texts as a sentence lists them."""
    return texts[0] if len(texts) == 1 else f"{', '.join(texts[:-1])} and {texts[-1]}"


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
