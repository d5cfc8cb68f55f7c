"""Local clones and mirrors in place of a server: nothing is fetched."""

import os
import re
from collections.abc import Collection, Iterable, Sequence

from dunnage.files import programs
from dunnage.files.git import Repository
from dunnage.files.git_objects import GitObjects
from dunnage.upstream.source import Commit, SourceFailed

_SECONDS = 300
_FORMAT = "%H%x00%P%x00%cI%x00%B%x00"
_ENTRY = re.compile(rb"([0-9a-f]{40,64})\0([0-9a-f ]*)\0([^\0]*)\0([^\0]*)\0\n?", re.DOTALL)
_MOST_TAGS = 10_000


class Clone:
    """A clone, with a work tree or bare: see `source.History`."""

    def __init__(self, name: str, folder: str) -> None:
        self.name = name
        self.folder = folder
        self._repository = Repository(folder)

    def commit(self, revision: str) -> Commit | None:
        """See `source.History`."""
        found = self._log("-1", "--end-of-options", revision or "HEAD", "--", may_fail=True)
        return found[0] if found else None

    def between(self, old: str, new: str) -> Sequence[Commit]:
        """See `source.History`."""
        return self._log("--topo-order", "--reverse", "--end-of-options", f"{old}..{new}", "--")

    def touching(self, path: str, old: str, new: str, since: str) -> Collection[str]:  # noqa: ARG002 - git needs no date
        """See `source.History`."""
        changes = ("--end-of-options", f"{old}..{new}", "--", path)
        output = self._git("log", "--no-show-signature", "--no-merges", "--format=%H", *changes)
        return frozenset(output.decode("ascii", "replace").split())

    def paths(self, commit: Commit) -> Sequence[str]:
        """See `source.History`."""
        first = commit.parents[0] if commit.parents else ""
        arguments = (first, commit.hash) if first else ("--root", "--no-commit-id", commit.hash)
        output = self._git("diff-tree", "-r", "-z", "--name-only", "--no-renames", *arguments)
        return [os.fsdecode(name) for name in output.split(b"\0") if name]

    def file(self, commit: str, path: str) -> bytes | None:
        """See `source.History`."""
        objects = GitObjects(self._repository)
        try:
            found = objects.file(commit, path)
        finally:
            objects.close()
        if found is None and self._git("ls-tree", "--full-tree", commit, "--", path):
            raise SourceFailed(f"git cannot give the content of {path} in {commit[:12]} of {self.name}")
        return found

    def releases(self) -> Sequence[tuple[str, str]]:
        """See `source.History`."""
        form = "%(refname:strip=2)%00%(creatordate:iso-strict)"
        output = self._git("for-each-ref", f"--format={form}", f"--count={_MOST_TAGS + 1}", "refs/tags")
        lines = [os.fsdecode(line).split("\0") for line in output.splitlines()]
        if len(lines) > _MOST_TAGS:
            raise SourceFailed(f"the clone of {self.name} in {self.folder} has more than {_MOST_TAGS:,} tags")
        return [(parts[0], parts[1]) for parts in lines if len(parts) == 2]

    def is_archived(self) -> bool:
        """See `source.History`. A clone does not say."""
        return False

    def _log(self, *arguments: str, may_fail: bool = False) -> list[Commit]:
        form = ("--no-show-signature", "--encoding=UTF-8", f"--format={_FORMAT}")
        output = self._git("log", *form, *arguments, may_fail=may_fail)
        return [
            Commit(
                found[1].decode("ascii"),
                tuple(found[2].decode("ascii").split()),
                found[3].decode("ascii", "replace"),
                found[4].decode("utf-8", "replace"),
            )
            for found in _ENTRY.finditer(output)
        ]

    def _git(self, *arguments: str, may_fail: bool = False) -> bytes:
        command = self._repository.command(*arguments)
        if command is None:
            raise SourceFailed("git is not on PATH, so clones cannot be read")
        ended = programs.run(command, self._repository.environment(), b"", _SECONDS)
        if ended is None or (ended[0] and not may_fail):
            raise SourceFailed(f"git cannot read the clone of {self.name} in {self.folder}")
        return b"" if ended[0] else ended[1]


def find(mirrors: Iterable[str], name: str) -> str:
    """The folder of the clone of `OWNER/NAME` in a folder of clones; empty if there is none."""
    owner, _, project = name.partition("/")
    places = (
        (f"{owner}+{project}", "repo"),
        (f"{owner}+{project}",),
        (owner, project),
        (owner, f"{project}.git"),
        ("github.com", owner, project),
        ("github.com", owner, f"{project}.git"),
        (project,),
        (f"{project}.git",),
    )
    for mirror in mirrors:
        for place in places:
            folder = os.path.join(mirror, *place)
            if any(os.path.isfile(os.path.join(folder, *part, "HEAD")) for part in ((), (".git",))):
                return os.path.abspath(folder)
    return ""
