"""The lines of a build file, as bytes of it."""

from dunnage.files.span import Span


def lines(data: bytes) -> list[Span]:
    """Every line without its line ending, and without a byte order mark."""
    start = 3 if data.startswith(b"\xef\xbb\xbf") else 0
    found: list[Span] = []
    for line in data[start:].removesuffix(b"\n").split(b"\n") if start < len(data) else ():
        found.append(Span(start, start + len(line.removesuffix(b"\r"))))
        start += len(line) + 1
    return found


def decode(data: bytes, line: Span) -> str:
    """The text of a line."""
    return data[line.start : line.end].decode("utf-8", "replace")
