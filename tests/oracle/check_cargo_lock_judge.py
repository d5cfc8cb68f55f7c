"""Does `check-cargo-lock` decide as cargo decides? Over any workspaces, untouched and under seeded damage.

    PYTHONPATH=tests:hooks python tests/oracle/check_cargo_lock_judge.py DIR… [--cases N] [--seed S] [--kind KIND]

takes every workspace with a Cargo.lock below each DIR, works on a copy, and prints each disagreement with the words of
both. A workspace that cargo does not accept untouched is compared untouched, and not damaged.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import random
import shutil
import stat
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from dunnage.check_cargo_lock import main as check_cargo_lock
from oracle import damage
from oracle.cargo_judge import Judge, Verdict, find_cargo

UNTOUCHED = "untouched"


@dataclass(frozen=True)
class Answer:
    """What the hook answered: its findings, one line each, or the traceback it died with."""

    findings: tuple[str, ...]
    crashed: bool = False

    @property
    def accepted(self) -> bool:
        return not self.findings


@dataclass(frozen=True)
class Outcome:
    """What cargo and the hook say of one workspace with one change made to it."""

    workspace: str
    kind: str
    seed: int
    cargo: Verdict
    hook: Answer

    @property
    def agree(self) -> bool:
        return self.cargo.accepted == self.hook.accepted and not self.hook.crashed

    def __str__(self) -> str:
        cargo = "accepts" if self.cargo.accepted else f"refuses: {self.cargo.reason[:600]}"
        hook = "\n              ".join(self.hook.findings[:5]) or "accepts"
        return f"{self.workspace} · {self.kind} · seed {self.seed}\n    cargo     {cargo}\n    the hook  {hook}"


def ask_hook(root: Path) -> Answer:
    """What `check-cargo-lock` says of the workspace at `root`."""
    printed = io.StringIO()
    before = Path.cwd()
    os.chdir(root)
    names = ["Cargo.toml", *(["Cargo.lock"] if Path("Cargo.lock").exists() else [])]
    try:
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
            status = check_cargo_lock(["--output-format", "json", *names])
        report = json.loads(printed.getvalue())
    except Exception:  # noqa: BLE001 - whatever it dies of is its answer
        return Answer((traceback.format_exc(),), crashed=True)
    finally:
        os.chdir(before)
    findings = tuple(
        f"{found['path']}:{found['start']['line']}: {found['rule']} {found['message']}" for found in report["findings"]
    )
    if status != (1 if findings else 0):
        return Answer((f"exit status {status} with {len(findings)} findings", *findings), crashed=True)
    return Answer(findings)


class Arena:
    """One workspace in a place of its own, where changes are made, judged by both, and undone."""

    def __init__(self, judge: Judge, root: Path, name: str) -> None:
        self.name = name
        self._judge = judge
        self._root = root
        self._sources = judge.prepare(root)
        self._workspace = damage.read(root)

    def untouched(self) -> Outcome:
        """What both say of the workspace as it is."""
        return Outcome(self.name, UNTOUCHED, 0, self._judge.ask(self._root, self._sources), ask_hook(self._root))

    def changed(self, kind: str, seed: int) -> Outcome | None:
        """What both say after one change; None where its kind does not apply here."""
        changes = damage.damage(self._workspace, kind, seed)
        if changes is None:
            return None
        with self._put_in_place(changes):
            return Outcome(self.name, kind, seed, self._judge.ask(self._root, self._sources), ask_hook(self._root))

    def cases(self, count: int, seed: int, kinds: Sequence[str] = ()) -> Iterator[Outcome]:
        """At most `count` outcomes: every kind in turn, or those given, in an order that name and seed decide."""
        order = list(kinds or damage.KINDS)
        random.Random(f"{self.name} {seed}").shuffle(order)
        done = 0
        for number in range(max(1, 3 * count // len(order) + 1)):
            for kind in order:
                if done == count:
                    return
                outcome = self.changed(kind, seed + number)
                if outcome is not None:
                    done += 1
                    yield outcome

    @contextlib.contextmanager
    def _put_in_place(self, changes: damage.Changes) -> Iterator[None]:
        before: dict[Path, bytes | None] = {}
        folders: list[Path] = []
        try:
            for path, data in changes.items():
                place = self._root / path
                before[place] = place.read_bytes() if place.is_file() else None
                folders += [folder for folder in reversed(place.parents) if not folder.exists()]
                place.parent.mkdir(parents=True, exist_ok=True)
                _put(place, data)
            yield
        finally:
            for place, data in before.items():
                _put(place, data)
            for folder in reversed(folders):
                shutil.rmtree(folder, ignore_errors=True)


def _put(place: Path, data: bytes | None) -> None:
    if data is None:
        place.unlink(missing_ok=True)
    else:
        place.write_bytes(data)


def arenas(judge: Judge, origin: Path, scratch: Path) -> Iterator[Arena]:
    """A copy of a folder, and an arena for each workspace in it that has a lock which can be read."""
    copy = scratch / origin.name
    shutil.copytree(origin, copy, symlinks=True, ignore=shutil.ignore_patterns(".git", "target"))
    for place in (copy, *copy.rglob("*")):
        if not place.is_symlink():
            place.chmod(place.stat().st_mode | stat.S_IWUSR)
    for lock in sorted(copy.rglob("Cargo.lock")):
        root = lock.parent
        if not (root / "Cargo.toml").is_file() or judge.root_of(root) not in (None, root.resolve()):
            continue
        try:
            yield Arena(judge, root, str(Path(origin.name) / root.relative_to(copy)))
        except ValueError as error:
            print(f"{root}: left out, its lock cannot be read: {error}")  # noqa: T201 - a program of its own


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path, metavar="DIR")
    parser.add_argument("--cases", type=int, default=100, help="for each workspace (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--kind", action="append", default=[], choices=sorted(damage.KINDS), help="only this kind")
    options = parser.parse_args(argv)
    cargo = find_cargo()
    if cargo is None:
        parser.error("cargo is not on PATH")
    started = time.monotonic()
    totals: Counter[str] = Counter()
    by_kind: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as place:
        judge = Judge(cargo, Path(place, "cargo"))
        for origin in options.folders:
            for arena in arenas(judge, origin.resolve(), Path(place, "copies")):
                _compare(arena, options, totals, by_kind)
            shutil.rmtree(Path(place, "copies"), ignore_errors=True)
    for name, count in by_kind.most_common():
        _say(f"{count:6} disagreements · {name}")
    numbers = ", ".join(f"{count} {name}" for name, count in sorted(totals.items()))
    _say(f"{numbers} in {time.monotonic() - started:.0f} s")
    return 1 if by_kind else 0


def _compare(arena: Arena, options: argparse.Namespace, totals: Counter[str], by_kind: Counter[str]) -> None:
    first = arena.untouched()
    totals["workspaces"] += 1
    outcomes = [first] if not first.cargo.accepted else [first, *arena.cases(options.cases, options.seed, options.kind)]
    for outcome in outcomes:
        totals["cases"] += 1
        totals["accepted by cargo" if outcome.cargo.accepted else "refused by cargo"] += 1
        if not outcome.agree:
            totals["disagreements"] += 1
            by_kind[outcome.kind] += 1
            _say(f"{outcome}\n")
        if damage.KINDS.get(outcome.kind) and damage.KINDS[outcome.kind].harmless and not outcome.cargo.accepted:
            _say(f"not harmless: {outcome}\n")
    if not first.cargo.accepted and first.agree:
        _say(f"{arena.name}: both refuse it untouched: {first.cargo.reason[:200]}\n")


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - a program of its own


if __name__ == "__main__":
    sys.exit(main())
