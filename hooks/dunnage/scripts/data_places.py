"""The places of a file at which text is data, so that a `#` there begins no comment."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from functools import cached_property
from operator import itemgetter
from typing import TYPE_CHECKING

from dunnage.files.source import File, SourceError
from dunnage.files.span import Span
from dunnage.scripts.commands import commands, kind_of, programs
from dunnage.shell.model import Script
from dunnage.shell.offsets import locate
from dunnage.shell.programs import parse_bash, program_of

if TYPE_CHECKING:
    from tree_sitter import Node, Tree

_QUOTES = {"ansi_c_string": (2, 1), "heredoc_body": (0, 0), "raw_string": (1, 1), "string": (1, 1)}
"""The syntax of shells whose text is data, except for substitutions in it; how long its quotes are."""
_ESCAPED = rb'\\(["$`\\])'
"""What a shell replaces with its second character in a string with double quotes."""


class DataPlaces:
    """The strings, block scalars and here-documents of a file that are no programs."""

    def __init__(self, file: File) -> None:
        """Raises SourceError if the file is YAML that cannot be read."""
        self._file = file
        is_yaml = file.path.endswith((".yaml", ".yml"))
        self._values = sorted(_yaml_values(file) if is_yaml else _values(file), key=lambda span: span.start)
        try:
            found = [script for script in programs(file) if isinstance(script, Script)]
        except SourceError:
            if is_yaml:
                raise
            found = []
        self._programs = [program_of(script) for script in found]
        self._segments = sorted(
            (start, start + size, in_text, index)
            for index, program in enumerate(self._programs)
            for in_text, start, size in program.offsets
            if size
        )
        self._trees: dict[tuple[int, int, int], Tree | None] = {}

    def contain(self, offset: int) -> bool:
        """Whether the byte at `offset` of the file is data."""
        at = bisect_right(self._segments, offset, key=itemgetter(0)) - 1
        if at >= 0 and offset < self._segments[at][1]:
            start, _, in_text, index = self._segments[at]
            return self._is_shell_data(index, in_text + offset - start)
        at = bisect_right(self._values, offset, key=itemgetter(0)) - 1
        return at >= 0 and offset < self._values[at].end

    def _is_shell_data(self, index: int, at: int) -> bool:
        """Whether a byte of a program is in data that no shell reads as a program."""
        offsets = self._programs[index].offsets
        start, end, is_quoted = 0, len(self._programs[index].data), False
        begin = 0
        while node := self._data_at(index, start, end, is_quoted, at):
            first, last = start + node.start_byte, start + node.end_byte
            place = locate(offsets, first, last)
            if not self._is_run(place, begin):
                return True
            # The program in it may hold data too.
            opening, closing = _QUOTES[node.type]
            start, end, is_quoted, begin = first + opening, last - closing, node.type == "string", place.start
        return False

    def _data_at(self, index: int, start: int, end: int, is_quoted: bool, at: int) -> Node | None:
        """The string or here-document with the byte `at`, in the part of a program from `start` to `end`."""
        key = index, start, end
        if key not in self._trees:
            data = self._programs[index].data[start:end]
            self._trees[key] = parse_bash(re.sub(_ESCAPED, rb" \1", data) if is_quoted else data)
        tree = self._trees[key]
        node = tree.root_node.descendant_for_byte_range(at - start, at - start + 1) if tree else None
        while node is not None and node.type not in _QUOTES:
            if node.type in ("comment", "command_substitution"):
                return None
            node = node.parent
        if node is None:
            return None
        # On one line, an apostrophe of plain text may only look like a quote; the caller judges quotes there. Lines are
        # those of the file: a program may have fewer, where they are continued or folded.
        place = locate(self._programs[index].offsets, start + node.start_byte, start + node.end_byte)
        return node if any(self._file.data.find(end, *place) >= 0 for end in (b"\n", b"\r")) else None

    def _is_run(self, data: Span, begin: int) -> bool:
        """Whether a program that begins at `begin` runs a string or a here-document: `bash -c`, `bash <<END`."""
        at = bisect_right(self._nested, (data.start, ()))
        if at == len(self._nested):
            return False
        start, wrappers = self._nested[at]
        return start < data.end and any(begin <= wrapper < data.start for wrapper in wrappers)

    @cached_property
    def _nested(self) -> list[tuple[int, tuple[int, ...]]]:
        """Where commands with wrappers begin, each with where the words of these wrappers do."""
        return sorted(
            (command.words[0].span.start, tuple(word.span.start for word in command.wrapper))
            for command in commands(self._file)
            if command.wrapper
        )


def _values(file: File) -> Iterable[Span]:
    """The strings of TOML, and the here-documents of Dockerfiles."""
    if file.path.endswith((".lock", ".toml")):
        from dunnage.files import toml

        return toml.strings(file)
    if kind_of(file.path, file.data[:200]) == "dockerfile":
        from dunnage.scripts import dockerfile

        return [document.content for found in dockerfile.instructions(file) for document in found.heredocs]
    return ()


def _yaml_values(file: File) -> Iterator[Span]:
    from dunnage.scripts import yaml

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
            yield Span(header.end() if header else node.span.start, node.span.end)
        waiting += node.elements()
        waiting += [part for pair in node.pairs() for part in pair]
