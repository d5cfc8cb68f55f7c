"""`dunnage review`: what a commit changes in the files that hooks review, as a summary to read."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from dunnage import __version__
from dunnage.frame import review_options
from dunnage.frame.arguments import Program, parse
from dunnage.frame.registry import ENTRIES

NAME = "dunnage review"
SUMMARY = "print what a commit changes in Cargo.lock and WIT: as text, as Markdown for a pull request, or as JSON"


def main(argv: Sequence[str]) -> int:
    """Run the command and return its exit status. Raises WrongUsage."""
    given = parse(
        argv,
        Program(
            NAME,
            f"dunnage {__version__}",
            f"{SUMMARY[0].upper()}{SUMMARY[1:]}.",
            (review_options.SUMMARY_FORMAT, review_options.BASE),
            files="the Cargo.lock and WIT files to summarize (default: all that git tracks)",
        ),
    )
    summaries = [
        text(given) for entry in ENTRIES for option, text in entry.hook().prints if option is review_options.SUMMARY
    ]
    sys.stdout.write(review_options.merged(summaries, given[review_options.SUMMARY_FORMAT]))
    return 0
