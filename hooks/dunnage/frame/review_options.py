"""What hooks that review a change have in common: options, and how they print what is no finding."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence

from dunnage.files import toml
from dunnage.files.source import SourceError, Tree
from dunnage.frame.execution import WrongUsage, complain
from dunnage.frame.options import Option, Options, choice, flag, single


def say_notes(program: str, options: Options, default: str = "") -> None:
    """Print the notes of a hook on stderr, each once, or else `default`. The notes of another hook may follow."""
    for note in dict.fromkeys(options.notes or filter(None, [default])):
        complain(program, note)
    options.notes.clear()


def accepted(program: str, options: Options, reviews: Iterable[str], refusal: type[Exception]) -> str:
    """What `--accept` prints: a line about each review that is written, or that there is none.

    Raises WrongUsage if writing one raises `refusal`.
    """
    from dunnage.frame.output.printable import printable

    try:
        lines = list(reviews)
    except refusal as error:
        raise WrongUsage(str(error)) from None
    say_notes(program, options)
    return "".join(f"{printable(line)}\n" for line in lines or ["nothing to accept"])


def merged(summaries: Sequence[str], kind: str) -> str:
    """The summaries of several hooks as one; as JSON, one document."""
    if kind != "json":
        return "".join(summaries)
    import json

    changes: dict[str, object] = {}
    for summary in summaries:
        changes.update(json.loads(summary)["changes"])
    return json.dumps({"changes": changes}, indent=2) + "\n"


def _read_reason(text: str) -> str:
    if not text.strip():
        raise ValueError("a review needs a reason")
    return text.strip()


def _read_reviews(text: str) -> str:
    if not os.path.isfile(text):
        raise ValueError(f"there is no file {text}")
    try:
        toml.parse(Tree().read(text))
    except SourceError as error:
        raise ValueError(f"{text} {error.message}") from None
    return os.path.abspath(text)


BASE = single("--base", "compare with this commit", "REVISION", str, "")
REQUIRE_BASE = flag("--require-base", "fail if there is nothing to compare with")
REVIEWS = single("--reviews", "also read reviews from the table `reviews` of this TOML file", "FILE", _read_reviews, "")
ACCEPT: Option[str] = Option(
    "--accept",
    "write a review of each finding, with this reason, to Cargo.toml or to the file of --reviews",
    "",
    metavar="REASON",
    read=_read_reason,
)
SUMMARY = flag("--summary", "print what changed, for a reviewer, instead of checking it")
SUMMARY_FORMAT = choice("--summary-format", "how to print the summary (default: text)", ("text", "markdown", "json"))
