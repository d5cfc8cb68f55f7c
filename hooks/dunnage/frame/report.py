"""How findings are printed.

As text, with the findings in the order of path and position:

    fixed PATH:LINE:COLUMN: RULE what was done
    PATH:LINE:COLUMN: RULE message
        help: what to type
              in one line or several

As JSON, one object:

    {
      "version": 1,
      "hook": "check-cargo-lock",
      "findings": [
        {
          "rule": "cargo-lock/stale",
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
      "fixed": ["PATH:LINE:COLUMN: RULE what was done"]
    }

Lines and columns count from 1, columns in characters; `end` is the first character after the finding. An edit replaces
the bytes of its file from `start` up to, not including, `end` by `text` in UTF-8. `help` may be empty, `fix` null.
`fixed` is what `--fix` did before these findings were left. `version` changes when a reader of this would have to.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any, TextIO

from dunnage.files.source import Tree
from dunnage.frame.finding import Finding

JSON_VERSION = 1

_BOLD, _RED, _GREEN, _CYAN, _PLAIN = "\x1b[1m", "\x1b[31m", "\x1b[32m", "\x1b[36m", "\x1b[0m"
_HELP = "    help: "


def in_order(findings: Sequence[Finding], tree: Tree) -> list[Finding]:
    """The findings in the order in which they are printed."""

    def order(finding: Finding) -> tuple[object, ...]:
        position = tree.position(finding.path, finding.span.start)
        return finding.path, position, finding.rule.id, finding.message, finding.help

    # Counting lines and columns is fast where it goes forward.
    return sorted(sorted(findings, key=lambda finding: (finding.path, finding.span)), key=order)


def place(finding: Finding, tree: Tree) -> str:
    """`path:line:column` of a finding."""
    line, column = tree.position(finding.path, finding.span.start)
    return f"{finding.path}:{line}:{column}"


def as_text(findings: Sequence[Finding], fixed: Sequence[str], tree: Tree, colour: bool) -> str:
    """What people read: what was fixed, then what was found."""

    def paint(code: str, text: str) -> str:
        return f"{code}{text}{_PLAIN}" if colour else text

    lines = [f"{paint(_GREEN, 'fixed')} {printable(line)}" for line in fixed]
    for finding in in_order(findings, tree):
        where = paint(_BOLD, printable(place(finding, tree)))
        lines.append(f"{where}: {paint(_RED, finding.rule.id)} {printable(finding.message)}")
        for number, line in enumerate(finding.help.split("\n") if finding.help else ()):
            start = _HELP if number == 0 else " " * len(_HELP)
            lines.append(f"{paint(_CYAN, start)}{printable(line)}")
    return "".join(f"{line}\n" for line in lines)


def as_json(hook: str, findings: Sequence[Finding], fixed: Sequence[str], tree: Tree) -> str:
    """What programs read; see the description of this module."""
    import json

    report = {
        "version": JSON_VERSION,
        "hook": hook,
        "findings": [_as_object(finding, tree) for finding in in_order(findings, tree)],
        "fixed": list(fixed),
    }
    return json.dumps(report, indent=2) + "\n"


def _as_object(finding: Finding, tree: Tree) -> dict[str, Any]:
    def position(offset: int) -> dict[str, int]:
        line, column = tree.position(finding.path, offset)
        return {"line": line, "column": column}

    return {
        "rule": finding.rule.id,
        "path": finding.path,
        "start": position(finding.span.start),
        "end": position(finding.span.end),
        "message": finding.message,
        "help": finding.help,
        "fix": finding.fix
        and {
            "description": finding.fix.description,
            "edits": [edit._asdict() for edit in finding.fix.edits],
        },
    }


def printable(text: str) -> str:
    """`text` on one line, with all that a terminal would obey or hide written as an escape."""
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode("ascii")
        for character in text
    )


def wants_colour(stream: TextIO | None) -> bool:
    """Whether the stream is a terminal that shows colour, and https://no-color.org does not forbid it."""
    if stream is None or not stream.isatty():
        return False
    return not os.environ.get("NO_COLOR") and os.environ.get("TERM", "dumb") != "dumb"


def write(text: str, stream: TextIO | None) -> None:
    """Write `text` and flush, with an escape for what the stream's encoding lacks. None is a stream that is closed."""
    if stream is None:
        return
    encoding = stream.encoding or "utf-8"
    stream.write(text.encode(encoding, "backslashreplace").decode(encoding))
    stream.flush()
