"""What becomes of the files that a file's commands download: what uses them, and what verifies them."""

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from typing import NamedTuple

from dunnage.downloads import model, verifications
from dunnage.downloads.fetches import added, downloads
from dunnage.downloads.model import Download, Program, Use, is_same, is_similar, mentioned, read_programs, reads_pipe
from dunnage.downloads.text import base_name, is_known, known_part
from dunnage.downloads.verifications import Verification, is_list, verification
from dunnage.files.source import File
from dunnage.scripts.commands import kind_of
from dunnage.shell.model import POSIX_SHELLS, Command, Word, programs

_INTERPRETERS = POSIX_SHELLS | {"node", "perl", "php", "pwsh", "powershell", "python", "python3", "ruby"}
_OF_POWERSHELL = (
    b"attestation", b"authenticode", b"certutil", b"checksum", b"cosign", b"get-filehash", b"gpg", b"hashalgorithm",
    b"minisign", b"sha256", b"sha512", b"verify-",
)  # fmt: skip
"""What programs of PowerShell contain that verify files, in lower case."""
_MOST_READERS = 60
"""How many commands after one are searched for those that read its output."""
_MOST_DOWNLOADS = 300
"""How many downloads of one file are followed; the largest real file seen has 55."""
_MOST_COMPARISONS = 200_000
"""How many names are compared for one file; the largest real file seen takes 281."""


class UsedDownload(NamedTuple):
    """A program that is downloaded and then used."""

    download: Download
    use: Use
    verifications: tuple[Verification, ...]
    """What verifies it."""
    readers: tuple[Command, ...] = ()
    """The commands that it is piped into, if they use it."""


class _Mention(NamedTuple):
    """A file in a command that uses, copies or renames it."""

    at: int
    """The place of the command among the commands of the file."""
    names: tuple[str, ...]
    """The possible names of the file, with holes."""
    use: Use | None
    new_names: tuple[str, ...] = ()
    """The names of the copy."""


class Files:
    """The downloads of one file with commands."""

    def __init__(self, file: File) -> None:
        """Raises SourceError if the file cannot be read."""
        self.file = file
        self.programs = list(read_programs(file))
        self.commands: list[tuple[Program, Command]] = [
            (program, command) for program in self.programs for command in program.commands
        ]
        self.all: list[Download] = []
        """All downloads, also of digests and data."""
        for at, (program, command) in enumerate(self.commands):
            self.all += downloads(program, command, at)
        if kind_of(file.path, file.data[:200]) == "dockerfile":
            self.all = [*added(file, self.programs), *self.all]
        self._comparisons = 0
        if len(self.all) > _MOST_DOWNLOADS:
            self._note(self.all[_MOST_DOWNLOADS], f"has more than {_MOST_DOWNLOADS} downloads")
            del self.all[_MOST_DOWNLOADS:]

    def _note(self, download: Download, reason: str) -> None:
        message = f"this file {reason}, the limit for downloads; the others are not followed"
        self.file.note_unread("input/too-large", message, download.word.span)

    def readers(self, at: int) -> list[Command]:
        """Return the commands that read the output of one, by its place among the commands of the file."""
        source = self.commands[at][1]
        if source.pipeline[1] < 2:
            return []
        following = self.commands[at + 1 : at + 1 + _MOST_READERS]
        return [command for _, command in following if reads_pipe(command, source)]

    # Uses

    def used(self, is_wanted: Callable[[Download], bool]) -> Iterator[UsedDownload]:
        """Yield the wanted downloads that are used as programs, in the order of the file."""
        for download in self.all:
            if not is_wanted(download) or (download.command and "substitution" in download.command.inside):
                continue
            if self._comparisons > _MOST_COMPARISONS:
                self._note(download, f"takes more than {_MOST_COMPARISONS:,} comparisons of names")
                return
            yield from self._use(download)

    def _use(self, download: Download) -> Iterator[UsedDownload]:
        readers = self.readers(download.at) if download.command else []
        if any(not _INTERPRETERS.isdisjoint(programs(reader.words[0]) or ()) for reader in readers):
            return
        for reader in readers if download.is_piped else ():
            action = model.action(reader, download.program.lookup)
            if action is not None and action.verb in (model.UNPACKED, model.INSTALLED):
                names = tuple(map(base_name, model.outputs(reader, download.program.lookup)))
                stored = download._replace(names=names)
                found = [
                    each
                    for each in self.verifications
                    if _in_pipe(each, download, readers) or (names and self._verifies(each, stored))
                ]
                yield UsedDownload(download, Use(action.verb, reader), tuple(found), tuple(readers))
                return
        if download.is_piped:
            written = [path for reader in readers for path in model.outputs(reader, download.program.lookup)]
            if not written:
                return
            download = download._replace(names=tuple(map(base_name, written)))
        download, use = self._later_use(download)
        if use is not None and not (download.is_windows and self._may_verify(download.program)):
            found = [each for each in self.verifications if self._verifies(each, download)]
            yield UsedDownload(download, use, tuple(found))

    def _later_use(self, download: Download) -> tuple[Download, Use | None]:
        """The first use of a download, and the download with the further names that it has by then."""
        mentions = self._mentions.get(download.program.scope, [])
        for mention in mentions[bisect_right(mentions, download.at, key=lambda each: each.at) :]:
            program = self.commands[mention.at][0]
            if mention.use is None:
                self._comparisons += 1
                if is_same(mention.names, download.names):
                    download = download._replace(names=(*download.names, *mention.new_names)[:_MOST_NAMES])
            elif self._is_meant(mention.names, program, download):
                return download, mention.use
        return download, None

    @cached_property
    def _mentions(self) -> dict[tuple[str, ...], list[_Mention]]:
        """What commands use and rename, by the scopes of their programs, in the order of the file."""
        found: dict[tuple[str, ...], list[_Mention]] = {}
        for at, (program, command) in enumerate(self.commands):
            mentions = found.setdefault(program.scope, [])
            moved = model.renamed(command, program)
            if moved is not None:
                mentions.append(_Mention(at, moved[0], None, moved[1]))
            action = model.action(command, program.lookup)
            if action is not None:
                use = Use(action.verb, command)
                mentions += [_Mention(at, each, use) for each in mentioned(action.words, command, program)]
        return found

    def _is_meant(self, named: tuple[str, ...], program: Program, download: Download) -> bool:
        """Whether a name in a command is that of a download."""
        self._comparisons += 1
        if program.unit != download.program.unit:
            return is_same(filter(is_known, named), download.names)
        if is_same(named, download.names):
            return True
        if all(map(is_known, named)) and all(map(is_known, download.names)):
            return False
        self._comparisons += sum(map(len, named)) * sum(map(len, download.names)) // 10
        is_affordable = self._comparisons <= _MOST_COMPARISONS
        return is_affordable and is_similar(named, download.names) and not self._is_other(named, download)

    def _is_other(self, named: tuple[str, ...], download: Download) -> bool:
        """Whether a name is that of another download, which is no list of digests."""
        scope = download.program.scope
        return any(at != download.at for name in named for at in self._places.get((scope, name), ()))

    @cached_property
    def _places(self) -> dict[tuple[tuple[str, ...], str], set[int]]:
        """The places of the downloads with a scope and a name, without those of digests."""
        found: dict[tuple[tuple[str, ...], str], set[int]] = {}
        for download in self.all:
            for name in () if download.address.is_digest else download.names:
                found.setdefault((download.program.scope, name), set()).add(download.at)
        return found

    # Verification

    @cached_property
    def verifications(self) -> Sequence[Verification]:
        """All verifications: those by actions, then those by commands in the order of the file."""
        is_workflow = kind_of(self.file.path, self.file.data[:200]) == "github" and b"uses:" in self.file.data
        found = list(verifications.verifying_actions(self.file)) if is_workflow else []
        for at, (program, command) in enumerate(self.commands):
            each = verification(self.file, program, command, self.readers(at))
            if each is not None and (not each.variable or each.variable in program.compared):
                found.append(each)
        return found

    def has_signature(self, download: Download) -> bool:
        """Whether a signature is verified beside a download: perhaps that of the list with its digest."""
        return any(each.is_signature and each.program.scope == download.program.scope for each in self.verifications)

    def digest_source(self, used: UsedDownload, each: Verification) -> Download | None:
        """The download from which a verification takes the digest; None if it is another, or unknown."""
        words = [word for step in model.pipe(each.command) for word in step.words]
        words += [found.word for found in each.command.redirections]
        text = " ".join(word.text for word in words)
        self._comparisons += len(self.all)
        for other in self.all:
            if other.program.scope != used.download.program.scope or not other.address.is_digest:
                continue
            if other.command is not None and "substitution" in other.command.inside:
                variable = verifications.receiver(self.file, other.command)
                if f"${variable}" in text or f"${{{variable}}}" in text if variable else _is_inside(other, words):
                    return other
            elif any(is_same(named, other.names) for named in each.sources):
                return other
        return None

    def _may_verify(self, program: Program) -> bool:
        """Whether a program of PowerShell may verify a file: most of its lines are not among the commands."""
        if program.script is None or not program.script.offsets:
            return False
        start = program.script.offsets[0][1]
        starts = [each.script.offsets[0][1] for each in self.programs if each.script and each.script.offsets]
        self._comparisons += len(starts)
        end = min((each for each in starts if each > start), default=len(self.file.data))
        text = self.file.data[start:end].lower()
        return any(word in text for word in _OF_POWERSHELL)

    def _verifies(self, each: Verification, download: Download) -> bool:
        """Whether a verification may be one of a download."""
        if each.program.scope != download.program.scope:
            return False
        in_unit = each.program.unit == download.program.unit
        if not in_unit and each.command.words[0].span.start < download.span.start:
            return False
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


_MOST_NAMES = 50


def _in_pipe(each: Verification, download: Download, readers: Sequence[Command]) -> bool:
    """Whether a verification reads the output of a download: `curl … | tee >(sha256sum …) | tar …`."""
    source = download.command
    if source is None or each.program is not download.program:
        return False
    start, end = source.words[0].span.start, readers[-1].words[-1].span.end
    return start < each.command.words[0].span.start < end


def _is_inside(download: Download, words: Sequence[Word]) -> bool:
    return any(word.span.start < download.span.start < word.span.end for word in words)
