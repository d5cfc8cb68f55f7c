"""Files: reading them once, decoding, positions, and what they are parsed into."""

from __future__ import annotations

import errno
import gc
import os
import stat
import sys
from bisect import bisect_right
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from functools import partial
from itertools import accumulate
from typing import Any, TypeAlias, TypeVar, cast

from dunnage.files.span import Span
from dunnage.files.walk import Containment

T = TypeVar("T")

MAX_BYTES = 16 * 1024 * 1024
MOST_FILES = 5000
"""How many files a hook checks in a run; large repositories have a few hundred that concern one."""
_MOST_FOLDERS = 100
"""How many folders may contain a file, because much of what is looked up for it is looked up in each of them."""

MOST_LINKED_BYTES = 4 * 1024 * 1024
"""How many bytes a hook reads through symbolic links. A few thousand of them multiply a file without end."""
_MOST_OBJECTS = 400_000
_MOST_PARSED_BYTES = 8 * 1024 * 1024


class SourceError(Exception):
    """A file cannot be read or written."""

    def __init__(self, message: str, span: Span = Span(0, 0), rule: str = "input/unreadable") -> None:
        """`message` says why, as a clause whose subject is the file; `span` says where in it.

        `rule` is the rule that the file breaks, where no hook has a rule of its own for it.
        """
        super().__init__(message)
        self.message = message
        self.span = span
        self.rule = rule


class LinksError(SourceError):
    """A file is not read because a hook has read much through symbolic links before."""


# A repository may have a hundred thousand files, and each hook its view of them. So these take little memory: they have
# no dictionary of attributes, and share empty ones.
_Unread: TypeAlias = "dict[str, tuple[str, Span]]"
_NOTHING_UNREAD: _Unread = {}
_NO_RESULTS: dict[Callable[[File], object], tuple[object, _Unread]] = {}


class Memo:
    """What one file has been parsed into."""

    __slots__ = ("counted", "folder", "results", "users")

    def __init__(self) -> None:
        self.results = _NO_RESULTS
        """For each parser, its result or the SourceError that it raised, and what it noted as unread."""
        self.users = 0
        """How many loops look at the file at present."""
        self.folder = ""
        self.counted = (0, 0, 1)
        """Where the column was last counted: start of the line, offset, column."""


class Parsed:
    """What files have been parsed into. When that is much, it is released, and parsed again where it is needed again.

    So many files do not take more memory than a few. What is much is a count: of objects that the garbage collector
    tracks, and of bytes of files and characters of values that are computed from them.
    """

    def __init__(self) -> None:
        self._memos: list[Memo] = []
        self._caches: list[dict[Any, Any]] = []
        self._size = 0

    def cache(self) -> dict[Any, Any]:
        """A dictionary for what is computed from parsed files. It is emptied when these are released."""
        self._caches.append({})
        return self._caches[-1]

    def begin(self, memo: Memo, size: int) -> None:
        """Release what other files hold, if all together is much, before a file of `size` bytes is parsed."""
        if gc.get_count()[0] > _MOST_OBJECTS or self._size > _MOST_PARSED_BYTES:
            self._release(memo)
        if not memo.results:
            self._memos.append(memo)
            self._size += size

    def add(self, characters: int) -> None:
        """Count the characters of values that a parser has computed."""
        self._size += characters

    def _release(self, begun: Memo) -> None:
        kept = [memo for memo in self._memos if memo is begun or memo.users]
        if len(kept) == len(self._memos):
            return
        for memo in self._memos:
            if memo is not begun and not memo.users:
                memo.results = _NO_RESULTS
        for cache in self._caches:
            cache.clear()
        self._memos = kept
        self._size = 0
        gc.collect()  # it does not run on its own during a check


class Run:
    """What a hook reads and spends in one run. The units are those of the room that counts them."""

    def __init__(self) -> None:
        self.size = 0
        """The size of all files that it has read."""
        self.units = 0
        """What it has spent on them."""


class File:
    """The bytes of one file, and what is computed from them."""

    __slots__ = ("_mended", "data", "ended_at", "memoized", "parsed", "path", "role", "run", "units", "unread")

    def __init__(self, path: str, data: bytes, parsed: Parsed | None = None, memoized: Memo | None = None) -> None:
        """`path` is the name of the file as it is printed; `data` is its content.

        `parsed` keeps what this and other files are parsed into, `memoized` what this one is.
        """
        self.path = path
        self.data = data
        self.unread = _NOTHING_UNREAD
        """By the id of a rule about input: a message about the first part of the file that is not read, and its place.
        """
        self.role = ""
        """What another file says that this one is, where its name does not say it: `gitlab`."""
        self.parsed = parsed or Parsed()
        self.memoized = memoized or Memo()
        self._mended: File | None = None
        self.run: Run | None = None
        """The run of the hook that reads it, if it is one of several hooks."""
        self.units = 0
        """What the hook has spent on it, as in `Run.units`."""
        self.ended_at: int | None = None
        """With how many of these units the hook could not go on; None if it could."""

    def view(self) -> File:
        """The same file for one of several hooks: parsed only once, but with `unread` parts of its own."""
        return File(self.path, self.data, self.parsed, self.memoized)

    @property
    def folder(self) -> str:
        """The absolute path of the folder that it is in."""
        if not self.memoized.folder:
            self.memoized.folder = sys.intern(os.path.dirname(os.path.abspath(self.path)))
        return self.memoized.folder

    @property
    def text(self) -> str:
        """The content without the byte order mark, with line endings as they are.

        Raises SourceError at the first byte that is not UTF-8.
        """
        return self.memo(_text)

    @property
    def mended(self) -> File:
        """The same file with `?` in place of each byte that is not UTF-8; the file itself if there is none."""
        if self._mended is None:
            try:
                _ = self.text
            except SourceError:
                self.unread = self.unread or {}  # the two share what is noted
                self._mended = self.memo(_mended).view()
                self._mended.unread, self._mended.role, self._mended.run = self.unread, self.role, self.run
        return self._mended or self

    def note_unread(self, rule: str, message: str, span: Span) -> None:
        """Note that a part of the file is not read, so that it is reported: the first for each rule.

        `rule` is `input/too-large`, `input/too-deep` or `input/unreadable`.
        """
        if self.unread is _NOTHING_UNREAD:
            self.unread = {}
        self.unread.setdefault(rule, (message, span))

    def memo(self, read: Callable[[File], T]) -> T:
        """The result of `read`, a top-level function, for this file. It is called once for all views.

        It is called again if the result has been released, so nothing may be looked up by the identity of what is in
        the result. What `read` notes as unread is noted for each view. Raises the SourceError that `read` raised.
        """
        if read not in self.memoized.results:
            self.parsed.begin(self.memoized, len(self.data))
            before, self.unread = self.unread, _NOTHING_UNREAD
            try:
                result: object = read(self)
            except SourceError as error:
                result = error
            finally:
                noted, self.unread = self.unread, before
            if self.memoized.results is _NO_RESULTS:
                self.memoized.results = {}
            self.memoized.results[read] = result, noted
        found, noted = self.memoized.results[read]
        for rule, (message, span) in noted.items():
            self.note_unread(rule, message, span)
        if isinstance(found, SourceError):
            raise found.with_traceback(None)
        return cast("T", found)

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column, both from 1, of the character at the byte offset `offset`, at most the length of the file.

        A line ends at LF, CRLF or a lone CR. The column counts characters: the byte order mark counts as none, and
        each byte that is not UTF-8 counts as one.
        """
        ends, is_ascii = self.memo(_line_ends)
        line = bisect_right(ends, offset)
        start = ends[line - 1] if line else 0
        return line + 1, offset - start + 1 if is_ascii else self._column(start, offset)

    def _column(self, start: int, offset: int) -> int:
        # Continue from the last count: a hostile line of megabytes may have thousands of findings.
        counted_start, counted, column = self.memoized.counted
        if counted_start != start or counted > offset:
            counted, column = start, 1
        characters = self.data[counted:offset].decode("utf-8", "surrogateescape")
        column += len(characters) - (counted == 0 and characters.startswith("\ufeff"))
        self.memoized.counted = (start, offset, column)
        return column


def each_in_use(files: Iterable[File]) -> Iterator[File]:
    """Yield files. What one has been parsed into is not released before the next one is asked for."""
    for file in files:
        file.memoized.users += 1
        try:
            yield file
        finally:
            file.memoized.users -= 1


def offsets(file: File) -> Callable[[int], int]:
    """The function from positions in the text of a file, in characters, to offsets in the file."""
    size = len(file.text.encode("utf-8"))
    start = len(file.data) - size
    if size == len(file.text):
        return start.__add__
    text = file.text
    # Positions mostly grow, so each is counted from the last one.
    last = (0, start)

    def offset(position: int) -> int:
        nonlocal last
        counted, at = last
        if position >= counted:
            at += len(text[counted:position].encode("utf-8"))
        else:
            at -= len(text[position:counted].encode("utf-8"))
        last = (position, at)
        return at

    return offset


def _text(file: File) -> str:
    try:
        text = file.data.decode("utf-8")
    except UnicodeDecodeError as error:
        bad = file.data[error.start]
        raise SourceError(f"is not UTF-8: byte 0x{bad:02x}", Span(error.start, error.start + 1)) from None
    return text.removeprefix("\ufeff")


def _mended(file: File) -> File:
    text = file.data.decode("utf-8", "surrogateescape")
    return File(file.path, text.encode("utf-8", "replace"), file.parsed)


def _line_ends(file: File) -> tuple[Sequence[int], bool]:
    """Where the lines of a file end, and whether all of it is ASCII."""
    from array import array  # a list would take half a gigabyte for a file of only newlines

    return array("Q", accumulate(map(len, _lines(file.data)))), file.data.isascii()


def _lines(data: bytes) -> list[bytes]:
    lines = data.splitlines(keepends=True)
    if lines and not lines[-1].endswith((b"\n", b"\r")):
        lines.pop()
    return lines


class Tree:
    """The files of one run, each read from disk at most once."""

    def __init__(self, limit: int = MAX_BYTES, load: Callable[[str], File | SourceError | None] | None = None) -> None:
        """A file of more than `limit` bytes is not read.

        `load` gives what is at a path, in place of the disk: the paths are as `display` writes them.
        """
        self._limit = limit
        self._read: dict[str, File | SourceError | None] = {}
        # The same by the paths that callers give, if they differ. Most of these are given often, and name no file.
        self._by_given_path: dict[str, File | SourceError | None] = {}
        self._memo: dict[Callable[[Tree], object], object] = {}
        self._load: Callable[[str], File | SourceError | None] = load or self._open
        self._parsed = Parsed()
        self._containment: Containment | None = None
        self._linked: set[str] = set()
        """The paths, as `display` writes them, of files that are read through a symbolic link."""
        self._linked_bytes = 0
        self._origin: Tree | None = None
        self._run = Run()
        self._on_read: Callable[[str], None] | None = None
        self.left_out: dict[str, str] = {}
        """What `few` says about files that it leaves out, by the path of the first of them."""

    def few(self, paths: Iterable[str], top: str = "") -> list[str]:
        """Return the paths of the files that a hook checks, in order, and note that others are left out.

        `top` is the folder to which they are relative, if that is not the working directory.
        """
        ordered = sorted({*paths})
        found = [path for path in ordered if path.count("/") <= _MOST_FOLDERS][:MOST_FILES]
        if left := {*ordered} - {*found}:
            self.left_out[display(os.path.join(top, min(left)))] = (
                f"this is the first file that is not checked: a hook checks at most {MOST_FILES:,} files, "
                f"and none inside more than {_MOST_FOLDERS} folders"
            )
        return found

    def view(self, on_read: Callable[[str], None] | None = None) -> Tree:
        """The same files for one of several hooks. Its `files` are those that were read through it.

        `on_read` is called for each path, the first time that it is read through the view.
        """
        view = Tree(self._limit)
        view._origin, view._load = self, partial(view._viewed, self)
        view._on_read = on_read
        return view

    def without(self, paths: Collection[str]) -> Tree:
        """A tree with the files that have been read, except those at `paths` and links, which it reads again."""
        tree = Tree(self._limit)
        tree._parsed = self._parsed
        again = {*paths, *self._linked}
        tree._read = {path: found for path, found in self._read.items() if path not in again}
        return tree

    def memo(self, read: Callable[[Tree], T]) -> T:
        """The result of `read`, a top-level function, for this tree. It is called once for all views."""
        return self.own(read) if self._origin is None else self._origin.memo(read)

    def own(self, read: Callable[[Tree], T]) -> T:
        """The same for this view alone: what `read` does not read of a file is reported, and counts for the hook."""
        if read not in self._memo:
            self._memo[read] = read(self)
        return cast("T", self._memo[read])

    def cache(self) -> dict[Any, Any]:
        """A dictionary for what is computed from parsed files. It is emptied when these are released."""
        return self._parsed.cache() if self._origin is None else self._origin.cache()

    def read(self, path: str) -> File:
        """The regular file at `path`, absolute or relative to the working directory.

        Raises FileNotFoundError if nothing exists there, and SourceError if it cannot be read: a folder, a FIFO, a
        device, a broken link, a file that is too large or not permitted. Never blocks.
        """
        found = self._found(path)
        if found is None:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)
        if isinstance(found, SourceError):
            raise SourceError(found.message, found.span, found.rule)
        return found

    def find(self, path: str) -> File | None:
        """The regular file at `path`; None if nothing exists there, or if it cannot be read."""
        found = self._found(path)
        return found if isinstance(found, File) else None

    def content(self, path: str) -> bytes | None:
        """The content of the file at `path`; None if nothing exists there, or if it cannot be read."""
        found = self.find(path)
        return found.data if found else None

    def _found(self, path: str) -> File | SourceError | None:
        if path in self._read:
            return self._read[path]
        if path not in self._by_given_path:
            name = display(path)
            found = self._named(name)
            if name == path:
                return found
            self._by_given_path[path] = found
        return self._by_given_path[path]

    def _named(self, name: str) -> File | SourceError | None:
        """What is at a path that is as `display` writes it."""
        if name not in self._read:
            found = self._load(name)
            self._read[found.path if isinstance(found, File) else name] = found
            if isinstance(found, File) and self._origin is not None:
                found.run = self._run
                self._run.size += len(found.data)
            if self._on_read is not None:
                self._on_read(name)
        return self._read[name]

    def target(self, path: str) -> str | None:
        """The absolute path that `path` means after following links; None if it leads out of a repository."""
        if self._origin is not None:
            return self._origin.target(path)
        if self._containment is None:
            self._containment = Containment()
        return self._containment.target(path)

    def _open(self, path: str) -> File | SourceError | None:
        target = self.target(path)
        if target is None:
            return SourceError("is a symbolic link that leads out of the repository")
        if target != os.path.abspath(path):
            found = self._named(display(target))
            if isinstance(found, File):
                self._linked.add(path)
                return File(path, found.data, self._parsed)
        return _read(path, self._limit, self._parsed)

    def _viewed(self, origin: Tree, path: str) -> File | SourceError | None:
        found = origin._named(path)
        if not isinstance(found, File):
            return found
        if path in origin._linked:
            self._linked_bytes += len(found.data)
            if self._linked_bytes > MOST_LINKED_BYTES:
                message = f"is not read: the hook reads at most {MOST_LINKED_BYTES:,} bytes through symbolic links"
                return LinksError(message, rule="input/too-large")
        return found.view()

    def exists(self, path: str) -> bool:
        """Whether anything exists at `path`, including a folder or a broken link."""
        try:
            os.lstat(path)
        except (OSError, ValueError) as error:
            return not _is_nowhere(error)
        return True

    def position(self, path: str, offset: int) -> tuple[int, int]:
        """Line and column of `offset` in the file at `path`; (1, 1) if it cannot be read."""
        found = self.find(path)
        return found.position(offset) if found else (1, 1)

    def unreadable(self) -> list[tuple[str, SourceError]]:
        """Every path where something is that could not be read, and why, in order."""
        return [(path, found) for path, found in sorted(self._read.items()) if isinstance(found, SourceError)]

    def files(self) -> list[File]:
        """Every file that has been read, in the order of their paths."""
        return [file for _, file in sorted(self._read.items()) if isinstance(file, File)]


def display(path: str) -> str:
    """`path` as it is printed: relative to the working directory if it is inside, with `/` as separator."""
    absolute = os.path.abspath(path)
    folder = os.path.join(os.getcwd(), "")
    return absolute.removeprefix(folder).replace(os.sep, "/")


def _read(path: str, limit: int, parsed: Parsed) -> File | SourceError | None:
    try:
        data = read_bytes(path, limit)
    except SourceError as error:
        return error
    except (OSError, ValueError) as error:
        if isinstance(error, FileNotFoundError) and os.path.lexists(path):
            return SourceError("is a symbolic link to a file that does not exist")
        if _is_nowhere(error):
            return None
        return SourceError(f"cannot be read: {error.strerror if isinstance(error, OSError) else error}")
    return File(path, data, parsed)


def read_bytes(path: str, limit: int = MAX_BYTES) -> bytes:
    """The content of a regular file, without blocking. Raises OSError, ValueError and SourceError."""
    # Check before opening, because opening a device may have an effect. Check again afterwards, because the name may
    # by then belong to another file. If that is a FIFO, O_NONBLOCK keeps it from blocking.
    _require_regular(os.stat(path))
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0) | getattr(os, "O_BINARY", 0)
    descriptor = os.open(path, flags)
    try:
        status = os.fstat(descriptor)
        _require_regular(status)
        pieces = []
        left = limit + 1
        # A file may be longer than its status says, for example in /proc.
        while left > 0 and (piece := os.read(descriptor, min(left, status.st_size + 1))):
            pieces.append(piece)
            left -= len(piece)
    finally:
        os.close(descriptor)
    if left <= 0:
        raise SourceError(f"is larger than {limit:,} bytes, the limit for files", rule="input/too-large")
    return b"".join(pieces)


def _require_regular(status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        kind = next((name for test, name in _KINDS if test(status.st_mode)), "something else")
        raise SourceError(f"is {kind}, not a regular file")


_KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISBLK, "a device"),
    (stat.S_ISCHR, "a device"),
)


def _is_nowhere(error: OSError | ValueError) -> bool:
    """Whether nothing can exist at the path: a parent folder is missing, or the path is not valid."""
    if isinstance(error, OSError):
        return error.errno in (errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG, errno.EINVAL)
    return True
