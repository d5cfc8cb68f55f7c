"""Where the facts come from: what a source can say, and what happens if it cannot."""

from collections.abc import Callable, Collection, Sequence
from typing import NamedTuple, Protocol, TypeVar
from urllib.parse import urlsplit

from dunnage.review.advisories import Advisory, AdvisoryDatabase

T = TypeVar("T")

LOOPBACK = ("127.0.0.1", "::1", "localhost")
"""The names of this machine. Plain HTTP is for these only."""


class SourceFailed(Exception):
    """A source gave no complete response. The message says which source, and why, in one line."""


def origin(url: str) -> str:
    """The scheme and the server of a URL, which may come from another server. Raises SourceFailed."""
    try:
        parts = urlsplit(url)
    except ValueError:
        raise SourceFailed("a server names an address that is not a URL") from None
    return f"{parts.scheme}://{parts.netloc}"


class Commit(NamedTuple):
    """One commit of a tool's repository."""

    hash: str
    parents: tuple[str, ...]
    date: str
    """When it was committed, in RFC 3339."""
    message: str

    @property
    def subject(self) -> str:
        """The first line of the message."""
        return self.message.strip().partition("\n")[0].strip()

    @property
    def is_merge(self) -> bool:
        """Whether it has several parents."""
        return len(self.parents) > 1


class History(Protocol):
    """The repository of a tool. Every method raises SourceFailed."""

    name: str
    """`OWNER/NAME`."""

    def commit(self, revision: str) -> Commit | None:
        """The commit that a hash, a tag or a branch names; None if there is none."""

    def between(self, old: str, new: str) -> Sequence[Commit]:
        """The commits that `new` contains and `old` does not, oldest first."""

    def touching(self, path: str, old: str, new: str, since: str) -> Collection[str]:
        """The hashes of commits that change the file at a path. They include all such commits between the two.

        `since` is the date of the earliest commit between them, in RFC 3339.
        """

    def paths(self, commit: Commit) -> Sequence[str]:
        """The paths of the files that differ from the first parent."""

    def file(self, commit: str, path: str) -> bytes | None:
        """The content of a file in a commit; None if there is no such file."""

    def releases(self) -> Sequence[tuple[str, str]]:
        """The names of tags, each with the date of its commit in RFC 3339; empty if the source does not list them."""

    def is_archived(self) -> bool:
        """Whether the owner has made the repository read-only."""


class Release(NamedTuple):
    """One version of a crate."""

    version: str
    checksum: str
    """The SHA-256 of its archive; empty if that is not known."""
    is_yanked: bool
    published: str
    """When it was published, in RFC 3339; empty if that is not known."""


class Crates(Protocol):
    """The registry crates.io. Every method raises SourceFailed."""

    def releases(self, name: str) -> Sequence[Release] | None:
        """All versions of a crate, in the order of the registry; None if there is no such crate."""

    def archive(self, name: str, release: Release) -> bytes | None:
        """The `.crate` archive of a version, which has its checksum; None if the source does not have it."""


class GlobalAdvisory(NamedTuple):
    """An advisory of GitHub's database about a crate. Its id is `GHSA-…`."""

    advisory: Advisory
    ranges: tuple[str, ...]
    """The ranges of affected versions, such as `>= 1.0, < 1.2.3`. Any of them may match."""


class Sources(NamedTuple):
    """Where facts come from. Each function raises SourceFailed."""

    crates: Crates
    history: Callable[[str], History | None]
    """The repository `OWNER/NAME`; None if there is none."""
    rustsec: Callable[[], AdvisoryDatabase | None]
    """The RustSec database; None if this machine has none and may not fetch it."""
    global_advisories: Callable[[str], list[GlobalAdvisory]]
    """The advisories of GitHub's database about a crate."""
    is_local: bool
    """Whether they are only what this machine has, so that a tool may be unknown here and still exist."""
    today: str
    """YYYY-MM-DD."""


class Failures:
    """What sources failed to say, each once."""

    def __init__(self) -> None:
        self.messages: list[str] = []

    def add(self, error: SourceFailed) -> None:
        """Remember a failure."""
        if str(error) not in self.messages:
            self.messages.append(str(error))

    def attempt(self, ask: Callable[[], T], otherwise: T) -> T:
        """What a source says; if it fails, remember the failure and return `otherwise`."""
        try:
            return ask()
        except SourceFailed as error:
            self.add(error)
            return otherwise
