"""Comments that begin with `#`."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from operator import itemgetter

from dunnage.files.source import File
from dunnage.files.span import Span
from dunnage.scripts.commands import kind_of, programs

_MARK = "dunnage:"
_COMMENTED = (".lock", ".toml", ".yaml", ".yml")
_BEFORE = frozenset(" \t;&|()")
"""The characters that may precede the `#` of a comment within a line."""


def comments(file: File) -> Iterator[tuple[Span, str]]:
    """Yield the comments that name this project, without their `#`, in the order of the file.

    A `#` between quotes that end on its line is text. So is one in a YAML value of several lines, unless that is a
    program, and all of a file that is neither TOML, as locks are, nor YAML nor one with commands. Raises SourceError if
    the file cannot be read.
    """
    text = file.text
    if _MARK not in text or not (file.path.endswith(_COMMENTED) or kind_of(file.path, file.data[:200])):
        return
    values = _Values(file) if file.path.endswith((".yaml", ".yml")) else None
    position = len(file.data) - len(text.encode("utf-8"))
    for line in re.findall(r"[^\r\n]*(?:\r\n|\r|\n|\Z)", text):
        comment = line.rstrip()
        at = _start(comment) if _MARK in line else -1
        if at >= 0 and _MARK in comment[at:]:
            start = position + len(line[:at].encode("utf-8"))
            if values is None or not values.hold(start):
                yield Span(start, start + len(comment[at:].encode("utf-8"))), comment[at + 1 :]
        position += len(line.encode("utf-8"))


class _Values:
    """The scalars and the programs of a YAML file."""

    def __init__(self, file: File) -> None:
        from dunnage.scripts import yaml

        spans: dict[int, int] = {}
        waiting = [*yaml.documents(file)]
        seen: set[int] = set()
        while waiting:
            node = waiting.pop()
            if id(node) in seen:
                continue
            seen.add(id(node))
            if node.kind == "scalar":
                # What follows the indicator of a literal or folded scalar on its line is a comment.
                header = re.compile(rb"[|>][^\r\n]*").match(file.data, node.span.start)
                spans[header.end() if header else node.span.start] = node.span.end
            waiting += node.elements()
            waiting += [part for pair in node.pairs() for part in pair]
        self._values = sorted(spans.items())
        from dunnage.shell.model import Script

        found = (script for script in programs(file) if isinstance(script, Script))
        self._programs = sorted((start, start + size) for program in found for _, start, size in program.offsets)

    def hold(self, offset: int) -> bool:
        """Whether `offset` is in a scalar that is not a program."""
        return _is_within(offset, self._values) and not _is_within(offset, self._programs)


def _is_within(offset: int, spans: list[tuple[int, int]]) -> bool:
    """Whether an offset is in one of these spans, which are sorted and do not overlap."""
    index = bisect_right(spans, offset, key=itemgetter(0)) - 1
    return index >= 0 and offset < spans[index][1]


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
