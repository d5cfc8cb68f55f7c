"""Values of a parsed manifest, checked for their TOML type."""

from collections.abc import Mapping
from typing import Any

from dunnage.files.document import Keys


class ManifestError(ValueError):
    """Cargo rejects something in a manifest.

    keys: its place in the document, down to the last key that exists. help: how to correct it.
    """

    def __init__(self, message: str, keys: Keys, help: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.keys = keys
        self.help = help


def table(value: Any, keys: Keys) -> Mapping[str, Any]:
    """Return `value` if it is a table. Raises ManifestError."""
    if not isinstance(value, dict):
        raise ManifestError(f"`{_dotted(keys)}` must be a table", keys)
    return value


def string(value: Any, keys: Keys) -> str:
    """Return `value` if it is a string. Raises ManifestError."""
    if not isinstance(value, str):
        raise ManifestError(f"`{_dotted(keys)}` must be a string", keys)
    return value


def strings(value: Any, keys: Keys) -> tuple[str, ...]:
    """Return `value` as a tuple if it is an array of strings. Raises ManifestError."""
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise ManifestError(f"`{_dotted(keys)}` must be an array of strings", keys)
    return tuple(value)


def flag(entry: Mapping[str, Any], key: str, keys: Keys) -> bool:
    """Return the Boolean at `key`, false by default. Raises ManifestError; `keys` is the place of `entry`."""
    value = entry.get(key, False)
    if not isinstance(value, bool):
        raise ManifestError(f"`{key}` must be `true` or `false`", (*keys, key))
    return value


def check_name(name: str, keys: Keys) -> None:
    """Raise ManifestError if `name` is no package name: a Unicode identifier with `-` after the first character."""
    if not name.replace("-", "_").isidentifier() or name.startswith("-"):
        raise ManifestError(
            f"`{name}` is not a valid package name",
            keys,
            "use letters, digits, `-` and `_`, and begin with a letter",
        )


def _dotted(keys: Keys) -> str:
    return ".".join(map(str, keys))
