"""Comments that begin with `#`, as those of all these files do."""

from collections.abc import Iterator

from dunnage.files.source import File
from dunnage.files.span import Span
from dunnage.scripts.commands import kind_of

_MARK = "dunnage:"
_COMMENTED = (".lock", ".toml", ".yaml", ".yml")
_BEFORE = frozenset(" \t;&|()")
"""What a comment may directly follow in one of these files, beside the start of a line."""


def comments(file: File) -> Iterator[tuple[Span, str]]:
    """Yield the comments that name this project, without their `#`, in the order of the file.

    A `#` between quotes that end on its line is text; so is all of a file that is neither TOML, as locks are, nor YAML
    nor one with commands. Raises SourceError if the file is not UTF-8.
    """
    text = file.text
    if _MARK not in text or not (file.path.endswith(_COMMENTED) or kind_of(file.path, file.data[:200])):
        return
    done = len(file.data) - len(text.encode("utf-8"))
    for line in text.splitlines(keepends=True):
        size = len(line.encode("utf-8"))
        if _MARK in line:
            comment = line.rstrip()
            at = _start(comment)
            if at >= 0 and _MARK in comment[at:]:
                begins = done + len(line[:at].encode("utf-8"))
                yield Span(begins, begins + len(comment[at:].encode("utf-8"))), comment[at + 1 :]
        done += size


def _start(line: str) -> int:
    """Where the comment of a line begins; -1 if it has none."""
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
            # An apostrophe in plain text, as in "don't", ends nowhere or in the comment.
            is_apostrophe = at > 0 and line[at - 1].isalnum() and _MARK in line[at:end]
            if end > 0 and not is_apostrophe:
                at = end
        at += 1
    return -1
