"""What a review of a change says, and what a person writes down to accept it."""

from collections.abc import Sequence
from typing import NamedTuple

from dunnage.files.document import Problem
from dunnage.files.shown import toml_string

_MOST_SUBJECTS = 5


class Concern(NamedTuple):
    """A change that a person must review."""

    problem: Problem
    subjects: tuple[str, ...]
    """The keys of the reviews that accept it. All of them are required. Empty if no review can accept it."""


class Advice(NamedTuple):
    """The text that the help of all concerns about some files has in common."""

    paths: str
    """The paths of the files, as arguments of a command."""
    revision: str
    """What git calls the commit that the files are compared with."""
    command: str
    """The program that writes a review, with the options that lead to the same findings."""
    reviews: str
    """Where a review is written: a table and its file."""
    checked: str = ""
    """The paths to give to that program, as arguments of a command, if they differ from `paths`."""

    def restore(self) -> str:
        """The command that restores the files of the base."""
        return f"to undo: git restore --source={self.revision} --staged --worktree -- {self.paths}"

    def accept(self, subjects: tuple[str, ...]) -> str:
        """What to write to accept a change."""
        entries = "; ".join(f'{toml_string(subject)} = "why"' for subject in subjects[:_MOST_SUBJECTS])
        more = len(subjects) - _MOST_SUBJECTS
        rest = f" and {more} more" if more > 0 else ""
        command = f"{self.command} --accept REASON {self.checked or self.paths}"
        return f"to accept: add {entries}{rest} to {self.reviews}, or run `{command}`"


def listed(texts: Sequence[str]) -> str:
    """The texts as a sentence lists them."""
    return texts[0] if len(texts) == 1 else f"{', '.join(texts[:-1])} and {texts[-1]}"
