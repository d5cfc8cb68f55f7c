"""The programs that run the hooks for people: pre-commit and prek, in real repositories and real commits."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from clients.hooks import Hooks
from demo.run import commit_all

MANIFEST = """\
[package]
name = "ship"
version = "{version}"
edition = "2021"
"""
LOCK = """\
version = 4

[[package]]
name = "ship"
version = "{version}"
"""


@dataclass(frozen=True)
class Result:
    """How a command ended, and all it printed."""

    status: int
    output: str


class Project:
    """A repository of one package whose lock is current, committed together with the clients' configuration."""

    def __init__(self, folder: Path, hooks: Hooks) -> None:
        self.folder = folder
        self.env = dict(hooks.env)
        (folder / "src").mkdir(parents=True)
        self.write("src/lib.rs", "")
        self.write("Cargo.toml", MANIFEST.format(version="0.1.0"))
        self.write("Cargo.lock", LOCK.format(version="0.1.0"))
        self.write(".pre-commit-config.yaml", hooks.configuration({"check-cargo-lock": ()}))
        self.start = commit_all(folder, "A ship", self.env)

    def write(self, name: str, text: str) -> None:
        """Write a file without translating line endings."""
        (self.folder / name).write_bytes(text.encode())

    def run(self, *command: str) -> Result:
        """Run a command in the repository."""
        result = subprocess.run(
            command,
            cwd=self.folder,
            env=self.env,
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
        )
        return Result(result.returncode, result.stdout)

    def commit(self, *arguments: str) -> Result:
        """Make a commit, with the hook in its way."""
        return self.run("git", "commit", "--message", "A change", *arguments)

    def git(self, *arguments: str) -> str:
        """Run git, which must succeed, and return what it prints."""
        result = self.run("git", *arguments)
        assert result.status == 0, result.output
        return result.output.strip()

    @property
    def committed(self) -> bool:
        """Whether anything was committed since the start."""
        return self.git("rev-parse", "HEAD") != self.start


@pytest.fixture
def project(tmp_path: Path, hooks: Hooks) -> Project:
    """Return a repository with nothing wrong and no hook installed."""
    return Project(tmp_path / "project", hooks)


@pytest.fixture
def guarded(project: Project, client: str) -> Project:
    """Return a repository in which the client runs the hook at every commit."""
    installed = project.run(client, "install")
    assert installed.status == 0, installed.output
    return project


def test_try_repo_finds_a_stale_lock(project: Project, client: str, hooks: Hooks) -> None:
    project.write("Cargo.toml", MANIFEST.format(version="0.2.0"))
    tried = project.run(client, "try-repo", str(hooks.folder), "check-cargo-lock", "--all-files")
    assert tried.status == 1, tried.output
    assert "cargo-lock/stale" in tried.output


def test_all_files_pass_when_nothing_is_wrong(project: Project, client: str) -> None:
    ran = project.run(client, "run", "--all-files")
    assert ran.status == 0, ran.output
    assert "Passed" in ran.output


def test_all_files_fail_when_the_lock_is_stale(project: Project, client: str) -> None:
    project.write("Cargo.toml", MANIFEST.format(version="0.2.0"))
    ran = project.run(client, "run", "--all-files")
    assert ran.status == 1, ran.output
    assert "cargo-lock/stale" in ran.output
    assert "exit code: 1" in ran.output


def test_a_file_that_is_called_like_an_option_is_a_file(project: Project, client: str) -> None:
    (project.folder / "--help/src").mkdir(parents=True)
    project.write("--help/src/lib.rs", "")
    project.write("--help/Cargo.toml", MANIFEST.format(version="0.1.0"))
    project.git("add", "--all")
    ran = project.run(client, "run", "--all-files")
    assert ran.status == 1, ran.output
    assert "--help/Cargo.toml:" in ran.output


def test_a_commit_with_a_stale_lock_is_stopped_until_it_is_repaired(guarded: Project) -> None:
    guarded.write("Cargo.toml", MANIFEST.format(version="0.2.0"))
    stopped = guarded.commit("--all")
    assert stopped.status == 1, stopped.output
    assert "cargo-lock/stale" in stopped.output
    assert not guarded.committed

    guarded.write("Cargo.lock", LOCK.format(version="0.2.0"))
    made = guarded.commit("--all")
    assert made.status == 0, made.output
    assert guarded.committed


def test_a_repair_counts_when_it_is_staged(guarded: Project) -> None:
    guarded.write("Cargo.toml", MANIFEST.format(version="0.2.0"))
    guarded.git("add", "Cargo.toml")
    guarded.write("Cargo.lock", LOCK.format(version="0.2.0"))
    stopped = guarded.commit()
    assert stopped.status == 1, stopped.output
    assert "cargo-lock/stale" in stopped.output
    assert (guarded.folder / "Cargo.lock").read_text("utf-8") == LOCK.format(version="0.2.0")

    guarded.git("add", "Cargo.lock")
    made = guarded.commit()
    assert made.status == 0, made.output


def test_what_is_not_staged_is_no_matter(guarded: Project) -> None:
    guarded.write("Cargo.toml", MANIFEST.format(version="0.1.0") + 'description = "afloat"\n')
    guarded.git("add", "Cargo.toml")
    guarded.write("Cargo.toml", MANIFEST.format(version="0.2.0") + 'description = "afloat"\n')
    made = guarded.commit()
    assert made.status == 0, made.output
    assert guarded.committed


def test_a_lock_that_was_not_added_stops_the_commit(guarded: Project) -> None:
    guarded.git("rm", "--quiet", "--cached", "Cargo.lock")
    guarded.git("commit", "--quiet", "--no-verify", "--message", "No lock")
    guarded.write("Cargo.toml", MANIFEST.format(version="0.1.0") + 'description = "afloat"\n')
    guarded.git("add", "Cargo.toml")
    stopped = guarded.commit()
    assert stopped.status == 1, stopped.output
    assert "cargo-lock/untracked" in stopped.output

    guarded.git("add", "Cargo.lock")
    only_the_manifest = guarded.commit("--only", "Cargo.toml")
    assert only_the_manifest.status == 1, only_the_manifest.output
    assert "cargo-lock/untracked" in only_the_manifest.output

    made = guarded.commit()
    assert made.status == 0, made.output


def test_a_commit_without_manifests_runs_nothing(guarded: Project) -> None:
    guarded.write("src/lib.rs", "pub fn sail() {}\n")
    made = guarded.commit("--all")
    assert made.status == 0, made.output
    assert "(no files to check)" in made.output
    assert guarded.committed
