"""The report of `watch-upstream` for programs: JSON of its own, and SARIF 2.1.0."""

from typing import Any
from urllib.parse import quote

from dunnage import __version__
from dunnage.frame.finding import WEBSITE, address
from dunnage.frame.output.json import dump, unicode
from dunnage.frame.output.printable import printable
from dunnage.upstream.observation import KINDS, Kind, Observation, Place, Watched
from dunnage.upstream.report import Report

VERSION = 1
_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
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
    run = {
        "tool": {
            "driver": {
                "name": "dunnage",
                "version": __version__,
                "semanticVersion": __version__,
                "informationUri": WEBSITE,
                "rules": [_rule(kind) for kind in KINDS],
            }
        },
        "automationDetails": {"id": "watch-upstream/"},
        "invocations": [
            {
                "executionSuccessful": not report.failures,
                "toolExecutionNotifications": [
                    {"level": "error", "message": {"text": _text(failure)}} for failure in report.failures
                ],
            }
        ],
        "originalUriBaseIds": {"%SRCROOT%": {"description": {"text": "The folder in which dunnage ran."}}},
        "columnKind": "unicodeCodePoints",
        "results": [_result(each) for each in report.observations],
    }
    return dump({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]})


def _rule(kind: Kind) -> dict[str, Any]:
    sentence = f"{kind.summary[0].upper()}{kind.summary[1:]}."
    return {
        "id": kind.id,
        "name": "".join(word.capitalize() for word in kind.id.replace("/", "-").split("-")),
        "shortDescription": {"text": sentence},
        "fullDescription": {"text": sentence},
        "help": {"text": f"{sentence} See {_PAGE}"},
        "helpUri": _PAGE,
        "defaultConfiguration": {"level": kind.level},
    }


def _result(observation: Observation) -> dict[str, Any]:
    lines = (observation.message, observation.help, observation.url)
    return {
        "ruleId": observation.kind.id,
        "ruleIndex": KINDS.index(observation.kind),
        "level": observation.severity,
        "message": {"text": "\n".join(_text(line) for line in lines if line)},
        "locations": [_location(place, observation.watched) for place in observation.watched.places]
        or [_logical(observation.watched)],
        "partialFingerprints": {"observation/v1": printable(observation.key)},
    }


def _location(place: Place, watched: Watched) -> dict[str, Any]:
    uri = quote(place.path.encode("utf-8", "surrogateescape"), safe="/")
    return {
        "physicalLocation": {
            "artifactLocation": {"uri": uri, "uriBaseId": "%SRCROOT%"},
            "region": {"startLine": place.line, "startColumn": place.column},
        },
        **_logical(watched),
    }


def _logical(watched: Watched) -> dict[str, Any]:
    return {"logicalLocations": [{"name": watched.tool, "kind": "package"}]}


def _text(text: str) -> str:
    """A text in a message, in which `[text](target)` would be a link (§3.11.6)."""
    return printable(text).replace("](", r"\](")
