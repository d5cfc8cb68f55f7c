"""The shell scripts of a repository that CI calls by their paths."""

import os
import posixpath
from collections.abc import Iterable, Iterator, Sequence

from dunnage.files.source import File, SourceError, Tree
from dunnage.files.walk import top_folder
from dunnage.scripts.commands import kind_of
from dunnage.shell.directories import is_outside
from dunnage.shell.model import Command, Values, Word, programs
from dunnage.shell.wrappers import SHELLS, shell_input

_MOST_SCRIPTS = 100


def called_scripts(tree: Tree, file: File, commands: Iterable[Command]) -> Iterator[tuple[str, Values]]:
    """Yield the paths of the scripts that the commands of a file call, and the directories in which they run."""
    top = top_folder(os.path.dirname(os.path.abspath(file.path)))
    seen: set[str] = set()
    for command in commands:
        name = _script(command.words)
        for folder in dict.fromkeys((*(command.directory or ()), ".")) if name else ():
            path = posixpath.normpath(posixpath.join(folder, name))
            if is_outside(path) or path in seen or len(seen) >= _MOST_SCRIPTS:
                continue
            seen.add(path)
            try:
                found = tree.read(os.path.join(top, path))
            except (FileNotFoundError, SourceError):
                continue
            if kind_of(path, found.data[:200]) == "shell":
                yield found.path, command.directory
            break


def _script(words: Sequence[Word]) -> str:
    """Return the path of the script that a command calls directly or through a shell; empty if there is none."""
    names = programs(words[0]) or ()
    word = words[0]
    if names and names[0] in SHELLS:
        source, at = shell_input([value.values[0] if value.values else value.text for value in words])
        if source != "file":
            return ""
        word = words[at]
    elif word.values and "/" not in word.values[0]:
        return ""
    return word.values[0] if word.values and len(word.values) == 1 else ""
