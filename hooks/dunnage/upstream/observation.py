"""What `watch-upstream` reports."""

from typing import Literal, NamedTuple

Level = Literal["error", "warning", "note"]
"""Errors and warnings call for action. A note never sets the exit status."""


class Kind(NamedTuple):
    """A kind of observation."""

    id: str
    """The public name, such as `upstream/yanked`."""
    summary: str
    """One line."""
    level: Level


YANKED = Kind("upstream/yanked", "the pinned release was yanked", "error")
ADVISORY = Kind("upstream/advisory", "an advisory affects the pinned release itself", "error")
LOCKED_ADVISORY = Kind("upstream/locked-advisory", "an advisory affects a crate in the lock of a release", "error")
RETIRED = Kind("upstream/retired", "the tool is being retired, or its repository is archived", "warning")
NAMED_FIX = Kind("upstream/named-fix", "a commit names an advisory or merges a private fix", "warning")
CLEARED_ADVISORY = Kind("upstream/cleared-advisory", "a commit clears an advisory from its own lock", "warning")
BEHIND = Kind("upstream/behind", "newer releases than the pinned one exist", "note")
SILENT = Kind("upstream/silent", "the tool had no commit for a year", "note")
UNKNOWN = Kind("upstream/unknown", "the tool, its release or its commits are not known", "note")
READING = Kind("upstream/reading", "a commit may fix a security problem, by its words and its files", "note")

KINDS = (
    YANKED,
    ADVISORY,
    LOCKED_ADVISORY,
    RETIRED,
    NAMED_FIX,
    CLEARED_ADVISORY,
    BEHIND,
    SILENT,
    UNKNOWN,
    READING,
)
"""In the order in which they are reported."""


class Place(NamedTuple):
    """Where a pin stands."""

    path: str
    line: int
    column: int
    """Both count from 1."""

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.column}"


class Watched(NamedTuple):
    """A tool and the release that is watched."""

    tool: str
    """The name of its crate."""
    version: str
    """The pinned version; empty if none is pinned, so that the newest release counts."""
    newer: str = ""
    """The version to compare with; empty for the newest release."""
    places: tuple[Place, ...] = ()
    """Where the version is pinned."""

    @property
    def is_range(self) -> bool:
        """Whether one update is reviewed, and not what there is today."""
        return bool(self.newer)

    def __str__(self) -> str:
        return " ".join(filter(None, (self.tool, self.version, f"-> {self.newer}" if self.newer else "")))


class Observation(NamedTuple):
    """Something that happened upstream of a tool."""

    kind: Kind
    watched: Watched
    subject: str
    """What distinguishes it from others of its kind and tool. It is the same in every run."""
    message: str
    """One line, with the names concerned. It may quote text from upstream."""
    help: str = ""
    """What to do; empty if there is nothing to do but to read."""
    url: str = ""
    date: str = ""
    """When it happened, in RFC 3339, or the day of it; empty if that is unknown."""
    level: Level | None = None
    """Its level, if it is not that of its kind."""

    @property
    def severity(self) -> Level:
        """Its level."""
        return self.level or self.kind.level

    @property
    def key(self) -> str:
        """What identifies it in the state file."""
        return f"{self.kind.id} {self.watched.tool} {self.subject}"
