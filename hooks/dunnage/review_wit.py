"""Suspicious changes in foreign WIT packages have been reviewed.

Compares WIT with what it was, offline, in the terms of the component model. A WIT package is a contract with code that
others wrote, and a new import of a world is a new capability of the components that are built for it.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence

from dunnage.files import toml
from dunnage.files.source import File, Tree
from dunnage.files.span import Span
from dunnage.frame.finding import Finding, Rule, findings
from dunnage.frame.hook import Hook, run
from dunnage.frame.options import FROM_REF, TO_REF, Options
from dunnage.frame.review import (
    ACCEPT,
    BASE,
    REQUIRE_BASE,
    REVIEWS,
    SHOW,
    SUMMARY_FORMAT,
    accepted,
    reviewed_files,
    say_notes,
)
from dunnage.review.reviews import Examination, NotAcceptedError, Settings, accept_all, problems, summaries
from dunnage.review.wit_examination import PATTERNS, examine

_RULES = (
    Rule("wit-review/same-version", "the content of a foreign package changed, but its version did not"),
    Rule("wit-review/new-import", "a world imports an interface of a foreign package that it did not import before"),
    Rule("wit-review/breaking", "a compatible update of a foreign package breaks a world that uses it"),
    Rule("wit-review/downgrade", "an older version of a foreign package replaces a newer one"),
    Rule("wit-review/stale-review", "a review matches nothing in the WIT of the repository, or gives no reason"),
    Rule("wit-review/no-base", "there is nothing to compare the WIT with, although `--require-base` is given"),
)


def check(names: Sequence[str], tree: Tree, options: Options) -> Iterator[Finding]:
    """Compare the WIT folders of the named files with their bases."""
    return findings(problems(_examine(names, tree, options)), _RULES)


def _examine(names: Iterable[str], tree: Tree, options: Options) -> Iterator[Examination]:
    settings = Settings(options[BASE], (options[FROM_REF], options[TO_REF]), options[REQUIRE_BASE], options[REVIEWS])
    paths = {os.path.abspath(name) for name in names if name.endswith((".wit", ".wasm"))}
    for examination in examine(sorted(paths), tree, settings):
        options.notes.extend(examination.judgement.notes)
        yield examination


def _accept(options: Options) -> str:
    """Write a review of all that is found, and say which."""
    reviews = accept_all(_examine(reviewed_files(options, *PATTERNS), Tree(), options), options[ACCEPT])
    return accepted(HOOK.name, options, reviews, NotAcceptedError)


def _summarize(options: Options) -> str:
    """Say what changed in the WIT of each repository."""
    from dunnage.frame.output import printable
    from dunnage.review.tables import written

    files = reviewed_files(options, *PATTERNS)
    found = summaries(_examine(files, Tree(), options))
    say_notes(HOOK.name, options, "no WIT has changed" if files and not found else "")
    return written(found, options[SUMMARY_FORMAT], printable)


def _comments(file: File) -> Iterable[tuple[Span, str]]:
    """The comments of WIT, and those of a manifest with reviews."""
    if file.path.endswith(".toml"):
        return toml.comments(file)
    from dunnage.wit.lexer import comments

    return comments(file)


HOOK = Hook(
    name="review-wit",
    summary="check that suspicious changes in foreign WIT packages have been reviewed",
    rules=_RULES,
    check=check,
    comments=_comments,
    options=(BASE, REQUIRE_BASE, REVIEWS, ACCEPT, SHOW, SUMMARY_FORMAT),
    prints=((ACCEPT, _accept), (SHOW, _summarize)),
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the hook and return its exit status."""
    return run(HOOK, argv)


if __name__ == "__main__":
    raise SystemExit(main())
