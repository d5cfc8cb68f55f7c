"""Files written back all at once, and only where a program that fixes files may write."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress

from dunnage.files.source import SourceError, Tree, read_bytes

_ATTEMPTS = 100
_SECONDS_BETWEEN = 0.02


class ChangedError(SourceError):
    """A file has changed since it was read."""


def replace(path: str, before: bytes, after: bytes, root: str) -> None:
    """Change the content of one file, as `replace_all` does. Raises SourceError, with the file as it was."""
    for error in replace_all({path: (before, after)}, root).values():
        raise error


def replace_all(contents: Mapping[str, tuple[bytes, bytes]], root: str) -> dict[str, SourceError]:
    """Change the content of files, from the first of each pair to the second: of all of them, or of none.

    Each file changes all at once, and keeps its permission bits. A symbolic link stays one, and its target changes.
    Returns for each file that prevents the change why it does: it is not inside the folder `root`, it belongs
    to git itself, or it cannot be written. If its content is not the first of the pair, that is a ChangedError.
    """
    failed: dict[str, SourceError] = {}
    targets: dict[str, str] = {}
    new: dict[str, str] = {}
    old: dict[str, str] = {}
    begun: list[str] = []
    with uninterrupted():
        try:
            for path, (before, after) in contents.items():
                with _noting(failed, path):
                    target = writable(path, root)
                    if target in targets:
                        raise SourceError("is a link to another file, so it is not written")
                    targets[target] = path
                    mode = stat.S_IMODE(os.stat(target).st_mode)
                    new[target] = _beside(target, [after], mode)
                    if len(contents) > 1:  # the disk may be full when the file has to be changed back
                        old[target] = _beside(target, [before], mode)
            for target, path in targets.items() if not failed else ():
                begun.append(target)
                with _noting(failed, path):
                    _exchange(target, contents[path][0], new[target])
                if failed:
                    break
            else:
                begun.clear()
        finally:
            for target in old.keys() & begun:
                with suppress(OSError, SourceError):
                    _exchange(target, contents[targets[target]][1], old[target])
            for temporary in (*new.values(), *old.values()):
                with suppress(FileNotFoundError):
                    os.unlink(temporary)
    return failed


@contextmanager
def _noting(failed: dict[str, SourceError], path: str) -> Iterator[None]:
    """Note in `failed` why the file at `path` cannot be written."""
    try:
        yield
    except SourceError as error:
        failed[path] = error
    except OSError as error:
        failed[path] = SourceError(f"cannot be written: {error.strerror}")


def _exchange(target: str, before: bytes, temporary: str) -> None:
    """Put a temporary file in the place of one whose content is `before`. Raises OSError, and ChangedError."""
    with _locked(os.path.dirname(target)):
        if read_bytes(target) != before:
            raise ChangedError("was changed by another program")
        os.replace(temporary, target)


def put(path: str, pieces: Iterable[bytes], mode: int) -> None:
    """Write a file and put it in the place of `path`, all at once. Raises OSError, and leaves no other file behind."""
    with uninterrupted():
        temporary = _beside(path, pieces, mode)
        try:
            os.replace(temporary, path)
        except BaseException:
            os.unlink(temporary)
            raise


def _beside(path: str, pieces: Iterable[bytes], mode: int) -> str:
    """Write a temporary file in the folder of `path`, and return its path. Raises OSError."""
    import tempfile

    descriptor, temporary = tempfile.mkstemp(prefix=".dunnage-", dir=os.path.dirname(path) or os.curdir)
    try:
        with open(descriptor, "wb") as stream:
            stream.writelines(pieces)
        os.chmod(temporary, mode)
    except BaseException:
        os.unlink(temporary)
        raise
    return temporary


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
    if Tree().target(path) is None:
        raise SourceError("is a symbolic link that leads out of the repository, so it is not written")
    if ".git" in target[len(root) :].lower().split(os.sep):
        raise SourceError("is part of git's own data, so it is not written")
    is_new = may_be_missing and not os.path.lexists(target)
    if not is_new and not os.path.isfile(target):
        raise SourceError("is not a regular file, so it is not written")
    if not (is_new or os.access(target, os.W_OK)) or not os.access(os.path.dirname(target), os.W_OK):
        raise SourceError("cannot be written: it or its folder is read-only")
    return target
