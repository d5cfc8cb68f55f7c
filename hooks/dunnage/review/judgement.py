"""What a review says about one file."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from dunnage.files.document import Problem
    from dunnage.review.changes import Changes
    from dunnage.review.concern import Concern


class Judgement(NamedTuple):
    """What there is to say about a lock, compared with its base."""

    problems: tuple[Problem, ...] = ()
    """Those that are no concerns: of reviews, and of the base."""
    concerns: tuple[Concern, ...] = ()
    changes: Changes | None = None
    """What changed; None if nothing did, or if there is nothing to compare with."""
    notes: tuple[str, ...] = ()
    """What could not be judged, a line each."""
