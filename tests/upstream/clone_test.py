"""Clones in place of a server, and where they are looked for."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from dunnage.cargo.version import Version
from dunnage.review.advisories import AdvisoryDatabase
from dunnage.upstream import clone
from dunnage.upstream.clone import Clone
from dunnage.upstream.releases import locked
from dunnage.upstream.source import SourceFailed
from upstream.world import NAME, World


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A repository."""
    return World(tmp_path_factory.mktemp("world"))


@pytest.mark.parametrize(
    "place",
    [
        "owner+name/repo",
        "owner+name",
        "owner/name",
        "owner/name.git",
        "github.com/owner/name",
        "github.com/owner/name.git",
        "name",
        "name.git",
    ],
)
def test_where_a_clone_is(tmp_path: Path, place: str) -> None:
    subprocess.run(["git", "init", "--quiet", "--bare", str(tmp_path / "second" / place)], check=True)
    mirrors = [str(tmp_path / "first"), str(tmp_path / "second")]
    assert clone.find(mirrors, "owner/name") == str(tmp_path / "second" / place)
    assert clone.find(mirrors, "owner/other") == ""


def test_a_clone_with_a_work_tree(world: World) -> None:
    assert clone.find([str(world.mirror)], NAME) == str(world.top)


def test_a_merge_differs_from_its_first_parent(world: World, tmp_path: Path) -> None:
    copied = world.copy(tmp_path)
    copied.git("checkout", "--quiet", "-b", "side", "v1.0.0")
    side = copied.commit("Side", {"side.rs": ""})
    copied.git("checkout", "--quiet", "main")
    copied.git("merge", "--quiet", "--no-ff", "--message", "Merge pull request from GHSA-ab12-cd34-ef56", "side")
    history = Clone(NAME, str(copied.top))
    merge = history.commit("")
    assert merge is not None
    assert merge.is_merge
    assert history.paths(merge) == ["side.rs"]
    assert [commit.hash for commit in history.between("v1.1.0", "main")] == [side, merge.hash]


def test_a_first_commit_adds_all_its_files(world: World) -> None:
    history = Clone(NAME, str(world.top))
    first = history.commit("v1.0.0")
    assert first is not None
    assert sorted(history.paths(first)) == ["Cargo.lock", "src/main.rs"]


@pytest.mark.parametrize("revision", ["missing", "--all", "-1", "a b", "HEAD:src", ":/Fix"])
def test_what_is_no_commit(world: World, revision: str) -> None:
    found = Clone(NAME, str(world.top)).commit(revision)
    assert found is None or revision == ":/Fix"


def test_a_broken_clone_is_a_failure(world: World, tmp_path: Path) -> None:
    copied = world.copy(tmp_path)
    (copied.top / ".git" / "HEAD").write_text("nonsense")
    with pytest.raises(SourceFailed, match="git cannot read the clone of example/demo-tool"):
        Clone(NAME, str(copied.top)).between("v1.0.0", "v1.1.0")


def test_a_clone_with_too_many_tags_is_a_failure(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    history = Clone(NAME, str(world.top))
    assert [tag for tag, _ in history.releases()] == ["v1.0.0", "v1.1.0"]
    monkeypatch.setattr("dunnage.upstream.clone._MOST_TAGS", 1)
    with pytest.raises(SourceFailed, match=r"the clone of example/demo-tool in .* has more than 1 tags"):
        history.releases()


def test_a_file_that_git_cannot_read_is_a_failure(world: World, tmp_path: Path) -> None:
    copied = world.copy(tmp_path)
    name = copied.git("rev-parse", "v1.0.0:Cargo.lock").strip()
    history = Clone(NAME, str(copied.top))
    assert history.file(copied.commits["1.0.0"], "missing") is None
    assert history.file(copied.commits["1.0.0"], "Cargo.lock")
    (copied.top / ".git" / "objects" / name[:2] / name[2:]).unlink()
    with pytest.raises(SourceFailed, match=r"git cannot give the content of Cargo\.lock in [0-9a-f]{12} of"):
        history.file(copied.commits["1.0.0"], "Cargo.lock")


def names(database: AdvisoryDatabase) -> list[str]:
    """The advisories about weak 1.0.0."""
    return [advisory.id for advisory in database.of(locked("weak", "1.0.0"))]


def test_the_advisories_of_a_clone_without_a_work_tree(world: World, tmp_path: Path) -> None:
    bare = tmp_path / "RustSec" / "advisory-db.git"
    subprocess.run(["git", "clone", "--quiet", "--bare", str(world.database), str(bare)], check=True)
    database = clone.local([str(tmp_path)], "")
    assert database is not None
    assert names(database) == ["RUSTSEC-2024-0001"]
    assert database.of(locked("no-such-crate", "1.0.0")) == []
    assert database.of(locked("weak", "1.0.1")) == []
    assert names(clone.named(str(bare)) or database) == ["RUSTSEC-2024-0001"]


def test_the_advisories_are_fetched_and_updated(world: World, tmp_path: Path) -> None:
    copied = world.copy(tmp_path)
    url, cache = copied.database.as_uri(), str(tmp_path / "cache")
    assert names(clone.fetched(cache, url)) == ["RUSTSEC-2024-0001"]
    path = copied.database / "crates" / "weak" / "RUSTSEC-2024-0009.md"
    path.write_text((path.parent / "RUSTSEC-2024-0001.md").read_text().replace("0001", "0009"))
    identity = ["-c", "user.name=A", "-c", "user.email=a@example.com"]
    for arguments in (["add", "--all"], ["commit", "--quiet", "--message", "More"]):
        subprocess.run(["git", "-C", str(copied.database), *identity, *arguments], check=True)
    assert names(clone.fetched(cache, url)) == ["RUSTSEC-2024-0001", "RUSTSEC-2024-0009"]


def test_a_database_that_cannot_be_read_is_a_failure(world: World, tmp_path: Path) -> None:
    bare = tmp_path / "advisory-db.git"
    subprocess.run(["git", "clone", "--quiet", "--bare", str(world.database), str(bare)], check=True)
    name = subprocess.run(
        ["git", "-C", str(bare), "rev-parse", "HEAD:crates/weak/RUSTSEC-2024-0001.md"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.strip()
    (bare / "objects" / name[:2] / name[2:]).unlink()
    with pytest.raises(SourceFailed, match="git cannot read the advisory database in"):
        clone.named(str(bare))


def test_a_cache_that_cannot_be_created_is_a_failure(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SourceFailed, match=r"the folder .*cache cannot be created: Not a directory"):
        clone.fetched(str(tmp_path / "file" / "cache"))


def test_a_database_that_cannot_be_fetched(tmp_path: Path) -> None:
    with pytest.raises(SourceFailed, match="git cannot fetch the advisory database from file:"):
        clone.fetched(str(tmp_path / "cache"), (tmp_path / "missing").as_uri())


def test_git_gets_no_token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GITHUB_TOKEN", "GH_TOKEN", "GIT_ASKPASS"):
        monkeypatch.setenv(name, "secret")
    shown = tmp_path / "shown"
    program = tmp_path / "git"
    program.write_text(f"#!/bin/sh\nenv >>{shown}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    with pytest.raises(SourceFailed, match="has no advisories"):
        clone.fetched(str(tmp_path / "cache"))
    assert "GIT_TERMINAL_PROMPT=0" in shown.read_text()
    assert "secret" not in shown.read_text()


def test_versions_are_those_of_crates() -> None:
    assert locked("a", "1.0.0").version == Version(1, 0, 0)
