"""What the user of a review chose, and the findings about the files that it compares."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, NamedTuple

from dunnage.review.reviews import Reviews

if TYPE_CHECKING:
    from dunnage.files.document import Problem
    from dunnage.review.concern import Concern
    from dunnage.review.tables import Table


class Settings(NamedTuple):
    """The choices of a run."""

    base: str = ""
    """The commit to compare with; empty for the usual one."""
    refs: tuple[str, str] = ("", "")
    """The commits of which the first one's common ancestor with the second one is the base; empty for the usual one."""
    require_base: bool = False
    reviews: str = ""
    """A file with reviews, beside the manifest; empty if there is none."""
    advisory_db: str = ""
    """The folder of the advisory database; empty for where the tools keep it."""
    least_age: int | None = None
    """The minimum age of a version, in seconds; None for the value in cargo's configuration."""
    whole_lock: bool = False
    """Whether known vulnerabilities of the whole lock count, and not only those of incoming packages."""


class Judgement(NamedTuple):
    """The findings about files, compared with their base."""

    problems: tuple["Problem", ...] = ()
    """The problems that are not concerns: those about reviews, and about the base."""
    concerns: tuple["Concern", ...] = ()
    summary: Callable[[], Iterable["Table"]] | None = None
    """What changed; None if nothing did, or if there is nothing to compare with."""
    notes: tuple[str, ...] = ()
    """What could not be judged, a line each."""


class Examination(NamedTuple):
    """The findings about one lock, or about the WIT of one project."""

    path: str
    """The file or folder, as it is printed."""
    reviews: Reviews
    judgement: Judgement


def problems(examinations: Iterable[Examination]) -> "Iterable[Problem]":
    """All problems, each once. Those that are not concerns come first."""
    found = []
    for _, _, judgement in examinations:
        found += [*judgement.problems, *(concern.problem for concern in judgement.concerns)]
    return dict.fromkeys(found)


def summaries(examinations: Iterable[Examination]) -> "dict[str, list[Table]]":
    """What changed, by the path of the files that did."""
    return {path: list(judgement.summary()) for path, _, judgement in examinations if judgement.summary}
