r"""Findings as JSON, for programs: one object.

    {
      "version": 2,
      "findings": [
        {
          "hook": "check-cargo-lock",
          "rule": "cargo-lock/stale",
          "level": "error",
          "path": "Cargo.lock",
          "start": {"line": 3, "column": 1},
          "end": {"line": 3, "column": 6},
          "message": "…",
          "help": "…",
          "fix": {
            "description": "…",
            "edits": [{"path": "Cargo.lock", "start": 20, "end": 25, "text": "…"}]
          }
        }
      ],
      "suppressed": [{"hook": "…", …, "fix": null, "reason": "the reason in the ignore comment"}],
      "fixed": ["PATH:LINE:COLUMN: RULE what was done"]
    }

`level` is `error` or `warning`. Lines and columns count from 1, columns in characters; `end` is the first character
after the finding. An edit replaces the bytes of its file from `start` up to, not including, `end` by `text` in UTF-8.
`message` is one line, `help` may be empty or have several, `fix` may be null. `suppressed` are the findings that an
ignore comment silences, with all that `findings` have and the reason. `fixed` is what `--fix` did before these findings
were left. `version` changes when a reader of this would have to.

A path is what the system calls the file, except that a byte which is not UTF-8 is written as `\udcNN`, in six
characters. `message`, `help`, `reason` and `fixed` are as in the text format: what a terminal would obey or hide is an
escape in them too. All of the JSON is ASCII, and no line of it is a command to a CI runner.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dunnage.files.shown import json_text, printable, printable_lines
from dunnage.frame.finding import Finding
from dunnage.frame.output import Report

VERSION = 2


def render(report: Report) -> Iterator[str]:
    """The report as described above, in pieces of several lines."""
    return dump(
        {
            "version": VERSION,
            "findings": (_finding(finding, report) for finding in report.findings),
            "suppressed": (
                {**_finding(finding, report), "reason": printable(finding.suppression.reason)}
                for finding in report.suppressed
                if finding.suppression
            ),
            "fixed": [printable(line) for line in report.fixed],
        }
    )


def _finding(finding: Finding, report: Report) -> dict[str, Any]:
    def position(offset: int) -> dict[str, int]:
        line, column = report.tree.position(finding.path, offset)
        return {"line": line, "column": column}

    return {
        "hook": finding.hook,
        "rule": finding.rule.id,
        "level": finding.rule.level,
        "path": unicode(finding.path),
        "start": position(finding.span.start),
        "end": position(finding.span.end),
        "message": printable(finding.message),
        "help": "\n".join(printable_lines(finding.help)),
        "fix": finding.fix
        and {
            "description": printable(finding.fix.description),
            "edits": [{**edit._asdict(), "path": unicode(edit.path)} for edit in finding.fix.edits],
        },
    }


def unicode(text: str) -> str:
    """`text` with an escape for each surrogate, because many JSON parsers reject surrogates."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def dump(value: dict[str, Any]) -> Iterator[str]:
    """JSON in ASCII, without control characters, and without `##`, which may start a command to a CI runner.

    It comes in pieces. What an iterator in `value` yields is written one by one, because all together may be much.
    """
    yield from _pieces(value, "\n")
    yield "\n"


def _pieces(value: Any, line_end: str) -> Iterator[str]:
    """JSON whose lines after the first are indented as `line_end`, which begins with a newline, is."""
    inner = f"{line_end}  "
    if isinstance(value, Iterator):
        opening = "["
        for each in value:
            yield opening + inner
            yield from _pieces(each, inner)
            opening = ","
        yield "[]" if opening == "[" else f"{line_end}]"
    elif isinstance(value, dict) and any(isinstance(each, Iterator) for each in value.values()):
        opening = "{"
        for name, each in value.items():
            yield f'{opening}{inner}"{name}": '
            yield from _pieces(each, inner)
            opening = ","
        yield f"{line_end}}}"
    else:
        yield json_text(value).replace("\n", line_end)
