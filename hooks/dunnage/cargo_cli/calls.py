"""The calls of cargo in a file, for the hooks that judge them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from dunnage.cargo_cli import aliases, command_line
from dunnage.files import git
from dunnage.files.source import File, SourceError, Tree
from dunnage.files.span import Edit
from dunnage.frame.finding import Fix
from dunnage.shell.model import Command, Word, programs

CARGO = frozenset({"cargo", "cross"})
"""Programs that have cargo's command line."""

Alias = Callable[[str], "Sequence[str] | None"]


class Call(NamedTuple):
    """A command that calls cargo, with its aliases replaced by what they stand for."""

    command: Command
    program: str
    words: list[str | None]
    """As `dunnage.cargo_cli.command_line` takes them."""
    origin: list[int]
    """For each of them the index of the word of the command that it is, or comes from."""

    def word(self, index: int) -> Word:
        """The word of the file that one of `words` is or comes from."""
        return self.command.words[self.origin[index]]

    def is_written(self, index: int) -> bool:
        """Whether one of `words` is a word of the command, and not one of an alias."""
        return self.origin.count(self.origin[index]) == 1

    def values(self, index: int) -> tuple[str | None, ...]:
        """All that one of `words` may be."""
        word = self.word(index)
        if self.is_written(index) and word.values and len(word.values) > 1:
            return word.values
        return (self.words[index],)


def readable(names: Iterable[str], tree: Tree, hints: Sequence[str]) -> Iterator[File]:
    """Yield the files that can be read and in which one of `hints` stands."""
    wanted = [hint.encode() for hint in hints]
    for name in dict.fromkeys(names):
        try:
            file = tree.read(name)
            if not any(hint in file.data for hint in wanted) or not file.text:
                continue
        except (FileNotFoundError, SourceError):
            continue
        yield file


def call(command: Command, alias: Alias) -> Call | None:
    """See a command as a call of cargo, of `cross`, or of `cargo-binstall`; None if it is none of these."""
    names = programs(command.words[0]) or ()
    program = next((name for name in names if name in CARGO or name == "cargo-binstall"), None)
    if program is None:
        return None
    words = [_shape(word) for word in command.words]
    origin = list(range(len(words)))
    if program == "cargo-binstall":
        # It takes its own name once more, as cargo would give it.
        if words[1:2] != ["binstall"]:
            words.insert(1, "binstall")
            origin.insert(1, 0)
        return Call(command, program, words, origin)
    expanded, origin = command_line.expand(words, alias)
    return Call(command, program, expanded, origin)


def _shape(word: Word) -> str | None:
    """The first value of a word; of one that is not known what is written before its first variable."""
    if word.values:
        return word.values[0]
    if word.values is not None:
        return ""
    known = word.text.lstrip("\"'")
    for mark in ("$", "`", "{{", "<("):
        known = known.partition(mark)[0]
    return known.strip("\"'") + command_line.UNKNOWN if known else None


class Aliases:
    """The aliases that hold for each file, as far as its repository says."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._found: dict[str, Mapping[str, tuple[str, ...]]] = {}

    def of(self, file: File) -> Alias:
        """Give the function that resolves an alias in a command of `file`."""
        folder = os.path.dirname(os.path.abspath(file.path))

        def resolve(name: str) -> Sequence[str] | None:
            if folder not in self._found:
                self._found[folder] = aliases.read(self._tree, folder, top(folder))
            return self._found[folder].get(name)

        return resolve


def top(folder: str) -> str:
    """The topmost folder of the repository that a folder is in, or else the working directory or the folder itself."""
    repository = git.repository(folder)
    if repository is not None:
        return repository.top
    here = os.getcwd()
    return here if os.path.join(folder, "").startswith(os.path.join(here, "")) else folder


def may_be_locked(found: Call, indices: Iterable[int]) -> bool:
    """Whether any of the words, which are not known, may turn out to be a locking option."""
    return any(found.word(index).splits for index in indices)


def insertion(file: File, found: Call, index: int) -> Fix | None:
    """The fix that puts `--locked` behind one of the words of a call; None if that cannot be done here."""
    from dunnage.shell.model import insert_after

    edit = insert_after(found.command, found.word(index), "--locked")
    return edit and Fix("inserted --locked", (Edit(file.path, *edit),))
