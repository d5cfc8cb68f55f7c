"""tree-sitter's parsers, loaded only when there is something to parse."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tree_sitter import Parser, Point, Tree

MOST_SECONDS = 2.0
"""How long one text may take; a text of a megabyte that is what it should be takes a tenth of this."""

_CHUNK = 1 << 16


def parse(language: str, data: bytes) -> Tree | None:
    """The syntax of `data`; None if it is so far from the language that it would take minutes to find out.

    tree-sitter recovers from errors, and with some the time for that grows with the square of the text.
    """
    import time

    deadline = time.monotonic() + MOST_SECONDS

    def read(offset: int, _: Point) -> bytes:
        return data[offset : offset + _CHUNK]

    def is_late(_offset: int, _has_error: bool) -> bool:
        return time.monotonic() > deadline

    chosen = parser(language)
    try:
        return chosen.parse(read, progress_callback=is_late)
    except ValueError:
        chosen.reset()
        return None


@cache
def parser(language: str) -> Parser:
    """The parser for `bash` or `yaml`."""
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
