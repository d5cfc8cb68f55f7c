"""How files begin, for choosing those to read: of many files, a search needs only a few."""

import os

_FIRST_BYTES = 1024
# A file is text, as for `file` and git, if its first bytes have no control characters except these.
_TEXT = bytes({*b"\a\b\t\n\v\f\r\x1b", *range(0x20, 0x7F), *range(0x80, 0x100)})


def first_bytes(path: str) -> bytes | None:
    """Return how a regular file begins; None if it cannot be read. Never blocks."""
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
        try:
            return os.read(descriptor, _FIRST_BYTES)
        finally:
            os.close(descriptor)
    except (OSError, ValueError):
        return None


def is_text(start: bytes) -> bool:
    """Whether a file that begins with these bytes is text."""
    return not start.translate(None, _TEXT)
