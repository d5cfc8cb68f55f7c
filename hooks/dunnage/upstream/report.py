"""The report of `watch-upstream`, as text. Text from upstream is escaped as in the reports of hooks."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from dunnage.frame.output.printable import printable
from dunnage.upstream.observation import KINDS, Observation, Watched


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
