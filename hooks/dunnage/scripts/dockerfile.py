"""The programs in a Dockerfile, and the variables that they see."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, TypeAlias

from dunnage.files.source import File
from dunnage.scripts.dockerfile_instruction import InstructionArgument
from dunnage.scripts.dockerfile_syntax import Heredoc, Instruction, is_heredoc, read
from dunnage.scripts.dockerfile_words import Expansion, GlobalArguments, afforded, expand
from dunnage.scripts.shell_names import interpreter, program_name
from dunnage.shell.bounds import Budget
from dunnage.shell.model import (
    DIRECTORY,
    OPTION_VARIABLES,
    POSIX_SHELLS,
    Command,
    Place,
    Script,
    Values,
    Word,
    joined_paths,
)
from dunnage.shell.offsets import Segment, Text
from dunnage.shell.wrappers import shell_input

if TYPE_CHECKING:
    from dunnage.scripts.dockerfile_copies import Copied

Copies: TypeAlias = "tuple[tuple[Instruction, Copied], ...]"
"""What has been brought into an image, each with the instruction that does so."""


def instructions(file: File) -> Iterator[Instruction]:
    """Yield the instructions of a Dockerfile. Raises SourceError if it is not UTF-8."""
    yield from read(file).instructions


def scripts(file: File) -> Iterator[Script | Command]:
    """Yield the programs and commands of `RUN`, `CMD`, `ENTRYPOINT` and `HEALTHCHECK`.

    An exec form is a Command whose words are its strings, unless it starts a shell with `-c`, which is a Script.
    Programs for other than POSIX-like shells are skipped. The values of variables follow from the file alone: the
    default of an `ARG` counts as its value. Raises SourceError if the file is not UTF-8.
    """
    dockerfile = read(file)
    builder = _Builder(file, dockerfile.escape)
    for instruction in dockerfile.instructions:
        if instruction.keyword in _RUNNING:
            yield from builder.programs(instruction)
        elif instruction.keyword in _SETTING:
            builder.apply(instruction)


def copied_before(file: File, offset: int) -> Copies:
    """Return what has been brought into the image when the instruction around `offset` runs, in order."""
    return file.memo(_Copying).before(offset)


class _Copying:
    """What has been brought into the image for each instruction that runs something, as far as that was looked up."""

    def __init__(self, file: File) -> None:
        self._rest = _copies(file)
        self._ends: list[int] = []
        self._copies: list[Copies] = []

    def before(self, offset: int) -> Copies:
        while (not self._ends or self._ends[-1] <= offset) and (found := next(self._rest, None)):
            self._ends.append(found[0])
            self._copies.append(found[1])
        at = bisect_right(self._ends, offset)
        return self._copies[at] if at < len(self._copies) else ()


def _copies(file: File) -> Iterator[tuple[int, Copies]]:
    """Yield the end of each instruction that runs something, and what has been brought into the image for it."""
    dockerfile = read(file)
    builder = _Builder(file, dockerfile.escape)
    for instruction in dockerfile.instructions:
        if instruction.keyword in _RUNNING:
            mounts = builder.copied(instruction) if instruction.keyword == "RUN" and instruction.flags else ()
            yield instruction.span.end, (*builder.stage.copies, *mounts) if mounts else builder.stage.copies
        elif instruction.keyword in ("ADD", "COPY") and not instruction.onbuild:
            builder.stage.copies = (*builder.stage.copies, *builder.copied(instruction))[:_MOST_COPIES]
        elif instruction.keyword in _SETTING:
            builder.apply(instruction)


_MOST_COPIES = 50
_RUNNING = frozenset({"CMD", "ENTRYPOINT", "HEALTHCHECK", "RUN"})
_SETTING = frozenset({"ARG", "ENV", "FROM", "SHELL", "WORKDIR"})
_WINDOWS = ("mcr.microsoft.com/windows", "nanoserver", "servercore")


def _may_hold_lock(copied: Copied) -> bool:
    """Whether a copy may bring a Cargo.lock: what has a dot in its name is taken for another file."""
    name = copied.name
    return not copied.is_external and (name == "Cargo.lock" or "*" in name or "." not in name.strip("."))


class _Stage:
    """The variables that the instructions of one stage have set so far."""

    def __init__(self, name: str, base: _Stage | None, is_posix: bool) -> None:
        self.name = name
        self.is_posix: bool = is_posix if base is None else base.is_posix
        # Arguments and environment while building; the environment of the image; and the variables of ONBUILD.
        self.building: dict[str, Values] = {} if base is None else dict(base.building)
        self.image: dict[str, Values] = {} if base is None else dict(base.image)
        self.onbuild: dict[str, Values] = {}
        # The working directory; that of an unknown base image is taken for the topmost folder.
        self.directory: Values = ("/",) if base is None else base.directory
        self.copies: Copies = () if base is None else base.copies
        # The variables that programs see, by kind of instruction, until one changes.
        self.visible: dict[tuple[str, bool], dict[str, Values]] = {}


class _Builder:
    """Follows the build of a Dockerfile, as far as its text determines it."""

    def __init__(self, file: File, escape: str) -> None:
        self._file = file
        self._escape = escape
        self._budget = Budget()
        self._arguments = GlobalArguments(escape, self._budget)
        self._stages: dict[str, _Stage] = {}
        self.stage = _Stage("", None, is_posix=True)

    def apply(self, instruction: Instruction) -> None:
        """Apply the settings that an instruction makes for later ones."""
        keyword = instruction.keyword
        self.stage.visible = {}
        if keyword == "FROM":
            if not instruction.onbuild:
                self._start(instruction)
        elif keyword == "ENV":
            self._set_environment(instruction)
        elif keyword == "ARG":
            for argument in instruction.arguments:
                self._declare(instruction, argument.text)
        elif keyword == "WORKDIR":
            if instruction.arguments and not instruction.onbuild:
                path = self._expand_here(instruction.arguments[0].text)
                self.stage.directory = joined_paths(self.stage.directory, path)
        elif instruction.form == "exec" and not instruction.onbuild:
            self.stage.is_posix = any(program_name(argument.text) in POSIX_SHELLS for argument in instruction.arguments)

    def copied(self, instruction: Instruction) -> Copies:
        """Return what an instruction brings into the image."""
        from dunnage.scripts.dockerfile_copies import copied

        found = copied(instruction, self.stage.directory, self._expand_here)[:_MOST_COPIES]
        stages = [self._stages.get(flag.text.lower().removeprefix("--from=")) for flag in instruction.flags]
        is_external = any(stage and not any(_may_hold_lock(each) for _, each in stage.copies) for stage in stages)
        return tuple((instruction, each._replace(is_external=is_external)) for each in found)

    def _expand_here(self, text: str) -> Values:
        return self._expand(text, self._building)

    def _start(self, instruction: Instruction) -> None:
        written = [argument.text for argument in instruction.arguments]
        name = written[2] if len(written) == 3 and written[1].lower() == "as" else ""
        bases = self._arguments.expand(written[0]) if written else None
        base = bases[0].lower() if bases else ""
        is_windows = any(word in base for word in _WINDOWS) or any(
            flag.text.startswith("--platform=windows") for flag in instruction.flags
        )
        label = name or str(instruction.stage)
        found = self._stages.get(base)
        if found is not None and not self._budget.afford(0, len(found.building) + len(found.image)):
            found = _Stage("", None, found.is_posix)  # a base image, whose variables are unknown
        self.stage = _Stage(f"stage {label}", found, not is_windows)
        if name:
            self._stages[name.lower()] = self.stage

    def _set_environment(self, instruction: Instruction) -> None:
        stage = self.stage
        scope = self._onbuild if instruction.onbuild else self._building
        texts = [argument.text for argument in instruction.arguments]
        # All values are expanded before any variable is set.
        pairs = [
            (self._expand(name, scope), self._expand(value, scope))
            for name, value in zip(texts[::2], texts[1::2], strict=True)
        ]
        for names, values in pairs:
            for name in names or ():
                if instruction.onbuild:
                    stage.onbuild[name] = values
                else:
                    stage.building[name] = stage.image[name] = values

    def _declare(self, instruction: Instruction, text: str) -> None:
        """Declare an argument; its values are `()` if the file gives it no default."""
        if instruction.stage < 0:
            self._arguments.declare(text)
            return
        name, equals, default = text.partition("=")
        known = self.stage.onbuild if instruction.onbuild else self.stage.building
        if equals:
            known[name] = self._expand(default, self._onbuild if instruction.onbuild else self._building)
        elif instruction.onbuild or self._arguments.values.get(name, ()) == ():
            known.setdefault(name, ())
        else:
            known[name] = self._arguments.values[name]

    def _expand(self, text: str, lookup: Callable[[str], Expansion]) -> Values:
        return afforded(expand(text, self._escape, lookup, self._budget), self._budget)

    def _building(self, name: str) -> Expansion:
        # A variable that is not set here may be set in the base image.
        return self.stage.building.get(name)

    def _onbuild(self, name: str) -> Expansion:
        return self.stage.onbuild.get(name, self.stage.image.get(name))

    def programs(self, instruction: Instruction) -> Iterator[Script | Command]:
        """Yield the program that an instruction runs for a POSIX-like shell, or the command that needs no shell."""
        stage = self.stage
        arguments = instruction.arguments
        if instruction.keyword == "HEALTHCHECK":
            if not arguments or arguments[0].text.upper() != "CMD":
                return
            arguments = arguments[1:]
        if not arguments:
            return
        title = f"ONBUILD {instruction.keyword}" if instruction.onbuild else instruction.keyword
        place = Place("dockerfile", (stage.name, title) if stage.name else (title,))
        if instruction.form == "exec":
            argument = _command_string(arguments)
            if argument is None:
                words = tuple(self._word(argument) for argument in arguments)
                variables = self._variables(instruction)
                options = tuple((name, variables[name]) for name in OPTION_VARIABLES if name in variables)
                yield Command(words, place, environment=options, form="exec", directory=stage.directory)
                return
            program = (argument.text, argument.offsets)
            is_posix = True
        elif instruction.heredocs and instruction.keyword == "RUN":
            if is_heredoc(arguments[0].text):
                program = self._body(instruction.heredocs[0], instruction.heredocs[0].chomp)
                has_interpreter = program[0].startswith("#!")
                is_posix = interpreter(program[0]) in POSIX_SHELLS if has_interpreter else stage.is_posix
            else:
                program = self._with_heredocs(arguments[0], instruction.heredocs)
                is_posix = stage.is_posix
        else:
            program = (arguments[0].text, arguments[0].offsets)
            is_posix = stage.is_posix
        if is_posix:
            yield Script(*program, place, self._variables(instruction))

    def _variables(self, instruction: Instruction) -> Mapping[str, Values]:
        """The variables that the program of an instruction sees. Programs share them while they do not change."""
        visible = self.stage.visible
        kind = ("RUN" if instruction.keyword == "RUN" else "", instruction.onbuild)
        if kind not in visible:
            visible[kind] = self._known(*kind)
        if not instruction.flags:
            return visible[kind]
        # A secret may be given as a variable: `--mount=type=secret,id=token,env=TOKEN`.
        secrets = {
            option.removeprefix("env=")
            for flag in instruction.flags
            if flag.text.startswith("--mount=")
            for option in flag.text.split(",")
            if option.startswith("env=")
        }
        if visible[kind].keys().isdisjoint(secrets):
            return visible[kind]
        if not self._budget.afford(0, len(visible[kind])):
            return {}
        return {name: values for name, values in visible[kind].items() if name not in secrets}

    def _known(self, keyword: str, is_onbuild: bool) -> dict[str, Values]:
        stage = self.stage
        values = stage.building if keyword == "RUN" else stage.image
        if not self._budget.afford(0, len(values) + is_onbuild * len(stage.onbuild)):
            return {}
        if is_onbuild:
            values = {**stage.image, **stage.onbuild}
        known = {name: value for name, value in values.items() if value or name in OPTION_VARIABLES}
        return {**known, DIRECTORY: None if is_onbuild else stage.directory}

    def _word(self, argument: InstructionArgument) -> Word:
        span = argument.span
        return Word(span, (argument.text,), self._file.data[span.start : span.end].decode())

    def _with_heredocs(
        self, argument: InstructionArgument, heredocs: tuple[Heredoc, ...]
    ) -> tuple[str, tuple[Segment, ...]]:
        """A command line with its here-documents, as the shell reads it."""
        text = Text(self._file.data)
        text.append(argument.text.encode(), argument.offsets)
        for heredoc in heredocs:
            body, segments = self._body(heredoc, chomp=False)
            text.add(b"\n")
            text.append(body.encode(), segments)
            text.copy(*heredoc.end)
        return text.result()

    def _body(self, heredoc: Heredoc, chomp: bool) -> tuple[str, tuple[Segment, ...]]:
        """The lines of a here-document with LF for CRLF, because the checkout decides on CRLF."""
        start, end = heredoc.content
        text = Text(self._file.data)
        for number, line in enumerate(self._file.data[start:end].split(b"\n")):
            if number:
                text.copy(start - 1, start)
            content = line.removesuffix(b"\r")
            tabs = len(content) - len(content.lstrip(b"\t")) if chomp else 0
            text.copy(start + tabs, start + len(content))
            start += len(line) + 1
        return text.result()


def _command_string(arguments: tuple[InstructionArgument, ...]) -> InstructionArgument | None:
    """The program in `["sh", "-c", "PROGRAM"]`; None for another command."""
    is_env = program_name(arguments[0].text) == "env" and len(arguments) > 1
    shell = arguments[is_env:]
    if program_name(shell[0].text) not in POSIX_SHELLS:
        return None
    kind, at = shell_input([argument.text for argument in shell])
    return shell[at] if kind == "text" else None
