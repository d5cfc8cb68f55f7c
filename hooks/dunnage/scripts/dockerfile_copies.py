"""What `COPY`, `ADD` and bind mounts bring into the image that a Dockerfile builds."""

import posixpath
from collections.abc import Callable
from typing import NamedTuple

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
