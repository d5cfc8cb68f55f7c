"""Changes keep what they need not touch, and those that would not are not made."""

from __future__ import annotations

import pytest

from dunnage.deny import edits
from dunnage.deny.edits import Change
from dunnage.files.source import File, apply


def made(text: str, change: Change | None, file: File) -> str:
    """The text after a change, if it is proved."""
    assert edits.proved(file, [change]) == [True]
    assert change is not None
    return apply(text.encode(), change.edits).decode()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("[a]\nx = 1\ny = 2\n", "[a]\ny = 2\n", id="a line"),
        pytest.param("[a]\ny = 2\n  x = 1 # z", "[a]\ny = 2\n  # z\n", id="the last line, with a comment"),
        pytest.param("[a]\nx = [ # p\n  1, # q\n]\ny = 2\n", "[a]\n# p\n# q\ny = 2\n", id="comments in it"),
        pytest.param("a = { x = 1, y = 2 }\n", "a = { y = 2 }\n", id="first in line"),
        pytest.param("a = { y = 2, x = 1 }\n", "a = { y = 2 }\n", id="last in line"),
        pytest.param("a = { x = 1 }\n", "a = { }\n", id="alone in line"),
        pytest.param("a.x = 1\na.y = 2\n", "a.y = 2\n", id="dotted"),
        pytest.param("[a]\r\nx = 1 # z\r\ny = 2\r\n", "[a]\r\n# z\r\ny = 2\r\n", id="CRLF"),
    ],
)
def test_a_key_is_removed(text: str, expected: str) -> None:
    file = File("deny.toml", text.encode())
    assert made(text, edits.removed(file, ("a", "x")), file) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("[a]\n", "[a]\nx = 1\n", id="empty table"),
        pytest.param("[a] # z\n\n[b]\n", "[a] # z\nx = 1\n\n[b]\n", id="comment on the header"),
        pytest.param(
            "[a]\n  y = [\n  ] # z\n\n# b\n[b]\n", "[a]\n  y = [\n  ] # z\n  x = 1\n\n# b\n[b]\n", id="indented"
        ),
        pytest.param("[a]\ny = 1\n[a.b]\nz = 1\n", "[a]\ny = 1\nx = 1\n[a.b]\nz = 1\n", id="before the tables in it"),
        pytest.param("[a.b]\nz = 1", "[a.b]\nz = 1\n\n[a]\nx = 1", id="only implied"),
        pytest.param("[ 'a' ]\n", "[ 'a' ]\nx = 1\n", id="quoted"),
        pytest.param("", "[a]\nx = 1\n", id="empty file"),
    ],
)
def test_a_key_is_added(text: str, expected: str) -> None:
    file = File("deny.toml", text.encode())
    assert made(text, edits.added(file, ("a",), "x", 1), file) == expected


@pytest.mark.parametrize("text", ["a = {}\n", "a.y = 1\n", "[[a]]\n"], ids=repr)
def test_a_key_is_not_added_where_there_is_no_header(text: str) -> None:
    file = File("deny.toml", text.encode())
    assert edits.proved(file, [edits.added(file, ("a",), "x", 1)]) == [False]


def test_what_changes_more_is_not_proved() -> None:
    file = File("deny.toml", b"[a]\nx = 1 # y\n")
    (edit,) = edits.replaced(file, ("a", "x"), 2).edits
    expected = edits.replaced(file, ("a", "x"), 2).expected
    assert edits.proved(file, [Change((edit._replace(end=edit.end + 4),), expected)]) == [False]
    assert edits.proved(file, [Change((edit._replace(text="3"),), expected)]) == [False]
    assert edits.proved(file, [Change((edit._replace(text="="),), expected)]) == [False]


def test_changes_in_one_place_are_proved_one_by_one() -> None:
    file = File("deny.toml", b"[a]\n")
    changes = [edits.table_added(file, name, {"x": 1}) for name in "bcd"]
    assert edits.proved(file, [*changes, None]) == [True, True, True, False]


@pytest.mark.parametrize("text", ["a", 'a "b" \\c', "\t\x01\x7f", "é\u2028"], ids=repr)
def test_strings_are_written_as_they_are(text: str) -> None:
    import tomli

    assert tomli.loads(f"x = {edits.written(text)}") == {"x": text}
