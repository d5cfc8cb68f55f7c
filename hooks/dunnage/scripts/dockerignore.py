"""`.dockerignore`: which files of a build context Docker leaves out.

Source: https://docs.docker.com/build/concepts/context/#dockerignore-files, and moby/patternmatcher.
"""

from __future__ import annotations

import posixpath
import re

from dunnage.files.source import File


def ignoring_line(file: File, path: str) -> int | None:
    """Return the line, from 1, that leaves out a path of the context; None if it is not left out.

    The last matching line decides; a line that begins with `!` takes a path back in.
    """
    found: int | None = None
    for number, line in enumerate(file.text.splitlines(), 1):
        pattern = line.strip()
        if not pattern or line.startswith("#"):
            continue
        is_exception = pattern.startswith("!")
        cleaned = posixpath.normpath(pattern.removeprefix("!").strip().replace("\\", "/")).strip("/")
        if cleaned and _matches(cleaned, path):
            found = None if is_exception else number
    return found


def _matches(pattern: str, path: str) -> bool:
    """Whether a pattern matches a path or a folder that it is in."""
    pieces = (_REGEXES.get(piece, re.escape(piece)) for piece in re.split(r"(\*\*/?|\*|\?)", pattern))
    return re.fullmatch("".join(pieces) + "(?:/.*)?", path, re.DOTALL) is not None


_REGEXES = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
