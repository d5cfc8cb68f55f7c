"""Compares all hooks with those of another commit: alone on one file, on repositories, and together in one process.

On a repository, the hooks get the files that `dunnage check` gives them, one after the other, and then in one process:
`dunnage check --all`, and with `--only` those hooks that read commands. Findings are allowed, and not looked at. The
arguments are repositories with files that git tracks; `--rounds N` is how many rounds, and `--base BASE` the commit, or
the folder of a checkout, to compare with. Every figure is the least processor time of all rounds, which a busy machine
changes less than the time on the clock. At the end are the lines of code of both.
"""

from __future__ import annotations

import argparse
import ast
import io
import os
import resource
import subprocess
import tempfile
import tokenize
from collections.abc import Callable, Mapping
from pathlib import Path

from bench.check_cargo_lock import CHECKOUT, CORPUS, commit, install
from dunnage.files.source import Tree
from dunnage.frame import selection
from dunnage.frame.registry import CI, ENTRIES

MOST_OF_ALL, MOST_OF_COMMANDS = 0.6, 0.5

FILES = {
    ".github/workflows/ci.yml": """\
on: [push, pull_request, schedule]
jobs:
  test:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - run: cargo install cargo-deny@0.20.2 --locked
      - run: cargo test --locked
      - run: cargo deny --locked check
""",
    "Cargo.lock": 'version = 4\n\n[[package]]\nname = "a"\nversion = "0.1.0"\n',
    "Cargo.toml": '[package]\nname = "a"\nversion = "0.1.0"\nedition = "2021"\n',
    "Dockerfile": """\
FROM rust:1.95.0
RUN cargo install cargo-deny@0.20.2 --locked
COPY . .
RUN cargo build --release --locked
""",
    "deny.toml": """\
[advisories]
yanked = "deny"

[licenses]
allow = ["MIT"]

[bans]
multiple-versions = "deny"
wildcards = "deny"

[sources]
unknown-registry = "deny"
unknown-git = "deny"
""",
    "src/lib.rs": "",
    "wit/a.wit": "package example:a@0.1.0;\n\ninterface b {\n    c: func() -> u32;\n}\n",
}
"""A repository in which nothing is to be found. Each hook is given one of its files, the first that it checks."""


def process(command: list[str], folder: Path) -> Callable[[], None]:
    """Return what runs a command to its end; it may find something."""

    def run() -> None:
        result = subprocess.run(command, cwd=folder, check=False, capture_output=True, text=True)
        if result.returncode not in (0, 1) or "Traceback" in result.stderr:
            raise SystemExit(f"bench: {command[0]} exited with {result.returncode}:\n{result.stderr}")

    return run


def least(contestants: Mapping[str, Callable[[], None]], rounds: int) -> dict[str, float]:
    """Return each contestant's least processor time in seconds; the first round warms the caches."""
    times: dict[str, list[float]] = {name: [] for name in contestants}
    for turn in range(rounds + 1):
        for name, run in contestants.items():
            before = processor_time()
            run()
            if turn:
                times[name].append(processor_time() - before)
    return {name: min(values) for name, values in times.items()}


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
        for entry, names in selection.assign(ENTRIES, paths).items()
    }


def commands(names: Mapping[str, list[str]], programs: Path, base: Path | None) -> dict[str, list[str]]:
    """Return the commands of the hooks on their files, and those of the base as `base HOOK`."""
    found = {hook: [str(programs / hook), *files] for hook, files in names.items()}
    if base:
        found |= {f"base {hook}": [str(base / hook), *names[hook]] for hook in names if (base / hook).exists()}
    return found


def print_times(names: Mapping[str, list[str]], times: Mapping[str, float]) -> None:
    """Print the time of each hook, and its ratio to that of the base."""
    for hook, files in names.items():
        before = times.get(f"base {hook}")
        compared = f"{times[hook] / before:8.2f} of the base's {before * 1000:.1f} ms" if before else ""
        print(f"  {hook:24}{len(files):6} files{times[hook] * 1000:9.1f} ms{compared}")


def compare_alone(folder: Path, programs: Path, base: Path | None, rounds: int) -> None:
    """Print how long each hook takes on one file."""
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    commit(folder)
    names = {hook: files[:1] for hook, files in names_by_hook(folder).items()}
    times = least(
        {name: process(command, folder) for name, command in commands(names, programs, base).items()}, rounds * 4
    )
    print(f"\nOne file, the least of {rounds * 4}:\n")
    print_times(names, times)


def compare(folder: Path, programs: Path, base: Path | None, rounds: int) -> None:
    """Print how long the hooks take in a repository, alone and together."""
    names = names_by_hook(folder)
    reading = {entry.id for entry in ENTRIES if {*CI} & {*entry.files}}
    together = {"all hooks": (list(names), MOST_OF_ALL, "--all")}
    readers = [hook for hook in names if hook in reading]
    only = f"--only={','.join(readers)}"
    together["hooks that read commands"] = (readers, MOST_OF_COMMANDS, only)
    found = commands(names, programs, base)
    found |= {title: [str(programs / "dunnage"), "check", option] for title, (_, _, option) in together.items()}
    times = least({name: process(command, folder) for name, command in found.items()}, rounds)

    print(f"\n{folder.name}, the least of {rounds}:\n")
    print_times(names, times)
    for title, (hooks, most, _) in together.items():
        after = sum(times[hook] for hook in hooks)
        print(f"  {title}: one after the other {after * 1000:.1f} ms, in one process {times[title] * 1000:.1f} ms,")
        print(f"    {times[title] / after:.2f}, at most {most}")


def lines_of_code(checkout: Path) -> int:
    """Count the lines in `hooks/` that hold more than comments and docstrings."""
    count = 0
    for path in (checkout / "hooks").rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        kinds = (tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER)
        tokens = [token for token in tokenize.generate_tokens(io.StringIO(text).readline) if token.type not in kinds]
        lines = {line for token in tokens for line in range(token.start[0], token.end[0] + 1)}
        for node in ast.walk(ast.parse(text)):
            if (
                isinstance(node, ast.Expr)
                and isinstance(node.value, ast.Constant)
                and isinstance(node.value.value, str)
            ):
                lines -= {*range(node.lineno, (node.end_lineno or node.lineno) + 1)}
        count += len(lines)
    return count


def checkout_of(base: str, scratch: Path) -> Path:
    """Return the folder of a base, which may be a commit of this checkout."""
    if Path(base).is_dir():
        return Path(base).resolve()
    folder = scratch / "checkout"
    folder.mkdir()
    archive = subprocess.run(["git", "archive", base], cwd=CHECKOUT, check=True, stdout=subprocess.PIPE)
    subprocess.run(["tar", "-x"], cwd=folder, check=True, input=archive.stdout)
    return folder


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("repositories", nargs="*", type=Path, metavar="REPOSITORY")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--base", metavar="BASE")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="dunnage-bench-") as scratch:
        folder = Path(scratch).resolve()
        for name in ("new", "base", "alone"):
            (folder / name).mkdir()
        programs = Path(install(folder / "new").python[0]).parent
        before = checkout_of(given.base, folder) if given.base else None
        base = Path(install(folder / "base", before).python[0]).parent if before else None
        repositories = [path.resolve() for path in given.repositories]
        if not repositories and CORPUS.is_dir():
            subprocess.run(["cp", "-R", str(CORPUS), str(folder / CORPUS.name)], check=True)
            commit(folder / CORPUS.name)
            repositories.append(folder / CORPUS.name)
        compare_alone(folder / "alone", programs, base, given.rounds)
        for repository in repositories:
            compare(repository, programs, base, given.rounds)
        compared = f"; in the base {lines_of_code(before):,}" if before else ""
        print(f"\nLines of code in hooks/: {lines_of_code(CHECKOUT):,}{compared}")


if __name__ == "__main__":
    main()
