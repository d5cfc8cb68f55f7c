"""The patterns of workspace members: which folders they match."""

from __future__ import annotations

from pathlib import Path

import pytest

from cargo.files import write
from dunnage.cargo.member_patterns import expand

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
    assert [Path(path).relative_to(folder).as_posix() for path in expand(str(folder), pattern)] == expected.split()


def test_expand_follows_links_but_not_at_any_depth(folder: Path) -> None:
    write(folder, {"a/c/x": ""})
    try:
        (folder / "a/up").symlink_to("..")
    except OSError:
        pytest.skip("this system makes no symbolic links")
    assert [Path(path).name for path in expand(str(folder), "a/*/a/*")] == ["c", "up"]
    assert [Path(path).name for path in expand(str(folder), "a/**")] == ["a", "c"]
