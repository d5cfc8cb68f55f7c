"""tree-sitter's parsers, loaded only when there is something to parse."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tree_sitter import Parser, Tree

MOST_SECONDS = 1.0
"""How long parsing one program may take before it is given up; one of a megabyte takes a fifth of this."""

_STEP = 1 << 14
# tree-sitter-bash 0.25 looks up what kind of character it has before it in a table of 256, so that others may crash it.
_TO_ASCII = bytes(byte if byte < 0x80 else ord("_") for byte in range(256))


def parse_bash(data: bytes) -> Tree | None:
    """The syntax of a shell program; None if it is so far from one that it would take minutes to find out.

    Characters beyond ASCII, which mean nothing to a shell, are underscores in it. tree-sitter recovers from errors, and
    with some the time for that grows with the square of the text, and nothing stops it; so a long program is parsed
    bit by bit first.
    """
    from time import monotonic

    data = data.translate(_TO_ASCII)
    chosen = parser("bash")
    tree = chosen.parse(data[:_STEP])
    if len(data) <= _STEP:
        return tree
    deadline = monotonic() + MOST_SECONDS
    done, point = _STEP, _after((0, 0), data[:_STEP])
    while done < len(data):
        added = data[done : done + _STEP]
        end = _after(point, added)
        tree.edit(done, done, done + len(added), point, point, end)
        done, point = done + len(added), end
        tree = chosen.parse(data[:done], tree)
        if monotonic() > deadline:
            return None
    return chosen.parse(data)


def _after(point: tuple[int, int], text: bytes) -> tuple[int, int]:
    """The row and column behind `text` that begins at `point`."""
    rows = text.count(b"\n")
    return (point[0] + rows, len(text) - text.rfind(b"\n") - 1) if rows else (point[0], point[1] + len(text))


@cache
def parser(language: str) -> Parser:
    """The parser for a language, `bash`."""
    from tree_sitter import Language, Parser

    return Parser(Language(_grammar(f"tree_sitter_{language}")))


def _grammar(package: str) -> object:
    # Only the compiled module is wanted. Its package also offers queries for editors, for which it imports
    # importlib.resources, and that takes longer than all there is to parse.
    from importlib import import_module
    from importlib.machinery import PathFinder

    found = PathFinder.find_spec(package)
    if found is not None and found.submodule_search_locations is not None:
        binding = PathFinder.find_spec(f"{package}._binding", found.submodule_search_locations)
        if binding is not None and binding.loader is not None:
            module = binding.loader.create_module(binding)
            if module is not None:
                binding.loader.exec_module(module)
                return module.language()
    return import_module(package).language()
