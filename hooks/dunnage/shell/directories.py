"""The working directory of a command: what `cd` makes of it."""

import posixpath
from collections.abc import Sequence

from dunnage.shell.model import Values, Word, programs

TEMPORARY = ("/tmp/", "/var/tmp/")  # noqa: S108 (nothing is written there)
"""How the paths of temporary files begin."""
_MOST_DIRECTORIES = 64
_LONGEST_PATH = 500


def entered(command: Sequence[Word], before: Values) -> Values:
    """Return the working directories after `cd` or `pushd` in those of `before`; None if they are unknown.

    Of a directory for temporary files whose name is unknown, `/tmp/x-$V`, it is the folder of these files.
    """
    operands = [word for word in command[1:] if word.values is None or not word.values[0].startswith(("-", "+"))]
    if programs(command[0]) not in (("cd",), ("pushd",)) or len(operands) != 1:
        return None
    values, text = operands[0].values, operands[0].text.lstrip("\"'")
    if values is None:
        values = next(((start.rstrip("/"),) for start in TEMPORARY if text.startswith(start)), None)
    return joined(before, values)


def is_outside(directory: str) -> bool:
    """Whether a directory, relative to the top of a repository or absolute, is not in the repository."""
    return directory.startswith("/") or directory.split("/", 1)[0] == ".."


def joined(before: Values, paths: Values) -> Values:
    """Return the directories that paths lead to from the directories `before`; None if they are unknown."""
    if before is None or paths is None or len(before) * len(paths) > _MOST_DIRECTORIES:
        return None
    if any(not path or set(path) & set("*?[~") for path in paths):
        return None
    if any(len(path) > _LONGEST_PATH for path in (*before, *paths)):
        return None
    return tuple(dict.fromkeys(posixpath.normpath(posixpath.join(start, path)) for start in before for path in paths))
