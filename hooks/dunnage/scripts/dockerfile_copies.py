"""What `COPY`, `ADD` and bind mounts bring into the image of a Dockerfile, and what `.dockerignore` leaves out."""

import posixpath
import re
from collections.abc import Callable
from typing import NamedTuple

from dunnage.files.path_pattern import ANYTHING, FOLDERS, NAME, NOT_SLASH, Part, PathPattern, literal
from dunnage.files.source import File
from dunnage.scripts.dockerfile_syntax import Instruction, is_heredoc
from dunnage.shell.model import Values


class Copied(NamedTuple):
    """One source of a `COPY`, `ADD` or bind mount."""

    source: str | None
    """Its path in the build context, perhaps with wildcards; None if it comes from elsewhere or is unknown."""
    name: str
    """The name of the file or folder that it has there; empty if it is unknown."""
    target: str
    """The absolute path in the image, of the file itself, or of the folder whose content is that of the source."""
    is_in_target: bool = False
    """Whether a source that is a file is put into the folder `target`."""
    at: int = 0
    """The argument of the instruction that names the source."""
    is_inline: bool = False
    """Whether it is a file whose text stands in the Dockerfile."""
    is_external: bool = False
    """Whether it comes from a stage into which neither a folder nor a Cargo.lock was copied."""


def copied(instruction: Instruction, directory: Values, expand: Callable[[str], Values]) -> list[Copied]:
    """Return what an instruction brings into the image; `directory` is the working directory in it.

    What is brought to an unknown place is left out.
    """
    if instruction.keyword == "RUN":
        return [mount for flag in instruction.flags if (mount := _mounted(flag.text, directory))]
    sources = instruction.arguments[:-1]
    targets = expand(instruction.arguments[-1].text) if sources else None
    if not targets or not directory:
        return []
    flags = [flag.text for flag in instruction.flags]
    is_foreign = any(flag.startswith("--from=") for flag in flags)
    found: list[Copied] = []
    for at, argument in enumerate(sources):
        target = posixpath.normpath(posixpath.join(directory[0], targets[0]))
        is_in_target = len(sources) > 1 or targets[0].endswith("/") or targets[0] in (".", "..")
        values = expand(argument.text)
        source = values[0] if values and len(values) == 1 else None
        name = posixpath.basename((source or "").rstrip("/"))
        if is_heredoc(argument.text):
            found.append(Copied(None, argument.text.strip("<-'\""), target, is_in_target, at, is_inline=True))
            continue
        if "--parents" in flags and source is not None:
            target = posixpath.normpath(posixpath.join(target, posixpath.dirname(source.lstrip("/"))))
            is_in_target = True
        is_remote = source is not None and ("://" in source or source.startswith("git@"))
        found.append(Copied(None if is_foreign or is_remote else source, name, target, is_in_target, at))
    return found


def _mounted(flag: str, directory: Values) -> Copied | None:
    """Return what `--mount=type=bind,…` brings, which is the default type."""
    if not flag.startswith("--mount=") or not directory:
        return None
    options = dict(part.partition("=")[::2] for part in flag.removeprefix("--mount=").split(","))
    target = next((options[key] for key in ("target", "dst", "destination") if key in options), None)
    if options.get("type", "bind") != "bind" or target is None or "$" in target:
        return None
    source = next((options[key] for key in ("source", "src") if key in options), ".")
    name = posixpath.basename(source)
    is_foreign = "from" in options or "$" in source
    return Copied(None if is_foreign else source, name, posixpath.normpath(posixpath.join(directory[0], target)))


# `.dockerignore`, by https://docs.docker.com/build/concepts/context/#dockerignore-files and moby/patternmatcher.

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
