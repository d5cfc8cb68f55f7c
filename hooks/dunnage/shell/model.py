"""Commands and programs, with the bytes of the file that they come from, and the directories in which they run."""

import posixpath
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple, TypeAlias

from dunnage.files.source import File
from dunnage.files.span import Span
from dunnage.shell.offsets import Segment

Values: TypeAlias = tuple[str, ...] | None
"""The possible values of a word or variable, without duplicates; None if they are unknown.

An empty string is a known value.
"""

DIRECTORY = "working directory"
"""The name under which `Script.variables` holds the working directory, which no variable can have.

It is relative to the top of the repository, or absolute in the image that a Dockerfile builds.
"""

PUSHED = "pushed directories"
"""The name under which a scope holds how many directories `pushd` has left; with a number from 0, each of them."""

OPTION_VARIABLES = (
    "BINSTALL_DISABLE_STRATEGIES",
    "BINSTALL_STRATEGIES",
    "CARGO_NET_OFFLINE",
    "PGRX_BUILD_FLAGS",
    "PIP_CONSTRAINT",
    "PIP_REQUIRE_HASHES",
    "TRUNK_BUILD_FROZEN",
    "TRUNK_BUILD_LOCKED",
    "UV_CONSTRAINT",
    "WASH_VERSION",
)
"""The environment variables that give options to installers and builders.

`Command.environment` also contains those of them that are set before the command, by its program or around that.
"""

POSIX_SHELLS = frozenset(("ash", "bash", "dash", "ksh", "mksh", "sh", "zsh"))
"""The shells whose programs are parsed."""


class Word(NamedTuple):
    """One argument of a command.

    An unquoted `$FLAGS` that is known to hold several words becomes several of these, all with its span and text.
    """

    span: Span
    """Its bytes in the file from the first to the last, quotes and line continuations included."""
    values: Values
    """What the program receives: quotes removed, variables resolved."""
    text: str
    """As it is written in the file."""
    splits: bool = False
    """It is unknown and may become any number of words: an unquoted `$FLAGS`, `"$@"`."""


class Redirection(NamedTuple):
    """Where a command writes to or reads from."""

    operator: str
    """`>`, `>>`, `<`, `<<<` and their like, without the number of a descriptor."""
    word: Word
    """The file, or with `<<<` the text."""


class Place(NamedTuple):
    """The location of a program."""

    kind: str
    """The kind of its file: `dockerfile`, `github`, `gitlab`, `circleci`, `azure`, `buildkite`, `shell`, `makefile`,
    `justfile`, `cargo-make`, `mise`, `wrangler`, `taskfile`, `npm` or `pre-commit`."""
    names: tuple[str, ...] = ()
    """Its location there, outermost first: `("job build", "step Install")`, `("stage 2",)`, `("recipe test",)`."""


class Command(NamedTuple):
    """A simple command without wrappers such as `sudo` or `bash -c`.

    If the number of words depends on a variable, there is one Command for each of its values.
    """

    words: tuple[Word, ...]
    """The program and its arguments, at least one word, without assignments and redirections."""
    place: Place
    wrapper: tuple[Word, ...] = ()
    """The words of its wrappers, outermost first: `sudo -E`, `bash -c`."""
    environment: tuple[tuple[str, Values], ...] = ()
    """OPTION_VARIABLES that are set for it, then the assignments before it and those in its wrappers, in order."""
    form: str = "shell"
    """`shell`; `exec` if the words are strings of an array, `arguments` if those after the first are; or `fixed`.

    No word can be inserted into a fixed command: the value of a variable, or an unquoted word, as in `bash -c make`.
    """
    inside: frozenset[str] = frozenset()
    """The syntax around it that decides whether it runs and whether its failure counts.

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
    redirections: tuple[Redirection, ...] = ()
    """Its own redirections in order, without here-documents and those of descriptors other than input and output."""

    @property
    def offsets(self) -> tuple[Segment, ...]:
        """Its place among the programs of a file, as `Script.offsets` is one."""
        return ((0, self.words[0].span.start, 0),)


class Script(NamedTuple):
    """A program for a POSIX-like shell: a whole file, or a part of a file of another format."""

    text: str
    """The program, without the quoting of the format around it."""
    offsets: tuple[Segment, ...]
    """The bytes of `text` in UTF-8 that are copied from the file, in order."""
    place: Place
    variables: Mapping[str, Values] = {}
    """The values of variables by the names that the program uses; others are unknown.

    `X` is a variable of the shell or environment; `matrix.x`, `inputs.x` and `env.X` are for expressions.
    """
    expressions: str = ""
    """Which expressions are replaced before the shell sees the text: `github` (`${{ }}`), `just` (`{{ }}`) or none."""


def whole(file: File, place: Place, variables: Mapping[str, Values] | None = None) -> Script:
    """A whole file as one program. Raises SourceError if it is not UTF-8."""
    text = file.text
    size = len(text.encode("utf-8"))
    return Script(text, ((0, len(file.data) - size, size),), place, variables or {})


def programs(word: Word) -> Values:
    """The name of the program that a word is, without its folder, which may be unknown: `$HOME/.cargo/bin/x` is `x`."""
    values = word.values
    if values is not None:
        if len(values) == 1:
            return (values[0].rpartition("/")[2].removesuffix(".exe"),)
        return tuple(dict.fromkeys(value.rpartition("/")[2].removesuffix(".exe") for value in values))
    folder, slash, name = word.text.rpartition("/")
    name = name.strip("\"'")
    if slash and folder and name and not set(name) - _PLAIN:
        return (name.removesuffix(".exe"),)
    return None


_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.+")


def mentions(script: Script, names: Collection[str]) -> bool:
    """Whether any of `names` occurs in a program or in its variables; if not, the program runs none of them."""
    if any(name in script.text for name in names):
        return True
    return any(name in value for values in script.variables.values() for value in values or () for name in names)


def insert_after(command: Command, word: Word, text: str) -> tuple[int, int, str] | None:
    """The edit, as start, end and replacement, that inserts an argument after `word`.

    `text` needs no quoting. None if the command is the value of a variable, which other commands may use, or if the
    array of its arguments begins after `word`.
    """
    index = command.words.index(word)
    if command.form == "fixed" or (command.form == "arguments" and index == 0):
        return None
    if index + 1 < len(command.words) and command.words[index + 1].span == word.span:
        return None
    return word.span.end, word.span.end, f" {text}" if command.form == "shell" else f', "{text}"'


# Directories

TEMPORARY = ("/tmp/", "/var/tmp/")  # noqa: S108 (nothing is written there)
"""How the paths of temporary files begin."""
_MOST_DIRECTORIES = 64
_LONGEST_PATH = 500


def entered(command: Sequence[Word], before: Values) -> Values:
    """Return the working directories after `cd` or `pushd` in those of `before`; None if they are unknown.

    Of a directory for temporary files whose name is unknown, `/tmp/x-$V`, it is the folder of these files.
    """
    operands = [word for word in command[1:] if word.values is None or not word.values[0].startswith(("-", "+"))]
    if programs(command[0]) not in (("cd",), ("pushd",)) or len(operands) != 1:
        return None
    values, text = operands[0].values, operands[0].text.lstrip("\"'")
    if values is None:
        values = next(((start.rstrip("/"),) for start in TEMPORARY if text.startswith(start)), None)
    return joined_paths(before, values)


def is_outside(directory: str) -> bool:
    """Whether a directory, relative to the top of a repository or absolute, is not in the repository."""
    return directory.startswith("/") or directory.split("/", 1)[0] == ".."


def joined_paths(before: Values, paths: Values) -> Values:
    """Return the directories that paths lead to from the directories `before`; None if they are unknown."""
    if before is None or paths is None or len(before) * len(paths) > _MOST_DIRECTORIES:
        return None
    if any(not path or set(path) & set("*?[~") for path in paths):
        return None
    if any(len(path) > _LONGEST_PATH for path in (*before, *paths)):
        return None
    return tuple(dict.fromkeys(posixpath.normpath(posixpath.join(start, path)) for start in before for path in paths))
