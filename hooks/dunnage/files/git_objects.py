"""Commits and files of a git repository, read without a checkout through one `git cat-file --batch`."""

import os
from typing import TYPE_CHECKING, NamedTuple

from dunnage.files.git import Repository
from dunnage.files.source import MAX_BYTES

if TYPE_CHECKING:
    import subprocess
    from threading import Timer

_SECONDS = 60
"""How long a process may live."""
_LONGEST_REQUEST = 8192


class GitObject(NamedTuple):
    """One object as git stores it."""

    name: str
    """The full hash."""
    kind: str
    """`blob`, `commit`, `tag` or `tree`."""
    data: bytes


class GitObjects:
    """A git process that answers requests one by one. The first request starts it."""

    def __init__(self, repository: Repository) -> None:
        self.repository = repository
        self._process: subprocess.Popen[bytes] | None = None
        self._timer: Timer | None = None
        self._is_broken = False

    def commit(self, revision: str) -> GitObject | None:
        """The commit that a revision names, also through an annotated tag; None if this clone does not have it."""
        return self._object(f"{revision}^{{commit}}")

    def file(self, commit: str, path: str) -> bytes | None:
        """The content of the file at a path, relative to the top and separated by `/`, in a commit.

        None if the commit has no file there, or if git cannot give its content.
        """
        found = self._object(f"{commit}:{path}")
        return found.data if found and found.kind == "blob" else None

    def close(self) -> None:
        """End the process. A later request starts another."""
        process, self._process = self._process, None
        if process is not None:
            if self._timer is not None:
                self._timer.cancel()
            process.kill()
            process.communicate()

    def _object(self, specification: str) -> GitObject | None:
        if self._is_broken or len(specification) > _LONGEST_REQUEST or not specification.isprintable():
            return None
        try:
            self._process = self._process or self._start()
            return self._answer(self._process, specification)
        except (OSError, ValueError):
            self._is_broken = True
            self.close()
            return None

    def _start(self) -> "subprocess.Popen[bytes]":
        """Start git. Raises OSError."""
        import subprocess
        from threading import Timer

        command = self.repository.command("cat-file", "--batch")
        if command is None:
            raise FileNotFoundError("git")
        process = subprocess.Popen(
            command,
            env={**self.repository.environment(), "GIT_NO_REPLACE_OBJECTS": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self._timer = Timer(_SECONDS, process.kill)
        self._timer.daemon = True
        self._timer.start()
        return process

    def _answer(self, process: "subprocess.Popen[bytes]", specification: str) -> GitObject | None:
        """Send a request and read the answer. Raises OSError or ValueError if the process fails."""
        stdin, stdout = process.stdin, process.stdout
        if stdin is None or stdout is None:
            raise ValueError("git has no pipes")
        stdin.write(os.fsencode(specification) + b"\n")
        stdin.flush()
        header = stdout.readline(2 * _LONGEST_REQUEST)
        parts = header.split()
        if not header.endswith(b"\n"):
            raise ValueError("git ended")
        if len(parts) != 3 or not parts[2].isdigit() or parts[1] not in (b"blob", b"commit", b"tag", b"tree"):
            return None  # missing or ambiguous: nothing follows
        size = int(parts[2])
        if size > MAX_BYTES:
            self.close()
            return None
        data = stdout.read(size + 1)
        if len(data) != size + 1:
            raise ValueError("git ended")
        return GitObject(parts[0].decode("ascii"), parts[1].decode("ascii"), data[:-1])
