"""`.dockerignore`: which files of a build context Docker leaves out.

Source: https://docs.docker.com/build/concepts/context/#dockerignore-files, and moby/patternmatcher.
"""

import posixpath
import re

from dunnage.files.path_pattern import ANYTHING, FOLDERS, NAME, NOT_SLASH, Part, PathPattern, literal
from dunnage.files.source import File

# Longer files and paths, and patterns with more wildcards, exclude nothing. Real ones are far below.
_MOST_LINES = 1000
_MOST_WILDCARDS = 3
_LONGEST_PATH = 250


def ignoring_line(file: File, path: str) -> int | None:
    """Return the line, from 1, that leaves out a path of the context; None if it is not left out.

    The last line that matches decides; one that begins with `!` takes a path back in. Raises SourceError if the file is
    not UTF-8.
    """
    found: int | None = None
    for number, is_exception, pattern in file.memo(_patterns) if len(path) <= _LONGEST_PATH else ():
        if pattern.matches(f"{path}/"):
            found = None if is_exception else number
    return found


def _patterns(file: File) -> list[tuple[int, bool, PathPattern]]:
    """Each line with a pattern: its number, whether it is an exception, and what it matches."""
    lines = file.text.splitlines()
    found: list[tuple[int, bool, PathPattern]] = []
    for number, line in enumerate(lines if len(lines) <= _MOST_LINES else (), 1):
        text = line.strip()
        pattern = posixpath.normpath(text.removeprefix("!").strip().replace("\\", "/")).strip("/")
        pieces = re.split(r"(\*\*/?|\*|\?)", pattern)
        if text.strip("!") and not line.startswith("#") and len(pieces) <= 2 * _MOST_WILDCARDS + 1:
            parts = [part for piece in pieces for part in _parts(piece)]
            # A pattern that matches a folder leaves out what is in it.
            found.append((number, text.startswith("!"), PathPattern([*parts, literal("/"), ANYTHING])))
    return found


def _parts(piece: str) -> list[Part]:
    wildcard = _WILDCARDS.get(piece)
    return [wildcard] if wildcard is not None else [*map(literal, piece)]


_WILDCARDS = {"**/": FOLDERS, "**": ANYTHING, "*": NAME, "?": NOT_SLASH}
