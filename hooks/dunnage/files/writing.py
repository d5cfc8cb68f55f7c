"""Files written back all at once, and only where a program that fixes files may write."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress

from dunnage.files.source import SourceError, Tree

_ATTEMPTS = 100
_SECONDS_BETWEEN = 0.02


class ChangedError(SourceError):
    """A file has changed since it was read."""


def replace(path: str, before: bytes, after: bytes, root: str) -> None:
    """Change the content of the file at `path` from `before` to `after`, all at once, and keep its permission bits.

    A symbolic link stays one, and its target is replaced. Raises SourceError, with the file as it was, if the file
    is not inside the folder `root` or belongs to git itself, or if it cannot be written; ChangedError if its content
    is not `before`.
    """
    target = writable(path, root)
    try:
        with _locked(os.path.dirname(target)):
            if Tree().read(target).data != before:
                raise ChangedError("was changed by another program")
            put(target, [after], stat.S_IMODE(os.stat(target).st_mode))
    except OSError as error:
        raise SourceError(f"cannot be written: {error.strerror}") from None


def put(path: str, pieces: Iterable[bytes], mode: int) -> None:
    """Write a file and put it in the place of `path`, all at once. Raises OSError, and leaves no other file behind."""
    import tempfile

    with uninterrupted():
        descriptor, temporary = tempfile.mkstemp(prefix=".dunnage-", dir=os.path.dirname(path) or os.curdir)
        try:
            with open(descriptor, "wb") as stream:
                stream.writelines(pieces)
            os.chmod(temporary, mode)
            os.replace(temporary, path)
        except BaseException:
            with suppress(FileNotFoundError):
                os.unlink(temporary)
            raise


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Let the signals that end a program wait, so that it leaves no part of a change behind."""
    if sys.platform == "win32":
        yield
        return
    import signal

    before = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGHUP, signal.SIGINT, signal.SIGTERM))
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def _locked(folder: str) -> Iterator[None]:
    """Keep other hooks from writing in a folder. Clients run several hooks at the same time.

    Where the system has no such lock, or another program keeps it, the folder is used without one.
    """
    if sys.platform == "win32":
        yield
        return
    import fcntl
    import time

    descriptor = os.open(folder, os.O_RDONLY)
    try:
        for _ in range(_ATTEMPTS):
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                time.sleep(_SECONDS_BETWEEN)
                continue
            except OSError:
                pass
            break
        yield
    finally:
        os.close(descriptor)


def writable(path: str, root: str, *, may_be_missing: bool = False) -> str:
    """The file that a write to `path` changes, after following links.

    Raises SourceError if that is plainly not allowed or not possible: the file is not inside the folder `root`, a link
    leads to it out of a repository, it belongs to git itself, it is no regular file, or it is read-only.
    `may_be_missing` allows to create it.
    """
    root = os.path.realpath(root)
    target = os.path.realpath(path)
    if not target.startswith(os.path.join(root, "")):
        raise SourceError(f"is outside of {root}, so it is not written")
    if Tree().leads_out(path):
        raise SourceError("is a symbolic link that leads out of the repository, so it is not written")
    if ".git" in target[len(root) :].lower().split(os.sep):
        raise SourceError("is part of git's own data, so it is not written")
    is_new = may_be_missing and not os.path.lexists(target)
    if not is_new and not os.path.isfile(target):
        raise SourceError("is not a regular file, so it is not written")
    if not (is_new or os.access(target, os.W_OK)) or not os.access(os.path.dirname(target), os.W_OK):
        raise SourceError("cannot be written: it or its folder is read-only")
    return target
