"""Bounds on what is computed from a file, kept where values are computed.

A value that would exceed a bound is unknown. All bounds are counts, so a result never depends on the machine's load.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import product
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dunnage.files.source import File
    from dunnage.files.span import Span
    from dunnage.shell.model import Values

MOST_VALUES = 16
"""How many values a word or a variable of a shell may have."""
MOST_BUILD_VALUES = 32
"""How many values a variable of a Makefile or a justfile may have."""
MOST_EXPRESSION_VALUES = 64
"""How many values an expression of a workflow may have."""
MOST_CHARACTERS = 131_072
"""The greatest total length of the values of one word or variable; the longest argument that Linux allows."""
MOST_COMMANDS = 8
"""How many alternatives one command may have whose number of words depends on variables."""
MOST_FIND_COMMANDS = 100
"""How many commands of one `find` are read; each command keeps the words before it."""
MOST_SYNTAX_LEVELS = 100
"""How deeply syntax may be nested; the limit protects Python's own stack."""
MOST_PROGRAM_LEVELS = 8
"""How deeply programs may be nested in the words of other programs."""
MOST_PROGRAM_BYTES = 256 * 1024
"""The size of a program that is read. The largest real script seen has 200,000 bytes."""
MOST_FILE_COMMANDS = 5000
"""How many commands of one file are read; the largest real file seen has 294."""
MOST_FILE_WORDS = 50_000
"""How many words, parts of words and elements of arrays of one file are read; the largest real file seen has 1,124."""
MOST_RUN_UNITS = 100_000
"""How many units a hook may spend in a run, besides one for every three bytes that it reads.

A word takes one unit, a command ten more, a program 30 more, the first one of a file 50 more. Real repositories take at
most one for every four bytes.
"""
PROGRAM_UNITS = 30
"""What a program takes."""
MOST_TRIMMED = 200
"""How long a value may be to which `${NAME#PATTERN}` and similar expansions are applied."""

_COMMAND_UNITS = 10
_FILE_UNITS = 50
_BYTES_FOR_UNIT = 3
_MOST_MEMORY = 32_000_000
_WORD_SIZE = 100
_MOST_NESTED_BYTES = 2 * 1024 * 1024
_NESTED_SIZE = 256
_MOST_RECOVERY = 500_000
_RECOVERY_SIZE = 100
_MOST_PARSING = 100_000
_MOST_HERE_DOCUMENTS = 200_000_000
_MOST_ERROR_SQUARES = 32_000_000


class Budget:
    """The remaining resources of a hook for reading one file, shared by all its programs."""

    def __init__(self, file: File | None = None) -> None:
        """`file` is one of a run, and what the hook may spend on all files of the run is limited too."""
        self._file = file
        self._memory = _MOST_MEMORY
        self._nested = _MOST_NESTED_BYTES
        self._recovery = _MOST_RECOVERY
        self._error_squares = _MOST_ERROR_SQUARES
        self._parsing = _MOST_PARSING
        self._steps = MOST_PROGRAM_BYTES
        self._here_documents = _MOST_HERE_DOCUMENTS
        self._commands = MOST_FILE_COMMANDS
        self._words = MOST_FILE_WORDS
        self.units = _FILE_UNITS
        """What has been spent of the units of a run."""
        self.may_read = self.afford_words(0)
        """Whether any time for commands and words is left."""

    def afford(self, characters: int, words: int = 0) -> bool:
        """Spend memory on a value of so many characters, or on so many words; False if too little is left."""
        self._memory -= characters + words * _WORD_SIZE
        return self._memory >= 0

    def afford_program(self, size: int) -> bool:
        """Spend time on a program of `size` bytes in the words of another; False if too little is left."""
        self._nested -= size + _NESTED_SIZE
        return self._nested >= 0

    def afford_command(self, words: int) -> bool:
        """Spend time on a command of so many words; False if too little is left."""
        self._commands -= 1
        self.units += _COMMAND_UNITS
        return self.afford_words(words)

    def afford_words(self, words: int) -> bool:
        """Spend time on words, parts of words or elements of arrays; False if too little is left."""
        self._words -= words
        self.units += words
        may_spend = self._may_spend(self.units)
        self.may_read = self._commands >= 0 and self._words >= 0 and may_spend
        file = self._file
        if file is not None and file.run is not None:
            if not may_spend and file.ended_at is None:
                file.ended_at = self.units
            file.run.units += max(0, self.units - file.units)
            file.units = max(file.units, self.units)
        return self.may_read

    def note_end(self, file: File, span: Span) -> None:
        """Note that what follows `span` in a file is not read, because no time for commands and words is left."""
        message = "all files that are read up to here have more commands than their size allows, "
        if self._commands < 0 or self._words < 0:
            message = f"this file has more than {MOST_FILE_COMMANDS:,} commands or {MOST_FILE_WORDS:,} words, "
        message += "the limit for shell programs; those from here on are not read"
        file.note_unread("input/too-large", message, span)

    def _may_spend(self, units: int) -> bool:
        """Whether the hook may spend so many units on the file. What was released is read again as far as before."""
        file = self._file
        if file is None or (run := file.run) is None:
            return True
        if file.ended_at is not None:
            return units < file.ended_at
        left = MOST_RUN_UNITS + run.size // _BYTES_FOR_UNIT - run.units
        return units <= file.units > 0 or units - file.units <= left

    def afford_here_documents(self, marks: int, size: int) -> bool:
        """Spend time on `<<` in a program; the time that one costs a parser may grow with the size of the program.

        False if too little is left.
        """
        self._here_documents -= marks * size
        return self._here_documents >= 0

    def afford_steps(self, size: int) -> bool:
        """Spend time on parsing a program of `size` bytes in steps; False if too little is left."""
        self._steps -= size
        return self._steps >= 0

    def afford_parsing(self, pieces: int) -> bool:
        """Spend time on what a parser does while it reads so many pieces of a program; False if too little is left."""
        self._parsing -= pieces
        return self._parsing >= 0

    def spend_errors(self, errors: int) -> None:
        """Spend time on syntax errors; the time that they cost a parser grows with the square of their number."""
        self._error_squares -= errors * errors

    def spend_recovery(self, size: int) -> None:
        """Spend time on some steps of a parser that recovers from errors with `size` bytes left, which it may scan."""
        self._recovery -= size + _RECOVERY_SIZE

    @property
    def left(self) -> tuple[int, int, int, int, int, int]:
        """What is left of each resource; a negative number if it did not suffice."""
        return self._memory, self._nested, self._recovery, self._parsing, self._commands, self._words

    def spend(self, before: tuple[int, ...], after: tuple[int, ...], units: int) -> bool:
        """Spend as much as another budget, with `before` left at first and `after` then. False if it does not suffice.

        Then nothing is spent.
        """
        left = tuple(mine - (first - last) for mine, first, last in zip(self.left, before, after, strict=True))
        if min(*left, *after) < 0 or not self._may_spend(self.units + units):
            return False
        self._memory, self._nested, self._recovery, self._parsing, self._commands, self._words = left
        self.units += units
        return self.afford_words(0)

    @property
    def may_parse(self) -> bool:
        """Whether any time for parsing is left."""
        return self._recovery >= 0 and self._error_squares >= 0 and self._parsing >= 0

    def product(self, choices: Sequence[Sequence[str]], most: int = MOST_VALUES) -> Values:
        """Every concatenation of one text from each of `choices`; None if these are too many or too long."""
        if not are_few(choices, most):
            return None
        count = 1
        characters = 0
        for texts in choices:
            count *= len(texts)
        for texts in choices:
            characters += sum(map(len, texts)) * count // len(texts) if texts else 0
        if characters > MOST_CHARACTERS or not self.afford(characters):
            return None
        return tuple(dict.fromkeys("".join(chosen) for chosen in product(*choices)))

    def filled(self, text: str, replacements: Iterable[tuple[int, int, Values]], most: int = MOST_VALUES) -> Values:
        """The values of a text with values in place of parts, which are given in order with start and end.

        None if the values of a part are unknown, or if the results are too many or too long.
        """
        choices: list[tuple[str, ...]] = []
        position = 0
        for start, end, values in replacements:
            if values is None:
                return None
            choices += [(text[position:start],), values]
            position = end
        return self.product((*choices, (text[position:],)), most)


def are_few(choices: Iterable[Sequence[object]], most: int = MOST_VALUES) -> bool:
    """Whether there are at most `most` selections of one item from each of `choices`."""
    count = 1
    for items in choices:
        count *= len(items)
        if count > most:
            return False
    return True


def union(alternatives: Iterable[Values], most: int = MOST_VALUES) -> Values:
    """The values of something that is one of `alternatives`; None if one is unknown, or if they are too many."""
    found: dict[str, None] = {}
    for values in alternatives:
        if values is None:
            return None
        found.update(dict.fromkeys(values))
    return tuple(found) if len(found) <= most else None
