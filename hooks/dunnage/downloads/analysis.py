"""What becomes of the files that a file's commands download: what uses them, and what verifies them."""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from dunnage.downloads import uses, verifications
from dunnage.downloads.address import is_digest
from dunnage.downloads.fetches import downloads
from dunnage.downloads.model import Download, Program, read_programs
from dunnage.downloads.text import base_name, is_known, known_part, texts
from dunnage.downloads.uses import Use, is_same, is_similar, mentioned, reads_pipe
from dunnage.downloads.verifications import Verification, is_list, is_used, verification
from dunnage.files.source import File
from dunnage.scripts.commands import kind_of
from dunnage.shell.model import POSIX_SHELLS, Command, Word, programs

_INTERPRETERS = POSIX_SHELLS | {"node", "perl", "php", "pwsh", "powershell", "python", "python3", "ruby"}


class UsedDownload(NamedTuple):
    """A program that is downloaded and then used."""

    download: Download
    use: Use
    verifications: tuple[Verification, ...]
    """What verifies it."""
    readers: tuple[Command, ...] = ()
    """The commands that it is piped into, if they use it."""


class Files:
    """The downloads of one file with commands."""

    def __init__(self, file: File) -> None:
        """Raises SourceError if the file cannot be read."""
        self.file = file
        self.programs = list(read_programs(file))
        self._commands: list[tuple[Program, Command]] = [
            (program, command) for program in self.programs for command in program.commands
        ]
        self.all: list[Download] = []
        """All downloads, also of digests and data."""
        for at, (program, command) in enumerate(self._commands):
            self.all += downloads(program, command, at)
        if kind_of(file.path, file.data[:200]) == "dockerfile":
            from dunnage.downloads.dockerfile_adds import added

            self.all = [*added(file, self.programs), *self.all]
        self._verifications: list[Verification] | None = None

    def used(self, is_wanted: Callable[[Download], bool]) -> Iterator[UsedDownload]:
        """Yield the wanted downloads that are used as programs, in the order of the file."""
        for download in self.all:
            if not is_wanted(download) or (download.command and "substitution" in download.command.inside):
                continue
            yield from self._use(download)

    def _use(self, download: Download) -> Iterator[UsedDownload]:
        readers = self._readers(download)
        if any(not _INTERPRETERS.isdisjoint(programs(reader.words[0]) or ()) for reader in readers):
            return
        for reader in readers if download.is_piped else ():
            action = uses.action(reader, download.program.lookup)
            if action is not None and action.verb in (uses.UNPACKED, uses.INSTALLED):
                use = Use(action.verb, download.at + 1, reader)
                found = [each for each in self.verifications if _in_pipe(each, download, reader)]
                yield UsedDownload(download, use, tuple(found), tuple(readers))
                return
        if download.is_piped:
            written = [path for reader in readers for path in _written(reader, download.program)]
            if not written:
                return
            download = download._replace(names=tuple(map(base_name, written)))
        download, later = self._later_use(download)
        if later is not None and not (download.is_windows and self._compares_hash(download.program)):
            found = [each for each in self.verifications if self._verifies(each, download)]
            yield UsedDownload(download, later, tuple(found))

    def _readers(self, download: Download) -> list[Command]:
        source = download.command
        if source is None or source.pipeline[1] < 2:
            return []
        return [command for command in download.program.commands if reads_pipe(command, source)]

    def _later_use(self, download: Download) -> tuple[Download, Use | None]:
        """The first use of a download, and the download with the further names that it has by then."""
        first: Use | None = None
        for at in range(download.at + 1, len(self._commands)):
            program, command = self._commands[at]
            if program.scope != download.program.scope:
                continue
            moved = uses.renamed(command, program)
            if moved is not None and is_same(moved[0], download.names):
                download = download._replace(names=(*download.names, *moved[1]))
            action = uses.action(command, program.lookup)
            if action is None:
                continue
            for named in mentioned(action.words, command, program):
                if first is None and self._is_meant(named, program, download):
                    first = Use(action.verb, at, command)
        return download, first

    def _is_meant(self, named: tuple[str, ...], program: Program, download: Download) -> bool:
        """Whether a name in a command is that of a download."""
        if program.unit != download.program.unit:
            return is_same(filter(is_known, named), download.names)
        if is_same(named, download.names):
            return True
        return is_similar(named, download.names) and not self._is_other(named, download)

    def _is_other(self, named: tuple[str, ...], download: Download) -> bool:
        """Whether a name is that of another download."""
        return any(
            is_same(named, each.names) for each in self.all
            if each is not download and each.program.scope == download.program.scope and each.at != download.at
        )  # fmt: skip

    # Verification

    def _compares_hash(self, program: Program) -> bool:
        """Whether a program of PowerShell computes a digest: most of its lines are not among the commands."""
        if program.script is None or not program.script.offsets:
            return False
        start = program.script.offsets[0][1]
        starts = [each.script.offsets[0][1] for each in self.programs if each.script and each.script.offsets]
        end = min((each for each in starts if each > start), default=len(self.file.data))
        text = self.file.data[start:end].lower()
        return any(word in text for word in (b"get-filehash", b"certutil", b"hashalgorithm", b"sha256"))

    @property
    def verifications(self) -> list[Verification]:
        """All verifications, in the order of the file."""
        if self._verifications is None:
            self._verifications = list(self._read_verifications())
        return self._verifications

    def _read_verifications(self) -> Iterator[Verification]:
        for at, (program, command) in enumerate(self._commands):
            found = verification(self.file, program, command, at)
            if found is not None and (not found.variable or is_used(program, found.variable)):
                yield found

    def _verifies(self, each: Verification, download: Download) -> bool:
        """Whether a verification may be one of a download."""
        if each.program.scope != download.program.scope:
            return False
        in_unit = each.program.unit == download.program.unit
        is_of_other = False
        for named in each.files:
            if self._is_meant(named, each.program, download):
                return True
            if self._is_other(named, download):
                is_of_other = True
            elif in_unit and not any(map(known_part, named)):
                return True
        if not each.is_open or is_of_other:
            return False
        return in_unit or any(is_list(name) for named in each.sources for name in named)


def _in_pipe(each: Verification, download: Download, reader: Command) -> bool:
    """Whether a verification reads the output of a download: `curl … | tee >(sha256sum …) | tar …`."""
    source = download.command
    if source is None or each.program is not download.program:
        return False
    start, end = source.words[0].span.start, reader.words[-1].span.end
    return reads_pipe(each.command, source) or start < each.command.words[0].span.start < end


def _written(command: Command, program: Program) -> Iterator[str]:
    """Yield the files to which a command writes its input."""
    if programs(command.words[0]) == ("tee",):
        for word in command.words[1:]:
            if not word.text.startswith("-"):
                yield from texts(word, program.lookup)
    for redirection in command.redirections:
        if redirection.operator.startswith(">"):
            yield from texts(redirection.word, program.lookup)


def digest_source(files: Files, used: UsedDownload, each: Verification) -> Download | None:
    """The download from which a verification takes the digest; None if it is another, or unknown."""
    words: list[Word] = [*each.command.words, *(found.word for found in each.command.redirections)]
    step = each.command
    while step.piped_from:
        step = step.piped_from[0]
        words += step.words
    text = " ".join(word.text for word in words)
    for other in files.all:
        if other.program.scope != used.download.program.scope or not is_digest(other.address):
            continue
        if other.command is not None and "substitution" in other.command.inside:
            variable = verifications.receiver(files.file, other.command)
            if f"${variable}" in text or f"${{{variable}}}" in text if variable else _is_inside(other, words):
                return other
        elif any(is_same(named, other.names) for named in each.sources):
            return other
    return None


def _is_inside(download: Download, words: Sequence[Word]) -> bool:
    return any(word.span.start < download.span.start < word.span.end for word in words)
