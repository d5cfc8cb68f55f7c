"""The images of containers that commands start to compile Rust code in: `docker run rust:1 cargo build`."""

from collections.abc import Iterator
from itertools import pairwise

from dunnage.cargo_cli.command_line import Aliases
from dunnage.cargo_cli.compiling import compilation
from dunnage.files.source import File, Tree
from dunnage.files.span import Span
from dunnage.scripts.commands import commands
from dunnage.scripts.images import ImageUse
from dunnage.shell.model import Command, Word
from dunnage.shell.wrappers import CONTAINER_PROGRAMS, container_image


def images(file: File, tree: Tree) -> Iterator[ImageUse]:
    """Yield the images of containers in which commands of a file compile, also where the images are only pulled.

    A container that compiles later, by `docker exec`, must have a name. Raises SourceError if the file cannot be read.
    """
    alias = Aliases(tree).of(file)
    calls = [(command, _call(command)) for command in commands(file, CONTAINER_PROGRAMS)]
    inner = [(command, call) for command, call in calls if call is not None]
    compiling = {id(command) for command, _ in inner if compilation(command, alias, tree, file) is not None}
    entered = {call[1].values for command, call in inner if call[0] == "exec" and id(command) in compiling}
    used: set[tuple[str, ...] | None] = set()
    later: list[tuple[Command, tuple[str, Word]]] = []
    for command, call in inner:
        verb, word = call
        if verb == "pull":
            later.append((command, call))
        elif verb != "exec" and (id(command) in compiling or _name(command) in entered):
            used.add(word.values)
            yield _use(file, command, word)
    yield from (_use(file, command, call[1]) for command, call in later if call[1].values in used)


def _call(command: Command) -> tuple[str, Word] | None:
    """The verb of docker around a command, and its image, or with `exec` its container."""
    words = (*command.wrapper, *command.words)
    found = container_image(words)
    return (found[0], words[found[1]]) if found else None


def _name(command: Command) -> tuple[str, ...] | None:
    """The name that a command gives to its container."""
    words = (*command.wrapper, *command.words)
    for word, following in pairwise(words):
        if word.values == ("--name",):
            return following.values
        if word.values and word.values[0].startswith("--name="):
            return (word.values[0].removeprefix("--name="),)
    return None


def _use(file: File, command: Command, word: Word) -> ImageUse:
    literal = None
    if word.values is not None and len(word.values) == 1 and command.form == "shell":
        start, end = word.span
        text = file.data[start:end]
        quotes = len(text) >= 2 and text[0] == text[-1] and text[:1] in (b'"', b"'")
        if text[quotes : len(text) - quotes] == word.values[0].encode():
            literal = Span(start + quotes, end - quotes)
    return ImageUse(word.values, literal or word.span, literal)
