"""How many of the commits that matter `watch-upstream` finds, and how many that do not, beside a wide keyword filter.

The labels are in upstream_labels.txt, and the clones in the folder MIRRORS. One of them is RustSec/advisory-db.
Usage: upstream_signals.py MIRRORS
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from dunnage.upstream import clone, commits
from dunnage.upstream.affected import LockHistory
from dunnage.upstream.clone import Clone
from dunnage.upstream.source import Commit

LABELS = Path(__file__).resolve().parent / "upstream_labels.txt"
OWNER = "bytecodealliance"
WIDE = re.compile(
    r"security|CVE|cert|tls|parse|overflow|panic|registry|warg|mitm|ssrf|inject|vuln|fix.*auth|bypass", re.IGNORECASE
)


class Judged(NamedTuple):
    """A labelled commit, and what the program makes of it."""

    part: str
    """The heading of its stretch of history."""
    is_relevant: bool
    is_wide: bool
    is_named: bool
    is_cleared: bool
    is_reading: bool


def judged(mirrors: str) -> Iterator[Judged]:
    """Judge every labelled commit."""
    database = clone.local([mirrors], "")
    if database is None:
        raise SystemExit(f"there is no RustSec/advisory-db in {mirrors}")
    part = ""
    locks: dict[str, tuple[Clone, LockHistory]] = {}
    for line in LABELS.read_text("utf-8").splitlines():
        if line.startswith("["):
            part = line
        elif not line.startswith("#"):
            name, revision, label = line.split()
            if name not in locks:
                found = Clone(f"{OWNER}/{name}", clone.find([mirrors], f"{OWNER}/{name}"))
                locks[name] = found, LockHistory(found, database, "Cargo.lock")
            history, lock_history = locks[name]
            commit = history.commit(revision)
            if commit is None:
                raise SystemExit(f"the clone of {name} does not have the commit {revision}")
            yield judge(part, label != "0", commit, history.paths(commit), lock_history)


def judge(part: str, is_relevant: bool, commit: Commit, paths: Sequence[str], locks: LockHistory) -> Judged:
    """Judge one commit."""
    return Judged(
        part,
        is_relevant,
        WIDE.search(commit.message) is not None,
        bool(commits.advisories(commit) or commits.is_private_fix(commit)) and commits.is_fix(commit, paths),
        "Cargo.lock" in paths and any(not each.advisory.informational for each in locks.cleared(commit)),
        bool(commits.words(commit)) and commits.is_reading(commit, paths),
    )


def main(mirrors: str) -> None:
    """Print precision and recall for each stretch of history, and for all."""
    everything = list(judged(mirrors))
    for part in [*dict.fromkeys(each.part for each in everything), ""]:
        chosen = [each for each in everything if part in ("", each.part)]
        relevant = sum(each.is_relevant for each in chosen)
        print(f"{part or '[all]'} {len(chosen):,} commits, {relevant} relevant")
        for name, flags in {
            "wide keyword filter": [each.is_wide for each in chosen],
            "advisories cleared": [each.is_cleared for each in chosen],
            "reading list": [each.is_reading for each in chosen],
            "all signals": [each.is_named or each.is_cleared or each.is_reading for each in chosen],
        }.items():
            hits = sum(flag and each.is_relevant for flag, each in zip(flags, chosen, strict=True))
            print(
                f"  {name:20} flagged {sum(flags):4}  precision {hits / sum(flags):4.0%}  recall {hits / relevant:4.0%}"
            )


if __name__ == "__main__":
    main(*sys.argv[1:])
