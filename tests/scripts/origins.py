"""What the readers of all kinds of files have in common: each program says which bytes of its file it copies."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from dunnage.files.source import File
from dunnage.shell.model import Script


def scripts_of(file: File, read: Callable[[File], Iterable[Script]]) -> list[Script]:
    """The programs that a reader finds in a file. The bytes that each claims to copy are there."""
    found = list(read(file))
    for script in found:
        for in_text, in_file, length in script.offsets:
            assert script.text.encode()[in_text : in_text + length] == file.data[in_file : in_file + length]
    return found
