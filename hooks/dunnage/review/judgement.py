"""What a review says about the files that it compares."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, NamedTuple

from dunnage.review.reviews import Reviews

if TYPE_CHECKING:
    from dunnage.files.document import Problem
    from dunnage.review.concern import Concern
    from dunnage.review.tables import Table


class Judgement(NamedTuple):
    """What there is to say about files, compared with their base."""

    problems: tuple["Problem", ...] = ()
    """Those that are no concerns: of reviews, and of the base."""
    concerns: tuple["Concern", ...] = ()
    summary: Callable[[], Iterable["Table"]] | None = None
    """What changed; None if nothing did, or if there is nothing to compare with."""
    notes: tuple[str, ...] = ()
    """What could not be judged, a line each."""


class Examination(NamedTuple):
    """What there is to say about one lock, or about the WIT of one project."""

    path: str
    """The file or folder, as it is printed."""
    reviews: Reviews
    judgement: Judgement


def problems(examinations: Iterable[Examination]) -> "Iterable[Problem]":
    """All problems, each once: those that are no concerns first."""
    found = []
    for examination in examinations:
        judgement = examination.judgement
        found += [*judgement.problems, *(concern.problem for concern in judgement.concerns)]
    return dict.fromkeys(found)
