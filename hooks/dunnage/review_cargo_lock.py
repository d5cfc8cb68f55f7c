"""What a commit brings into Cargo.lock has been looked at.

Compares Cargo.lock with what it was, offline, and reports the changes that hijacked and malicious crates need. A lock
can be a faithful resolution of its manifests and still bring in a payload: `cargo --locked` accepts that.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

from dunnage.cargo.lockfile import LockedPackage, Lockfile
from dunnage.files import toml
from dunnage.files.document import Problem
from dunnage.files.git import repository
from dunnage.files.source import File, SourceError, Tree
from dunnage.frame.finding import Finding, Rule, findings
from dunnage.frame.hook import Hook, run
from dunnage.frame.options import Options, flag, single
from dunnage.review import changes as lock_changes
from dunnage.review.base import Base, History, same_text
from dunnage.review.changes import Changes
from dunnage.review.concern import Advice, Concern, package_subject, source_subject
from dunnage.review.reviews import Review, Reviews, problems
from dunnage.review.reviews import read as read_reviews

_LOCK = "Cargo.lock"
_RULES = (
    Rule("lock-review/checksum-changed", "the same version of a crate has another checksum than before"),
    Rule("lock-review/grew", "a compatible update of a crate without dependencies brings in a crate new to the lock"),
    Rule("lock-review/look-alike", "a new crate has a name that resembles a well-known or already locked one"),
    Rule("lock-review/new-source", "a crate comes from a registry, a git repository or a folder that is new to it"),
    Rule("lock-review/downgrade", "versions go back within their compatible range"),
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
    try:
        file = this.tree.read(path)
    except (FileNotFoundError, SourceError):
        return  # check-cargo-lock reports what cannot be read
    lock = lock_changes.read(file)
    if lock is None:
        this.options.notes.append(f"{file.path} cannot be read, so its changes are not judged")
        return
    folder = os.path.dirname(path)
    reviews = read_reviews(this.tree, folder, this.options[REVIEWS])
    yield from problems(_about_locks(reviews), "lock-review/stale-review", lambda subject: _is_in(lock, subject))
    base, old = _base(this.history(folder), path, file)
    if base.missing:
        message = f"there is nothing to compare this lock with: {base.missing}"
        this.options.notes.append(f"{file.path}: {message}")
        if this.options[REQUIRE_BASE]:
            help = "fetch the history (`fetch-depth: 0` with actions/checkout), or name a commit with --base"
            yield Problem("lock-review/no-base", file, message, help, ("version",))
        return
    if not old:
        this.options.notes.append(f"{file.path} is new, so there is nothing to compare it with")
        return
    if len(old) == 1 and same_text(file.data, old[0].file.data):
        return
    advice = Advice(file.path, base.revision, reviews.place())
    changes = lock_changes.compare(lock, old)
    for concern in _concerns(changes, advice, reviews, this.tree, folder):
        yield concern.problem


def _concerns(changes: Changes, advice: Advice, reviews: Reviews, tree: Tree, folder: str) -> Iterator[Concern]:
    from dunnage.review import lock_rules
    from dunnage.review.manifests import LockedWorkspace

    def is_reviewed(package: LockedPackage) -> bool:
        return reviews.accepts(package_subject(package))

    workspace = LockedWorkspace(tree, folder)
    unreviewed = changes.without(is_reviewed)
    yield from lock_rules.checksum_changed(changes, advice)
    yield from lock_rules.grew(unreviewed, advice)
    yield from lock_rules.look_alike(unreviewed, advice)
    yield from lock_rules.new_source(unreviewed, advice, reviews.accepts)
    yield from lock_rules.downgrade(unreviewed, advice, workspace.explain)


def _base(history: History | None, path: str, file: File) -> tuple[Base, tuple[Lockfile, ...]]:
    """Find the commits to compare a lock with, and the locks there: none if the lock is new."""
    if history is None:
        return Base((), "it is in no git repository"), ()
    name = os.path.relpath(path, history.repository.top).replace(os.sep, "/")
    base = history.base(lambda commit: not same_text(file.data, history.read(commit, name)))
    texts = [text for commit in base.commits if (text := history.read(commit, name)) is not None]
    if not texts:
        texts = [text for commit in base.commits if (text := _moved(history, commit, file)) is not None]
    locks = [lock_changes.read(File(file.path, text)) for text in texts]
    if locks and None in locks:
        return Base((), f"the lock in {base.revision} cannot be read"), ()
    return base, tuple(lock for lock in locks if lock)


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


BASE = single("--base", "compare with this commit", "REVISION", str, "")
REQUIRE_BASE = flag("--require-base", "fail where there is nothing to compare with")
REVIEWS = single(
    "--reviews", "a TOML file whose table `reviews` holds reviews, beside Cargo.toml", "FILE", os.path.abspath, ""
)

HOOK = Hook(
    name="review-cargo-lock",
    summary="check that what a commit brings into Cargo.lock has been looked at",
    rules=_RULES,
    check=check,
    comments=toml.comments,
    options=(BASE, REQUIRE_BASE, REVIEWS),
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the hook and return its exit status."""
    return run(HOOK, argv)


if __name__ == "__main__":
    raise SystemExit(main())
