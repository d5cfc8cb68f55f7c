"""The place of a key that is defined twice. tomli reports the end of its value or of its header."""

import re

from dunnage.files.span import Span


def last_key(data: bytes, end: int, token_pattern: bytes, key_pattern: bytes) -> Span:
    """Find the last key before `end`, where an entry or the key of a header ends. The file is TOML up to there.

    `token_pattern` matches strings, comments, brackets and newlines, in groups of these names.
    """
    statement = 0
    opened: list[int] = []
    """For each bracket that is open, where its last element begins."""
    position = 0
    for token in re.finditer(token_pattern, data[:end]):
        comma = data.rfind(b",", position, token.start())
        if opened and comma >= 0:
            opened[-1] = comma + 1
        position = token.end()
        if token.lastgroup == "open":
            opened.append(position)
        elif token.lastgroup == "close" and opened:
            opened.pop()
        elif token.lastgroup == "newline" and not opened:
            statement = position
    comma = data.rfind(b",", position, end)
    if opened and comma >= 0:
        opened[-1] = comma + 1
    path = rb"[ \t]*(%b(?:[ \t]*\.[ \t]*%b)*)" % (key_pattern, key_pattern)
    header = re.compile(rb"[ \t]*\[\[?" + path).match(data, statement, end)
    blank = rb"(?:[ \t\r\n]|#[^\n]*\n)*"
    found = header or re.compile(blank + path).match(data, opened[-1] if opened else statement, end)
    return Span(*found.span(1)) if found else Span(end, end)
