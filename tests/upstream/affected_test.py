"""The ranges of GitHub's advisories."""

from __future__ import annotations

import pytest

from dunnage.upstream import affected


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        ("< 1.2.3", ["0.1.0", "1.2.2"], ["1.2.3", "2.0.0"]),
        (">= 1.0, < 1.2", ["1.0.0", "1.1.9"], ["0.9.0", "1.2.0"]),
        ("= 1.0.0", ["1.0.0"], ["1.0.1"]),
        ("1.0.0", ["1.0.0"], ["1.0.1"]),
        (">= 2.0.0-rc.1", ["2.0.0-rc.1", "2.0.0"], ["2.0.0-beta"]),
        ("<= 3", ["3.0.0"], ["3.0.1"]),
        ("", [], ["1.0.0"]),
        ("newer", [], ["1.0.0"]),
        ("< 1.2.3,", [], ["1.0.0"]),
        ("~> 1.2", [], ["1.2.0"]),
        ("< 1.2.3.4", [], ["1.0.0"]),
    ],
)
def test_contains(text: str, inside: list[str], outside: list[str]) -> None:
    assert [version for version in inside + outside if affected.contains(text, version)] == inside


def test_a_version_that_is_none() -> None:
    assert not affected.contains("< 2", "one")
