"""What a file downloads, the programs of shells that do so, and the commands that unpack, install or run a download."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

from dunnage.downloads.text import Address, Lookup, known_part, may_equal, names, texts, written_values
from dunnage.files.source import File
from dunnage.files.span import Span
from dunnage.scripts.commands import programs as programs_of
from dunnage.shell.commands import commands, see_through
from dunnage.shell.model import POSIX_SHELLS, Command, Script, Values, Word, programs
from dunnage.shell.wrapper_options import written

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
    found = list(programs_of(file))
    are_shared = any(each.place.kind == "gitlab" for each in found[:1]) and re.search(_SHARED_LINES, file.data)
    scopes = [() if are_shared else _scope(each.place.kind, each.place.names) for each in found]
    relevant = {scope for scope, each in zip(scopes, found, strict=True) if _is_relevant(each)}
    if any(each.place.kind == "dockerfile" for each in found[:1]) and b"add" in file.data.lower():
        relevant.update(scopes)  # `ADD` downloads too
    units: dict[tuple[str, ...], int] = {}
    for number, (scope, program) in enumerate(zip(scopes, found, strict=True)):
        if isinstance(program, Command):
            yield Program(scope, number, None, [*see_through(file, program)], _unknown)
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


def is_empty_argument(script: Script | None, name: str) -> bool:
    """Whether a variable is empty in a Dockerfile: who builds it gives the value of `ARG X=`."""
    return script is not None and script.place.kind == "dockerfile" and script.variables.get(name) == ("",)


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
        is_known = values is not None and len(values) == 1 and not is_empty_argument(self._script, name)
        return values[0] if values is not None and is_known else None

    def _of_make(self, name: str) -> Values:
        """How the value of a variable of make is written: that of the targets, or else that of the makefile."""
        from dunnage.scripts.makefile_syntax import Makefile

        makefile = self._file.memo(Makefile)
        targets = self._script.place.names[0].partition(" ")[2].split()
        own = {makefile.targets.get(target, {}).get(name) for target in targets[:_MOST_TARGETS]} - {None}
        variable = makefile.variables.get(name)
        return own.pop() if len(own) == 1 else variable.values if variable is not None and not own else None


UNPACKED, INSTALLED, EXECUTABLE, RUN = "unpacked", "installed", "made executable", "run"

_SHORTEST = 3
"""How many characters of a name must be known to recognize a file by them."""
_INTERPRETERS = POSIX_SHELLS | {"bash", "python", "python3", "pwsh", "powershell", "source", "."}
_PACKAGE_MANAGERS = frozenset(("apk", "apt", "apt-get", "brew", "dnf", "microdnf", "pacman", "yum", "zypper"))
_DECOMPRESSORS = frozenset(("brotli", "bzip2", "gzip", "lz4", "lzma", "pigz", "xz", "zstd"))
_ALWAYS_UNPACK = frozenset((
    "bsdcat", "bunzip2", "cabextract", "cpio", "expand-archive", "funzip", "gunzip", "hdiutil", "innoextract", "unar",
    "uncompress", "unlzma", "unpigz", "unxz", "unzip", "unzstd", "xzcat", "zcat", "zstdcat",
))  # fmt: skip
_TARS = frozenset(("bsdtar", "gtar", "tar"))
_SEVEN_ZIPS = frozenset(("7z", "7z.exe", "7za", "7zr", "7zz"))
_BIN = ("/bin", "/sbin")


class Use(NamedTuple):
    """A use of a file as a program."""

    verb: str
    """What happens to the file, in the past tense."""
    command: Command


class Action(NamedTuple):
    """What a command does with files."""

    verb: str
    """In the past tense."""
    words: Sequence[Word]
    """The words that may name the files."""


def action(command: Command, lookup: Lookup) -> Action | None:
    """What a command does to the files that it names or reads; None if it does not use them as programs."""
    words = command.words
    for name in programs(words[0]) or ():
        low = name.lower()
        if low in _INTERPRETERS:
            operand = next((word for word in words[1:] if not written(word).startswith("-")), None)
            return Action(RUN, (operand,)) if operand is not None and "-c" not in map(written, words) else None
        found = _verb(low, words, lookup)
        if found:
            return Action(found, words[1:])
    path = written(words[0])
    return Action(RUN, words[:1]) if "/" in path or "$" in path else None


def _verb(name: str, words: Sequence[Word], lookup: Lookup) -> str:
    options = [written(word) for word in words[1:]]
    if name in _TARS:
        first = "".join(options[:1])
        is_unpacking = has_letter(options, "x") or (first[:1] != "-" and "x" in first)
        return UNPACKED if is_unpacking or not {"--extract", "--get"}.isdisjoint(options) else ""
    if name in _ALWAYS_UNPACK or (name in _SEVEN_ZIPS and options[:1] in (["x"], ["e"])):
        return UNPACKED
    if name in _DECOMPRESSORS:
        is_unpacking = has_letter(options, "d") or not {"--decompress", "--uncompress"}.isdisjoint(options)
        return UNPACKED if is_unpacking else ""
    if name == "jar":
        return UNPACKED if "x" in "".join(options[:1]) else ""
    if name in ("dpkg", "rpm", "dpkg-deb"):
        return INSTALLED if "--install" in options or has_letter(options, "iUFx") else ""
    if name in _PACKAGE_MANAGERS:
        is_installing = not {"add", "install", "localinstall", "-U"}.isdisjoint(options)
        return INSTALLED if is_installing else ""
    if name in ("install", "installer", "msiexec", "start-process"):
        return INSTALLED
    if name == "chmod":
        return EXECUTABLE if any(map(_is_executable, options)) else ""
    if name in ("cp", "ln", "mv", "tee") and len(words) > 1:
        targets = texts(words[-1], lookup) if name != "tee" else tuple(options)
        return INSTALLED if any(_is_in_bin(target) for target in targets) else ""
    return ""


def has_letter(options: Sequence[str], letters: str) -> bool:
    """Whether an option after a single hyphen contains one of some letters: `-xzf`."""
    return any(option[:1] == "-" != option[1:2] and not set(letters).isdisjoint(option[1:]) for option in options)


def _is_executable(mode: str) -> bool:
    """Whether a mode of chmod makes a file executable."""
    if mode.isdecimal():
        return any(digit in "1357" for digit in mode[-3:])
    who, plus, permissions = mode.replace("=", "+").partition("+")
    return bool(plus) and "x" in permissions and not set(who) - set("augo")


def _is_in_bin(path: str) -> bool:
    """Whether a path is that of a folder for programs, or is in one."""
    folder = path.rstrip("/")
    return folder.endswith(_BIN) or folder.rpartition("/")[0].endswith(_BIN) or folder in ("bin", "sbin")


def mentioned(words: Iterable[Word], command: Command, program: Program) -> list[tuple[str, ...]]:
    """The possible names of each file that words of a command name, or that it reads."""
    given = []
    for word in words:
        option, equals, text = word.text.partition("=")
        if option.startswith("-") and equals:
            values = None if word.values is None else tuple(each[len(option) + 1 :] for each in word.values)
            given.append(word._replace(text=text, values=values))
        else:
            given.append(word)
    found = program.names(given)
    if programs(command.words[0]) == ("unzip",):
        found = [(*each, *(f"{name}.zip" for name in each)) for each in found]
    return [*found, *program.inputs(command)]


def is_same(mine: Iterable[str], theirs: Iterable[str]) -> bool:
    """Whether two files have the same name, for sure."""
    return not {each for each in mine if each}.isdisjoint(theirs)


def is_similar(mine: Iterable[str], theirs: Iterable[str]) -> bool:
    """Whether two files may have the same name, of which enough is known."""
    others = [each for each in theirs if len(known_part(each)) >= _SHORTEST]
    return any(may_equal(each, other) for each in mine if len(known_part(each)) >= _SHORTEST for other in others)


def renamed(command: Command, program: Program) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    """The old and the new names of a file that a command copies or renames; None if it does not."""
    operands = [word for word in command.words[1:] if not word.text.startswith("-")]
    if {"cp", "ln", "mv"}.isdisjoint(programs(command.words[0]) or ()) or len(operands) != 2:
        return None
    old, new = program.names(operands)
    folder = operands[1].text.strip("\"'").endswith(("/", "/."))
    return None if folder or not any(new) else (old, new)


def outputs(command: Command, lookup: Lookup) -> Iterator[str]:
    """Yield the files to which a command writes its input or its output."""
    words = command.words
    if programs(words[0]) == ("tee",):
        for word in words[1:]:
            if not word.text.startswith("-"):
                yield from texts(word, lookup)
    if programs(words[0]) == ("install",) and any(word.text == "/dev/stdin" for word in words):
        yield from texts(words[-1], lookup)
    for redirection in command.redirections:
        if redirection.operator.startswith(">"):
            yield from texts(redirection.word, lookup)


def reads_pipe(command: Command, source: Command) -> bool:
    """Whether a command reads what another writes into a pipe."""
    return any(each is source for each in pipe(command)[1:])


def pipe(command: Command) -> list[Command]:
    """Return a command and those before it in its pipe, the last one first."""
    found = [command]
    while found[-1].piped_from:
        found.append(found[-1].piped_from[0])
    return found
