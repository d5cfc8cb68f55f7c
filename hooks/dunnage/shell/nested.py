"""What a command with wrappers runs: another command, or the programs in its words."""

from collections.abc import Callable
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from dunnage.shell.bounds import MOST_PROGRAM_LEVELS
from dunnage.shell.model import Command, Values, Word, programs
from dunnage.shell.parts import RawWord
from dunnage.shell.programs import Mask, ShellProgram
from dunnage.shell.scope import Scope

if TYPE_CHECKING:
    from dunnage.shell import wrappers
    from dunnage.shell.words import Reader

# Programs of most commands. They run no other command, so what is known of those that do is not loaded for them.
NO_WRAPPERS = frozenset((("cargo",), ("cd",), ("curl",), ("echo",), ("git",), ("set",)))


class Surroundings(NamedTuple):
    """The context of a command; the attributes are those of `Command`."""

    inside: frozenset[str] = frozenset()
    wrapper: tuple[Word, ...] = ()
    environment: tuple[tuple[str, Values], ...] = ()
    pipeline: tuple[int, int] = (0, 1)
    piped_from: tuple[Command, ...] = ()
    form: str = "shell"

    def within(self, *names: str) -> "Surroundings":
        """The context in further syntax, outside of the pipe."""
        inside = self.inside.union(names) if names else self.inside
        return Surroundings(inside, self.wrapper, self.environment, form=self.form)


def unwrap(
    command: Command, origins: tuple[RawWord | None, ...]
) -> tuple[Command, tuple[RawWord | None, ...], "wrappers.Inner | None", bool]:
    """Remove the wrappers of a command, up to one that runs a program.

    `origins` has for each word of the command its raw word, if no other word comes from that. Returns the command and
    its origins; what it runs, if its words hold a program; and whether it runs on another machine or in a container,
    which variables do not reach.
    """
    is_elsewhere = False
    if programs(command.words[0]) in NO_WRAPPERS:
        return command, origins, None, is_elsewhere
    from dunnage.shell import wrappers

    for _ in range(MOST_PROGRAM_LEVELS):
        inner = wrappers.inner(command.words)
        if inner is None:
            break
        is_elsewhere = is_elsewhere or inner.is_elsewhere
        if inner.program:
            return command, origins, inner, is_elsewhere
        command = behind(command, inner)
        rest = origins[inner.start :]
        origins = (origins[inner.entrypoint], *rest) if inner.entrypoint and origins else rest
    return command, origins, None, is_elsewhere


def behind(command: Command, inner: "wrappers.Inner") -> Command:
    """The command that a wrapper runs."""
    words = command.words
    rest = words[inner.start :]
    if inner.flag == "xargs":
        from dunnage.shell.wrappers import replacement

        if mark := replacement(words[: inner.start]):
            rest = tuple(word._replace(values=None) if mark in word.text else word for word in rest)
    return command._replace(
        words=(words[inner.entrypoint], *rest) if inner.entrypoint else rest,
        wrapper=command.wrapper + words[: inner.start],
        environment=command.environment + inner.environment,
        inside=command.inside | {inner.flag} if inner.flag else command.inside,
    )


def _program_words(origins: tuple[RawWord | None, ...], inner: "wrappers.Inner") -> list[RawWord] | None:
    """The raw words of a program; None if too little of them is known to parse it."""
    found = [origin for origin in origins[inner.start :][: inner.program] if origin is not None]
    parts = (part for origin in found for part in origin.parts)
    if len(found) < inner.program or not any(part.values is not None and part.start < part.end for part in parts):
        return None
    if inner.program == 1 and not all(part.is_quoted or part.is_literal for part in found[0].parts):
        return None
    return found


def _single_value(words: tuple[Word, ...]) -> Values:
    """The program that `eval` runs if each word has one value."""
    found = [word.values[0] for word in words if word.values and len(word.values) == 1]
    return (" ".join(found),) if len(found) == len(words) else None


def _variable_values(raw_words: list[RawWord]) -> Values:
    """The programs in raw words that consist of one variable."""
    parts = [*islice((part for raw in raw_words for part in raw.parts if part.start < part.end), 2)]
    return parts[0].values if len(parts) == 1 and not parts[0].is_literal and not parts[0].is_array else None


def _expression_values(origin: RawWord | None, masks: tuple[Mask, ...]) -> Values:
    """The programs in a command that consists of one expression, if their values are more than words."""
    if origin is None or len(origin.parts) != 1 or origin.parts[0].values is not None:
        return None
    span = (origin.start, origin.end)
    return next((mask.values for mask in masks if (mask.start, mask.end) == span), None)


def prints_input(command: Command) -> bool:
    """Whether a command copies its input to its output: `cat`."""
    words = command.words
    return programs(words[0]) == ("cat",) and all(word.values == ("-",) for word in words[1:])


def is_elsewhere(command: Command) -> bool:
    """Whether a command runs on another machine or in a container."""
    return any(
        name in ("docker", "podman", "nerdctl", "docker-compose", "podman-compose", "bwrap", "ssh", "chroot")
        for word in (*command.wrapper, command.words[0])
        for name in programs(word) or ()
    )


def reads_program(command: Command) -> bool:
    """Whether the input of a command is a program for a shell."""
    from dunnage.shell import wrappers

    return wrappers.reads_program(command.words)


class Recorder:
    """Records commands without their wrappers, and has the programs in their words read."""

    def __init__(
        self,
        found: list[Command],
        reader: "Reader",
        masks: tuple[Mask, ...],
        read: Callable[[ShellProgram, Scope, Surroundings], Command | None],
    ) -> None:
        """`found` receives the commands; `reader` and `masks` are those of the program that the commands stand in."""
        self._found = found
        self._reader = reader
        self._masks = masks
        self._read = read

    def run(
        self, command: Command, origins: tuple[RawWord | None, ...], seen: set[tuple[Word, ...]], scope: Scope
    ) -> Command | None:
        """Record what a command runs, unless it is among the `seen`; return the last command that runs."""
        command, origins, inner, is_far = unwrap(command, origins)
        if inner is not None:
            raw_words = _program_words(origins, inner)
            if raw_words is not None:
                return self._program(command, inner, raw_words, scope, is_far)
            if inner.is_joined and (values := _single_value(command.words[inner.start :])):
                return self._values(values, behind(command, inner), scope)
        if len(command.words) == 1 and (values := _expression_values(origins[0], self._masks)):
            return self._values(values, command, scope)
        if command.words in seen:
            return None
        seen.add(command.words)
        self._found.append(command)
        if programs(command.words[0]) == ("find",):
            self._find(command, origins, seen, scope)
        return command

    def _find(
        self, command: Command, origins: tuple[RawWord | None, ...], seen: set[tuple[Word, ...]], scope: Scope
    ) -> None:
        """Record the commands that `find` runs."""
        from dunnage.shell.wrappers import find_commands

        for start, end in find_commands(command.words):
            found = command._replace(
                words=command.words[start:end],
                wrapper=command.wrapper + command.words[:start],
                inside=command.inside | {"find"},
            )
            self.run(found, origins[start:end], seen, scope)

    def _program(
        self, command: Command, inner: "wrappers.Inner", raw_words: list[RawWord], scope: Scope, is_far: bool
    ) -> Command | None:
        """Visit the program in the words of a command."""
        if values := _variable_values(raw_words):
            words = command.words
            wrapped = command._replace(words=words[inner.start :], wrapper=command.wrapper + words[: inner.start])
            return self._values(values, wrapped, scope)
        return self.nested(command, inner.start, raw_words, scope, is_far, inner.is_joined)

    def nested(
        self,
        command: Command,
        start: int,
        raw_words: list[RawWord],
        scope: Scope,
        is_far: bool = False,
        is_joined: bool = False,
    ) -> Command | None:
        """Visit the program that words of a command, or the text that it reads, contain."""
        # A word can be inserted into `bash -c 'make'` and into `eval make`, but not into `bash -c make`.
        is_fixed = not is_joined and any(part.is_literal and not part.is_quoted for part in raw_words[0].parts)
        program = self._reader.program(raw_words)
        around = Surroundings(
            command.inside - {"xargs"},
            command.wrapper + command.words[:start],
            command.environment,
            form="fixed" if is_fixed else command.form,
        )
        if is_far:
            return self._read(program, scope.elsewhere(), around)
        if programs(command.words[0]) == ("eval",):
            return self._read(program, scope, around)
        return self._read_apart(program, scope, around)

    def _values(self, values: tuple[str, ...], command: Command, scope: Scope) -> Command | None:
        """Visit programs that are values of variables."""
        around = Surroundings(command.inside, command.wrapper, command.environment, form="fixed")
        last: Command | None = None
        span = command.words[0].span
        for value in values:
            data = value.encode("utf-8", "replace")
            program = ShellProgram(data, ((0, span.start, 0), (len(data), span.end, 0)))
            last = self._read_apart(program, scope, around) or last
        return last

    def _read_apart(self, program: ShellProgram, scope: Scope, around: Surroundings) -> Command | None:
        """Visit a program whose assignments have no effect on what follows."""
        mark = scope.mark()
        last = self._read(program, scope, around)
        scope.undo(mark)
        return last
