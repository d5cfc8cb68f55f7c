"""Values in the manifests and locks of component tools: package names, types, and what is wrong with them."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from dunnage.files.document import Keys

_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyz")
_LETTERS_AND_DIGITS = _LETTERS | frozenset("0123456789")
_KINDS = {str: "a string", bool: "a boolean", int: "an integer", dict: "a table", list: "an array"}


class Problem(NamedTuple):
    """Something that a tool refuses to read: where it stands, in one line what it is, and what to do about it."""

    keys: Keys
    message: str
    help: str


def kind(expected: type) -> str:
    """Name a type of TOML, with its article."""
    return _KINDS[expected]


def is_a(value: object, expected: type) -> bool:
    """Whether a value that tomli read is of a type, where a boolean is no integer."""
    return isinstance(value, expected) and not (expected is int and isinstance(value, bool))


def wrong_types(table: Mapping[str, Any], types: Mapping[str, type], keys: Keys, tool: str) -> list[Problem]:
    """Find the keys of a table that a tool does not know, and those whose values are of another type than `types`
    says.
    """
    problems = []
    for key, value in table.items():
        if key not in types:
            known = ", ".join(f"`{name}`" for name in types)
            message = f"{tool} refuses the unknown key `{key}`"
            problems.append(Problem((*keys, key), message, f"write one of {known}, or remove it"))
        elif not is_a(value, types[key]):
            message = f"{tool} wants {kind(types[key])} for `{key}`"
            problems.append(Problem((*keys, key), message, f"write {kind(types[key])}"))
    return problems


def not_a_package(name: str) -> str:
    """What keeps `name` from being the name of a package, NAMESPACE:NAME, as a clause about it; empty if nothing does.

    Each part is of words joined by `-`, of small ASCII letters and digits, a letter first, as in wasm-pkg-tools,
    crates/wasm-pkg-common/src/label.rs.
    """
    namespace, colon, rest = name.partition(":")
    if not colon:
        return "it has no `:`"
    for part in (namespace, rest):
        if not part:
            return "a part of it is empty"
        for word in part.split("-"):
            if not word:
                return "a word in it is empty"
            if word[0] not in _LETTERS:
                return f"a word of it begins with `{word[0]}`, not with a small letter"
            if not _LETTERS_AND_DIGITS.issuperset(word):
                return "it holds more than small letters, digits, `-` and one `:`"
    return ""
