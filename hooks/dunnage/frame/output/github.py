"""Findings as annotations of a GitHub Actions job, which are workflow commands, one line each.

    ::error file=PATH,line=3,col=1,endLine=3,endColumn=6,title=RULE (HOOK)::message%0Ahelp

https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands describes the commands, and
packages/core/src/command.ts in actions/toolkit the escapes. GitHub shows at most ten errors and ten warnings of each
step, and shows columns only for a finding on one line. The changes of `--fix` come first, as plain text.
"""

from __future__ import annotations

from collections.abc import Iterator

from dunnage.files.shown import printable, printable_lines
from dunnage.frame.finding import Finding
from dunnage.frame.output import Report


def render(report: Report) -> Iterator[str]:
    """The report in lines, each with a newline; none without findings and changes."""
    for line in report.fixed:
        yield f"fixed {printable(line)}\n"
    for finding in report.findings:
        yield f"{_command(finding, report)}\n"


def _command(finding: Finding, report: Report) -> str:
    line, column = report.tree.position(finding.path, finding.span.start)
    end_line, end_column = report.tree.position(finding.path, finding.span.end)
    properties = {
        "file": printable(finding.path),
        "line": line,
        "col": column,
        "endLine": end_line,
        "endColumn": end_column,
        "title": f"{finding.rule.id} ({finding.hook})",
    }
    if line != end_line:
        # The runner would drop them, and log a warning for each.
        del properties["col"], properties["endColumn"]
    values = {name: _data(str(value)).replace(":", "%3A").replace(",", "%2C") for name, value in properties.items()}
    written = ",".join(f"{name}={value}" for name, value in values.items())
    message = "\n".join((printable(finding.message), *printable_lines(finding.help)))
    return f"::{finding.rule.level} {written}::{_data(message)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
