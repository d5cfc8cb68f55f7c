"""Writing reviews into the file that holds them."""

from __future__ import annotations

from collections.abc import Iterable

from dunnage.files import toml
from dunnage.files.document import Keys
from dunnage.files.source import File, SourceError, apply
from dunnage.files.toml_edit import AddTable, Change, Operation, Set, edits
from dunnage.files.toml_section import exists


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
