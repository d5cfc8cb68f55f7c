"""pre-commit and prek run review-cargo-lock: what it compares with, by how it comes to be run."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from cargo.files import lock, write
from clients.hooks import Hooks
from demo.run import commit_all

BEFORE = "app 0.1.0 -> arrayref\narrayref 0.3.9 crates.io"
AFTER = "app 0.1.0 -> arrayref\narrayref 0.3.10 crates.io -> helper\nhelper 1.0.0 crates.io"
OTHER = f"{BEFORE}\nother 1.0.0 crates.io"
BOTH = f"{AFTER}\nother 1.0.0 crates.io"
STAGES = ("pre-commit", "pre-merge-commit", "pre-push")


class Project:
    """A repository with a lock, in which a client runs the hook at every stage."""

    def __init__(self, folder: Path, client: str, env: Mapping[str, str], config: str) -> None:
        self.folder, self.env = folder, dict(env)
        write(folder, {".pre-commit-config.yaml": config, "Cargo.lock": lock(BEFORE)})
        self.start = commit_all(folder, "A start", self.env)
        for stage in STAGES:
            self.run(client, "install", "--hook-type", stage)

    def run(self, *command: str, fails: bool = False, **env: str) -> str:
        """Run a command, which must fail or not, and return what it prints."""
        ran = subprocess.run(
            command, cwd=self.folder, env={**self.env, **env}, check=False, capture_output=True, encoding="utf-8"
        )
        assert (ran.returncode != 0) is fails, ran.stdout + ran.stderr
        return ran.stdout + ran.stderr

    def lock(self, packages: str) -> None:
        """Write the lock."""
        write(self.folder, {"Cargo.lock": lock(packages)})


@pytest.fixture
def project(tmp_path: Path, client: str, hooks: Hooks) -> Project:
    return Project(tmp_path / "project", client, hooks.env, hooks.configuration({"review-cargo-lock": ()}))


def test_commits(project: Project) -> None:
    project.lock(OTHER)
    project.run("git", "commit", "-qam", "Fine")
    project.lock(BOTH)
    assert "lock-review/grew" in project.run("git", "commit", "-qam", "Not fine", fails=True)
    project.run("git", "add", "Cargo.lock")
    project.lock(OTHER)
    assert "lock-review/grew" in project.run("git", "commit", "-qm", "Staged, and gone since", fails=True)
    project.lock(BOTH)
    assert "lock-review/grew" in project.run("git", "commit", "-qm", "Another index", "Cargo.lock", fails=True)
    write(project.folder, {"Cargo.toml": '[workspace.metadata.dunnage.reviews]\n"arrayref@0.3.10" = "read"\n'})
    project.run("git", "add", "Cargo.toml")
    project.run("git", "commit", "-qam", "Reviewed")


def test_merges(project: Project) -> None:
    project.run("git", "checkout", "-q", "-b", "theirs")
    project.lock(f"another 1.0.0 crates.io\n{BEFORE}")
    project.run("git", "commit", "-qam", "Theirs", "--no-verify")
    project.run("git", "checkout", "-q", "-b", "ours", project.start)
    project.lock(OTHER)
    project.run("git", "commit", "-qam", "Ours", "--no-verify")
    project.run("git", "merge", "-q", "--no-ff", "-m", "Clean", "theirs")
    project.run("git", "checkout", "-q", "-b", "older", project.start)
    project.lock(OTHER.replace("0.3.9", "0.3.8"))
    project.run("git", "commit", "-qam", "Older", "--no-verify")
    project.run("git", "checkout", "-q", "-b", "reviewed", project.start)
    project.lock(AFTER)
    project.run("git", "commit", "-qam", "Reviewed there", "--no-verify")
    project.run("git", "merge", "-q", "-m", "Conflict", "older", fails=True)
    project.lock(BOTH)
    project.run("git", "commit", "-qam", "Brings in nothing")
    project.run("git", "reset", "-q", "--hard", "HEAD^")
    project.run("git", "merge", "-q", "-m", "Conflict", "older", fails=True)
    project.lock(f"{BOTH}\nproc-macro1 1.0.0 crates.io")
    assert "lock-review/look-alike" in project.run("git", "commit", "-qam", "Brings in one", fails=True)


def test_ranges_and_ci(project: Project, client: str) -> None:
    project.lock(BOTH)
    project.run("git", "commit", "-qam", "Poison", "--no-verify")
    refs = ("--from-ref", project.start, "--to-ref", "HEAD")
    assert "lock-review/grew" in project.run(client, "run", *refs, fails=True)
    project.run(client, "run", "--all-files", CI="")
    assert "lock-review/grew" in project.run(client, "run", "--all-files", fails=True, CI="true")


def test_pushes(project: Project, tmp_path: Path) -> None:
    project.run("git", "init", "-q", "--bare", str(tmp_path / "remote"))
    project.run("git", "remote", "add", "origin", str(tmp_path / "remote"))
    project.run("git", "push", "-q", "origin", "HEAD:main")
    project.lock(BOTH)
    project.run("git", "commit", "-qam", "Poison", "--no-verify")
    assert "lock-review/grew" in project.run("git", "push", "-q", "origin", "HEAD:main", fails=True)
    project.lock(BEFORE)
    project.run("git", "commit", "-qam", "Undo", "--no-verify")
    project.run("git", "push", "-q", "origin", "HEAD:main")
