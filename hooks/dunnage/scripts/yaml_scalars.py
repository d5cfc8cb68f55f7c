"""The bytes of a YAML file that form the text of a scalar, by https://yaml.org/spec/1.2.2."""

from __future__ import annotations

import re

from dunnage.files.span import Span
from dunnage.shell.offsets import Segment, Text

_BREAK = rb"\r\n|\n|\r"


def segments(data: bytes, span: Span, style: str, text: str) -> tuple[Segment, ...]:
    """The bytes of `text` that are copied from the file, as in `Script.offsets`.

    `text` is the value of a scalar of this style at `span`. If its bytes have another value here, which happens for
    some characters that are line breaks in YAML 1.1 only, the result is an empty segment.
    """
    assembled = Text(data)
    if style in ("literal", "folded"):
        _block(assembled, data, span, style, text)
    elif style == "plain":
        _flow(assembled, data, span.start, span.end, b"")
    else:
        _flow(assembled, data, span.start + 1, span.end - 1, data[span.start : span.start + 1])
    found, offsets = assembled.result()
    return offsets if found == text else ((0, span.start, 0),)


def _flow(assembled: Text, data: bytes, start: int, end: int, quote: bytes) -> None:
    """A plain or quoted scalar: line endings are folded, white space around them is dropped."""
    position = start
    is_first = True
    while True:
        found = re.compile(_BREAK).search(data, position, end) if b"\n" in data or b"\r" in data else None
        line_end = found.start() if found else end
        begin, stop = position, line_end
        if not is_first:
            begin = stop - len(data[begin:stop].lstrip(b" \t"))
        if found:
            stop = begin + len(data[begin:stop].rstrip(b" \t"))
        escaped = False
        if quote == b'"':
            escaped = _unescape(assembled, data, begin, stop, line_end if found else stop)
        elif quote:
            _undouble(assembled, data, begin, stop)
        else:
            assembled.copy(begin, stop)
        if not found:
            return
        position = found.end()
        is_first = False
        breaks, position = _empty_lines(data, position, end)
        for at in breaks:
            assembled.end_line(at)
        if not breaks and not escaped:
            assembled.add(b" ")


def _empty_lines(data: bytes, position: int, end: int) -> tuple[list[int], int]:
    """Where empty lines from `position` on end, and where the line after them begins."""
    breaks: list[int] = []
    while blank := re.compile(rb"[ \t]*(" + _BREAK + rb")").match(data, position, end):
        breaks.append(blank.start(1))
        position = blank.end()
    return breaks, position


def _undouble(assembled: Text, data: bytes, start: int, end: int) -> None:
    while (quote := data.find(b"''", start, end)) >= 0:
        assembled.copy(start, quote)
        assembled.mark(quote)
        assembled.add(b"'")
        start = quote + 2
        assembled.mark(start)
    assembled.copy(start, end)


_ESCAPES = dict(zip("0abtnvfreN_LP", "\0\a\b\t\n\v\f\r\x1b\x85\xa0\u2028\u2029", strict=True))
_ESCAPE = rb"\\(?:x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|[^xuU\r\n])"


def _unescape(assembled: Text, data: bytes, start: int, end: int, line_end: int) -> bool:
    """Add one line of a double-quoted scalar; return whether its line ending is escaped."""
    pattern = re.compile(_ESCAPE, re.DOTALL)
    while (backslash := data.find(b"\\", start, end)) >= 0:
        assembled.copy(start, backslash)
        if backslash + 1 == end < line_end:
            # The blank after it is escaped, and so is not trailing space.
            end += 1
        if backslash + 1 >= line_end:
            return True
        assembled.mark(backslash)
        escape = pattern.match(data, backslash, end)
        start = escape.end() if escape else backslash + 1
        name = data[backslash + 1 : backslash + 2].decode("latin-1")
        if escape and escape.lastindex:
            assembled.add(chr(int(escape[escape.lastindex], 16)).encode("utf-8"))
        elif escape and name in _ESCAPES:
            assembled.add(_ESCAPES[name].encode("utf-8"))
        else:
            # The character that is escaped stands for itself. Nothing is inserted between it and the backslash.
            assembled.add(data[backslash + 1 : start])
        assembled.mark(start)
    assembled.copy(start, end)
    return False


def _block(assembled: Text, data: bytes, span: Span, style: str, text: str) -> None:
    """A literal or a folded scalar, from its indicator to the line breaks at its end."""
    header = re.compile(_BREAK).search(data, span.start)
    content = text.strip("\n")
    above = len(text) - len(text.lstrip("\n"))
    is_folded = style == "folded" and bool(text.strip(" \t\n"))
    # Lines after the last one that is not blank are not folded, nor are those of a literal scalar or of blanks alone.
    last_line_end = text.find("\n", len(text.rstrip(" \t\n"))) if is_folded else 0
    unfolded = text[last_line_end:].split("\n") if last_line_end >= 0 else []
    if header is None:
        return
    lines = _lines(data, header.end(), span.end if is_folded else header.end(), len(unfolded))
    if len(lines) <= above:
        return
    # The first line that is not empty determines the indentation.
    start, end = lines[above]
    blanks = end - start - len(data[start:end].lstrip(b" "))
    indent = blanks - (len(content) - len(content.lstrip(" ")))
    lines = [(min(start + indent, end), end) for start, end in lines]
    previous = -1
    if is_folded:
        for number, (start, end) in enumerate(lines):
            if start < end and start < span.end:
                _join(assembled, data, lines, previous, number)
                assembled.copy(start, end)
                previous = number
    line_end = -1
    for text_line, (start, end) in zip(unfolded, lines[max(previous, 0) :], strict=False):
        if line_end >= 0:
            assembled.end_line(line_end)
        if text_line:
            assembled.copy(start, end)
        line_end = end


def _lines(data: bytes, start: int, stop: int, more: int) -> list[tuple[int, int]]:
    """The lines from `start` on, without line endings: all that begin before `stop`, and `more` after these."""
    lines: list[tuple[int, int]] = []
    line_break = re.compile(_BREAK)
    while start < stop or more > 0:
        more -= start >= stop
        found = line_break.search(data, start)
        lines.append((start, found.start() if found else len(data)))
        if found is None:
            break
        start = found.end()
    return lines


def _join(assembled: Text, data: bytes, lines: list[tuple[int, int]], previous: int, number: int) -> None:
    """Add the folded line endings between two lines that are not empty; `previous` is -1 before the first."""
    breaks = [end for _, end in lines[max(previous, 0) : number]]
    if previous >= 0 and not _is_indented(data, lines[previous]) and not _is_indented(data, lines[number]):
        del breaks[0]
        if not breaks:
            assembled.add(b" ")
    for at in breaks:
        assembled.end_line(at)


def _is_indented(data: bytes, line: tuple[int, int]) -> bool:
    return data[line[0]] in b" \t"
