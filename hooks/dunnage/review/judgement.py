"""The findings of a review about the files that it compares."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, NamedTuple

from dunnage.review.reviews import Reviews

if TYPE_CHECKING:
    from dunnage.files.document import Problem
    from dunnage.review.concern import Concern
    from dunnage.review.tables import Table


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
    for examination in examinations:
        judgement = examination.judgement
        found += [*judgement.problems, *(concern.problem for concern in judgement.concerns)]
    return dict.fromkeys(found)


def summaries(examinations: Iterable[Examination]) -> "dict[str, list[Table]]":
    """What changed, by the path of the files that did."""
    return {
        examination.path: list(examination.judgement.summary())
        for examination in examinations
        if examination.judgement.summary is not None
    }
