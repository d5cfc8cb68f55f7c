"""Findings as SARIF 2.1.0, the format that code scanning services read.

Section numbers refer to https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html. The log describes all rules
of the run, with or without findings. Findings that an ignore comment silences come last, with the comment as their
suppression. Each change of `--fix` is a notification.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from hashlib import sha256
from itertools import chain, groupby
from typing import Any
from urllib.parse import quote

from dunnage import __version__
from dunnage.files.shown import printable, printable_lines
from dunnage.files.source import Tree
from dunnage.files.span import Span
from dunnage.frame.finding import WEBSITE, Finding, Fix, Rule, how_to_accept
from dunnage.frame.output import Report
from dunnage.frame.output.json import dump, unicode

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_ROOT = "%SRCROOT%"
_FINGERPRINT = "findingHash/v1"
# How many bytes before and after the start of a finding count for its fingerprint.
_CONTEXT = 200


def render(report: Report) -> Iterator[str]:
    """A log with one run, in pieces."""
    rules = {rule.id: number for number, rule in enumerate(report.rules)}
    occurrences: Counter[bytes] = Counter()
    every = chain(report.findings, report.suppressed)
    results = (_result(finding, report.tree, rules, occurrences) for finding in every)
    notifications = [{"level": "note", "message": message(f"fixed {line}")} for line in report.fixed]
    return log(report.program, [_rule(rule) for rule in report.rules], notifications, results)


def log(
    program: str,
    rules: Sequence[dict[str, Any]],
    notifications: Sequence[dict[str, Any]],
    results: Iterator[dict[str, Any]],
    *,
    is_successful: bool = True,
) -> Iterator[str]:
    """A log with one run of a program, in pieces."""
    run = {
        "tool": {
            "driver": {
                "name": "dunnage",
                "version": __version__,
                "semanticVersion": __version__,
                "informationUri": WEBSITE,
                "rules": rules,
            }
        },
        # The name of the series of runs whose results are compared (§3.17.2).
        "automationDetails": {"id": f"{program.replace(' ', '-')}/"},
        "invocations": [{"executionSuccessful": is_successful, "toolExecutionNotifications": notifications}],
        "originalUriBaseIds": {_ROOT: {"description": {"text": "The folder in which dunnage ran."}}},
        "columnKind": "unicodeCodePoints",
        "results": results,
    }
    return dump({"$schema": _SCHEMA, "version": "2.1.0", "runs": iter([run])})


def descriptor(rule_id: str, summary: str, more: str, help: str, page: str, level: str) -> dict[str, Any]:
    """A rule (§3.49). `summary` is a sentence without its capital and its full stop; `more` and `help` follow it."""
    sentence = f"{summary[0].upper()}{summary[1:]}."
    return {
        "id": rule_id,
        "name": "".join(word.capitalize() for word in rule_id.replace("/", "-").split("-")),
        "shortDescription": {"text": sentence},
        "fullDescription": {"text": f"{sentence} {more}".rstrip()},
        "help": {"text": " ".join(filter(None, (sentence, help, f"See {page}")))},
        "helpUri": page,
        "defaultConfiguration": {"level": level},
    }


def _rule(rule: Rule) -> dict[str, Any]:
    since = f"Since dunnage {rule.since}."
    return descriptor(rule.id, rule.summary, since, how_to_accept(rule.id), rule.page, rule.level)


def _result(finding: Finding, tree: Tree, rules: dict[str, int], occurrences: Counter[bytes]) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": finding.rule.id,
        "ruleIndex": rules[finding.rule.id],
        "level": finding.rule.level,
        "message": message(finding.message, finding.help),
        "locations": [_location(finding.path, finding.span, tree)],
        "partialFingerprints": {_FINGERPRINT: _fingerprint(finding, tree, occurrences)},
        # §3.27.23: where one result of a run has this property, all have it.
        "suppressions": [],
        "properties": {"hook": finding.hook},
    }
    if finding.fix:
        result["fixes"] = [_fix(finding.fix, tree)]
    if finding.suppression:
        result["suppressions"] = [
            {
                "kind": "inSource",
                "justification": printable(finding.suppression.reason),
                "location": _location(finding.path, finding.suppression.span, tree),
            }
        ]
    return result


def message(text: str, help: str = "") -> dict[str, str]:
    """A message object (§3.11).

    §3.11.5 requires doubled braces, but viewers undouble them only in messages with arguments, so they stay single.
    """
    lines = "\n".join((printable(text), *printable_lines(help)))
    # `[text](target)` would be a link (§3.11.6).
    return {"text": lines.replace("](", r"\](")}


def _location(path: str, span: Span, tree: Tree) -> dict[str, Any]:
    return {"physicalLocation": {"artifactLocation": artifact(path), "region": _region(path, span, tree)}}


def artifact(path: str) -> dict[str, str]:
    """The location of a file (§3.4): relative to the working directory, or absolute if it is outside."""
    uri = quote(_encoded(path), safe="/")
    if not os.path.isabs(path):
        return {"uri": uri, "uriBaseId": _ROOT}
    return {"uri": f"file:///{uri.removeprefix('/')}"}


def _encoded(path: str) -> bytes:
    try:
        return os.fsencode(path)
    except UnicodeEncodeError:  # no file can have this name
        return unicode(path).encode("utf-8")


def _region(path: str, span: Span, tree: Tree) -> dict[str, int]:
    """A region of a file (§3.30), in lines and in bytes."""
    start_line, start_column = tree.position(path, span.start)
    end_line, end_column = tree.position(path, span.end)
    return {
        "startLine": start_line,
        "startColumn": start_column,
        "endLine": end_line,
        "endColumn": end_column,
        "byteOffset": span.start,
        "byteLength": span.end - span.start,
    }


def _fix(fix: Fix, tree: Tree) -> dict[str, Any]:
    """A fix object (§3.55), with one change for each file."""
    changes = groupby(sorted(set(fix.edits)), lambda edit: edit.path)
    return {
        "description": {"text": printable(fix.description)},
        "artifactChanges": [
            {
                "artifactLocation": artifact(path),
                "replacements": [
                    {
                        "deletedRegion": _region(path, Span(edit.start, edit.end), tree),
                        "insertedContent": {"text": edit.text},
                    }
                    for edit in edits
                ],
            }
            for path, edits in changes
        ],
    }


def _fingerprint(finding: Finding, tree: Tree, occurrences: Counter[bytes]) -> str:
    """A hash that identifies a finding even after lines before it are added, removed or indented.

    It covers the rule, the file, the text of the line around the start of the finding, and the number of equal findings
    before it.
    """
    data = tree.content(finding.path) or b""
    start = finding.span.start
    before = data[max(start - _CONTEXT, 0) : start].replace(b"\r", b"\n").rpartition(b"\n")[2]
    after = data[start : start + _CONTEXT].replace(b"\r", b"\n").partition(b"\n")[0]
    texts = [b" ".join(text.split()) for text in (before, after)]
    finding_hash = sha256(b"\0".join((finding.rule.id.encode(), _encoded(finding.path), *texts))).digest()
    occurrences[finding_hash] += 1
    return f"{finding_hash.hex()}:{occurrences[finding_hash]}"
