"""Commands that call cargo."""

import posixpath
from typing import NamedTuple

from dunnage.cargo_cli import aliases
from dunnage.cargo_cli.aliases import Alias
from dunnage.cargo_cli.command_line import GLOBAL_WITH_VALUE, UNKNOWN, OptionValue, arguments, invocation
from dunnage.files.source import File
from dunnage.files.span import Edit
from dunnage.shell.directories import joined
from dunnage.shell.model import Command, Values, Word, insert_after, programs

CARGO = frozenset({"cargo", "cross", "xx-cargo"})
"""The programs with cargo's command line. `xx-cargo` is that of tonistiigi/xx, for Dockerfiles."""


class CargoCall(NamedTuple):
    """A command that calls cargo, with aliases expanded."""

    command: Command
    program: str
    """One of CARGO, or `cargo-binstall`."""
    words: list[str | None]
    """The words as `dunnage.cargo_cli.command_line` takes them."""
    origin: list[int]
    """For each of `words`, the index of the command's word that it is or replaces."""

    def word(self, index: int) -> Word:
        """Return the command's word that one of `words` is or replaces."""
        return self.command.words[self.origin[index]]

    def is_written(self, index: int) -> bool:
        """Whether one of `words` is a word of the command and does not come from an alias."""
        # The words of an alias are adjacent.
        origin = self.origin[index]
        return self.origin[max(index - 1, 0) : index + 2].count(origin) == 1

    def values(self, index: int) -> tuple[str | None, ...]:
        """Return all values that one of `words` may have."""
        word = self.word(index)
        if self.is_written(index) and word.values and len(word.values) > 1:
            return word.values
        return (self.words[index],)

    def option_values(self, option: OptionValue) -> tuple[str | None, ...]:
        """Return all values that an option may have; None for one that is unknown."""
        if option.text is None:
            return (None,)
        values = self.values(option.at)
        return tuple(value.partition("=")[2] if option.is_joined and value else value for value in values)

    @property
    def directory(self) -> Values:
        """The directories of the package or workspace that cargo works on; None if they are unknown.

        They are those of the command, changed by `-C` and `--manifest-path`.
        """
        directory = self.command.directory
        called = invocation(self.words)
        if called is None:
            return directory
        for index in range(called.subcommand - 1):
            if self.words[index] == "-C":
                directory = joined(directory, _known(self.values(index + 1)))
        found = arguments(self.words, called.subcommand + 1, {*GLOBAL_WITH_VALUE, "--manifest-path"})
        manifest = found.last("--manifest-path")
        if manifest is not None:
            paths = _known(self.option_values(manifest))
            directory = joined(directory, paths and tuple(posixpath.dirname(path) or "." for path in paths))
        return directory

    def insertion(self, file: File, index: int) -> Edit | None:
        """Return the edit that inserts `--locked` after one of `words`; None if `file` does not contain that word."""
        edit = insert_after(self.command, self.word(index), "--locked")
        return edit and Edit(file.path, *edit)


def cargo_call(command: Command, alias: Alias) -> CargoCall | None:
    """Return a command as a call of one of CARGO or of `cargo-binstall`; None if it calls none of them."""
    names = programs(command.words[0]) or ()
    program = next((name for name in names if name in CARGO or name == "cargo-binstall"), None)
    if program is None:
        return None
    words = [known_text(word) for word in command.words]
    origin = list(range(len(words)))
    if program == "cargo-binstall":
        # Cargo passes the name of the subcommand as the first argument; without cargo it may be missing.
        if words[1:2] != ["binstall"]:
            words.insert(1, "binstall")
            origin.insert(1, 0)
        return CargoCall(command, program, words, origin)
    expanded, origin = aliases.expand(words, alias)
    return CargoCall(command, program, expanded, origin)


def _known(values: tuple[str | None, ...]) -> Values:
    found = [value for value in values if value is not None and UNKNOWN not in value]
    return tuple(found) if len(found) == len(values) else None


def known_text(word: Word) -> str | None:
    """Return the first value of a word; if it is unknown, the text before its first variable, and UNKNOWN."""
    if word.values:
        return word.values[0]
    if word.values is not None:
        return ""
    known = word.text.lstrip("\"'")
    for mark in ("$", "`", "{{", "<("):
        known = known.partition(mark)[0]
    return known.strip("\"'") + UNKNOWN if known else None
