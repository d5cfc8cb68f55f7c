"""The sources of one run, and what they failed to say."""

from collections.abc import Callable
from typing import NamedTuple, TypeVar

from dunnage.review.advisories import AdvisoryDatabase
from dunnage.upstream.github import GlobalAdvisory
from dunnage.upstream.source import Crates, History, SourceFailed

T = TypeVar("T")


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
