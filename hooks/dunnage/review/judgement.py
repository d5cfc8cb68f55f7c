"""What a review says about one file."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dunnage.files.document import Problem
    from dunnage.review.changes import Changes
    from dunnage.review.concern import Concern


class Judgement:
    """What there is to say about a lock, compared with its base.

    It is no named tuple, because that would load the modules of its fields even where a lock did not change.
    """

    def __init__(
        self,
        problems: tuple[Problem, ...] = (),
        concerns: tuple[Concern, ...] = (),
        changes: Changes | None = None,
        notes: tuple[str, ...] = (),
    ) -> None:
        self.problems = problems
        """Those that are no concerns: of reviews, and of the base."""
        self.concerns = concerns
        self.changes = changes
        """What changed; None if nothing did, or if there is nothing to compare with."""
        self.notes = notes
        """What could not be judged, a line each."""
