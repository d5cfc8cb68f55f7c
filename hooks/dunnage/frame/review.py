"""`dunnage review`: what a commit changes in the files that hooks review, as a summary to read."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence

from dunnage import __version__
from dunnage.frame.arguments import Program, parse
from dunnage.frame.registry import ENTRIES

NAME = "dunnage review"
SUMMARY = "print what a commit changes in Cargo.lock and WIT: as text, as Markdown for a pull request, or as JSON"

_OPTION = "--summary"
_FORMAT = "--summary-format"
_BASE = "--base"


def main(argv: Sequence[str]) -> int:
    """Run the command and return its exit status. Raises WrongUsage."""
    offered = {option.name: option for entry in ENTRIES for option in entry.hook().options}
    given = parse(
        argv,
        Program(
            NAME,
            f"dunnage {__version__}",
            f"{SUMMARY[0].upper()}{SUMMARY[1:]}.",
            (offered[_FORMAT], offered[_BASE]),
            files="the Cargo.lock and WIT files to summarize (default: all that git tracks)",
        ),
    )
    summaries = [text(given) for entry in ENTRIES for option, text in entry.hook().prints if option.name == _OPTION]
    if given[offered[_FORMAT]] == "json":
        changes: dict[str, object] = {}
        for summary in summaries:
            changes.update(json.loads(summary)["changes"])
        summaries = [json.dumps({"changes": changes}, indent=2) + "\n"]
    sys.stdout.write("".join(summaries))
    return 0
