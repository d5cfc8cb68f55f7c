"""The commands that use a downloaded file as a program: that unpack, install or run it."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from dunnage.downloads.model import Program
from dunnage.downloads.text import Lookup, known_part, may_equal, texts
from dunnage.shell.model import POSIX_SHELLS, Command, Word, programs
from dunnage.shell.wrapper_options import written

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
