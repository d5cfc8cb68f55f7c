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
from dunnage.shell.grammar import parse_bash
from dunnage.shell.model import Script
from dunnage.shell.offsets import locate
from dunnage.shell.programs import ShellProgram, program_of

if TYPE_CHECKING:
    from tree_sitter import Node, Tree

_DATA = frozenset(("ansi_c_string", "heredoc_body", "raw_string", "string"))
"""The syntax of shells whose text is data, except for substitutions in it."""


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
        self._trees: dict[int, Tree | None] = {}

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
        program = self._programs[index]
        if index not in self._trees:
            self._trees[index] = parse_bash(program.data)
        tree = self._trees[index]
        node = tree.root_node.descendant_for_byte_range(at, at + 1) if tree else None
        while node is not None and node.type not in _DATA:
            if node.type in ("comment", "command_substitution"):
                return False
            node = node.parent
        # On one line, an apostrophe of plain text may only look like a quote; the caller judges quotes there.
        if node is None or node.start_point[0] == node.end_point[0]:
            return False
        return not self._is_run(_place(program, node))

    def _is_run(self, data: Span) -> bool:
        """Whether a shell runs a string or a here-document: `bash -c`, `bash <<END`."""
        at = bisect_right(self._nested, (data.start, 0))
        if at == len(self._nested):
            return False
        start, outside = self._nested[at]
        return start < data.end and outside < data.start

    @cached_property
    def _nested(self) -> list[tuple[int, int]]:
        """Where commands with wrappers begin, each with the start of its outermost wrapper."""
        return sorted(
            (command.words[0].span.start, command.wrapper[0].span.start)
            for command in commands(self._file)
            if command.wrapper
        )


def _place(program: ShellProgram, node: Node) -> Span:
    return locate(program.offsets, node.start_byte, node.end_byte)


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
