"""Local clones and mirrors in place of a server, and the RustSec advisory database as git has it.

Nothing is fetched but the database.
"""

import os
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

from dunnage.files.git import CREDENTIALS, Repository, find_program, run_program, search_path
from dunnage.files.git_objects import GitObjects
from dunnage.review import advisories
from dunnage.review.advisories import AdvisoryDatabase, is_advisory
from dunnage.upstream.source import Commit, SourceFailed

_SECONDS_TO_READ, _SECONDS_TO_FETCH = 300, 600
_DATABASE = "RustSec/advisory-db"
URL = f"https://github.com/{_DATABASE}"
_SAFE = (
    *("-c", f"core.hooksPath={os.devnull}", "-c", "credential.helper=", "-c", "http.followRedirects=false"),
    *("-c", "gc.auto=0", "-c", "transfer.fsckObjects=true"),
)
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
        complaint = f"git cannot read the clone of {self.name} in {self.folder}"
        return _output(command, self._repository.environment(), _SECONDS_TO_READ, complaint, may_fail=may_fail)


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


class ClonedDatabase(AdvisoryDatabase):
    """The database in a clone without a work tree. It is read at once."""

    def __init__(self, folder: str) -> None:
        """Raises SourceFailed."""
        super().__init__(folder)
        clone = Repository(folder)
        hashes = clone.files_of("HEAD") or {}
        paths = sorted(filter(_is_advisory, hashes))
        objects = GitObjects(clone)
        found = objects.files([hashes[path] for path in paths])
        objects.close()
        self._texts: dict[str, list[bytes]] = defaultdict(list)
        for path, data in zip(paths, found, strict=True):
            if data is None:
                raise SourceFailed(f"git cannot read the advisory database in {folder}")
            self._texts[path.split("/")[1]].append(data)
        if not paths:
            raise SourceFailed(f"the clone in {folder} has no advisories")

    def texts(self, name: str) -> Iterable[bytes]:
        """See `AdvisoryDatabase`."""
        return self._texts.get(name, ())


def _is_advisory(path: str) -> bool:
    folder, _, file = path.rpartition("/")
    return folder.startswith("crates/") and folder.count("/") == 1 and is_advisory(file)


def local(mirrors: Iterable[str], home: str) -> AdvisoryDatabase | None:
    """The database in a folder of clones, or where a tool left it in cargo's home; None if there is none.

    Raises SourceFailed if a clone cannot be read.
    """
    cloned = find(mirrors, _DATABASE)
    return named(cloned) if cloned else advisories.find(home, "")


def named(folder: str) -> AdvisoryDatabase | None:
    """The database in a folder, with a work tree or without; None if there is none.

    Raises SourceFailed if a clone cannot be read.
    """
    if os.path.isdir(os.path.join(folder, "crates")):  # with a work tree
        return AdvisoryDatabase(folder)
    return ClonedDatabase(folder) if os.path.isfile(os.path.join(folder, "HEAD")) else None


def fetched(cache: str, url: str = URL) -> AdvisoryDatabase:
    """The newest database, which git clones into a folder of the cache, or updates there. Raises SourceFailed."""
    folder = os.path.join(cache, "advisory-db")
    git = find_program("git")
    if git is None:
        raise SourceFailed("git is not on PATH, so the advisory database cannot be fetched")
    if not os.path.isfile(os.path.join(folder, "HEAD")):
        try:
            os.makedirs(cache, mode=0o700, exist_ok=True)
        except OSError as error:
            raise SourceFailed(f"the folder {cache} cannot be created: {error.strerror}") from None
        _run([git, "init", "--quiet", "--bare", "--template=", folder], url)
    _run([git, "-C", folder, *_SAFE, "fetch", "--quiet", "--no-tags", "--depth=1", "--force", url, "HEAD"], url)
    _run([git, "-C", folder, "update-ref", "--no-deref", "HEAD", "FETCH_HEAD"], url)
    return ClonedDatabase(folder)


def _run(command: list[str], url: str) -> None:
    """Run git, which asks for no password, and gets no token."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in CREDENTIALS and (not name.startswith("GIT_") or name.startswith("GIT_SSL_"))
    }
    safe = {"PATH": search_path(), "GIT_TERMINAL_PROMPT": "0", "GIT_ALLOW_PROTOCOL": "https:file"}
    _output(command, kept | safe, _SECONDS_TO_FETCH, f"git cannot fetch the advisory database from {url}")


def _output(
    command: list[str], environment: Mapping[str, str], seconds: float, complaint: str, *, may_fail: bool = False
) -> bytes:
    """The output of git; nothing if it failed and may do so. Raises SourceFailed with the complaint."""
    try:
        ended = run_program(command, environment, b"", seconds)
    except TimeoutError:
        ended = None
    if ended is None or (ended[0] and not may_fail):
        raise SourceFailed(complaint)
    return b"" if ended[0] else ended[1]
