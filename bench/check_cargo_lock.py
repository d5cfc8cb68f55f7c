"""Measures check-cargo-lock against a bare Python start and against cargo's own offline answer, side by side.

The hook is installed as pre-commit installs it, in an environment of its own: an editable installation finds its
modules more slowly, and where PYTHONDONTWRITEBYTECODE is set it compiles them anew in every run. Every figure is a
median over rounds in which the contestants take turns, so that a busy machine slows all of them. `make bench` runs it;
the arguments are how many rounds, and a workspace to use in place of the usual one.
"""

from __future__ import annotations

import hashlib
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from oracle.cargo_judge import CRATES_IO, Judge, find_cargo

CHECKOUT = Path(__file__).resolve().parent.parent
CORPUS = CHECKOUT.parent / "shared" / "corpus" / "workspaces" / "cargo"
BIN = "Scripts" if sys.platform == "win32" else "bin"

# Run in a small process of its own: a child's peak counts what its parent held when it was started.
PEAK = """
import os, sys
child = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ)
_, status, usage = os.wait4(child, 0)
print(usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024))
sys.exit(os.waitstatus_to_exitcode(status))
"""


class Installed(NamedTuple):
    """The commands that are measured."""

    python: list[str]
    hook: list[str]


def install(scratch: Path, checkout: Path = CHECKOUT) -> Installed:
    """Install a checkout as pre-commit does: a virtual environment, a wheel, compiled modules."""
    environment = scratch / "environment"
    python = environment / BIN / "python"
    pip = ["-m", "pip", "--disable-pip-version-check", "--quiet"]
    wheel = [*pip, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(scratch), str(checkout)]
    subprocess.run([sys.executable, "-m", "virtualenv", "--quiet", str(environment)], check=True)
    subprocess.run([sys.executable, *wheel], check=True)
    subprocess.run([str(python), *pip, "install", *map(str, scratch.glob("*.whl"))], check=True)
    hook = environment / BIN / "check-cargo-lock"
    return Installed([str(python), "-c", "pass"], [str(hook), "Cargo.toml", "Cargo.lock"])


def generate(folder: Path, crates: int, members: int = 27) -> None:
    """Write a workspace and its lock: `crates` crates of crates.io, each reached from some member."""
    chance = random.Random(crates)
    children: list[list[int]] = [[] for _ in range(crates)]
    for number in range(1, crates):
        children[(number - 1) // 2].append(number)
    for number in range(crates - 1):
        children[number].append(chance.randrange(number + 1, crates))

    def package(name: str, version: str, edges: list[str], crate: bool = True) -> str:
        lines = ["[[package]]", f'name = "{name}"', f'version = "{version}"']
        if crate:
            checksum = hashlib.sha256(name.encode()).hexdigest()
            lines += [f'source = "{CRATES_IO}"', f'checksum = "{checksum}"']
        if edges:
            lines += ["dependencies = [", *(f' "{edge}",' for edge in edges), "]"]
        return "\n".join(lines) + "\n"

    packages: list[str] = []
    for number in range(crates):
        edges = sorted({f"crate-{child:05}" for child in children[number]})
        packages.append(package(f"crate-{number:05}", f"1.{number % 10}.0", edges))
    for number in range(members):
        asked = sorted({0, *(chance.randrange(crates) for _ in range(20))})
        home = folder / "members" / f"member-{number:02}"
        (home / "src").mkdir(parents=True)
        (home / "src" / "lib.rs").touch()
        dependencies = "".join(f'crate-{crate:05} = "1.{crate % 10}"\n' for crate in asked)
        (home / "Cargo.toml").write_text(
            f'[package]\nname = "member-{number:02}"\nversion = "0.1.0"\nedition = "2021"\n\n'
            f"[dependencies]\n{dependencies}",
            encoding="utf-8",
        )
        packages.append(package(f"member-{number:02}", "0.1.0", [f"crate-{crate:05}" for crate in asked], crate=False))
    (folder / "Cargo.toml").write_text('[workspace]\nmembers = ["members/*"]\nresolver = "2"\n', encoding="utf-8")
    (folder / "Cargo.lock").write_text("version = 4\n\n" + "\n".join(packages), encoding="utf-8")


def commit(folder: Path) -> None:
    """Make the folder a git repository in which every file is tracked, as a hook finds it."""
    for command in (["init", "--quiet"], ["add", "--all", "--force"]):
        subprocess.run(["git", *command], cwd=folder, check=True)


def process(command: list[str], folder: Path) -> Callable[[], None]:
    """Return what runs a command to its end; the command must find nothing."""

    def run() -> None:
        result = subprocess.run(
            command, cwd=folder, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        if result.returncode:
            raise SystemExit(f"bench: {' '.join(command)} exited with {result.returncode}:\n{result.stdout}")

    return run


def cargo_answer(cargo: str, scratch: Path, folder: Path) -> Callable[[], None]:
    """Return what has cargo say whether the lock of a workspace is current; it must say yes."""
    judge = Judge(cargo, scratch)
    sources = judge.prepare(folder)

    def run() -> None:
        verdict = judge.ask(folder, sources)
        if not verdict.accepted:
            raise SystemExit(f"bench: cargo refuses the lock: {verdict.said}")

    return run


def medians(contestants: Mapping[str, Callable[[], None]], rounds: int) -> dict[str, float]:
    """Return each contestant's median wall time in seconds; the first round warms the caches and is not counted."""
    times: dict[str, list[float]] = {name: [] for name in contestants}
    for turn in range(rounds + 1):
        for name, run in contestants.items():
            start = time.perf_counter()
            run()
            if turn:
                times[name].append(time.perf_counter() - start)
    return {name: statistics.median(values) for name, values in times.items()}


def peak(hook: list[str], folder: Path) -> float:
    """Return the most memory the hook had in use, in MiB."""
    result = subprocess.run(
        [sys.executable, "-S", "-E", "-c", PEAK, *hook], cwd=folder, check=True, stdout=subprocess.PIPE, text=True
    )
    return int(result.stdout.split()[-1]) / 2**20


def side_by_side(installed: Installed, scratch: Path, source: Path | None, rounds: int) -> None:
    """Print the hook's time and memory on one workspace beside a bare Python start and cargo."""
    folder = scratch / "workspace"
    if source is None:
        folder.mkdir()
        generate(folder, 550)
        name = "a generated workspace"
    else:
        shutil.copytree(source, folder)
        name = f"the workspace {source.name}"
    commit(folder)
    locked = (folder / "Cargo.lock").read_text(encoding="utf-8").count("[[package]]")
    contestants = {
        "python -c pass": process(installed.python, folder),
        "check-cargo-lock": process(installed.hook, folder),
    }
    cargo = find_cargo()
    if cargo is None:
        print("cargo is not on PATH: no comparison with it.\n")
    else:
        contestants["cargo"] = cargo_answer(cargo, scratch / "judge", folder)
    times = medians(contestants, rounds)
    hook = times["check-cargo-lock"]

    print(f"On {name}, {locked} packages in the lock, medians of {rounds}:\n")
    for contestant, seconds in times.items():
        print(f"  {contestant:<18}{seconds * 1000:8.1f} ms")
    print()
    print(f"  {'hook / python':<18}{hook / times['python -c pass']:8.2f}     at most 6")
    if cargo is not None:
        print(f"  {'hook / cargo':<18}{hook / times['cargo']:8.2f}     at most 0.33")
    print(f"  {'peak memory':<18}{peak(installed.hook, folder):8.1f} MiB under 60\n")


def doubling(installed: Installed, scratch: Path, rounds: int) -> None:
    """Print how the hook's time above a bare Python start grows with the number of crates."""
    contestants = {"python": process(installed.python, scratch)}
    sizes = (250, 500, 1000, 2000)
    for crates in sizes:
        folder = scratch / f"generated-{crates}"
        folder.mkdir()
        generate(folder, crates)
        commit(folder)
        contestants[str(crates)] = process(installed.hook, folder)
    times = medians(contestants, rounds)

    print(f"Generated workspaces, medians of {rounds}; growth of the time above `python -c pass`, at most 2:\n")
    before = None
    for crates in sizes:
        above = times[str(crates)] - times["python"]
        growth = f"{above / before:8.2f}" if before else ""
        print(f"  {crates:5} crates{times[str(crates)] * 1000:8.1f} ms{above * 1000:8.1f} ms above start-up{growth}")
        before = above


def main(arguments: list[str]) -> None:
    """Run the benchmark."""
    rounds = int(arguments[0]) if arguments else 15
    usual = CORPUS if CORPUS.is_dir() else None
    source = Path(arguments[1]).resolve() if len(arguments) > 1 else usual
    with tempfile.TemporaryDirectory(prefix="dunnage-bench-") as folder:
        scratch = Path(folder).resolve()
        installed = install(scratch)
        side_by_side(installed, scratch, source, rounds)
        doubling(installed, scratch, rounds)


if __name__ == "__main__":
    main(sys.argv[1:])
