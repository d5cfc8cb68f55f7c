"""Commits and files of a git repository, read without a checkout through one `git cat-file --batch`."""

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from dunnage.files.git import Repository
from dunnage.files.source import MAX_BYTES

if TYPE_CHECKING:
    import subprocess
    from threading import Timer

_SECONDS = 60
"""How long a process may live."""
_LONGEST_REQUEST = 8192
_MOST_BYTES = 256 * 1024 * 1024
"""How much git gives of one repository."""
_MOST_TOO_LARGE = 16
"""How many objects may be too large. git is started again after each."""
_MOST_PENDING = 8192
"""How many bytes of requests are sent before the answers are read. A pipe holds more on every system."""


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
        self._left = _MOST_BYTES
        self._too_large = 0

    def commit(self, revision: str) -> GitObject | None:
        """The commit that a revision names, also through an annotated tag; None if this clone does not have it."""
        return self._object(f"{revision}^{{commit}}")

    def file(self, commit: str, path: str) -> bytes | None:
        """The content of the file at a path, relative to the top and separated by `/`, in a commit.

        None if the commit has no file there, or if git cannot give its content.
        """
        found = self._object(f"{commit}:{path}")
        return found.data if found and found.kind == "blob" else None

    def files(self, specifications: Sequence[str]) -> list[bytes | None]:
        """The content of several files, without waiting for each answer; None as for `file`.

        Each is specified as COMMIT:PATH or by its hash. git finds hashes faster: for a path, it reads the folder.
        """
        found: list[GitObject | None] = []
        while len(found) < len(specifications):
            requests: list[str] = []
            size = 0
            for each in specifications[len(found) :]:
                size += len(os.fsencode(each)) + 1
                if requests and size > _MOST_PENDING:
                    break
                requests.append(each)
            found += self._objects(requests)
        return [each.data if each and each.kind == "blob" else None for each in found]

    def close(self) -> None:
        """End the process. A later request starts another."""
        process, self._process = self._process, None
        if process is not None:
            if self._timer is not None:
                self._timer.cancel()
            process.kill()
            process.communicate()

    def _object(self, specification: str) -> GitObject | None:
        return self._objects([specification])[0]

    def _objects(self, specifications: Sequence[str]) -> list[GitObject | None]:
        """The objects of some requests, which together must fit into the pipe to git."""
        found: list[GitObject | None] = [None] * len(specifications)
        valid = [at for at, text in enumerate(specifications) if len(text) <= _LONGEST_REQUEST and text.isprintable()]
        if self._is_broken or not valid:
            return found
        try:
            process = self._process = self._process or self._start()
            self._send(process, [specifications[at] for at in valid])
            for at in valid:
                if self._process is not process:  # an object was too large to be read
                    return found[:at] + [self._object(text) for text in specifications[at:]]
                found[at] = self._answer(process)
        except (OSError, ValueError):
            self._is_broken = True
            self.close()
        return found

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

    def _send(self, process: "subprocess.Popen[bytes]", specifications: Sequence[str]) -> None:
        """Send requests. Raises OSError or ValueError if the process fails."""
        if process.stdin is None:
            raise ValueError("git has no pipes")
        process.stdin.write(b"".join(os.fsencode(text) + b"\n" for text in specifications))
        process.stdin.flush()

    def _answer(self, process: "subprocess.Popen[bytes]") -> GitObject | None:
        """Read the answer to a request. Raises OSError or ValueError if the process fails."""
        stdout = process.stdout
        if stdout is None:
            raise ValueError("git has no pipes")
        header = stdout.readline(2 * _LONGEST_REQUEST)
        parts = header.split()
        if not header.endswith(b"\n"):
            raise ValueError("git ended")
        if len(parts) != 3 or not parts[2].isdigit() or parts[1] not in (b"blob", b"commit", b"tag", b"tree"):
            return None  # missing or ambiguous: nothing follows
        size = int(parts[2])
        if size > min(MAX_BYTES, self._left):
            self._too_large += 1
            self._is_broken = size <= MAX_BYTES or self._too_large >= _MOST_TOO_LARGE
            self.close()
            return None
        self._left -= size
        data = stdout.read(size + 1)
        if len(data) != size + 1:
            raise ValueError("git ended")
        return GitObject(parts[0].decode("ascii"), parts[1].decode("ascii"), data[:-1])
