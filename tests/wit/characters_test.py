"""Characters that hide something; tests/check_wit_limits_test.py has the table of them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dunnage.files.source import File, SourceError
from dunnage.wit.characters import hidden


def found(text: str) -> list[tuple[str, str]]:
    return [(character.character, character.problem) for character in hidden(File("a.wit", text.encode()))]


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        pytest.param("// \u202e", [("\u202e", "can change the order in which text appears")], id="bidi"),
        pytest.param("\x07", [("\x07", "is a control code")], id="control code"),
        pytest.param("a\u200bb", [("\u200b", "is invisible")], id="invisible"),
        pytest.param("\u0441ode", [("\u0441", "looks like `c`")], id="Cyrillic"),
        pytest.param("\U0001d41aa", [("\U0001d41a", "looks like `a`")], id="mathematical"),
        pytest.param("a\u3000b", [("\u3000", "looks like a space")], id="space"),
        pytest.param("\u65e5\u672c \u00e9", [], id="what looks like nothing else"),
        pytest.param("// \u0441ode\n/* \u200c */ x", [("\u200c", "is invisible")], id="comments"),
    ],
)
def test_problems(text: str, problems: list[tuple[str, str]]) -> None:
    assert found(text) == problems


@pytest.mark.untraced
def test_a_long_line_is_looked_at_once() -> None:
    assert found('@external-id("' + "\u0435" * 300_000 + '")') == []
    assert len(found("\u0435" * 300_000)) == 1


@given(st.text())
def test_spans_are_of_the_characters(text: str) -> None:
    file = File("a.wit", text.encode())
    for each in hidden(file):
        assert file.data[each.span.start : each.span.end].decode() == each.character


def test_what_is_not_text() -> None:
    with pytest.raises(SourceError):
        list(hidden(File("a.wit", b"\xff")))
