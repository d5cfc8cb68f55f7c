"""What a file downloads, and the programs of shells that do so."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

from dunnage.downloads.text import Address, Lookup, names, written_values
from dunnage.files.source import File
from dunnage.files.span import Span
from dunnage.scripts.commands import programs
from dunnage.shell.commands import commands
from dunnage.shell.model import Command, Script, Values, Word
from dunnage.shell.nested import see_through

POWERSHELL_OPTIONS = ("-destination", "-outfile")
"""The options with which commands of PowerShell name the file to write."""

_LINES_SHARE_FILES = frozenset(("justfile", "makefile"))
"""The kinds of files of which each line is a program."""
_SHARED_LINES = rb"(?m)^[ ]*-[ ]+(?:\*|!reference\b)"
"""Lines of a list in GitLab's files that stand elsewhere in the file. All jobs are then read as one script."""


class Program(NamedTuple):
    """A program with its commands."""

    scope: tuple[str, ...]
    """Programs with the same scope share files: the `RUN`s of a stage, the steps of a job."""
    unit: int
    """Programs with the same number are one script: the lines of a recipe."""
    script: Script | None
    """None for a command without a shell."""
    commands: Sequence[Command]
    lookup: Lookup

    def names(self, words: Iterable[Word]) -> list[tuple[str, ...]]:
        """Return the possible names of the file that each word is, with holes."""
        return [names(word, self.lookup) for word in words]

    def inputs(self, command: Command) -> list[tuple[str, ...]]:
        """Return the possible names of the files that a command reads as its input."""
        return self.names(each.word for each in command.redirections if each.operator == "<")

    @property
    def compared(self) -> frozenset[str]:
        """The variables that the program does more with than print them."""
        return self.lookup.compared if isinstance(self.lookup, _Variables) else frozenset()

    @property
    def forwards(self) -> Mapping[str, str]:
        """The functions that only run curl or wget with all of their arguments: the program of each by its name."""
        return self.lookup.forwards if isinstance(self.lookup, _Variables) else {}

    def compares(self, name: str) -> bool:
        """Whether the program may compare the content of a file, by its name, with something."""
        return isinstance(self.lookup, _Variables) and self.lookup.compares(name)


class Download(NamedTuple):
    """A file that is downloaded."""

    address: Address
    program: Program
    at: int
    """Its place among the commands of the file, from 0."""
    command: Command | None
    """None for `ADD`."""
    word: Word
    """Names the URL."""
    url: str
    """The URL if it is known; else empty."""
    names: tuple[str, ...]
    """The possible names of the file, with holes; none if it is written to the output."""
    file: str = ""
    """How a command may name the file, as it is written in double quotes; empty if that is unknown."""
    span: Span = Span(0, 0)
    """The whole command or instruction."""
    is_verified: bool = False
    """The download itself is given the digest."""

    @property
    def is_piped(self) -> bool:
        """Whether it is written to the output."""
        return not self.names

    @property
    def is_windows(self) -> bool:
        """Whether it is a command of PowerShell, or one that runs only on Windows."""
        words = self.command.words if self.command else ()
        return any(word.text.lower() in POWERSHELL_OPTIONS or word.text.lower() == "curl.exe" for word in words)


def read_programs(file: File) -> Iterator[Program]:
    """Yield the programs of a file; those of scopes that download nothing and compute no digest have no commands.

    Raises SourceError if the file cannot be read.
    """
    found = programs(file)
    are_shared = any(each.place.kind == "gitlab" for each in found[:1]) and re.search(_SHARED_LINES, file.data)
    scopes = [() if are_shared else _scope(each.place.kind, each.place.names) for each in found]
    relevant = {scope for scope, each in zip(scopes, found, strict=True) if _is_relevant(each)}
    if any(each.place.kind == "dockerfile" for each in found[:1]) and b"add" in file.data.lower():
        relevant.update(scopes)  # `ADD` downloads too
    units: dict[tuple[str, ...], int] = {}
    for number, (scope, program) in enumerate(zip(scopes, found, strict=True)):
        if isinstance(program, Command):
            yield Program(scope, number, None, [*see_through(program)], _unknown)
            continue
        place = program.place
        unit = units.setdefault(place.names, number) if place.kind in _LINES_SHARE_FILES else number
        unit = 0 if are_shared else unit
        read = [*commands(file, program)] if scope in relevant else ()
        yield Program(scope, unit, program, read, _Variables(file, program))


_RELEVANT = ("curl", "wget", "aria2c", "gh release", "nvoke-", "iwr", "BitsTransfer", "sum")


def _is_relevant(program: Script | Command) -> bool:
    """Whether a program may download something, or compute a digest."""
    return not isinstance(program, Script) or any(word in program.text for word in _RELEVANT)


def _scope(kind: str, names: tuple[str, ...]) -> tuple[str, ...]:
    if kind == "dockerfile":
        return names[:1]
    return names if kind in _LINES_SHARE_FILES else names[:-1]


_MOST_TARGETS = 10
_COMPARES_FILE = r"\b(?:cmp|comm|diff|grep|read)\b|-c\b|--check|\$\("
_FORWARDS = r"""(?x)
    (?<![\w-]) ([\w-]{1,99}) [ \t]* \( [ \t]* \) \s* \{ \s* (?:(?:command|exec)[ \t]+)?
    (curl|wget) ([ \t] [^\n;|&{}]*)? [ \t] "\$@" \s* (?: ; \s* )? \}
"""
_WRITES = r"\s-(?:\w*[oO]|-output|-remote)"
_PRINTING = ("echo ", "export ", "info ", "log", "printf ")
_COMPARING = ("[", "|", "==", "!=", "test ")


def _leading_name(text: str) -> str:
    """The name of the variable with which a text begins that follows `$`."""
    text = text[:200].lstrip("{")
    end = next((at for at, each in enumerate(text) if not (each.isalnum() or each == "_")), len(text))
    return text[:end]


def _unknown(_: str) -> str | None:
    return None


class _Variables:
    """How the values of the variables of a program are written."""

    def __init__(self, file: File, script: Script) -> None:
        self._file = file
        self._script = script
        self._written: dict[str, str | None] | None = None
        self._compared_files: dict[str, bool] = {"": False}

    @cached_property
    def compared(self) -> frozenset[str]:
        """The variables of lines that do more than print them."""
        found: set[str] = set()
        for line in self._script.text.split("\n"):
            words = line.lstrip()
            if not words.startswith(_PRINTING) or any(mark in line for mark in _COMPARING):
                found.update(name for part in line.split("$")[1:] if (name := _leading_name(part)))
        return frozenset(found)

    @cached_property
    def forwards(self) -> Mapping[str, str]:
        """The functions that only run curl or wget with all of their arguments, if these name the file to write."""
        found = re.findall(_FORWARDS, self._script.text) if '"$@"' in self._script.text else []
        return {name: program for name, program, options in found if not re.search(_WRITES, options)}

    def compares(self, name: str) -> bool:
        """Whether a line with this name of a file may compare the file with something."""
        if name not in self._compared_files:
            text = self._script.text
            lines = [line[:2000] for line in text.split("\n") if name in line] if text.count(name) > 1 else []
            self._compared_files[name] = any(re.search(_COMPARES_FILE, line) for line in lines)
        return self._compared_files[name]

    def __call__(self, name: str) -> str | None:
        if self._written is None:
            self._written = written_values(self._script.text)
        if name in self._written:
            return self._written[name]
        values = self._script.variables.get(name)
        if values is None and self._script.place.kind == "makefile":
            values = self._of_make(name)
        return values[0] if values is not None and len(values) == 1 else None

    def _of_make(self, name: str) -> Values:
        """How the value of a variable of make is written: that of the targets, or else that of the makefile."""
        from dunnage.scripts.makefile_syntax import Makefile

        makefile = self._file.memo(Makefile)
        targets = self._script.place.names[0].partition(" ")[2].split()
        own = {makefile.targets.get(target, {}).get(name) for target in targets[:_MOST_TARGETS]} - {None}
        variable = makefile.variables.get(name)
        return own.pop() if len(own) == 1 else variable.values if variable is not None and not own else None
