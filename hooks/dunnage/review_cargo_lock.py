"""Suspicious changes in Cargo.lock have been reviewed.

Compares Cargo.lock with what it was, offline, and reports the changes that hijacked and malicious crates need. A lock
can be a faithful resolution of its manifests and still bring in a payload: `cargo --locked` accepts that.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from dunnage.files import toml
from dunnage.files.git import Repositories
from dunnage.files.source import SourceError, Tree, display
from dunnage.files.walk import top_folder
from dunnage.files.writing import replace
from dunnage.frame.execution import WrongUsage, complain
from dunnage.frame.finding import Finding, Rule, findings
from dunnage.frame.hook import Hook, run
from dunnage.frame.options import FROM_REF, TO_REF, Option, Options, choice, flag, single
from dunnage.review.lock_examination import LOCK, Examination, examine
from dunnage.review.settings import Settings

if TYPE_CHECKING:
    from dunnage.review.tables import Table

_RULES = (
    Rule("lock-review/checksum-changed", "the checksum of a locked version changed or is missing now"),
    Rule("lock-review/wrong-checksum", "the cached index or a cached archive has another checksum than the lock"),
    Rule("lock-review/undeclared-edge", "a crate depends on a crate, or a version, that its registry does not declare"),
    Rule(
        "lock-review/grew", "a compatible update of a crate without dependencies adds a crate that is new to the lock"
    ),
    Rule("lock-review/look-alike", "a new crate has a name that resembles a well-known or already locked one"),
    Rule(
        "lock-review/new-source",
        "a crate comes from a registry or git repository new to the lock, or no longer from crates.io",
    ),
    Rule("lock-review/downgrade", "an older version replaces a newer, compatible one"),
    Rule(
        "lock-review/compile-time-code",
        "a new crate has a build script or procedural macro, or an existing crate gained one",
    ),
    Rule("lock-review/yanked", "a version that the commit adds is yanked"),
    Rule("lock-review/newborn", "a crate that the commit adds was first published less than 7 days ago"),
    Rule("lock-review/too-new", "a version that the commit adds is younger than the policy allows"),
    Rule(
        "lock-review/advisory", "a version that the commit adds has a known vulnerability that the base does not have"
    ),
    Rule("lock-review/unvetted", "the audits of cargo-vet do not vet a version that the commit adds"),
    Rule("lock-review/stale-review", "a review matches nothing in the lock, or gives no reason"),
    Rule("lock-review/no-base", "there is nothing to compare the lock with, although `--require-base` is given"),
)


def check(names: Sequence[str], tree: Tree, options: Options) -> Iterator[Finding]:
    """Compare each named lock with its base."""
    problems = []
    for examination in _examine(names, tree, options):
        judgement = examination.judgement
        problems += [*judgement.problems, *(concern.problem for concern in judgement.concerns)]
    return findings(dict.fromkeys(problems), _RULES)


def _examine(names: Sequence[str], tree: Tree, options: Options) -> Iterator[Examination]:
    settings = Settings(
        options[BASE],
        (options[FROM_REF], options[TO_REF]),
        options[REQUIRE_BASE],
        options[REVIEWS],
        options[ADVISORY_DB],
        options[MIN_AGE],
        options[ALL],
    )
    locks = {os.path.abspath(name) for name in names if os.path.basename(name) == LOCK}
    for examination in examine(sorted(locks), tree, settings):
        options.notes.extend(examination.judgement.notes)
        yield examination


def _accept(options: Options) -> str:
    """Write a review of all that is found, and say which."""
    from dunnage.review.acceptance import accept

    lines = []
    for examination in _examine(_locks(options), Tree(), options):
        subjects = dict.fromkeys(subject for concern in examination.judgement.concerns for subject in concern.subjects)
        reviews = examination.reviews
        if subjects:
            try:
                before = Tree().read(reviews.path)
                after = accept(before, reviews.table, subjects, options[ACCEPT])
                replace(reviews.path, before.data, after, top_folder(os.path.dirname(reviews.path)))
            except FileNotFoundError:
                raise WrongUsage(f"there is no {display(reviews.path)} to write a review to") from None
            except SourceError as error:
                raise WrongUsage(f"{display(reviews.path)} {error.message}") from None
            lines += [f"{display(reviews.path)}: accepted {subject}" for subject in subjects]
        left = sum(not concern.subjects for concern in examination.judgement.concerns)
        noun = "finding" if left == 1 else "findings"
        lines += [f"{examination.file.path}: {left} {noun} that no review can accept"] if left else []
    _say_notes(options)
    return _lines(lines or ["nothing to accept"])


def _summarize(options: Options) -> str:
    """Say what changed in each lock."""
    from dunnage.frame.output.printable import printable
    from dunnage.review import tables
    from dunnage.review.cargo_home import find
    from dunnage.review.compile_time import contents_at
    from dunnage.review.lock_summary import tables as summary

    tree, home = Tree(), find()
    found = {
        examination.file.path: list(
            summary(
                examination.judgement.changes,
                contents_at(tree, os.path.dirname(os.path.abspath(examination.file.path)), home),
            )
        )
        for examination in _examine(_locks(options), tree, options)
        if examination.judgement.changes is not None
    }
    if not found and not options.notes:
        options.notes.append("no Cargo.lock has changed")
    _say_notes(options)
    if options[SUMMARY_FORMAT] == "json":
        import json

        return json.dumps({"changes": {path: tables.as_data(rows) for path, rows in found.items()}}, indent=2) + "\n"
    write = tables.as_markdown if options[SUMMARY_FORMAT] == "markdown" else tables.as_text
    return "".join(write(printable(f"Changes of {path}"), map(_printable, rows)) for path, rows in found.items())


def _printable(table: Table) -> Table:
    from dunnage.frame.output.printable import printable

    return table._replace(rows=[tuple(map(printable, row)) for row in table.rows])


def _locks(options: Options) -> Sequence[str]:
    """The files that are given, or all locks that git tracks. Raises WrongUsage if a file is not there."""
    for name in options.files:
        if not os.path.lexists(name):
            raise WrongUsage(f"there is no file {display(name)}")
    return options.files or sorted(Repositories(Tree(), f"**/{LOCK}").tracked_near(os.getcwd()))


def _say_notes(options: Options) -> None:
    for note in dict.fromkeys(options.notes):
        complain(HOOK.name, note)


def _lines(lines: Iterable[str]) -> str:
    from dunnage.frame.output.printable import printable

    return "".join(f"{printable(line)}\n" for line in lines)


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


def _read_database(text: str) -> str:
    if not os.path.isdir(os.path.join(text, "crates")):
        raise ValueError(f"{text} is not an advisory database: it has no folder named crates")
    return os.path.abspath(text)


def _read_age(text: str) -> int:
    from dunnage.review.age_policy import duration

    return duration(text)


BASE = single("--base", "compare with this commit", "REVISION", str, "")
REQUIRE_BASE = flag("--require-base", "fail if there is nothing to compare with")
ALL = flag("--all", "look for known vulnerabilities in the whole lock, not only in what the commit adds")
ADVISORY_DB = single(
    "--advisory-db",
    "a clone of RustSec's advisory-db (default: where cargo-audit or cargo-deny keep it)",
    "FOLDER",
    _read_database,
    "",
)
MIN_AGE = single(
    "--min-age",
    "the minimum age of a version, such as '7 days' (default: cargo's min-publish-age)",
    "AGE",
    _read_age,
    None,
)
REVIEWS = single("--reviews", "also read reviews from the table `reviews` of this TOML file", "FILE", _read_reviews, "")
ACCEPT: Option[str] = Option(
    "--accept",
    "write a review of each finding, with this reason, to Cargo.toml or to the file of --reviews",
    "",
    metavar="REASON",
    read=_read_reason,
    shown=_accept,
)
SUMMARY = flag("--summary", "print what changed in the locks instead of checking them", shown=_summarize)
SUMMARY_FORMAT = choice("--summary-format", "how to print the summary (default: text)", ("text", "markdown", "json"))

HOOK = Hook(
    name="review-cargo-lock",
    summary="check that suspicious changes in Cargo.lock have been reviewed",
    rules=_RULES,
    check=check,
    comments=toml.comments,
    options=(BASE, REQUIRE_BASE, REVIEWS, ADVISORY_DB, MIN_AGE, ALL, ACCEPT, SUMMARY, SUMMARY_FORMAT),
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the hook and return its exit status."""
    return run(HOOK, argv)


if __name__ == "__main__":
    raise SystemExit(main())
