"""Comments that begin with `#`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from dunnage.files.source import File
from dunnage.files.span import Span
from dunnage.scripts.commands import kind_of

if TYPE_CHECKING:
    from dunnage.scripts.data_places import DataPlaces

_MARK = "dunnage:"
_COMMENTED = (".lock", ".toml", ".yaml", ".yml")
_BEFORE = frozenset(" \t;&|()")
"""The characters that may precede the `#` of a comment within a line."""


def comments(file: File) -> Iterator[tuple[Span, str]]:
    """Yield the comments that name this project, without their `#`, in the order of the file.

    A `#` between quotes that end on its line is text. So is one in a string, a block scalar or a here-document of
    several lines, unless that is a program, and all of a file that is neither TOML, as locks are, nor YAML nor one with
    commands. Raises SourceError if the file cannot be read.
    """
    text = file.text
    if _MARK not in text or not (file.path.endswith(_COMMENTED) or kind_of(file.path, file.data[:200])):
        return
    data: DataPlaces | None = None
    position = len(file.data) - len(text.encode("utf-8"))
    for line in re.findall(r"[^\r\n]*(?:\r\n|\r|\n|\Z)", text):
        comment = line.rstrip()
        at = _start(comment) if _MARK in line else -1
        if at >= 0 and _MARK in comment[at:]:
            start = position + len(line[:at].encode("utf-8"))
            if data is None:
                from dunnage.scripts.data_places import DataPlaces

                data = DataPlaces(file)
            if not data.contain(start):
                yield Span(start, start + len(comment[at:].encode("utf-8"))), comment[at + 1 :]
        position += len(line.encode("utf-8"))


def _start(line: str) -> int:
    """The index at which the comment of a line begins; -1 if there is none."""
    at = 0
    while at < len(line):
        character = line[at]
        if character == "#" and (at == 0 or line[at - 1] in _BEFORE):
            return at
        if character == "\\":
            at += 1
        elif character in "\"'":
            end = line.find(character, at + 1)
            while character == '"' and end > 0 and line[end - 1] == "\\":
                end = line.find(character, end + 1)
            # An apostrophe in plain text, as in "don't", opens no quotation.
            is_apostrophe = at > 0 and line[at - 1].isalnum() and _MARK in line[at:end]
            if end > 0 and not is_apostrophe:
                at = end
        at += 1
    return -1
