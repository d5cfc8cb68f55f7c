"""A `.crate` archive, read without unpacking it to disk: which files it holds, and the content of some.

A crate is a gzip-compressed tar with one root folder, `NAME-VERSION`, of regular files; GNU long names are the only
extension that `cargo package` writes. An archive that holds anything else is rejected, so that this reader and Cargo
cannot read it differently.
"""

import zlib
from collections.abc import Container
from typing import NamedTuple

_MOST_BYTES = 256 * 1024 * 1024
"""Unpacked; the largest of 883 crates had 66 MB."""
_MOST_FILES = 50_000
_MOST_ENTRIES = 2 * _MOST_FILES
"""Those of folders and of long names count too."""
_LARGEST_KEPT = 4 * 1024 * 1024
_CHUNK = 64 * 1024
_BLOCK = 512
_LONGEST_NAME = 4096
_REGULAR = (b"0", b"\0")
_LONG_NAME = b"L"
_FOLDER = b"5"
_NOT_PLAIN = frozenset({"", ".", ".."})
_GZIP = 16 + zlib.MAX_WBITS


class ArchiveError(Exception):
    """An archive whose content is in doubt; the message is a clause whose subject is the archive."""


class ArchivedFile(NamedTuple):
    """One file of an archive."""

    size: int
    data: bytes
    """Its content if that is kept; else empty."""


def read(data: bytes, root: str, kept: Container[str]) -> dict[str, ArchivedFile]:
    """The files of an archive by their path below `root`, with the content of those in `kept`.

    Raises ArchiveError.
    """
    files: dict[str, ArchivedFile] = {}
    seen: set[str] = set()
    stream = _Stream(data)
    long_name = b""
    entries = 0
    while header := stream.take(_BLOCK):
        if header.count(0) == _BLOCK:
            break
        entries += 1
        if entries > _MOST_ENTRIES:
            raise ArchiveError(f"contains more than {_MOST_ENTRIES:,} entries")
        size = _size(header[124:136])
        kind = header[156:157]
        if kind == _LONG_NAME:
            if size > _LONGEST_NAME:
                raise ArchiveError("contains a file whose name is too long")
            long_name = stream.take(size).rstrip(b"\0")
            stream.skip(-size % _BLOCK)
            continue
        path = _path(long_name or _short_name(header), root)
        long_name = b""
        if kind == _FOLDER and not size:
            continue
        if kind not in _REGULAR:
            raise ArchiveError(f"contains `{path}`, which is a link or another special file")
        if path.lower() in seen:
            raise ArchiveError(f"contains `{path}` twice")
        if len(seen) == _MOST_FILES:
            raise ArchiveError(f"contains more than {_MOST_FILES:,} files")
        seen.add(path.lower())
        is_kept = size <= _LARGEST_KEPT and path in kept
        content = stream.take(size) if is_kept else b""
        stream.skip((0 if is_kept else size) + -size % _BLOCK)
        files[path] = ArchivedFile(size, content)
    return files


class _Stream:
    """The unpacked bytes of a gzip stream, a chunk at a time."""

    def __init__(self, data: bytes) -> None:
        self._packed = data
        self._fed = 0
        self._unpack = zlib.decompressobj(_GZIP)
        self._buffer = b""
        self._at = 0
        self._total = 0

    def take(self, size: int) -> bytes:
        """The next `size` bytes; none at the end. Raises ArchiveError if the stream ends earlier."""
        if len(self._buffer) - self._at < size:
            pieces = [self._buffer[self._at :]]
            missing = size - len(pieces[0])
            while missing > 0 and (piece := self._next()):
                pieces.append(piece)
                missing -= len(piece)
            self._buffer, self._at = b"".join(pieces), 0
            if missing > 0:
                if self._buffer:
                    raise ArchiveError("ends in the middle of a file")
                return b""
        start, self._at = self._at, self._at + size
        return self._buffer[start : self._at]

    def skip(self, size: int) -> None:
        """Skip `size` bytes. Raises ArchiveError if there are fewer."""
        while size > len(self._buffer) - self._at:
            size -= len(self._buffer) - self._at
            self._buffer, self._at = self._next(), 0
            if not self._buffer:
                raise ArchiveError("ends in the middle of a file")
        self._at += size

    def _next(self) -> bytes:
        """The next chunk; none at the end."""
        piece = b""
        while not piece and not self._unpack.eof:
            # Each step copies the rest of the input, so the input is passed in small pieces.
            packed = self._unpack.unconsumed_tail
            if not packed:
                packed = self._packed[self._fed : self._fed + _CHUNK]
                self._fed += len(packed)
            try:
                piece = self._unpack.decompress(packed, _CHUNK)
            except zlib.error:
                raise ArchiveError("is not a valid gzip stream") from None
            if not piece and not packed:
                raise ArchiveError("ends in the middle of its gzip stream")
        self._total += len(piece)
        if self._total > _MOST_BYTES:
            raise ArchiveError(f"unpacks to more than {_MOST_BYTES // 2**20} MiB")
        if self._unpack.eof and (self._unpack.unused_data.strip(b"\0") or self._packed[self._fed :].strip(b"\0")):
            raise ArchiveError("contains a second gzip stream after the first")
        return piece


def _size(field: bytes) -> int:
    digits = field.strip(b" \0")
    if digits.strip(b"01234567") or not digits:
        raise ArchiveError("contains a file without a size")
    return int(digits, 8)


def _short_name(header: bytes) -> bytes:
    name = header[:100].rstrip(b"\0")
    prefix = header[345:500].rstrip(b"\0") if header[257:263] == b"ustar\0" else b""
    return prefix + b"/" + name if prefix else name


def _path(name: bytes, root: str) -> str:
    """The path of a file below the root folder. Raises ArchiveError if the file is not in that folder."""
    try:
        path = name.decode("utf-8")
    except UnicodeDecodeError:
        raise ArchiveError("contains a file whose name is not UTF-8") from None
    top, _, rest = path.partition("/")
    rest = rest.rstrip("/")
    if top != root or "\\" in path or "\0" in path or (rest and not _NOT_PLAIN.isdisjoint(rest.split("/"))):
        raise ArchiveError(f"contains `{path}`, which is not in its folder `{root}`")
    return rest
