"""What a commit brings into Cargo.lock has been looked at.

Compares Cargo.lock with what it was, offline, and reports the changes that hijacked and malicious crates need. A lock
can be a faithful resolution of its manifests and still bring in a payload: `cargo --locked` accepts that.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

from dunnage.cargo.lockfile import Lockfile
from dunnage.files import toml
from dunnage.files.document import Problem
from dunnage.files.git import repository
from dunnage.files.source import File, SourceError, Tree
from dunnage.frame.finding import Finding, Rule, findings
from dunnage.frame.hook import Hook, run
from dunnage.frame.options import Options, flag, single
from dunnage.review import changes as lock_changes
from dunnage.review.base import Base, History, same_text
from dunnage.review.concern import Advice, package_subject, source_subject
from dunnage.review.reviews import Review, Reviews, problems
from dunnage.review.reviews import read as read_reviews

_LOCK = "Cargo.lock"
_RULES = (
    Rule("lock-review/checksum-changed", "the same version of a crate has another checksum than before"),
    Rule("lock-review/wrong-checksum", "the index or an archive of this machine has another checksum than the lock"),
    Rule(
        "lock-review/undeclared-edge", "a crate depends on what its registry does not declare, or not in this version"
    ),
    Rule("lock-review/grew", "a compatible update of a crate without dependencies brings in a crate new to the lock"),
    Rule("lock-review/look-alike", "a new crate has a name that resembles a well-known or already locked one"),
    Rule("lock-review/new-source", "a crate comes from a registry, a git repository or a folder that is new to it"),
    Rule("lock-review/downgrade", "versions go back within their compatible range"),
    Rule("lock-review/compile-time-code", "a crate with a build script or procedural macro is new, or it gained that"),
    Rule("lock-review/yanked", "a version came in that its author has withdrawn"),
    Rule("lock-review/newborn", "a crate came in that was first published less than 7 days ago"),
    Rule("lock-review/too-new", "a version came in that is younger than the policy allows"),
    Rule("lock-review/advisory", "a version came in that has a known vulnerability, which the one before did not have"),
    Rule("lock-review/unvetted", "a crate came in that cargo-vet's store does not vet, though it is in use"),
    Rule("lock-review/stale-review", "a review names what is not in the lock, or gives no reason"),
    Rule("lock-review/no-base", "with --require-base: there is nothing to compare the lock with"),
)


class _Run:
    """The histories of the repositories in a run, and its findings' common ground."""

    def __init__(self, tree: Tree, options: Options) -> None:
        self.tree = tree
        self.options = options
        self._histories: dict[str, History] = {}

    def history(self, folder: str) -> History | None:
        """The history of the repository that a folder is in; None if it is in none."""
        found = repository(folder)
        if found is None:
            return None
        if found.top not in self._histories:
            self._histories[found.top] = History(found, self.options[BASE])
        return self._histories[found.top]

    def close(self) -> None:
        for history in self._histories.values():
            history.objects.close()


def check(names: Sequence[str], tree: Tree, options: Options) -> Iterator[Finding]:
    """Compare each named lock with its base."""
    this = _Run(tree, options)
    try:
        locks = {os.path.abspath(name) for name in names if os.path.basename(name) == _LOCK}
        problems = [problem for path in sorted(locks) for problem in _review(path, this)]
    finally:
        this.close()
    return findings(problems, _RULES)


def _review(path: str, this: _Run) -> Iterator[Problem]:
    options = this.options
    try:
        file = this.tree.read(path)
    except (FileNotFoundError, SourceError):
        return  # check-cargo-lock reports what cannot be read
    folder = os.path.dirname(path)
    reviews = read_reviews(this.tree, folder, options[REVIEWS])
    base, texts = _base(this.history(folder), path, file)
    if texts and all(same_text(file.data, text) for text in texts) and not reviews.entries and not options[ALL]:
        return
    lock = lock_changes.read(file)
    if lock is None:
        options.notes.append(f"{file.path} cannot be read, so its changes are not judged")
        return
    yield from problems(_about_locks(reviews), "lock-review/stale-review", lambda subject: _is_in(lock, subject))
    old = tuple(before for text in texts if (before := lock_changes.read(File(file.path, text))))
    if len(old) < len(texts):
        base = Base((), f"the lock in {base.revision} cannot be read")
    if base.missing:
        message = f"there is nothing to compare this lock with: {base.missing}"
        options.notes.append(f"{file.path}: {message}")
        if options[REQUIRE_BASE]:
            help = "fetch the history (`fetch-depth: 0` with actions/checkout), or name a commit with --base"
            yield Problem("lock-review/no-base", file, message, help, ("version",))
    elif not old:
        options.notes.append(f"{file.path} is new, so there is nothing to compare it with")
    changes = lock_changes.compare(lock, old if old and not base.missing else (lock,))
    if changes.is_empty and not options[ALL]:
        return
    from dunnage.review.lock_review import Settings, concerns

    advice = Advice(file.path, base.revision, reviews.place())
    settings = Settings(options[ADVISORY_DB], options[MIN_AGE], options[ALL])
    found, unknown = concerns(changes, advice, reviews, this.tree, folder, settings)
    if unknown:
        options.notes.append(f"{file.path}: not judged, because this machine does not hold them: {unknown}")
    for concern in found:
        yield concern.problem


def _base(history: History | None, path: str, file: File) -> tuple[Base, list[bytes]]:
    """Find the commits to compare a lock with, and what the lock was there: nothing if it is new."""
    if history is None:
        return Base((), "it is in no git repository"), []
    name = os.path.relpath(path, history.repository.top).replace(os.sep, "/")
    base = history.base(lambda commit: not same_text(file.data, history.read(commit, name)))
    texts = [text for commit in base.commits if (text := history.read(commit, name)) is not None]
    return base, texts or [text for commit in base.commits if (text := _moved(history, commit, file)) is not None]


def _moved(history: History, commit: str, file: File) -> bytes | None:
    """The lock in a commit that is in its place no longer and that holds most of what is in `file`."""
    now = _packages(file.data)
    best: tuple[int, bytes] | None = None
    for name in sorted(history.files(commit)):
        if os.path.basename(name) != _LOCK or os.path.lexists(os.path.join(history.repository.top, name)):
            continue
        text = history.read(commit, name)
        common = len(now & _packages(text)) if text else 0
        if text and 2 * common > len(now) and (best is None or common > best[0]):
            best = common, text
    return best and best[1]


def _packages(data: bytes) -> frozenset[bytes]:
    """The packages of a lock, each as its text."""
    return frozenset(part.strip() for part in data.replace(b"\r\n", b"\n").split(b"[[package]]\n")[1:])


def _about_locks(reviews: Reviews) -> list[Review]:
    """The reviews of packages and sources; the others are of WIT, whose packages have a colon in their name."""
    return [
        review
        for review in reviews.entries
        if "+" in review.subject.partition(":")[0] or ":" not in review.subject.partition("@")[0]
    ]


def _is_in(lock: Lockfile, subject: str) -> bool:
    return any(
        subject == package_subject(package)
        or (package.source is not None and subject == source_subject(package.source))
        for package in lock.packages
    )


def _read_age(text: str) -> int:
    from dunnage.review.age_policy import duration

    return duration(text)


BASE = single("--base", "compare with this commit", "REVISION", str, "")
REQUIRE_BASE = flag("--require-base", "fail where there is nothing to compare with")
ALL = flag("--all", "judge the known vulnerabilities of the whole lock, not of what came in alone")
ADVISORY_DB = single(
    "--advisory-db",
    "a clone of RustSec's advisory-db (default: where cargo-audit or cargo-deny keep it)",
    "FOLDER",
    os.path.abspath,
    "",
)
MIN_AGE = single(
    "--min-age",
    "the least age of a version, such as '7 days' (default: cargo's min-publish-age)",
    "AGE",
    _read_age,
    None,
)
REVIEWS = single(
    "--reviews", "a TOML file whose table `reviews` holds reviews, beside Cargo.toml", "FILE", os.path.abspath, ""
)

HOOK = Hook(
    name="review-cargo-lock",
    summary="check that what a commit brings into Cargo.lock has been looked at",
    rules=_RULES,
    check=check,
    comments=toml.comments,
    options=(BASE, REQUIRE_BASE, REVIEWS, ADVISORY_DB, MIN_AGE, ALL),
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the hook and return its exit status."""
    return run(HOOK, argv)


if __name__ == "__main__":
    raise SystemExit(main())
