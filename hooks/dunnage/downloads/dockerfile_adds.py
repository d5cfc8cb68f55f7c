"""`ADD URL` in Dockerfiles."""

from collections.abc import Iterator, Sequence

from dunnage.downloads.address import parse
from dunnage.downloads.model import Download, Program
from dunnage.downloads.text import base_name, texts
from dunnage.files.source import File
from dunnage.scripts.dockerfile import instructions
from dunnage.scripts.dockerfile_syntax import Instruction
from dunnage.shell.model import Word


def added(file: File, programs: Sequence[Program]) -> Iterator[Download]:
    """Yield the downloads of `ADD`. `programs` are those of the file, which know the variables and what follows."""
    found = list(instructions(file))
    starts: dict[int, int] = {}
    for instruction in found:
        starts.setdefault(instruction.stage, instruction.span.start)
    number, at = 0, 0
    for instruction in found:
        if instruction.keyword != "ADD" or instruction.onbuild or len(instruction.arguments) < 2:
            continue
        # The next program, and the place of its first command among those of the file.
        while number < len(programs) and _start(programs[number]) < instruction.span.start:
            at += len(programs[number].commands)
            number += 1
        end = starts.get(instruction.stage + 1, len(file.data))
        if number < len(programs) and _start(programs[number]) < end:
            yield from _added(instruction, programs[number], at)


def _start(program: Program) -> int:
    """Where the first command of a program begins; programs without commands come before all others."""
    return program.commands[0].words[0].span.start if program.commands else 0


def _added(instruction: Instruction, program: Program, at: int) -> Iterator[Download]:
    *sources, target = instruction.arguments
    path = texts(Word(target.span, None, target.text), program.lookup)[0]
    is_folder = len(sources) > 1 or path.endswith("/") or path in (".", "..")
    for source in sources:
        word = Word(source.span, None, source.text)
        url = texts(word, program.lookup)[0]
        address = parse(url) if "://" in url else None
        if address is None:
            continue
        name = address.name if is_folder else base_name(path)
        is_verified = any(flag.text.startswith("--checksum=") for flag in instruction.flags)
        known = url if "\0" not in url else ""
        yield Download(address, program, at - 1, None, word, known, (name,), "", instruction.span, is_verified)
