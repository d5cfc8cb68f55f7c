"""The report of `watch-upstream` for programs: JSON of its own, and SARIF 2.1.0."""

from typing import Any

from dunnage.frame.finding import address
from dunnage.frame.output.json import dump, unicode
from dunnage.frame.output.printable import printable
from dunnage.frame.output.sarif import artifact, descriptor, log, message
from dunnage.upstream.report import KINDS, Observation, Place, Report, Watched

VERSION = 1
_PAGE = address("watching.md")


def json(report: Report) -> str:
    """One object, described in docs/watching.md. `version` changes when a reader of it would have to."""
    return dump(
        {
            "version": VERSION,
            "watched": [_watched(watched) for watched in report.watched],
            "observations": [_observation(each) for each in report.observations],
            "failures": [printable(failure) for failure in report.failures],
        }
    )


def _watched(watched: Watched) -> dict[str, Any]:
    return {
        "tool": watched.tool,
        "version": watched.version,
        "newer": watched.newer,
        "places": [{**place._asdict(), "path": unicode(place.path)} for place in watched.places],
    }


def _observation(observation: Observation) -> dict[str, Any]:
    return {
        "kind": observation.kind.id,
        "level": observation.severity,
        "tool": observation.watched.tool,
        "version": observation.watched.version,
        "newer": observation.watched.newer,
        "subject": printable(observation.subject),
        "message": printable(observation.message),
        "help": printable(observation.help),
        "url": observation.url,
        "date": printable(observation.date),
    }


def sarif(report: Report) -> str:
    """A log with one run. The place of a result is that of the pin."""
    rules = [descriptor(kind.id, kind.summary, "", "", _PAGE, kind.level) for kind in KINDS]
    failures = [{"level": "error", "message": message(failure)} for failure in report.failures]
    results = [_result(each) for each in report.observations]
    return log("watch-upstream", rules, failures, results, is_successful=not report.failures)


def _result(observation: Observation) -> dict[str, Any]:
    more = "\n".join(printable(line) for line in (observation.help, observation.url) if line)
    return {
        "ruleId": observation.kind.id,
        "ruleIndex": KINDS.index(observation.kind),
        "level": observation.severity,
        "message": message(observation.message, more),
        "locations": [_location(place, observation.watched) for place in observation.watched.places]
        or [_logical(observation.watched)],
        "partialFingerprints": {"observation/v1": printable(observation.key)},
    }


def _location(place: Place, watched: Watched) -> dict[str, Any]:
    return {
        "physicalLocation": {
            "artifactLocation": artifact(place.path),
            "region": {"startLine": place.line, "startColumn": place.column},
        },
        **_logical(watched),
    }


def _logical(watched: Watched) -> dict[str, Any]:
    return {"logicalLocations": [{"name": watched.tool, "kind": "package"}]}
