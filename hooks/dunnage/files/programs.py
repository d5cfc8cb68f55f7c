"""The programs that hooks run: found on PATH, and nowhere else.

A repository can contain a program of any name. So neither the working directory counts, in which Windows looks first,
nor an entry of PATH that is empty or relative, which means a folder below the working directory.
"""

import os
from collections.abc import Mapping

_KILL = 9
"""The signal that ends a process at once, on every system that has `posix_spawn`."""
LONGEST_OUTPUT = 128 * 1024 * 1024
"""In bytes. git lists half a million files of a commit in less."""


def search_path() -> str:
    """PATH with its absolute entries only."""
    entries = os.environ.get("PATH", os.defpath).split(os.pathsep)
    return os.pathsep.join(entry for entry in entries if os.path.isabs(entry))


def find(name: str) -> str | None:
    """The absolute path of a program on PATH; None if there is none."""
    file = f"{name}.exe" if os.name == "nt" else name
    for folder in search_path().split(os.pathsep):
        path = os.path.join(folder, file)
        if folder and os.path.isfile(path) and os.access(path, os.X_OK):
            return path
    return None


def run(command: list[str], environment: Mapping[str, str], stdin: bytes, seconds: float) -> tuple[int, bytes] | None:
    """Run a program, given by its path and arguments, and return its exit status and its output.

    None if it cannot be started, has not ended after so many seconds, or prints more than `LONGEST_OUTPUT`.
    """
    if not stdin and hasattr(os, "posix_spawn"):
        return _spawn(command, environment, seconds)
    import subprocess

    try:
        ended = subprocess.run(
            command,
            env=environment,
            input=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=seconds,
            check=False,
        )
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return None
    return (ended.returncode, ended.stdout) if len(ended.stdout) <= LONGEST_OUTPUT else None


def _spawn(command: list[str], environment: Mapping[str, str], seconds: float) -> tuple[int, bytes] | None:
    """Run a program that reads no input without `subprocess`, whose import takes a tenth of a check."""
    from select import select
    from time import monotonic

    deadline = monotonic() + seconds
    reader, writer = os.pipe()
    with open(reader, "rb", buffering=0) as stream:
        try:
            # The pipe's end comes first: without standard streams, its number may be one of theirs.
            actions = (
                (os.POSIX_SPAWN_DUP2, writer, 1),
                (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0),
            )
            process = os.posix_spawn(command[0], command, environment, file_actions=actions)
        except (OSError, ValueError):
            return None
        finally:
            os.close(writer)
        pieces: list[bytes] = []
        size = 0
        while size <= LONGEST_OUTPUT and select([stream], [], [], max(deadline - monotonic(), 0))[0]:
            piece = stream.read(1 << 20)
            if not piece:
                return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]), b"".join(pieces)
            pieces.append(piece)
            size += len(piece)
        os.kill(process, _KILL)
        os.waitpid(process, 0)
        return None
