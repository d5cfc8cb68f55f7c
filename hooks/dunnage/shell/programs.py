"""Programs as a shell reads them: bytes, their offsets in the file, and the expressions in them."""

from bisect import bisect_right
from collections.abc import Iterable
from typing import NamedTuple

from dunnage.shell.expression import insides, resolve
from dunnage.shell.model import Script, Values
from dunnage.shell.offsets import Segment, is_literal, locate


class Mask(NamedTuple):
    """An expression that is replaced before the shell reads the program; its bytes here are underscores."""

    start: int
    end: int
    values: Values


class ShellProgram(NamedTuple):
    """A program as bytes."""

    data: bytes
    offsets: tuple[Segment, ...]
    masks: tuple[Mask, ...] = ()


def program_of(script: Script) -> ShellProgram:
    """A script as a shell reads it, with masks for its expressions."""
    data = script.text.encode("utf-8", "replace")
    masks: tuple[Mask, ...] = ()
    if script.expressions:
        data, masks = _masked(data, script)
    program = ShellProgram(data, script.offsets, masks)
    return _without_carriage_returns(program) if b"\r\n" in data else program


def _masked(data: bytes, script: Script) -> tuple[bytes, tuple[Mask, ...]]:
    """Mask every expression, since its text may contain characters that are special to a shell."""
    opening = "${{" if script.expressions == "github" else "{{"
    masks: list[Mask] = []
    pieces: list[bytes] = []
    copied = 0
    for first, last in insides(data.decode("latin-1"), opening):  # one character for each byte
        start, end = first - len(opening), last + 2
        masks.append(Mask(start, end, resolve(data[first:last].decode("utf-8", "replace"), script.variables)))
        pieces += (data[copied:start], b"_" * (end - start))
        copied = end
    return b"".join((*pieces, data[copied:])), tuple(masks)


def _without_carriage_returns(program: ShellProgram) -> ShellProgram:
    """The program with LF for CRLF, because shells need LF."""
    lines = program.data.split(b"\r\n")
    segments: list[Segment] = []
    start = 0
    for removed, line in enumerate(lines):
        segments.append((start - removed, start, len(line)))
        # The LF is kept.
        segments.append((start - removed + len(line), start + len(line) + 1, 1))
        start += len(line) + 2
    segments.pop()
    masks: list[Mask] = []
    for mask in program.masks:
        before = program.data.count(b"\r\n", 0, mask.start)
        masks.append(Mask(mask.start - before, mask.end - before, mask.values))
    return ShellProgram(b"\n".join(lines), compose(segments, program.offsets), tuple(masks))


def compose(segments: Iterable[Segment], offsets: tuple[Segment, ...]) -> tuple[Segment, ...]:
    """Translate segments of a program into segments of the file; `offsets` are those of the program.

    Empty segments around bytes that are not copied from the file record what they correspond to.
    """
    found: list[Segment] = []
    for at, start, length in segments:
        end = start + length
        if is_literal(offsets, start, end):
            found.append((at, locate(offsets, start, end).start, length))
            continue
        span = locate(offsets, start, end)
        found.append((at, span.start, 0))
        index = max(bisect_right(offsets, (start, 1 << 62, 1 << 62)) - 1, 0)
        for outer, in_file, size in offsets[index:]:
            if outer >= end:
                break
            first, last = max(start, outer), min(end, outer + size)
            if first < last:
                found.append((at + first - start, in_file + first - outer, last - first))
        found.append((at + length, span.end, 0))
    return tuple(found)
