"""Values in the manifests and locks of component tools: requirements on packages, package names, and types of TOML."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from dunnage.files.document import Keys, Problem
from dunnage.files.source import File
from dunnage.files.span import Span

DEFAULT_REGISTRY = "default"

_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyz")
_LETTERS_AND_DIGITS = _LETTERS | frozenset("0123456789")
_KINDS = {str: "a string", bool: "a boolean", int: "an integer", dict: "a table", list: "an array"}


class WitRequirement(NamedTuple):
    """A requirement on the version of a package in a registry, and where it is written."""

    package: str
    """NAMESPACE:NAME."""
    registry: str
    """The name of the registry: `default` for the default one, empty for the one that the tool is configured to use."""
    text: str
    """As it is written. For `wasi:io/poll@0.2.0` in WIT it is `=0.2.0`, and for `wasi:io/poll` it is `*`."""
    file: File
    keys: Keys
    """Its place in a manifest. The string there may hold other text before the requirement."""
    span: Span | None = None
    """Its place in WIT."""


def kind(expected: type) -> str:
    """Name a type of TOML with its article."""
    return _KINDS[expected]


def is_a(value: object, expected: type) -> bool:
    """Whether a value that tomli returned has a type. A boolean is not an integer here."""
    return isinstance(value, expected) and not (expected is int and isinstance(value, bool))


def wrong_types(
    table: Mapping[str, Any], types: Mapping[str, type], file: File, keys: Keys, tool: str
) -> list[Problem]:
    """Find the keys of a table that a tool does not know, and the values whose type is not the one in `types`."""
    problems = []
    for key, value in table.items():
        if key not in types:
            known = ", ".join(f"`{name}`" for name in types)
            message = f"{tool} rejects the unknown key `{key}`"
            problems.append(unreadable(file, (*keys, key), message, f"use one of {known}, or remove the key"))
        elif not is_a(value, types[key]):
            message = f"{tool} requires {kind(types[key])} for `{key}`"
            problems.append(unreadable(file, (*keys, key), message, f"write {kind(types[key])}"))
    return problems


def unreadable(file: File, keys: Keys, message: str, help: str) -> Problem:
    """Report an entry of a manifest that its tool rejects."""
    return Problem("wit-pins/unreadable", file, message, help, keys)


def not_a_package(name: str) -> str:
    """The reason why `name` is not a package name, NAMESPACE:NAME, as a clause about it; empty if it is one.

    Each part consists of words that are joined by `-`. A word consists of lowercase ASCII letters and digits, and
    begins with a letter. Source: wasm-pkg-tools, crates/wasm-pkg-common/src/label.rs.
    """
    namespace, colon, rest = name.partition(":")
    if not colon:
        return "it has no `:`"
    for part in (namespace, rest):
        if not part:
            return "one of its parts is empty"
        for word in part.split("-"):
            if not word:
                return "one of its words is empty"
            if word[0] not in _LETTERS:
                return f"a word in it begins with `{word[0]}` instead of a lowercase letter"
            if not _LETTERS_AND_DIGITS.issuperset(word):
                return "it may contain only lowercase letters, digits, `-` and one `:`"
    return ""
