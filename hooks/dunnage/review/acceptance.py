"""Writing reviews into the files that hold them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator

from dunnage.files import toml
from dunnage.files.document import Keys
from dunnage.files.source import File, SourceError, Tree, apply, display
from dunnage.files.toml_edit import AddTable, Change, Operation, Set, edits
from dunnage.files.toml_section import exists
from dunnage.files.walk import top_folder
from dunnage.files.writing import replace
from dunnage.review.judgement import Examination


class NotAcceptedError(Exception):
    """A review cannot be written; the message says why, in one line."""


def accept_all(examinations: Iterable[Examination], reason: str) -> Iterator[str]:
    """Write a review of all that is found, and yield a line about each. Raises NotAcceptedError."""
    for examination in examinations:
        subjects = dict.fromkeys(subject for concern in examination.judgement.concerns for subject in concern.subjects)
        reviews = examination.reviews
        if subjects:
            try:
                before = Tree().read(reviews.path)
                after = accept(before, reviews.table, subjects, reason)
                replace(reviews.path, before.data, after, top_folder(os.path.dirname(reviews.path)))
            except FileNotFoundError:
                raise NotAcceptedError(f"there is no {display(reviews.path)} to write a review to") from None
            except SourceError as error:
                raise NotAcceptedError(f"{display(reviews.path)} {error.message}") from None
            yield from (f"{display(reviews.path)}: accepted {subject}" for subject in subjects)
        left = sum(not concern.subjects for concern in examination.judgement.concerns)
        if left:
            yield f"{examination.path}: {left} {'finding' if left == 1 else 'findings'} that no review can accept"


def accept(file: File, table: Keys, subjects: Iterable[str], reason: str) -> bytes:
    """The file with a review of each subject. Raises SourceError if one cannot be added."""
    for subject in subjects:
        operation: Operation = Set((*table, subject), reason)
        if not exists(toml.parse(file), table):
            operation = AddTable(table, {subject: reason})
        (found,) = edits(file, [Change("reviewed", (operation,))])
        if not found:
            raise SourceError(f'cannot be edited to add the review of `{subject}`; write `"{subject}" = "…"` yourself')
        file = File(file.path, apply(file.data, found))
    return file.data
