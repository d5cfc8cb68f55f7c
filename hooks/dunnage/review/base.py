"""What the files of a repository are compared with: the commits that came before.

In this order: the commit that an option names; the merge base of the refs that pre-commit gives to hooks that run on
a range; HEAD and the other parents of a merge in progress, where the files differ from HEAD; and in CI, where they do
not, the first parent of HEAD. What pre-commit sets is in its documentation, "Supported git hooks"; `GITHEAD_…` is what
`git merge` sets for its own hooks, before there is a MERGE_HEAD.
"""

import os
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache, cached_property
from typing import Any, NamedTuple, TypeVar

from dunnage.files.git import Repository, repository
from dunnage.files.git_objects import GitObject, GitObjects
from dunnage.files.source import MAX_BYTES, SourceError

T = TypeVar("T")

_HASH_LENGTHS = (40, 64)
_MOST_PARENTS = 16
_LONGEST_NAME = 200
_NOT_CI = ("", "0", "false", "no")


class Base(NamedTuple):
    """The commits to compare with. A merge has several: something is new only if none of them has it."""

    commits: tuple[str, ...]
    missing: str = ""
    """Why there is no commit to compare with, as a clause; empty if there is one."""
    revision: str = "HEAD"
    """The name of the first commit in a command."""


class History:
    """The commits of one repository, and what they hold."""

    def __init__(self, repository: Repository, revision: str, refs: tuple[str, str]) -> None:
        """`revision` is the commit that the user names as the base; `refs` are two whose common ancestor it is. Both
        are empty if the user names none.
        """
        self.repository = repository
        self.objects = GitObjects(repository)
        self._revision = revision
        self._refs = refs
        self._texts: dict[tuple[str, str], bytes | None] = {}
        self._files: dict[str, dict[str, str]] = {}
        self.differing = cache(repository.differing)
        """The absolute paths of the tracked files of some patterns that may differ from a commit; None if unknown."""

    def base(self, differs: Callable[[str], bool]) -> Base:
        """Find what to compare with. `differs` says whether what is reviewed differs from what a commit holds.

        Raises SourceError as `differs` does.
        """
        if self._named is not None:
            return self._named
        head = self._head
        if head is None:
            return self._without_head
        if not _in_ci() or differs(head.name):
            return Base((head.name, *self._merged))
        parents = _parents(head.data)
        if not parents:
            return Base((), "HEAD has no parent")
        if self.objects.commit(parents[0]) is None:
            reason = f"this shallow clone lacks the parent of HEAD, {parents[0][:12]}: fetch at least two commits"
            return Base((), reason)
        return Base((parents[0],), revision=parents[0][:12])

    def read(self, commit: str, path: str) -> bytes | None:
        """The content of the file at an absolute path in a commit; None if git does not give one."""
        return self._read_all(commit, [path])[0]

    def require_all(self, commit: str, paths: Sequence[str]) -> list[bytes | None]:
        """The contents of the files at several absolute paths in a commit; None for those that it does not have.

        Raises SourceError if git cannot give the content of one: the repository is damaged, a partial clone lacks the
        object, or the file is too large.
        """
        if not "".join(paths).isprintable():
            self.files(commit)  # git is asked for such names by the hashes of the files only
        found = self._read_all(commit, paths)
        missing = [path for path, text in zip(paths, found, strict=True) if text is None]
        for path in missing:
            if path in self.files(commit):
                raise SourceError(_cannot("give the content of", f"{commit[:12]}:{self._name(path)}"))
        return found

    def _read_all(self, commit: str, paths: Sequence[str]) -> list[bytes | None]:
        new = {path: self._name(path) for path in paths if (commit, path) not in self._texts}
        known = self._files.get(commit)
        if known is None:
            wanted = {path: f"{commit}:{name}" for path, name in new.items() if not name.startswith("../")}
        else:
            wanted = {path: known[path] for path in new if path in known}
        texts = dict(zip(wanted, self.objects.files(list(wanted.values())), strict=True))
        self._texts.update(((commit, path), texts.get(path)) for path in new)
        return [self._texts[commit, path] for path in paths]

    def _name(self, path: str) -> str:
        return os.path.relpath(path, self.repository.top).replace(os.sep, "/")

    def files(self, commit: str) -> Mapping[str, str]:
        """The absolute paths of all files in a commit, and the hash of each.

        Raises SourceError if git cannot list them.
        """
        if commit not in self._files:
            top = self.repository.top
            found = self.repository.files_of(commit)
            if found is None:
                raise SourceError(_cannot("list the files of", commit))
            self._files[commit] = {os.path.join(top, name): blob for name, blob in found.items()}
        return self._files[commit]

    def removed(self, commit: str, name: str) -> Sequence[bytes]:
        """The contents of the files of a name in a commit that are no longer at their paths, each content once.

        Raises SourceError if git cannot give one.
        """
        blobs: dict[str, str] = {}
        for path, blob in sorted(self.files(commit).items()):
            if os.path.basename(path) == name and blob not in blobs and not os.path.lexists(path):
                blobs[blob] = path
        return [text for text in self.require_all(commit, list(blobs.values())) if text]

    @cached_property
    def _named(self) -> Base | None:
        """The base that an option or the environment names."""
        if self._revision:
            found = self.objects.commit(self._revision)
            if found is None:
                return Base((), f"this clone has no commit `{self._revision}`, which --base names")
            return Base((found.name,), revision=self._revision)
        before, after = self._refs
        if not before:
            before = os.environ.get("PRE_COMMIT_FROM_REF") or os.environ.get("PRE_COMMIT_SOURCE", "")
            after = os.environ.get("PRE_COMMIT_TO_REF") or os.environ.get("PRE_COMMIT_ORIGIN", "")
        if not before:
            return Base((), "this is the first push of a branch") if after else None
        old, new = self.objects.commit(before), self.objects.commit(after or "HEAD")
        if old is None or new is None:
            return Base((), f"this clone has no commit `{before if old is None else after}`")
        common = self.repository.merge_base(old.name, new.name)
        if common is None:
            return Base((), f"this clone has no common ancestor of {before} and {after or 'HEAD'}")
        return Base((common,), revision=common[:12])

    @cached_property
    def _head(self) -> GitObject | None:
        return self.objects.commit("HEAD")

    @cached_property
    def _without_head(self) -> Base:
        """Why git gives no HEAD."""
        name = self.repository.head()
        if name or self.repository.tracked(["HEAD"]) is None:
            return Base((), _cannot("read", name or "the repository"))
        return Base((), "there is no commit yet")

    @cached_property
    def _merged(self) -> list[str]:
        """The other parents of a merge in progress that this clone has."""
        names = [name.removeprefix("GITHEAD_") for name in os.environ if name.startswith("GITHEAD_")]
        try:
            with open(os.path.join(self.repository.git_folder(), "MERGE_HEAD"), encoding="ascii") as stream:
                names += stream.read(_MOST_PARENTS * max(_HASH_LENGTHS)).split()
        except (OSError, ValueError):
            pass
        hashes = [name.lower() for name in dict.fromkeys(names[:_MOST_PARENTS]) if _is_hash(name)]
        found = (self.objects.commit(name) for name in hashes)
        return [commit.name for commit in found if commit and commit != self._head]


class Histories:
    """The histories of the repositories in a run. They have git processes, which `close` ends."""

    def __init__(self, revision: str, refs: tuple[str, str]) -> None:
        """What the user names as the base, as `History` takes it."""
        self._revision, self._refs = revision, refs
        self._found: dict[str, History] = {}

    def of(self, folder: str) -> History | None:
        """The history of the repository that a folder is in; None if it is in none."""
        found = repository(folder)
        if found is None:
            return None
        return self._found.setdefault(found.top, History(found, self._revision, self._refs))

    def close(self) -> None:
        """End the git processes."""
        for history in self._found.values():
            history.objects.close()


def _cannot(action: str, what: str) -> str:
    """Why there is nothing to compare with, if git fails."""
    return f"git cannot {action} {what[:_LONGEST_NAME]} (`git fsck` says if the repository is damaged)"


def _parents(commit: bytes) -> list[str]:
    """The parents that the text of a commit names, including those that a shallow clone lacks."""
    head = commit.split(b"\n\n", 1)[0].decode("utf-8", "replace")
    return [line.removeprefix("parent ") for line in head.splitlines() if line.startswith("parent ")]


def _is_hash(text: str) -> bool:
    return len(text) in _HASH_LENGTHS and all(character in "0123456789abcdefABCDEF" for character in text)


def _in_ci() -> bool:
    return os.environ.get("CI", "").lower() not in _NOT_CI


def paired(
    outgoing: Iterable[T], incoming: Iterable[T], track: Callable[[T], tuple[str, object]], order: Callable[[T], Any]
) -> Iterator[tuple[T | None, T | None]]:
    """Pair what is gone with what is new of its name: those of one track first, then in order. What is left is alone.

    `track` gives the name and the track.
    """
    gone = sorted(outgoing, key=order)
    olds: dict[tuple[str, object], deque[T]] = defaultdict(deque)
    for each in gone:
        olds[track(each)].append(each)
    unpaired = []
    for each in incoming:
        same = olds.get(track(each))
        if same:
            yield same.popleft(), each
        else:
            unpaired.append(each)
    is_left = {id(each) for same in olds.values() for each in same}
    left: dict[str, deque[T]] = defaultdict(deque)
    for each in gone:
        if id(each) in is_left:
            left[track(each)[0]].append(each)
    for each in sorted(unpaired, key=order):
        same = left[track(each)[0]]
        yield same.popleft() if same else None, each
    yield from ((each, None) for same in left.values() for each in same)


def same_text(data: bytes, other: bytes | None) -> bool:
    """Whether a file on disk equals the one in git, apart from line ends that git may have changed on checkout."""
    if other is None or len(data) > MAX_BYTES:
        return False
    return data == other or data.replace(b"\r\n", b"\n") == other.replace(b"\r\n", b"\n")
