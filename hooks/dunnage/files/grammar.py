"""Loading the parsers that tree-sitter's packages provide."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tree_sitter import Parser


@cache
def parser(language: str) -> Parser:
    """The parser for a language, `bash` or `toml`."""
    from tree_sitter import Language, Parser

    return Parser(Language(_grammar(f"tree_sitter_{language}")))


def _grammar(package: str) -> object:
    # Load only the compiled module: its package also imports importlib.resources, which takes longer than parsing.
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
