"""Commits and files, as a real git gives them."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from dunnage.files.git import Repository
from dunnage.files.git_objects import GitObjects


def git(folder: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=a", "-c", "user.email=a@b")
    return subprocess.run(
        ["git", *identity, *arguments], cwd=folder, check=True, capture_output=True, text=True
    ).stdout.strip()


@pytest.fixture
def objects(repository: Path) -> GitObjects:
    (repository / "with space").write_bytes(b"one\r\n\0two")
    (repository / "empty").touch()
    git(repository, "add", ".")
    git(repository, "commit", "-qm", "first")
    git(repository, "tag", "-a", "v1", "-m", "first")
    return GitObjects(Repository(str(repository)))


def test_files_and_commits(objects: GitObjects, repository: Path) -> None:
    head = git(repository, "rev-parse", "HEAD")
    for revision in ("HEAD", "v1", head[:12]):
        found = objects.commit(revision)
        assert found is not None
        assert (found.name, found.kind) == (head, "commit")
    assert objects.file(head, "with space") == b"one\r\n\0two"
    assert objects.file(head, "empty") == b""
    assert objects.file(head, "with space") == b"one\r\n\0two"
    objects.close()


def test_several_files(objects: GitObjects, monkeypatch: pytest.MonkeyPatch) -> None:
    names = ["with space", "nothing", "a\nb", "empty", "with space"] * 500
    paths = [f"HEAD:{name}" for name in names]
    contents = [b"one\r\n\0two", None, None, b"", b"one\r\n\0two"] * 500
    assert objects.files(paths) == contents
    assert objects.files([]) == []
    monkeypatch.setattr("dunnage.files.git_objects.MAX_BYTES", 4)
    assert objects.files(paths[:5]) == [None, None, None, b"", None]
    objects.close()


@pytest.mark.parametrize("path", ["nothing", "", "a\nHEAD:empty", "with space/x", "\udcff", "x" * 100_000, "a blob 7"])
def test_what_is_not_there(objects: GitObjects, path: str) -> None:
    assert objects.file("HEAD", path) is None
    assert objects.file("HEAD", "empty") == b""
    objects.close()


@pytest.mark.parametrize(
    "revision", ["nowhere", "-h", "--batch-all-objects", "HEAD:empty", "0" * 40, "HEAD^", "a b", ""]
)
def test_what_is_no_commit(objects: GitObjects, revision: str) -> None:
    assert objects.commit(revision) is None
    objects.close()


def test_a_file_that_is_too_large(objects: GitObjects, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dunnage.files.git_objects.MAX_BYTES", 4)
    assert objects.file("HEAD", "with space") is None
    assert objects.file("HEAD", "empty") == b""
    objects.close()


def test_no_git(objects: GitObjects, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert objects.commit("HEAD") is None
    assert objects.commit("HEAD") is None
