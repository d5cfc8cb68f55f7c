"""Measures `dunnage check --all` against its hooks one after the other, and these against those of another checkout.

The hooks are given the files that pre-commit would give them. Findings are allowed, and not looked at. `make bench`
runs it on a workspace beside the checkout, if there is one. The arguments are repositories with files that git tracks;
`--rounds N` is how many rounds, and `--base CHECKOUT` a checkout to compare each hook with. Every figure is a median of
processor time, which a busy machine changes less than the time on the clock.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from bench.check_cargo_lock import CORPUS, commit, install
from dunnage.files.source import Tree
from dunnage.frame import selection
from dunnage.frame.registry import ENTRIES, SCRIPTS

MOST_OF_ALL, MOST_OF_SCRIPTS = 0.6, 0.5


def process(command: list[str], folder: Path) -> Callable[[], None]:
    """Return what runs a command to its end; it may find something."""

    def run() -> None:
        result = subprocess.run(command, cwd=folder, check=False, capture_output=True, text=True)
        if result.returncode not in (0, 1) or "Traceback" in result.stderr:
            raise SystemExit(f"bench: {command[0]} exited with {result.returncode}:\n{result.stderr}")

    return run


def medians(contestants: Mapping[str, Callable[[], None]], rounds: int) -> dict[str, float]:
    """Return each contestant's median processor time in seconds; the first round warms the caches."""
    times: dict[str, list[float]] = {name: [] for name in contestants}
    for turn in range(rounds + 1):
        for name, run in contestants.items():
            before = processor_time()
            run()
            if turn:
                times[name].append(processor_time() - before)
    return {name: statistics.median(values) for name, values in times.items()}


def processor_time() -> float:
    """Return how many seconds the processes that have ended so far have computed."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def names_by_hook(folder: Path) -> dict[str, list[str]]:
    """The files of each hook that has any in a repository."""
    tree = Tree()
    paths = selection.tracked(tree, [str(folder)])
    return {
        entry.id: [os.path.relpath(name, folder) for name in names]
        for entry, names in selection.assign(ENTRIES, paths, tree).items()
    }


def compare(folder: Path, programs: Path, base: Path | None, rounds: int) -> None:
    """Print how long the hooks take in a repository."""
    names = names_by_hook(folder)
    readers = [entry.id for entry in ENTRIES if entry.id in names and {*SCRIPTS} & {*entry.files}]
    readers += ["check-locked-builds"] if "check-locked-builds" in names else []
    contestants = {hook: process([str(programs / hook), *files], folder) for hook, files in names.items()}
    contestants["all"] = process([str(programs / "dunnage"), "check", "--all"], folder)
    only = [f"--only={hook}" for hook in readers]
    contestants["readers"] = process([str(programs / "dunnage"), "check", *only], folder)
    for hook in names if base else ():
        if base and (base / hook).exists():
            contestants[f"base {hook}"] = process([str(base / hook), *names[hook]], folder)
    times = medians(contestants, rounds)

    print(f"\n{folder.name}, medians of {rounds}:\n")
    for hook in names:
        before = times.get(f"base {hook}")
        compared = f"{times[hook] / before:8.2f} of the base's {before * 1000:.1f} ms" if before else ""
        print(f"  {hook:24}{len(names[hook]):6} files{times[hook] * 1000:9.1f} ms{compared}")
    for title, key, hooks, most in (
        ("all hooks", "all", list(names), MOST_OF_ALL),
        ("hooks that read commands", "readers", readers, MOST_OF_SCRIPTS),
    ):
        after = sum(times[hook] for hook in hooks)
        print(f"  {title}: one after the other {after * 1000:.1f} ms, in one process {times[key] * 1000:.1f} ms,")
        print(f"    {times[key] / after:.2f}, at most {most}")


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("repositories", nargs="*", type=Path, metavar="REPOSITORY")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--base", type=Path, metavar="CHECKOUT")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="dunnage-bench-") as scratch:
        folder = Path(scratch).resolve()
        (folder / "new").mkdir()
        python, _ = install(folder / "new")
        base = None
        if given.base:
            (folder / "base").mkdir()
            base = Path(install(folder / "base", given.base.resolve())[0][0]).parent
        repositories = [path.resolve() for path in given.repositories]
        if not repositories and CORPUS.is_dir():
            subprocess.run(["cp", "-R", str(CORPUS), str(folder / CORPUS.name)], check=True)
            commit(folder / CORPUS.name)
            repositories.append(folder / CORPUS.name)
        for repository in repositories:
            compare(repository, Path(python[0]).parent, base, given.rounds)


if __name__ == "__main__":
    main()
