"""The pins of a repository that a change updates."""

from __future__ import annotations

import subprocess
from pathlib import Path

from dunnage.files import git
from dunnage.files.source import Tree
from dunnage.upstream.pins import moved
from repository import write_tracked
from steps import assert_linear


def _install(minor: int, count: int) -> None:
    operands = "".join(f" a@{at}.{minor}.0" for at in range(count))
    write_tracked({"a.sh": f"cargo install --locked{operands}\n"})


def test_many_versions_of_one_tool(repository: Path) -> None:
    def run(count: int) -> None:
        _install(0, count)
        identity = ["-c", "user.name=a", "-c", "user.email=a@b"]
        subprocess.run(["git", *identity, "commit", "--quiet", "--message=a"], check=True)
        _install(1, count)
        found = git.repository(str(repository))
        assert found is not None
        updates = moved(found, Tree(), "HEAD")
        assert {(each.version, each.newer) for each in updates} == {
            (f"{count - 1}.0.0", f"{at}.1.0") for at in range(count)
        }

    assert_linear(run, 60)
