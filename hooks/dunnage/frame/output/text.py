"""Findings as text:

fixed PATH:LINE:COLUMN: RULE what was done
PATH:LINE:COLUMN: RULE message
    help: what to do,
          in one line or several
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TextIO

from dunnage.files.shown import printable, printable_lines
from dunnage.frame.output import Report, place

_BOLD, _RED, _GREEN, _YELLOW, _CYAN, _PLAIN = "\x1b[1m", "\x1b[31m", "\x1b[32m", "\x1b[33m", "\x1b[36m", "\x1b[0m"
_LEVELS = {"error": _RED, "warning": _YELLOW}
_HELP = "    help: "


def render(report: Report, *, colour: bool = False) -> Iterator[str]:
    """The report in lines, each with a newline; none without findings and changes."""

    def paint(code: str, text: str) -> str:
        return f"{code}{text}{_PLAIN}" if colour else text

    for line in report.fixed:
        yield f"{paint(_GREEN, 'fixed')} {printable(line)}\n"
    for finding in report.findings:
        where = paint(_BOLD, printable(place(finding, report.tree)))
        rule = paint(_LEVELS[finding.rule.level], finding.rule.id)
        yield f"{where}: {rule} {printable(finding.message)}\n"
        for number, line in enumerate(printable_lines(finding.help)):
            yield f"{paint(_CYAN, _HELP if number == 0 else ' ' * len(_HELP))}{line}\n"


def wants_colour(stream: TextIO | None) -> bool:
    """Whether the stream is a terminal with colors, and NO_COLOR (https://no-color.org) is not set."""
    if stream is None or not stream.isatty():
        return False
    return not os.environ.get("NO_COLOR") and os.environ.get("TERM", "dumb") != "dumb"
