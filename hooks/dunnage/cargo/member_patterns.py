"""The patterns in `workspace.members` and `workspace.default-members`.

Source of the rules: Cargo expands them with the `glob` crate.
"""

import os
from collections.abc import Iterable
from fnmatch import translate
from itertools import islice
from re import compile as compile_pattern

from dunnage.files.walk import folders

# Far more than any workspace has. The bound protects against links that multiply folders.
MAX_FOLDERS = 100_000


def expand(folder: str, pattern: str) -> list[str]:
    """Return the folders that a pattern matches, relative patterns from `folder`; the pattern itself if none matches.

    `*`, `?` and `[…]` match within a name, hidden names included. `**` matches folders at any depth, except through
    symbolic links. Raises OverflowError if more than MAX_FOLDERS folders match a part of the pattern.
    """
    if not is_magic(pattern):
        return [join(folder, pattern)]
    found = [os.path.join(os.path.splitdrive(pattern)[0], os.sep) if os.path.isabs(pattern) else folder]
    for part in pattern.replace(os.sep, "/").split("/"):
        if part == "**":
            found = _bounded(
                below for above in found for below, _ in folders(above, MAX_FOLDERS + 1, skipped=frozenset())
            )
        elif is_magic(part):
            matches = compile_pattern(translate(part)).match
            found = _bounded(os.path.join(above, name) for above in found for name in _names(above) if matches(name))
        elif part:
            found = [path for above in found if os.path.exists(path := os.path.join(above, part))]
    if not found:
        return [join(folder, pattern)]
    return sorted(os.path.normpath(path) for path in found if os.path.isdir(path))


def is_malformed(pattern: str) -> bool:
    """Whether `**` is only a part of a name, or a `[` is not closed."""
    parts = pattern.split("/")
    return any("**" in part and part != "**" for part in parts) or any(
        "[" in part and "]" not in part[part.index("[") + 2 :] for part in parts
    )


def join(folder: str, path: str) -> str:
    """Join two paths and normalise the result by its text alone, as Cargo does."""
    return os.path.normpath(os.path.join(folder, path))


def _bounded(paths: Iterable[str]) -> list[str]:
    found = dict.fromkeys(islice(paths, MAX_FOLDERS + 1))
    if len(found) > MAX_FOLDERS:
        raise OverflowError
    return list(found)


def is_magic(pattern: str) -> bool:
    """Whether a pattern is more than a path."""
    return any(character in pattern for character in "*?[")


def _names(folder: str) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:
        return []
