"""Regular expressions: they match as Python's `re` does, in time that grows with the text alone."""

from __future__ import annotations

import re
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dunnage.bots.patterns import MAX_LENGTH, MAX_STEPS, Budget, Pattern, UnsupportedError

EXPRESSIONS = (
    *("a", "ab|c", "a*b", "a+?b", "(?:ab)?c", "a{2}", "a{1,2}b", "a{2,}", "[ab]c", "[^a]", "[a-c]+$", "^a", "a$"),
    *("^$", "", r"\bab\b", r"a\B", r"\d\w\s", r"[\d.]+", r"[\s\S]b", r"[^\S\n]a", r"\x61\u0062", r"a\.b", r"\n"),
    *(r"[\]a]", "(a)(b)", "(?i)AB", "(?s)a.b", "(?m)^b$", "(?P<x>a)b", "a.b", "(a|b)*c", "((a)|b)+", "x{0}a"),
    *("[-a]", "[a-]", r"[\b]", "(?im)^B$"),
)


SHORT = ["".join(letters) for size in range(3) for letters in product("ab.c\n 1_é", repeat=size)]
"""Every text of at most two characters."""
LONG = ("abab", "aabb", "xab c\n", "a\nb\nc", "aaab.c", " a1_ ", "éab", "ABc", "ccc", "a.b", "abbbc", "-]a", "\b")


def _pythonic(expression: str) -> re.Pattern[str]:
    # In Python, `$` also matches before a line break at the end.
    is_multiline = re.match(r"\(\?i?m", expression)
    return re.compile(expression if is_multiline else expression.replace("$", r"\Z"), re.ASCII)


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_it_is_found_where_re_finds_it(expression: str) -> None:
    pattern, pythonic = Pattern(expression), _pythonic(expression)
    for text in (*SHORT, *LONG):
        assert pattern.is_found_in(text) == (pythonic.search(text) is not None), text


@given(text=st.text("ab.c\n 1_é", max_size=8), expression=st.sampled_from(EXPRESSIONS))
def test_it_is_found_in_any_text_where_re_finds_it(text: str, expression: str) -> None:
    assert Pattern(expression).is_found_in(text) == (_pythonic(expression).search(text) is not None)


def test_a_class_that_is_no_range_has_a_hyphen() -> None:
    assert [text for text in "0a-b" if Pattern(r"[\d-a]").is_found_in(text)] == ["0", "a", "-"]  # not in Python


@pytest.mark.parametrize("text", ["", "ab", "AB", "xaBx", "ba", "a b"])
def test_case_may_be_ignored(text: str) -> None:
    assert Pattern("ab", ignores_case=True).is_found_in(text) == ("ab" in text.lower())


@pytest.mark.parametrize(
    ("expression", "text", "value", "captures"),
    [
        pytest.param("x@(?<currentValue>[0-9.]+)", "x@1.2", "1.2", True, id="group"),
        pytest.param("x@(?P<currentValue>[0-9.]+)", "x@1.2", "1.2", True, id="python's spelling"),
        pytest.param("x@(?<other>[0-9.]+)", "x@1.2", "1.2", False, id="other group"),
        pytest.param("y@(?<currentValue>[0-9.]+)", "x@1.2", "1.2", False, id="other text"),
        pytest.param("x@(?<currentValue>[0-9.]+)", "x@1.2.3", "1.2", True, id="possible end"),
        pytest.param("x@(?<currentValue>[0-9.]+)$", "x@1.2.3", "1.2", False, id="impossible end"),
        pytest.param("x@(?<currentValue>v?[0-9.]+)", "x@v1.2", "1.2", True, id="with a v"),
        pytest.param("x(?:@(?<currentValue>[0-9.]+))?", "x@1.2", "1.2", True, id="optional group"),
        pytest.param(
            "x(?:@(?<currentValue>[0-9.]+)!)?", "x@1.2", "1.2", False, id="optional group that does not match"
        ),
        pytest.param("(?:x@|(?<currentValue>\\S+) )+", "x@1.2 x", "1.2", True, id="repeated"),
    ],
)
def test_the_place_of_the_version(expression: str, text: str, value: str, captures: bool) -> None:
    start = text.index(value)
    assert Pattern(expression).captures(text, start, start + len(value)) == captures


def test_a_match_may_enclose_a_place() -> None:
    assert Pattern("a[^;]*").enclosing_end("x a b c; d", 4, 5) == 7
    assert Pattern("a[^;]*").enclosing_end("x a b; c", 7, 8) is None


@pytest.mark.parametrize(
    "expression",
    [
        *(
            "(?=a)",
            "(?!a)",
            "(?<=a)b",
            r"(a)\1",
            r"\p{L}",
            "a**",
            "a++",
            "*a",
            "(",
            ")",
            "[a",
            "(?<1>a)",
            r"\x4",
            r"\q",
        ),
        *("a" * (MAX_LENGTH + 1), "(" * 200 + ")" * 200, "(?:a{999}){999}"),
    ],
)
def test_other_syntax_is_unsupported(expression: str) -> None:
    with pytest.raises(UnsupportedError):
        Pattern(expression)


@pytest.mark.parametrize("expression", ["(a*)*b", "(a|a)*b", "(a+)+$", "(.*)*(.*)*b", "(a?){50}a{50}b"])
def test_hostile_expressions_take_few_steps(expression: str) -> None:
    assert not Pattern(expression).is_found_in("a" * 5000 + "!")


def test_a_budget_ends() -> None:
    budget = Budget()
    pattern = Pattern("a", budget=budget)
    with pytest.raises(UnsupportedError):
        budget.spend(MAX_STEPS)
    with pytest.raises(UnsupportedError):
        pattern.is_found_in("b" * 1000)


@pytest.mark.parametrize(
    "expression",
    [
        pytest.param("(" * 6 + "){9999}" * 6, id="repetitions of nothing"),
        pytest.param("(" * 40 + "){9}" * 40, id="many repetitions of nothing"),
    ],
)
def test_parts_without_characters_cost_steps(expression: str) -> None:
    with pytest.raises(UnsupportedError):
        Pattern(expression)


def test_each_range_of_a_set_costs_a_step() -> None:
    pattern = Pattern("[" + "".join(chr(0x4E00 + 2 * number) for number in range(900)) + "]{900}")
    with pytest.raises(UnsupportedError):
        pattern.is_found_in("\u4e00" * 900)


@pytest.mark.parametrize(
    ("expression", "is_cheap"),
    [
        pytest.param("a{900}(?<currentValue>b)", False, id="many states"),
        pytest.param("a+(?<currentValue>b)", True, id="few states"),
    ],
)
def test_many_states_cost_more_than_few(expression: str, is_cheap: bool) -> None:
    budget = Budget()
    pattern = Pattern(expression, budget=budget)
    text = "a" * 500
    # What comes next has been computed, so only the number of states counts.
    assert not pattern.captures(text, 400, 401)
    budget.spend(budget.left - 5_000)
    if is_cheap:
        assert not pattern.captures(text, 400, 401)
    else:
        with pytest.raises(UnsupportedError):
            pattern.captures(text, 400, 401)
