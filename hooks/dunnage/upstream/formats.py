"""The report of `watch-upstream` in other formats: JSON of its own, SARIF 2.1.0, and Markdown for an issue.

In Markdown, text from upstream is in code spans, where GitHub makes no links, mentions nobody and closes no issue.
"""

import re
from collections.abc import Iterable
from typing import Any

from dunnage.files.shown import printable
from dunnage.frame.finding import address
from dunnage.frame.output.json import dump, unicode
from dunnage.frame.output.sarif import artifact, descriptor, log, message
from dunnage.upstream.report import KINDS, READING, Observation, Place, Report, Watched

VERSION = 1
_PAGE = address("watching.md")
_LONGEST_LINE = 300
_MOST_OF_A_KIND = 40
"""At most this many notes of one tool are listed. What calls for action is listed in full."""
_LONGEST = 60_000
"""In bytes. GitHub accepts bodies of up to 65,536 characters, and Linux environment variables of up to 128 KiB."""


def json(report: Report) -> str:
    """One object, described in docs/watching.md. `version` changes when a reader of it would have to."""
    written = {
        "version": VERSION,
        "watched": [_watched(watched) for watched in report.watched],
        "observations": [_observation(each) for each in report.observations],
        "failures": [printable(failure) for failure in report.failures],
    }
    return "".join(dump(written))


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
    results = map(_result, report.observations)
    return "".join(log("watch-upstream", rules, failures, results, is_successful=not report.failures))


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


def markdown(report: Report) -> str:
    """The report, which GitHub accepts as a body."""
    lines = list(_lines(report))
    end = "\n*The report is longer than an issue may be. Run `watch-upstream` for the rest.*\n"
    size = 0
    for number, line in enumerate(lines):
        size += len(line.encode("utf-8", "surrogatepass")) + 1
        if size > _LONGEST:
            is_open = lines[:number].count("<details>") > lines[:number].count("</details>")
            return "".join(f"{kept}\n" for kept in lines[:number]) + ("\n</details>\n" if is_open else "") + end
    return "".join(f"{line}\n" for line in lines)


def _lines(report: Report) -> Iterable[str]:
    acting = [each for each in report.observations if each.severity != "note"]
    yield f"{_count(len(acting), 'observation')} to act on, about {_count(len(report.watched), 'tool')}."
    if report.failures:
        yield from ("", "**This report is not complete**, because sources failed:", "")
        yield from (f"- {code(failure)}" for failure in report.failures)
    for watched in report.watched:
        found = report.of(watched)
        if found:
            yield from ("", f"## {_title(watched)}")
            if watched.places:
                yield from ("", f"Pinned in {', '.join(map(_place, watched.places))}.")
            yield from _section("Act on", [each for each in found if each.severity != "note"])
            yield from _section("Notes", [each for each in found if each.severity == "note" and each.kind != READING])
            commits = [each for each in found if each.kind == READING]
            if commits:
                title = f"Commits that may be worth reading: {_count(len(commits), 'commit')}"
                yield from ("", "<details>", f"<summary>{title}</summary>", "", *_items(commits), "", "</details>")


def _section(title: str, found: list[Observation]) -> Iterable[str]:
    if found:
        yield from ("", f"### {title}", "")
        yield from _items(found)


def _items(found: list[Observation]) -> Iterable[str]:
    notes = 0
    for each in found:
        notes += each.severity == "note"
        if notes > _MOST_OF_A_KIND:
            continue
        link = f" ([{_label(each)}]({each.url}))" if each.url else ""
        yield f"- **{each.kind.id.partition('/')[2]}** {code(each.message)}{link}"
        if each.help:
            yield f"  {_help(each.help)}"
    if notes > _MOST_OF_A_KIND:
        yield f"- and {notes - _MOST_OF_A_KIND:,} more"


def code(text: str) -> str:
    """A code span. No text can end it, because its fence is longer than every run of backticks inside."""
    shown = printable(text)
    shown = shown if len(shown) <= _LONGEST_LINE else f"{shown[: _LONGEST_LINE - 1]}…"
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", shown)), default=0))
    pad = " " if shown.startswith("`") or shown.endswith("`") else ""
    return f"{fence}{pad}{shown}{pad}{fence}"


def _help(text: str) -> str:
    """Help is ours, but for the patched versions of an advisory, which follow a colon."""
    start, colon, rest = printable(text).partition(": ")
    return f"{start}{colon}{code(rest)}" if rest else start


def _label(observation: Observation) -> str:
    return "commit" if "/commit/" in observation.url else "page"


def _title(watched: Watched) -> str:
    newer = f" → {watched.newer}" if watched.newer else ""
    return f"{watched.tool} {watched.version}{newer}".rstrip()


def _place(place: Place) -> str:
    return code(f"{place.path}:{place.line}")


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
