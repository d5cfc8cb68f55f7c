"""Locks that a commit outdates elsewhere in a repository: cargo rejects exactly those that are reported."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from cargo.concerned_test import COMMITS, commit
from cargo.files import found

BROKEN_BEFORE = {"stale", "broken"}


@pytest.mark.parametrize("name", COMMITS)
def test_commit(cargo: str, repository: Path, name: str) -> None:
    names = [path for path in commit(repository, name) if not path.endswith(".rs")]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CARGO")}
    environment["CARGO_HOME"] = str(repository.parent / "home")

    def accepts(folder: Path) -> bool:
        command = [cargo, "metadata", "--locked", "--offline", "--format-version", "1"]
        return not subprocess.run(command, cwd=folder, env=environment, check=False, capture_output=True).returncode

    rejected = {path.parent.name for path in repository.glob("*/Cargo.lock") if not accepts(path.parent)}
    reported = {
        folder
        for line in found("--libraries-may-omit", *names)
        for folder in ("app", "patched", "split")
        if f"{folder}/" in line
    }
    assert rejected - BROKEN_BEFORE == reported
