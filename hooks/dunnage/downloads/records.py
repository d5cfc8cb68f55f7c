"""Digests of installed programs that are written to files which nothing checks.

Such a record says what was installed. It changes with the program, so it protects nothing until something compares it
with a digest that the repository contains.
"""

import os
import re
from collections.abc import Iterator
from typing import NamedTuple

from dunnage.ci.repository_files import repository_files
from dunnage.downloads.analysis import Files
from dunnage.downloads.model import outputs
from dunnage.downloads.text import base_name, is_known
from dunnage.downloads.tools import SUMS
from dunnage.files.source import File, Tree
from dunnage.files.walk import top_folder
from dunnage.scripts.commands import kind_of
from dunnage.shell.model import Word, programs
from dunnage.shell.wrapper_options import written

_SUMS = frozenset(SUMS)
_SUM = r"(?:b2|b3|md5|sha\d{0,3})sum"
_INSTALLED = r"""(?x)
    ["']? (?: \$\( | ` ) \s* (?:which|command\s+-v|type\s+-P) \s+ [\w.-]+ \s* (?:\)|`) ["']?
    | ["']? (?:/|~/|\$) [^\s"'`]*? /s?bin/ [^\s"'`/*]+ ["']?
"""
_ENDINGS = frozenset(
    ("go", "js", "json", "md", "mjs", "nix", "pl", "ps1", "py", "rb", "rs", "toml", "ts", "yaml", "yml")
)
"""The ends of the names of files that may compare a digest, besides those of scripts."""
_MOST_BYTES = 1024 * 1024
_MOST_RECORDS = 20
"""How many records of one file are looked for in the repository."""


class Record(NamedTuple):
    """A digest that is written to a file."""

    word: Word
    """The program."""
    path: str
    """The file."""


def records(files: Files) -> Iterator[Record]:
    """Yield the digests of installed programs that the commands of a file write to files, up to a number."""
    count = 0
    for at, (program, command) in enumerate(files.commands):
        is_sum = not _SUMS.isdisjoint(programs(command.words[0]) or ())
        if not is_sum or any(written(word) in ("-c", "--check") for word in command.words):
            continue
        installed = [word for word in command.words[1:] if _is_installed(word)]
        written_to = (path for each in (command, *files.readers(at)) for path in outputs(each, program.lookup))
        paths = [path for path in written_to if is_known(path) and base_name(path)]
        if installed and paths and not paths[0].startswith(("/dev/", "$")):
            yield Record(installed[0], paths[0])
            count += 1
            if count == _MOST_RECORDS:
                return


def _is_installed(word: Word) -> bool:
    """Whether a word is the path of an installed program."""
    text = word.values[0] if word.values else word.text
    return len(text) < 1000 and re.fullmatch(_INSTALLED, text) is not None


def is_checked(tree: Tree, file: File, record: Record) -> bool:
    """Whether something in the repository of a file may check a record that the file writes."""
    repository = repository_files(tree, top_folder(file.folder))
    name = base_name(record.path).encode()
    folder = base_name(os.path.dirname(record.path)).encode()
    for path in repository.known.ordered:
        found = repository.find(path) if _may_have_commands(path) else None
        if found is None or len(found.data) > _MOST_BYTES:
            continue
        if name in found.data and any(_may_check(line, name) for line in _lines(found.data)):
            return True
        if kind_of(path, found.data[:200]) and re.search(_SUM.encode(), found.data):
            is_glob = any(_checks_list(line) and (b"*" in line or b"$" in line) for line in _lines(found.data))
            if is_glob and (not folder or folder in found.data):
                return True
    return False


def _may_have_commands(path: str) -> bool:
    name = path[path.rfind("/") + 1 :]
    return "." not in name or name[name.rfind(".") + 1 :] in _ENDINGS or kind_of(path, b"") is not None


def _lines(data: bytes) -> list[bytes]:
    """The lines of a file, with those that a backslash continues as one."""
    return data.replace(b"\\\n", b" ").split(b"\n")


def _checks_list(line: bytes) -> bool:
    return re.search(_SUM.encode() + rb"\s(?:[^\n|;&]{0,500}\s)?(?:-\w*c\b|--check)", line) is not None


def _is_written(before: bytes) -> bool:
    """Whether the file whose name follows this part of a command is one to which a digest is written."""
    outputs = list(re.finditer(rb">|\btee\b", before))
    if not outputs or b"|" in before[outputs[-1].end() :]:
        return False
    return re.search(_SUM.encode(), before[: outputs[-1].start()]) is not None


def _may_check(line: bytes, name: bytes) -> bool:
    """Whether a line may compare a file with something: it does more than write, copy or print the file."""
    return any(
        name in part
        and not _is_written(part[: part.index(name)])
        and not re.match(rb"[\s-]*(?:run:\s*)?(?:cat|ls|echo|head|COPY|ADD|#)", part)
        for part in re.split(rb"&&|\|\||;|\bRUN\b", line)
    )
