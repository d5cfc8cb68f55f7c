"""Patterns of paths: they match as regular expressions do, in steps that grow with the length of the path alone."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dunnage.files.path_pattern import ANYTHING, FOLDERS, NAME, NOT_SLASH, Part, PathPattern, literal

PARTS: dict[str, Part] = {
    "a": literal("a"),
    "/": literal("/"),
    "[^/]": NOT_SLASH,
    "[^/]*": NAME,
    ".*": ANYTHING,
    "(?:.*/)?": FOLDERS,
    "a?": literal("a")._replace(may_be_absent=True),
    "a+": literal("a")._replace(may_repeat=True),
}


@given(pieces=st.lists(st.sampled_from(sorted(PARTS)), max_size=6), path=st.text("ab/", max_size=8))
def test_it_matches_what_an_expression_matches(pieces: list[str], path: str) -> None:
    expected = re.fullmatch("".join(pieces), path) is not None
    assert PathPattern([PARTS[piece] for piece in pieces]).matches(path) == expected


@pytest.mark.parametrize("part", [ANYTHING, NAME, FOLDERS, PARTS["a?"], PARTS["a+"]])
def test_steps(part: Part) -> None:
    pattern = PathPattern([part, literal("a")] * 30 + [literal("b")])
    assert not pattern.matches("a" * 250)
    assert pattern.steps < 40_000
