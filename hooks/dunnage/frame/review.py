"""Reviews of a change: options and output of the hooks that review one, and the command `dunnage review`."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence

from dunnage.files import toml
from dunnage.files.git import Repositories, repository
from dunnage.files.source import SourceError, Tree
from dunnage.frame.execution import complain, require_existing
from dunnage.frame.options import Option, Options, WrongUsage, choice, flag, single


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
SHOW = flag("--summary", "print what changed, for a reviewer, instead of checking it")
SUMMARY_FORMAT = choice("--summary-format", "how to print the summary (default: text)", ("text", "markdown", "json"))


def main(argv: Sequence[str]) -> int:
    """Run the command and return its exit status. Raises WrongUsage."""
    from dunnage.frame.arguments import Program, parse
    from dunnage.frame.output.delivery import show
    from dunnage.frame.registry import ENTRIES

    given = parse(
        argv,
        Program(
            "dunnage review",
            "Print what a commit changes in Cargo.lock and WIT: as text, as Markdown for a pull request, or as JSON.",
            (SUMMARY_FORMAT, BASE),
            files="the Cargo.lock and WIT files to summarize (default: all that git tracks)",
        ),
    )
    prints = (found for entry in ENTRIES for found in entry.hook().prints)
    show(merged([text(given) for option, text in prints if option is SHOW], given[SUMMARY_FORMAT]))
    return 0


def reviewed_files(options: Options, *patterns: str) -> Sequence[str]:
    """The files that are given, or all of some patterns that git tracks.

    Raises WrongUsage if a file is not there, or if git does not answer.
    """
    tree = Tree()
    require_existing(options.files, tree)
    here = os.getcwd()
    repositories = Repositories(tree, *patterns)
    if not options.files and repository(here) and not repositories.repository(here):
        raise WrongUsage("git does not list the files of this repository; `git status` may say why")
    return options.files or sorted(repositories.tracked_near(here))


def say_notes(program: str, options: Options, default: str = "") -> None:
    """Print the notes of a hook on stderr, each once, or else `default`. The notes of another hook may follow."""
    for note in dict.fromkeys(options.notes or filter(None, [default])):
        complain(program, note)
    options.notes.clear()


def accepted(program: str, options: Options, reviews: Iterable[str], refusal: type[Exception]) -> str:
    """What `--accept` prints: a line about each review that is written, or that there is none.

    Raises WrongUsage if writing one raises `refusal`.
    """
    from dunnage.files.shown import printable

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

    from dunnage.files.shown import json_text

    changes: dict[str, object] = {}
    for summary in summaries:
        changes.update(json.loads(summary)["changes"])
    return json_text({"changes": changes}) + "\n"
