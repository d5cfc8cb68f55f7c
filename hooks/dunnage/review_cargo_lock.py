"""Suspicious changes in Cargo.lock have been reviewed.

Compares Cargo.lock with what it was, offline, and reports the changes that hijacked and malicious crates need. A lock
can be a faithful resolution of its manifests and still bring in a payload: `cargo --locked` accepts that.
"""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from functools import partial

from dunnage.files import toml
from dunnage.files.source import File, SourceError, Tree
from dunnage.frame.finding import Finding, Rule, findings
from dunnage.frame.hook import Hook, run
from dunnage.frame.options import FROM_REF, TO_REF, Options, flag, single
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
from dunnage.review.base import Base, Histories, History, same_text
from dunnage.review.reviews import (
    Examination,
    Judgement,
    Listed,
    NotAcceptedError,
    Settings,
    accept_all,
    problems,
    summaries,
)
from dunnage.review.reviews import read as read_reviews

LOCK = "Cargo.lock"
_MOST_COMPARED = 20_000_000
"""How many packages of removed locks are compared with those of new locks. These take a few seconds."""

_RULES = (
    Rule("lock-review/checksum-changed", "the checksum of a locked version changed or is missing now"),
    Rule("lock-review/wrong-checksum", "the cached index or a cached archive has a different checksum than the lock"),
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
    return findings(problems(_examine(names, tree, options)), _RULES)


def _examine(names: Sequence[str], tree: Tree, options: Options) -> Iterator[Examination]:
    """Yield the findings about each named lock. A missing lock is skipped."""
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
    histories = Histories(settings.base, settings.refs)
    moved, listed = MovedLocks(), Listed(tree, settings.reviews, about_wit=False)
    try:
        for path in sorted(locks):
            file = tree.find(path)
            if file is not None:  # check-cargo-lock reports what cannot be read
                examination = _compare(path, file, histories.of(os.path.dirname(path)), tree, settings, moved, listed)
                options.notes.extend(examination.judgement.notes)
                yield examination
    finally:
        histories.close()


class MovedLocks:
    """The locks in commits that are no longer at their paths."""

    def __init__(self) -> None:
        self._removed: dict[tuple[str, str], tuple[Sequence[bytes], dict[bytes, list[int]]]] = {}
        """Their texts, and which of these hold a package, by the top of the repository and the commit."""
        self._compared = 0

    def origin(self, history: History, commit: str, file: File) -> bytes | None:
        """The lock that holds most of the content of `file`; None if there is none.

        Raises SourceError if git cannot give a lock, or if there are too many.
        """
        from dunnage.review.changes import parts_of

        key = history.repository.top, commit
        if key not in self._removed:
            texts = history.removed(commit, LOCK)
            holders: dict[bytes, list[int]] = defaultdict(list)
            for at, text in enumerate(texts):
                for package in set(parts_of(text)[1:]):
                    holders[package].append(at)
            self._removed[key] = texts, holders
        texts, holders = self._removed[key]
        packages = set(parts_of(file.data)[1:])
        common: Counter[int] = Counter()
        for package in packages:
            found = holders.get(package, ())
            self._compared += 1 + len(found)
            if self._compared > _MOST_COMPARED:
                raise SourceError(f"too many locks of {commit[:12]} could be the one that was moved here")
            common.update(found)
        most = max(common.values(), default=0)
        return texts[min(at for at in common if common[at] == most)] if 2 * most > len(packages) else None


def _compare(
    path: str,
    file: File,
    history: History | None,
    tree: Tree,
    settings: Settings,
    moved: MovedLocks,
    listed: Listed,
) -> Examination:
    folder = os.path.dirname(path)
    reviews = read_reviews(tree, (folder,), listed)
    base, texts = _base(history, path, file, moved)
    is_same = bool(texts) and all(same_text(file.data, text) for text in texts)
    if is_same and not reviews.entries and not listed.unjudged and not settings.whole_lock:
        return Examination(file.path, reviews, Judgement())
    from dunnage.review.lock_review import judge

    readers = [partial(history.read, commit) for commit in base.commits] if history else []
    return Examination(file.path, reviews, judge(file, base, texts, readers, reviews, tree, folder, settings))


def _base(history: History | None, path: str, file: File, moved: MovedLocks) -> tuple[Base, list[bytes]]:
    """Find the commits to compare a lock with, and the contents of the lock there: none if it is new."""
    if history is None:
        return Base((), "it is not in a git repository"), []

    def lock(commit: str) -> bytes | None:
        return history.require_all(commit, [path])[0]

    try:
        base = history.base(lambda commit: not same_text(file.data, lock(commit)))
        texts = [text for commit in base.commits if (text := lock(commit)) is not None]
        origins = (moved.origin(history, commit, file) for commit in base.commits) if not texts else ()
        return base, texts or [text for text in origins if text is not None]
    except SourceError as error:
        return Base((), error.message), []


def _accept(options: Options) -> str:
    """Write a review of all that is found, and say which."""
    reviews = accept_all(_examine(reviewed_files(options, f"**/{LOCK}"), Tree(), options), options[ACCEPT])
    return accepted(HOOK.name, options, reviews, NotAcceptedError)


def _summarize(options: Options) -> str:
    """Say what changed in each lock."""
    from dunnage.files.shown import printable
    from dunnage.review.tables import written

    found = summaries(_examine(reviewed_files(options, f"**/{LOCK}"), Tree(), options))
    say_notes(HOOK.name, options, "" if found else "no Cargo.lock has changed")
    return written(found, options[SUMMARY_FORMAT], printable)


def _read_database(text: str) -> str:
    if not os.path.isdir(os.path.join(text, "crates")):
        raise ValueError(f"{text} is not an advisory database: it has no folder named crates")
    return os.path.abspath(text)


def _read_age(text: str) -> int:
    from dunnage.review.policies import duration

    return duration(text)


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

HOOK = Hook(
    name="review-cargo-lock",
    summary="check that suspicious changes in Cargo.lock have been reviewed",
    rules=_RULES,
    check=check,
    comments=toml.comments,
    options=(BASE, REQUIRE_BASE, REVIEWS, ADVISORY_DB, MIN_AGE, ALL, ACCEPT, SHOW, SUMMARY_FORMAT),
    prints=((ACCEPT, _accept), (SHOW, _summarize)),
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the hook and return its exit status."""
    return run(HOOK, argv)


if __name__ == "__main__":
    raise SystemExit(main())
