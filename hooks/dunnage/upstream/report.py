"""What `watch-upstream` reports, the report as text, and what earlier runs have reported.

Text from upstream is escaped as in the reports of hooks. The state is a small JSON file, so that a run reports only
what is new.
"""

import json
import os
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Literal, NamedTuple

from dunnage.files.shown import printable

Level = Literal["error", "warning", "note"]
"""Errors and warnings call for action. A note never sets the exit status."""


_STATE_VERSION = 1
_LONGEST_STATE = 16 * 1024 * 1024


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


class Report(NamedTuple):
    """The result of a run."""

    watched: Sequence[Watched]
    """Everything that was watched, with observations or without."""
    observations: Sequence[Observation]
    """What is reported, in order."""
    failures: Sequence[str]
    """What sources failed to say."""

    @property
    def status(self) -> int:
        """The exit status."""
        if self.failures:
            return 3
        return 1 if any(observation.severity != "note" for observation in self.observations) else 0

    def of(self, watched: Watched) -> list[Observation]:
        """The observations about one tool."""
        return [observation for observation in self.observations if observation.watched == watched]


def in_order(observations: Iterable[Observation], watched: Sequence[Watched]) -> list[Observation]:
    """Sort observations by tool, level and kind, and leave out repetitions. Commits stay in their order."""
    levels = ("error", "warning", "note")
    return sorted(
        dict.fromkeys(observations),
        key=lambda each: (watched.index(each.watched), levels.index(each.severity), KINDS.index(each.kind)),
    )


def text(report: Report) -> str:
    """The report in lines:

    TOOL VERSION, pinned in PATH:LINE:COLUMN
      LEVEL KIND message
          help: what to do
          URL
    """
    lines: list[str] = []
    for watched in report.watched:
        found = report.of(watched)
        if not found:
            continue
        places = ", ".join(map(str, watched.places))
        lines.append(printable(f"{watched}, pinned in {places}" if places else str(watched)))
        for each in found:
            lines.append(printable(f"  {each.severity} {each.kind.id} {each.message}"))
            lines += [f"      {printable(line)}" for line in (each.help and f"help: {each.help}", each.url) if line]
    lines += [printable(f"not complete: {failure}") for failure in report.failures]
    return "".join(f"{line}\n" for line in lines)


class StateError(Exception):
    """A state file that cannot be read or written. The message is one line."""


def read_state(path: str) -> frozenset[str]:
    """The keys of the observations that were reported; none if there is no file yet. Raises StateError."""
    try:
        with open(path, "rb", opener=_without_waiting) as stream:
            data = stream.read(_LONGEST_STATE)
    except FileNotFoundError:
        return frozenset()
    except OSError as error:
        raise StateError(f"{path} cannot be read: {error.strerror}") from None
    try:
        found = json.loads(data)
        keys = found["reported"] if found["version"] == _STATE_VERSION else None
    except (ValueError, RecursionError, KeyError, TypeError):
        keys = None
    if not isinstance(keys, list) or not all(isinstance(key, str) for key in keys):
        raise StateError(f"{path} is not a state file of this version; delete it to report everything again")
    return frozenset(keys)


def _without_waiting(path: str, flags: int) -> int:
    """Open a file, also a named pipe that nothing writes to."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def write_state(path: str, keys: Iterable[str]) -> None:
    """Replace the file. Raises StateError."""
    temporary = f"{path}.{os.getpid()}.tmp"
    try:
        with open(temporary, "x", encoding="utf-8") as stream:
            json.dump({"version": _STATE_VERSION, "reported": sorted(keys)}, stream, indent=1)
            stream.write("\n")
        os.replace(temporary, path)
    except OSError as error:
        with suppress(OSError):
            os.unlink(temporary)
        raise StateError(f"{path} cannot be written: {error.strerror}") from None


def state_after(earlier: Iterable[str], observed: Iterable[Observation], *, is_complete: bool) -> frozenset[str]:
    """The keys to write. What a complete run did not observe is forgotten, so that it is reported if it comes back."""
    keys = frozenset(observation.key for observation in observed)
    return keys if is_complete else keys | frozenset(earlier)
