"""The images that a repository builds itself, by the names that its files give them.

The files are searched and not parsed: a word after `-t`, in `docker tag`, or among the tags of an action counts. A name
too many is no harm: its image is not reported.
"""

import os
import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from dunnage.ci.repository_files import RepositoryFiles, repository_files
from dunnage.containers.reference import Reference, parse
from dunnage.files.source import File, SourceError, Tree
from dunnage.files.walk import first_bytes, is_text, top_folder
from dunnage.scripts.images import built, image_kind

_MOST_BYTES = 1024 * 1024
_HINTS = (b"docker", b"podman", b"buildah", b"kaniko", b"nerdctl", b"buildx")
_ENDINGS = frozenset({
    "bash", "dash", "hcl", "just", "ksh", "mak", "mk", "nix", "ps1", "py", "sh", "toml", "yaml", "yml", "zsh",
})  # fmt: skip
_OTHER_NAMES = ("Makefile.", "makefile.", ".envrc", ".justfile", "docker-bake")
_UNKNOWN = "\0"
_MOST_NAMES = 200
"""How many words of a file may be names."""
_MOST_CHARACTERS = 4 * 1024 * 1024
"""How long the names of the images of a repository may be together; the names of the files after that are unknown."""
_LONGEST_ENDING = 256
_MOST_REPLACEMENTS = 5
_LONGEST_NAME = 1000

_NAME = r"[\"']?([^\s\"',\])]+)"
_OPTION = (
    r"(?:(?<=[\s\"'\[,(])(?:-t|--tag|--destination|--build-context)(?:[ \t]+|=|[\"'],?\s*[\"'])"
    r"|\b(?:docker|podman|nerdctl|buildah)[ \t]+(?:image[ \t]+)?(?:tag|commit|import)[ \t]+\S+[ \t]+)"
)
_TAGS = r"(?m)^([ \t]*)(?:- )?[\"']?(?:tags|images|build-contexts|contexts)[\"']?[ \t]*[:=](.*(?:\n(?:\1[ \t]+.*)?)*)"
_VARIABLE = r"\$\{\{\s*(?:env\.)?([\w.-]+)\s*\}\}|\$[{(]?(\w+)(?:[:-][^})]*)?[})]?"
_ASSIGNMENT = r"(?m)^[ \t]*(?:-[ \t]+)?(?:export[ \t]+)?([\w.-]+)[ \t]*[:?]?[=:]+[ \t]*[\"']?([^\s\"'#]+)"


class _Names(NamedTuple):
    """The names of local images."""

    whole: set[str]
    """With the registry."""
    endings: set[str]
    """The ends of paths, each after an unknown part."""


class LocalImages:
    """The images that repositories build."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._by_repository: dict[str, _Names] = {}

    def has(self, file: File, reference: Reference) -> bool:
        """Whether the repository of a file builds an image of this name, whatever its tag."""
        top = top_folder(file.folder)
        if top not in self._by_repository:
            self._by_repository[top] = _names(repository_files(self._tree, top))
        names = self._by_repository[top]
        path = f"/{reference.path}"
        endings = (path[at:] for at, character in enumerate(path) if character == "/")
        return reference.name in names.whole or not names.endings.isdisjoint(endings)


def _names(repository: RepositoryFiles) -> _Names:
    names = _Names(set(), set())
    left = _MOST_CHARACTERS
    for path in repository.known.ordered:
        name = path[path.rfind("/") + 1 :]
        # Names without an ending are those of scripts, makefiles and justfiles; others are checked by their ending.
        if "." not in name:
            start = first_bytes(os.path.join(repository.top, path))
            if start is None or not is_text(start):
                continue
        elif name[name.rfind(".") + 1 :] not in _ENDINGS and not name.startswith(_OTHER_NAMES):
            continue
        file = repository.find(path)
        if file is None or len(file.data) > _MOST_BYTES:
            continue
        if any(hint in file.data for hint in _HINTS):
            left -= sum(_add(names, text) for text in _written_names(file.mended))
        if image_kind(path, b"") == "compose":
            left -= sum(_add(names, text) for text in _built(file))
        if left < 0:
            break
    return names


def _built(file: File) -> list[str]:
    try:
        return list(built(file))
    except SourceError:
        return []


def _written_names(file: File) -> Iterator[str]:
    """Yield the names that a file gives to images, with `_UNKNOWN` in place of unknown variables."""
    text = file.text
    found = re.findall(_OPTION + _NAME, text)
    for _, block in re.findall(_TAGS, text):
        found += (word.removeprefix("name=") for word in re.split(r"[\s,\"'\[\]|>]+", block))
    names = list(dict.fromkeys(found))[:_MOST_NAMES]
    # All assignments are read at once: one search for each name would take too long in a large file.
    values: dict[str, str] = {}
    if any("$" in name for name in names):
        for variable, value in re.findall(_ASSIGNMENT, text):
            values.setdefault(variable, value)
    for name in names:
        yield _resolved(name, values)


def _resolved(name: str, values: Mapping[str, str]) -> str:
    """A name with values in place of its variables."""
    for _ in range(_MOST_REPLACEMENTS):
        variable = re.search(_VARIABLE, name)
        if variable is None:
            break
        name = name[: variable.start()] + values.get(variable[1] or variable[2], _UNKNOWN) + name[variable.end() :]
    return name[:_LONGEST_NAME]


def _add(names: _Names, text: str) -> int:
    """Add a name, and return how many characters it takes."""
    name = text.partition("@")[0].partition("=")[0]
    if ":" in name.rpartition("/")[2]:
        name = name.rpartition(":")[0]
    known = name.rpartition(_UNKNOWN)[2]
    if known == name:
        reference = parse(name)
        if reference is not None and reference.name not in names.whole:
            names.whole.add(reference.name)
            return len(reference.name)
    elif known.startswith("/") and 1 < len(known) <= _LONGEST_ENDING and known not in names.endings:
        names.endings.add(known)
        return len(known)
    return 0
