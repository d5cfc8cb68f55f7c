"""What a shell reads: text in bytes, with what else is to be put into it, and where each byte came from."""

from bisect import bisect_right
from collections.abc import Iterable
from typing import NamedTuple

from dunnage.shell.expression import closing, resolve
from dunnage.shell.model import Script, Segment, Values, is_literal, locate


class Mask(NamedTuple):
    """Bytes of a program that something else replaces before the shell reads it; underscores stand in for them."""

    start: int
    end: int
    values: Values


class ShellProgram(NamedTuple):
    """Text that a shell reads."""

    data: bytes
    offsets: tuple[Segment, ...]
    masks: tuple[Mask, ...] = ()


def program_of(script: Script) -> ShellProgram:
    """A script as a shell gets to read it, but for expressions, whose values may be many."""
    data = script.text.encode("utf-8", "replace")
    masks: tuple[Mask, ...] = ()
    if script.expressions:
        data, masks = _masked(data, script)
    program = ShellProgram(data, script.offsets, masks)
    return _without_carriage_returns(program) if b"\r\n" in data else program


def _masked(data: bytes, script: Script) -> tuple[bytes, tuple[Mask, ...]]:
    """Cover every expression, which may hold anything that means something to a shell."""
    opening = "${{" if script.expressions == "github" else "{{"
    text = data.decode("latin-1")  # one character for each byte
    masks: list[Mask] = []
    pieces: list[bytes] = []
    copied = 0
    while (start := text.find(opening, copied)) >= 0:
        if opening == "{{" and text.startswith("{{{{", start):
            pieces.append(data[copied : start + 4])
            copied = start + 4
            continue
        end = closing(text, start + len(opening))
        if end < 0:
            break
        expression = data[start + len(opening) : end].decode("utf-8", "replace")
        end += 2
        masks.append(Mask(start, end, resolve(expression, script.variables)))
        pieces += (data[copied:start], b"_" * (end - start))
        copied = end
    return b"".join((*pieces, data[copied:])), tuple(masks)


def _without_carriage_returns(program: ShellProgram) -> ShellProgram:
    """The program as it is when its lines end in LF alone, which is how a shell can read it."""
    lines = program.data.split(b"\r\n")
    segments: list[Segment] = []
    start = 0
    for removed, line in enumerate(lines):
        segments.append((start - removed, start, len(line)))
        # The LF stays, and stands where it stood.
        segments.append((start - removed + len(line), start + len(line) + 1, 1))
        start += len(line) + 2
    segments.pop()
    masks: list[Mask] = []
    for mask in program.masks:
        before = program.data.count(b"\r\n", 0, mask.start)
        masks.append(Mask(mask.start - before, mask.end - before, mask.values))
    return ShellProgram(b"\n".join(lines), compose(segments, program.offsets), tuple(masks))


def compose(segments: Iterable[Segment], offsets: tuple[Segment, ...]) -> tuple[Segment, ...]:
    """Where text is in the file, if `segments` say where it is in a program and `offsets` where that is.

    What does not stand literally in the file is put between segments of no length, which say what it comes from.
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
