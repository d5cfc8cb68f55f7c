"""The shell scripts of a repository that commands call by their paths."""

import os
import posixpath
from collections.abc import Iterable, Iterator, Sequence

from dunnage.files.source import File, Tree
from dunnage.files.walk import top_folder
from dunnage.scripts.commands import kind_of
from dunnage.shell.model import Command, Values, Word, is_outside, programs
from dunnage.shell.wrappers import SHELLS, shell_input

_MOST_SCRIPTS = 100
SOURCING = (".", "source")
"""Programs of a shell that run a script in the same shell."""


def called_scripts(tree: Tree, file: File, commands: Iterable[Command]) -> Iterator[tuple[str, Values]]:
    """Yield the paths of the scripts that the commands of a file call, and the directories in which they run."""
    top = top_folder(file.folder)
    seen: set[str] = set()
    for command in commands:
        name = _script(command.words)
        for folder in dict.fromkeys((*(command.directory or ()), ".")) if name else ():
            path = posixpath.normpath(posixpath.join(folder, name))
            if is_outside(path) or path in seen or len(seen) >= _MOST_SCRIPTS:
                continue
            seen.add(path)
            found = tree.find(os.path.join(top, path))
            if found is None:
                continue
            if kind_of(path, found.data[:200]) == "shell":
                yield found.path, command.directory
            break


def _script(words: Sequence[Word]) -> str:
    """Return the path of the script that a command calls directly or through a shell; empty if there is none."""
    names = programs(words[0]) or ()
    at = script_word(words, names)
    values = words[at].values if at is not None else None
    if not values or len(values) != 1 or (names and names[0] in SOURCING) or (at == 0 and "/" not in values[0]):
        return ""
    return values[0]


def script_word(words: Sequence[Word], names: Sequence[str]) -> int | None:
    """Return the word that names the script that a command may run, by the `names` of its program; None if none does.

    It is the program itself, or the argument of a shell or of `source`.
    """
    if names and names[0] in SHELLS:
        kind, at = shell_input([word.values[0] if word.values else word.text for word in words])
        return at if kind == "file" else None
    return 1 if names and names[0] in SOURCING and len(words) > 1 else 0
