"""The patterns of workspace members: which folders they match."""

from __future__ import annotations

from pathlib import Path

import pytest

from cargo.files import write
from dunnage.cargo.manifests import PatternFolders, UnexpandedPattern
from steps import steps

pytestmark = pytest.mark.usefixtures("folder")


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        pytest.param("a", "a", id="plain"),
        pytest.param("./a/", "a", id="dots"),
        pytest.param("b/../a", "a", id="climbs"),
        pytest.param("", ".", id="empty"),
        pytest.param("none", "none", id="plain-nothing"),
        pytest.param("none/*", "none/*", id="nothing"),
        pytest.param("*", ".h a b", id="star"),
        pytest.param("?", "a b", id="one-character"),
        pytest.param("[!a]", "b", id="not"),
        pytest.param("[a-b]/c", "a/c", id="range"),
        pytest.param("**", ". .h a a/c a/c/d b", id="any-depth"),
        pytest.param("**/c", "a/c", id="at-any-depth"),
        pytest.param("**/**/d", "a/c/d", id="any-depth-twice"),
        pytest.param("*/", ".h a b", id="final-slash"),
        pytest.param("{a,b}", "{a,b}", id="braces"),
    ],
)
def test_expand(folder: Path, pattern: str, expected: str) -> None:
    write(folder, {"a/c/d/x": "", "b/x": "", ".h/x": "", "file": ""})
    assert [
        Path(path).relative_to(folder).as_posix() for path in PatternFolders(str(folder)).expand(pattern)
    ] == expected.split()


def test_expand_follows_links_but_not_at_any_depth(folder: Path) -> None:
    write(folder, {"a/c/x": ""})
    try:
        (folder / "a/up").symlink_to("..")
    except OSError:
        pytest.skip("this system makes no symbolic links")
    assert [Path(path).name for path in PatternFolders(str(folder)).expand("a/*/a/*")] == ["c", "up"]
    assert [Path(path).name for path in PatternFolders(str(folder)).expand("a/**")] == ["a", "c"]


@pytest.mark.parametrize("pattern", ["../**", "../*", "a/../../**", "/**", "*/../../b*"])
def test_no_search_outside_of_the_repository(folder: Path, pattern: str) -> None:
    write(folder, {"inside/.git/HEAD": "", "inside/a/x": "", "b/x": ""})
    with pytest.raises(UnexpandedPattern, match="outside of the repository"):
        PatternFolders(str(folder / "inside")).expand(pattern)


def test_search_beside_the_workspace(folder: Path) -> None:
    write(folder, {".git/HEAD": "", "a/x": "", "b/x": ""})
    assert [Path(path).name for path in PatternFolders(str(folder / "a")).expand("../b*")] == ["b"]


def test_visits_are_bounded(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dunnage.cargo.manifests._MOST_VISITS", 40)
    write(folder, {f"a/{number}/x": "" for number in range(10)})
    folders = PatternFolders(str(folder))
    folders.expand("**/q*")
    with pytest.raises(UnexpandedPattern, match="more than 40 folders"):
        folders.expand("**/r*")


def test_matches_count_as_visits(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dunnage.cargo.manifests._MOST_VISITS", 60)
    write(folder, {f"a/{number}/x": "" for number in range(10)})
    folders = PatternFolders(str(folder))
    assert len(folders.expand("a/*")) == 10
    with pytest.raises(UnexpandedPattern, match="more than 60 folders"):
        folders.expand("a/0/../*")


def test_folders_are_listed_once(folder: Path) -> None:
    write(folder, {f"a/{number}/x": "" for number in range(100)})
    folders = PatternFolders(str(folder))
    first = steps(lambda: folders.expand("**/q*"))
    assert steps(lambda: folders.expand("**/r*")) < first / 4
