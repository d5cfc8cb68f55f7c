"""The files that pre-commit reads are made of the registry; `make hooks-file` writes them."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from dunnage.frame.registry import ENTRIES, Entry, files_of_all, pattern

CHECKOUT = Path(__file__).resolve().parent.parent.parent
WIDTH = 120

ALL = Entry(
    id="dunnage",
    concern="",
    title="dunnage",
    description="All hooks of this repository that are on by default, in one process.",
    files=files_of_all(ENTRIES),
)
OWN_HEAD = """\
# Our own hooks, on ourselves, as they stand in the checkout; `make lint` runs them, and sets up the .venv they are in.
# Made of hooks/dunnage/frame/registry.py by `make hooks-file`. The demo's example is wrong on purpose.
exclude: ^demo/example/
repos:
  - repo: local
    hooks:
"""


def files_lines(files: Sequence[str], indent: str) -> Iterator[str]:
    """Yield the lines of the key `files`: one if that is short, and otherwise a verbose regular expression."""
    line = f"{indent}files: {pattern(files)}"
    if len(line) <= WIDTH:
        yield line
        return
    assert not any(set(part) & set(" #") for part in files), "these mean something else in a verbose expression"
    yield f"{indent}files: |"
    yield f"{indent}  (?x)(^|/)("
    *most, last = files
    yield from (f"{indent}    {part}|" for part in most)
    yield f"{indent}    {last}"
    yield f"{indent}  )$"


def hooks_file() -> str:
    """What .pre-commit-hooks.yaml has to be."""
    lines = ["# Made of hooks/dunnage/frame/registry.py by `make hooks-file`."]
    for entry in (ALL, *ENTRIES):
        lines += (
            f"- id: {entry.id}",
            f"  name: {entry.title}",
            f"  description: {entry.description}",
            f"  entry: {'dunnage check' if entry is ALL else entry.id}",
            "  args: [--] # what follows is no option, whatever the name of a file",
            "  language: python",
            *files_lines(entry.files, "  "),
            *(["  types: [text]"] if entry.is_text else []),
            *([f"  stages: [{', '.join(entry.stages)}]"] if entry.stages else []),
            "  require_serial: true",
            "  pass_filenames: true",
            "  minimum_pre_commit_version: 3.2.0",
        )
    return "\n".join(lines) + "\n"


def own_configuration() -> str:
    """What .pre-commit-config.yaml has to be."""
    lines: list[str] = []
    for entry in ENTRIES:
        lines += (
            f"      - id: {entry.id}",
            f"        name: {entry.title}",
            f"        entry: .venv/bin/{entry.id}",
            "        language: system",
            *files_lines(entry.files, "        "),
            *(["        types: [text]"] if entry.is_text else []),
            "        require_serial: true",
        )
    return OWN_HEAD + "\n".join(lines) + "\n"


WRITTEN = {".pre-commit-hooks.yaml": hooks_file, ".pre-commit-config.yaml": own_configuration}


@pytest.mark.parametrize("name", WRITTEN)
def test_the_file_is_what_the_registry_says(name: str) -> None:
    assert (CHECKOUT / name).read_text("utf-8") == WRITTEN[name](), "run `make hooks-file`"


@pytest.mark.parametrize("entry", [ALL, *ENTRIES], ids=lambda entry: entry.id)
def test_yaml_reads_the_pattern_as_it_is_meant(entry: Entry) -> None:
    written: dict[str, Any] = next(it for it in yaml.safe_load(hooks_file()) if it["id"] == entry.id)
    assert written["description"] == entry.description
    assert re.sub(r"\s|\(\?x\)", "", written["files"]) == entry.pattern
    re.compile(written["files"])


@pytest.mark.parametrize("name", WRITTEN)
def test_pre_commit_accepts_the_file(name: str) -> None:
    command = "validate-manifest" if name == ".pre-commit-hooks.yaml" else "validate-config"
    result = subprocess.run(
        [CHECKOUT / ".venv" / "bin" / "pre-commit", command, CHECKOUT / name], check=False, capture_output=True
    )
    assert result.returncode == 0, result.stdout + result.stderr


def write() -> None:
    """Write the files."""
    for name, text in WRITTEN.items():
        (CHECKOUT / name).write_text(text(), "utf-8")


if __name__ == "__main__":
    write()
