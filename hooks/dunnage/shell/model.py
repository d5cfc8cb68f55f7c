"""Commands, and the programs they stand in, with the bytes of the file that each came from."""

from bisect import bisect_right
from collections.abc import Collection, Mapping
from typing import NamedTuple, TypeAlias

from dunnage.files.source import File
from dunnage.files.span import Span

Values: TypeAlias = tuple[str, ...] | None
"""What a word or a variable may be: its one value or its several, each once; None if it is given from outside.

An empty string is a known value.
"""

Segment: TypeAlias = tuple[int, int, int]
"""Bytes that stand in the file as they stand in a program: offset in the program, offset in the file, length."""


DIRECTORY = "working directory"
"""The name under which `Script.variables` holds the working directory, which no variable can have.

It is relative to the top of the repository, or absolute in the image that a Dockerfile builds.
"""

POSIX_SHELLS = frozenset(("ash", "bash", "dash", "ksh", "mksh", "sh", "zsh"))
"""The shells whose programs are read, all by one grammar."""


class Word(NamedTuple):
    """One argument of a command.

    An unquoted `$FLAGS` that is known to hold several words becomes several of these, all with its span and text.
    """

    span: Span
    """Its bytes in the file from the first to the last, quotes and line continuations included."""
    values: Values
    """What the program gets: quotes removed, variables resolved."""
    text: str
    """As it is written in the file."""
    splits: bool = False
    """It is unknown and may turn out to be no word at all, or several: an unquoted `$FLAGS`, `"$@"`."""


class Place(NamedTuple):
    """Where in a repository a program stands."""

    kind: str
    """`dockerfile`, `github`, `gitlab`, `circleci`, `shell`, `makefile` or `justfile`."""
    names: tuple[str, ...] = ()
    """Where in the file, outermost first: `("job build", "step Install")`, `("stage 2",)`, `("recipe test",)`."""


class Command(NamedTuple):
    """A simple command as it is really run, wrappers such as `sudo` or `bash -c` seen through.

    Where a variable decides how many words there are, there is one of these for each of its values.
    """

    words: tuple[Word, ...]
    """The program and its arguments, at least one word; neither assignments in front nor redirections."""
    place: Place
    wrapper: tuple[Word, ...] = ()
    """What was seen through, outermost first: `sudo -E`, `bash -c`."""
    environment: tuple[tuple[str, Values], ...] = ()
    """`NAME=value` in front of it or given to `env`, in order."""
    form: str = "shell"
    """`shell`; `exec` if the words are strings of a JSON array; `fixed` if no word can be put between them.

    That is so of a command that is the value of a variable, and of one in an unquoted word: `bash -c make`.
    """
    inside: frozenset[str] = frozenset()
    """What of the shell's syntax is around it, and so decides whether it is run and whether its failure counts.

    `condition` (of `if`, `while`), `branch` (of `if`, `case`), `loop`, `substitution`, `function`, `negated` (`!`),
    `background` (`&`), `or-list-left` and `or-list-right` (of `||`), `and-list` (either side of `&&`); and `xargs`,
    `find` if that program adds words or puts others in.
    """
    pipeline: tuple[int, int] = (0, 1)
    """Its position from 0 in a pipe, and the pipe's length."""
    piped_from: tuple["Command", ...] = ()
    """The command in the same pipe whose output it reads, if there is one."""
    directory: Values = None
    """The working directories in which it may run, as `Script.variables` has them under `DIRECTORY`."""


class Script(NamedTuple):
    """A program for a POSIX-like shell: a file of its own, or one found in a file of another format."""

    text: str
    """The program, with the syntax around it undone."""
    offsets: tuple[Segment, ...]
    """What of `text` in UTF-8 stands literally in the file, in order; the rest was made by the syntax around it."""
    place: Place
    variables: Mapping[str, Values] = {}
    """What the file says of variables, under the names by which the program reaches them; others are unknown.

    `X` for a shell or environment variable, `matrix.x`, `inputs.x` or `env.X` for what an expression names.
    """
    expressions: str = ""
    """Which expressions are replaced before the shell sees the text: `github` (`${{ }}`), `just` (`{{ }}`) or none."""


def whole(file: File, place: Place, variables: Mapping[str, Values] | None = None) -> Script:
    """The program that a file is. Raises SourceError if it is not UTF-8."""
    text = file.text
    size = len(text.encode("utf-8"))
    return Script(text, ((0, len(file.data) - size, size),), place, variables or {})


def locate(offsets: tuple[Segment, ...], start: int, end: int) -> Span:
    """Where the bytes of a program from `start` up to `end` came from in the file.

    Those that do not stand there literally came from between the literal ones around them.
    """
    first = bisect_right(offsets, (start, _END, _END)) - 1
    if first >= 0:
        in_text, in_file, length = offsets[first]
        if start <= end <= in_text + length:
            return Span(in_file + start - in_text, in_file + end - in_text)
    # The end is past a last byte, and it is that byte that has a place.
    last = bisect_right(offsets, (max(start, end - 1), _END, _END)) - 1
    if first < 0:
        begins = offsets[0][1] if offsets else 0
    else:
        in_text, in_file, length = offsets[first]
        begins = in_file + min(start - in_text, length)
    if last >= 0 and end <= offsets[last][0] + offsets[last][2]:
        ends = offsets[last][1] + end - offsets[last][0]
    elif last + 1 < len(offsets):
        ends = offsets[last + 1][1]
    else:
        ends = offsets[last][1] + offsets[last][2] if offsets else 0
    return Span(begins, max(begins, ends))


_END = 1 << 62


def is_literal(offsets: tuple[Segment, ...], start: int, end: int) -> bool:
    """Whether the bytes of a program from `start` up to `end` stand together in the file as they are."""
    at = bisect_right(offsets, (start, _END, _END)) - 1
    return at >= 0 and end <= offsets[at][0] + offsets[at][2]


def programs(word: Word) -> Values:
    """The name of the program that a word is, without its folder, which may be unknown: `$HOME/.cargo/bin/x` is `x`."""
    if word.values is not None:
        return tuple(dict.fromkeys(_base_name(value) for value in word.values))
    folder, slash, name = word.text.rpartition("/")
    name = name.strip("\"'")
    if slash and folder and name and not set(name) - _PLAIN:
        return (_base_name(name),)
    return None


def _base_name(path: str) -> str:
    return path.rpartition("/")[2].removesuffix(".exe")


_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.+")


def mentions(script: Script, names: Collection[str]) -> bool:
    """Whether any of `names` is in the text of a program or in a variable it sees; if not, none can be run by it."""
    if any(name in script.text for name in names):
        return True
    return any(name in value for values in script.variables.values() for value in values or () for name in names)


def insert_after(command: Command, word: Word, text: str) -> tuple[int, int, str] | None:
    """The edit, as start, end and replacement, that gives `command` another argument after `word`.

    `text` needs no quoting. None if the place is inside the value of a variable, which is not for this command alone.
    """
    if command.form == "fixed":
        return None
    index = command.words.index(word)
    if index + 1 < len(command.words) and command.words[index + 1].span == word.span:
        return None
    return word.span.end, word.span.end, f', "{text}"' if command.form == "exec" else f" {text}"
