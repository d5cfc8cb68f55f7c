"""Measures review-cargo-lock on 1,000 crates of which 30 changed, everything cached, and on a lock that did not change.

The hook is installed as pre-commit installs it. The crates have the size of usual ones: 300 KB of source, and 60
versions in the index. `make bench` runs it; the argument is how many rounds.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import random
import re
import shutil
import sys
import tempfile
from pathlib import Path

from bench.check_cargo_lock import BIN, commit, generate, install, medians, process
from review.home import add_archive, add_entries, dependency, tar

CRATES, CHANGED, VERSIONS = 1000, 30, 60
PACKAGE = re.compile(
    r'name = "(?P<name>crate-\d+)"\nversion = "(?P<version>[^"]+)"\nsource = .*\nchecksum = "(?P<sum>\w+)"\n'
    r"(?:dependencies = \[\n(?P<edges>(?: .*\n)*)\])?"
)


def change(folder: Path, home: Path) -> str:
    """Return the lock with newer versions of some crates, whose archives and index entries are put into the home."""
    chance = random.Random(CRATES)
    text = (folder / "Cargo.lock").read_text(encoding="utf-8")
    chosen = chance.sample([match["name"] for match in PACKAGE.finditer(text)], CHANGED)
    words = [f"word{number}" for number in range(500)]

    def newer(match: re.Match[str]) -> str:
        if match["name"] not in chosen:
            return match[0]
        version = match["version"].removesuffix("0") + "1"
        root = f"{match['name']}-{version}"
        source = "\n".join(" ".join(chance.choices(words, k=12)) for _ in range(350)).encode()
        files = [(f"{root}/Cargo.toml", f'[package]\nname = "{match["name"]}"\nversion = "{version}"\n'.encode())]
        files += [(f"{root}/src/module_{number}.rs", source) for number in range(10)]
        checksum = add_archive(home, root, gzip.compress(tar(files), 6))
        edges = re.findall(r'"([^"]+)"', match["edges"] or "")
        entry = {
            "deps": [dependency(edge, "^1") for edge in edges],
            "features": {f"feature-{number}": ["std"] for number in range(10)},
            "yanked": False,
            "pubtime": "2024-01-01T00:00:00Z",
        }
        old = [
            {"vers": f"0.{number}.0", "cksum": hashlib.sha256(root.encode()).hexdigest(), **entry}
            for number in range(VERSIONS)
        ]
        add_entries(home, match["name"], [*old, {"vers": version, "cksum": checksum, **entry}])
        return match[0].replace(match["version"], version).replace(match["sum"], checksum)

    return PACKAGE.sub(newer, text)


def main(arguments: list[str]) -> None:
    """Run the benchmark."""
    rounds = int(arguments[0]) if arguments else 15
    with tempfile.TemporaryDirectory(prefix="dunnage-bench-") as folder:
        scratch = Path(folder).resolve()
        python = install(scratch).python
        hook = [str(scratch / "environment" / BIN / "review-cargo-lock"), "Cargo.lock"]
        same, changed, home = scratch / "same", scratch / "changed", scratch / "home"
        generate(same, CRATES)
        commit(same)
        process(["git", "-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "x"], same)()
        shutil.copytree(same, changed)
        (changed / "Cargo.lock").write_text(change(changed, home), encoding="utf-8")
        (home / "advisory-db" / "crates").mkdir(parents=True)
        os.environ["CARGO_HOME"] = str(home)
        for variable in ("CI", "PRE_COMMIT_FROM_REF", "PRE_COMMIT_TO_REF"):
            os.environ.pop(variable, None)
        times = medians(
            {"python": process(python, same), "same": process(hook, same), "changed": process(hook, changed)}, rounds
        )
    start = times["python"]
    print(f"A lock of {CRATES:,} crates, everything cached, medians of {rounds}:\n")
    print(f"  {'python -c pass':<20}{start * 1000:8.1f} ms")
    for name, title, limit in (("same", "nothing changed", 4), ("changed", f"{CHANGED} crates changed", 8)):
        print(f"  {title:<20}{times[name] * 1000:8.1f} ms{times[name] / start:8.2f} times, at most {limit}")


if __name__ == "__main__":
    main(sys.argv[1:])
