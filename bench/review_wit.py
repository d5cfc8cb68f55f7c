"""Measures review-wit on 300 WIT files in ten folders, of which 3 changed, and on files that did not change.

The hook is installed as pre-commit installs it, and git has packed what is committed. A world exports more, a vendored
package has another interface, and a comment changes: nothing is to be found. `make bench` runs it; the argument is how
many rounds.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path

from bench.check_cargo_lock import BIN, commit, install, medians, process
from bench.check_wit import INTERFACE

FOLDERS, PACKAGES, FILES = 10, 5, 6
USE = "    use example:other/streams@0.2.0.{input-stream, output-stream as output};\n"


def generate(folder: Path) -> None:
    """Write WIT folders: each has a world, and five vendored packages of six files, without one."""
    for number in range(FOLDERS):
        wit = folder / f"crates/app-{number}/wit"
        imports = "".join(f"    import example:package-{package}/part-0-a@0.2.0;\n" for package in range(PACKAGES))
        wit.mkdir(parents=True)
        (wit / "world.wit").write_text(f"package acme:app-{number};\n\nworld app {{\n{imports}}}\n", encoding="utf-8")
        for package in range(PACKAGES):
            for part in range(FILES - (package == 0)):
                interfaces = "".join(INTERFACE.format(number=part, letter=letter) for letter in "ab").replace(USE, "")
                path = wit / f"deps/package-{package}/part-{part}.wit"
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(f"package example:package-{package}@0.2.0;\n{interfaces}", encoding="utf-8")


def change(folder: Path) -> list[str]:
    """Change a world, a package and a comment in three folders, and return the names of the files."""
    changes = {
        "crates/app-0/wit/world.wit": ("world app {", "world app {\n    export example:package-1/part-0-b@0.2.0;"),
        "crates/app-1/wit/deps/package-2/part-3.wit": ("@since", "interface more { f: func(); }\n@since"),
        "crates/app-2/wit/deps/package-3/part-1.wit": ("In bytes", "In octets"),
    }
    for name, (old, new) in changes.items():
        path = folder / name
        path.write_text(path.read_text("utf-8").replace(old, new, 1), encoding="utf-8")
    return list(changes)


def main(arguments: list[str]) -> None:
    """Run the benchmark."""
    rounds = int(arguments[0]) if arguments else 15
    with tempfile.TemporaryDirectory(prefix="dunnage-bench-") as scratch:
        folder = Path(scratch).resolve()
        python = install(folder).python
        hook = str(folder / "environment" / BIN / "review-wit")
        same, changed = folder / "same", folder / "changed"
        generate(same)
        commit(same)
        process(["git", "-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "x"], same)()
        process(["git", "gc", "--quiet"], same)()
        shutil.copytree(same, changed)
        process(["git", "update-index", "--refresh"], changed)()
        names = change(changed)
        every = sorted(str(path.relative_to(same)) for path in same.rglob("*.wit"))
        for variable in ("CI", "PRE_COMMIT_FROM_REF", "PRE_COMMIT_TO_REF"):
            os.environ.pop(variable, None)
        times = medians(
            {
                "python": process(python, same),
                "same": process([hook, *every], same),
                "named": process([hook, *names], changed),
                "changed": process([hook, *every], changed),
            },
            rounds,
        )
    start = times["python"]
    print(f"{len(every)} WIT files in {FOLDERS} folders, medians of {rounds}:\n")
    print(f"  {'python -c pass':<26}{start * 1000:8.1f} ms")
    for name, title in (
        ("same", "nothing changed"),
        ("named", f"{len(names)} changed and named"),
        ("changed", f"{len(names)} changed, all named"),
    ):
        print(f"  {title:<26}{times[name] * 1000:8.1f} ms{times[name] / start:8.2f} times, at most 8")


if __name__ == "__main__":
    main(sys.argv[1:])
