"""Texts with unknown parts."""

from __future__ import annotations

import fnmatch
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dunnage.downloads.text import HOLE, base_name, known_part, may_equal, names, texts, written_values
from dunnage.files.span import Span
from dunnage.shell.model import Word


def hole(name: str) -> str:
    return f"{HOLE}{name}{HOLE}"


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("a-$B.c", f"a-{hole('B')}.c"),
        ('"a-${B}.c"', f"a-{hole('B')}.c"),
        ("a'$B'c", "a$Bc"),
        ("a\\$B", "a$B"),
        ("$(x $(y))/z", f"{hole('$(x $(y))')}/z"),
        ("`x`z", f"{hole('x')}z"),
        ("${{ inputs.v }}.zip", f"{hole('inputs.v')}.zip"),
        ("{{ v }}.zip", f"{hole('v')}.zip"),
        ("$KNOWN/$1", f"v-{hole('OTHER')}/{hole('1')}"),
        ("${B#v}", hole("${B#v}")),
        ("$", "$"),
        ("$LOOP", hole("LOOP")),
    ],
)
def test_words(written: str, expected: str) -> None:
    values = {"KNOWN": '"v-$OTHER"', "LOOP": "$LOOP"}
    found = texts(Word(Span(0, 0), None, written), values.get)[0]
    assert found == expected


def test_names() -> None:
    assert names(Word(Span(0, 0), ("/x/a*.gz",), "/x/a*.gz"), lambda _: None) == (f"a{hole('*')}.gz",)
    assert names(Word(Span(0, 0), ("/x/a*.gz",), "'/x/a*.gz'"), lambda _: None) == ("a*.gz",)
    assert base_name(f"{hole('A/B')}/c/") == "c"
    assert known_part(f"a{hole('b')}c") == "ac"


@pytest.mark.parametrize(
    ("program", "expected"),
    [
        ("A=b; C='d e' E=\"f\"\n", {"A": "b", "C": "'d e'", "E": '"f"'}),
        ("A=b\nA=c\n", {"A": None}),
        ("A=b\nA=b\n", {"A": "b"}),
        ("A=$(x)\n", {"A": None}),
        ("--a=b x.A=c\n", {}),
        ("A=\n", {"A": ""}),
    ],
)
def test_written_values(program: str, expected: dict[str, str | None]) -> None:
    assert written_values(program) == expected


@given(st.text("ab*", max_size=8), st.text("ab", max_size=8))
def test_a_pattern_may_equal_what_it_matches(pattern: str, text: str) -> None:
    with_holes = pattern.replace("*", hole("x"))
    expected = re.fullmatch(fnmatch.translate(pattern), text) is not None
    assert may_equal(with_holes, text) == may_equal(text, with_holes) == expected


@given(st.text("ab*", max_size=6), st.text("ab*", max_size=6), st.text("ab", max_size=6))
def test_patterns_that_match_one_text_may_be_equal(first: str, second: str, text: str) -> None:
    if fnmatch.fnmatchcase(text, first) and fnmatch.fnmatchcase(text, second):
        assert may_equal(first.replace("*", hole("x")), second.replace("*", hole("y")))
