"""The tokens of WIT."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dunnage.files.source import File
from dunnage.wit.lexer import Tokens, comments


@pytest.mark.parametrize(
    ("text", "texts"),
    [
        pytest.param("a:b/c@1.2.3.{d}", ["a", ":", "b", "/", "c", "@", "1.2.3", ".", "{", "d", "}"], id="version"),
        pytest.param("1.2.3-a.b-c.4+d.5.{", ["1.2.3-a.b-c.4+d.5", ".", "{"], id="long version"),
        pytest.param("1.2 1", ["1", ".", "2", "1"], id="no version"),
        pytest.param("a->b -> c", ["a-", ">", "b", "->", "c"], id="arrows"),
        pytest.param("%use use%b", ["%use", "use", "%b"], id="percent signs"),
        pytest.param("// a\nb // c", ["b"], id="line comments"),
        pytest.param("a/* /* b */ */c//*\nd*/", ["a", "c", "d", "*", "/"], id="block comments"),
        pytest.param('"a \\" // b" "c // d', ['"a \\" // b"', '"c // d'], id="strings"),
        pytest.param('"' + 'ab\\"' * 50_000, ['"' + 'ab\\"' * 50_000], id="a long string that does not end"),
        pytest.param("\ufeffa\r\nb\rc", ["a", "b", "\r", "c"], id="what is between"),
        pytest.param("aéb", ["aÃ©b"], id="not ASCII, as Latin-1"),
    ],
)
def test_texts(text: str, texts: list[str]) -> None:
    assert Tokens(text.encode()).texts == [*texts, ""]


def test_names() -> None:
    assert Tokens(b"a %a %use use a-1 1-a a- A-b aB _ list error-context error").identifiers == {
        "a",
        "%a",
        "%use",
        "a-1",
        "A-b",
        "error",
    }


def is_name(text: str) -> bool:
    """Whether words of letters in one case, and digits, are joined by `-`, as wit-parser checks it."""
    words = text.split("-")
    return text[:1].isalpha() and all(word and (word == word.lower() or word == word.upper()) for word in words)


@given(st.text("ab01AB-", min_size=1))
def test_names_are_what_wit_parser_takes(text: str) -> None:
    found = Tokens(f"%{text}".encode()).identifiers
    assert found == ({f"%{text}"} if is_name(text) else set())


def test_a_name_is_refused_at_once() -> None:
    assert Tokens(b"a" + b"-1" * 100_000 + b"_").identifiers == set()


@given(st.binary())
def test_spans_are_of_the_tokens(data: bytes) -> None:
    tokens = Tokens(data)
    for number, text in enumerate(tokens.texts):
        span = tokens.span(number)
        assert data[span.start : span.end].decode("latin-1") == text


@pytest.mark.parametrize(
    ("text", "found"),
    [
        pytest.param("// a\n/// b\r\nx /* c */ /** d\n*/", [" a", "/ b", " c ", "* d\n"], id="all kinds"),
        pytest.param("/* a /* b */ c */ // d", [" a /* b */ c ", " d"], id="nested"),
        pytest.param('@external-id("// no") // yes', [" yes"], id="not in a string"),
        pytest.param("// a\n/* b", [" a"], id="one that does not end"),
        pytest.param("//\xff", ["ÿ"], id="not ASCII"),
    ],
)
def test_comments(text: str, found: list[str]) -> None:
    file = File("a.wit", text.encode())
    assert [comment for _, comment in comments(file)] == found
    for span, comment in comments(file):
        assert comment in file.data[span.start : span.end].decode()
    assert list(comments(File("a.toml", text.encode()))) == []


@given(st.binary())
def test_comments_in_any_bytes(data: bytes) -> None:
    for span, _ in comments(File("a.wit", data)):
        assert 0 <= span.start < span.end <= len(data)
