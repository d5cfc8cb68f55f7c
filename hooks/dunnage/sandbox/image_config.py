"""Whether the configuration of cargo in an image makes cargo offline."""

import os
import posixpath
import re

from dunnage.cargo.config_files import CONFIG_NAMES
from dunnage.ci.committed_locks import contexts
from dunnage.files import document
from dunnage.files.document import Refused
from dunnage.files.source import File, Tree
from dunnage.scripts.dockerfile import instructions
from dunnage.scripts.dockerfile_syntax import Instruction

_HOME = r"CARGO_HOME|[./]cargo(?:/|$)"
"""A path in an image that has this may be in the home folder of cargo, or in a folder `.cargo`."""


def offline_from(file: File, tree: Tree) -> int:
    """Return where a Dockerfile first gives cargo a configuration with `net.offline`, or may do so; else its end."""
    return next((each.span.end for each in instructions(file) if _configures(file, each, tree)), len(file.data))


def _configures(file: File, instruction: Instruction, tree: Tree) -> bool:
    if instruction.keyword == "RUN":
        text = file.data[slice(*instruction.span)]
        return b"offline" in text and b"config" in text and re.search(_HOME.encode(), text) is not None
    texts = [argument.text for argument in instruction.arguments]
    if instruction.keyword not in ("ADD", "COPY") or not texts or not re.search(_HOME, texts[-1]):
        return False
    is_elsewhere = any(flag.text.startswith("--from=") for flag in instruction.flags)
    return is_elsewhere or any(_may_be_offline(file, source, tree) for source in texts[:-1])


def _may_be_offline(file: File, source: str, tree: Tree) -> bool:
    """Whether a source of a `COPY` is, or may be, a configuration with `net.offline`."""
    # BuildKit goes no further up than the build context.
    below = posixpath.normpath(f"/{source}").lstrip("/")
    paths = [os.path.join(context, below) for context in contexts(file)]
    found = [each for path in paths for each in (path, *(os.path.join(path, name) for name in CONFIG_NAMES))]
    found = [each for each in found if os.path.isfile(each)]
    if not found:
        # It may be a here-document, an address or a pattern; a folder without a configuration has none.
        return not any(map(os.path.isdir, paths))
    return any(_is_offline(tree, each) for each in found)


def _is_offline(tree: Tree, path: str) -> bool:
    try:
        table = document.read(tree, path).data.get("net")
    except Refused:
        return False
    return isinstance(table, dict) and table.get("offline") is True
