"""Commands and programs: where their words are in the file, and how one more is put among them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dunnage.files.source import File
from dunnage.files.span import Span
from dunnage.shell.model import Command, Place, Script, Values, Word, insert_after, mentions, programs, whole
from dunnage.shell.offsets import is_literal, locate

# `run: "a\tb c"` of YAML, with the tab as an escape, and an end that stands nowhere.
OFFSETS = ((0, 6, 1), (2, 9, 3))
PLACE = Place("shell")


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        pytest.param(0, 1, Span(6, 7), id="one segment"),
        pytest.param(2, 4, Span(9, 11), id="begin of another"),
        pytest.param(3, 5, Span(10, 12), id="end of another"),
        pytest.param(1, 2, Span(7, 9), id="made from an escape"),
        pytest.param(0, 5, Span(6, 12), id="across the escape"),
        pytest.param(1, 3, Span(7, 10), id="from the escape"),
        pytest.param(4, 6, Span(11, 12), id="beyond the end"),
        pytest.param(2, 2, Span(9, 9), id="nothing"),
    ],
)
def test_locate(start: int, end: int, expected: Span) -> None:
    assert locate(OFFSETS, start, end) == expected


def test_locate_in_a_program_that_is_nowhere() -> None:
    assert locate((), 0, 5) == Span(0, 0)
    # All of it is the value of what stands at 7 to 11.
    assert locate(((0, 7, 0), (20, 11, 0)), 3, 9) == Span(7, 11)
    assert locate(((4, 7, 2),), 0, 3) == Span(7, 7)


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5), st.integers(1, 5)), min_size=1), st.data())
def test_literal_bytes_are_where_they_are(gaps: list[tuple[int, int, int]], data: st.DataObject) -> None:
    offsets = []
    text = in_file = 0
    for skipped_in_text, skipped_in_file, length in gaps:
        text, in_file = text + skipped_in_text, in_file + skipped_in_file
        offsets.append((text, in_file, length))
        text, in_file = text + length, in_file + length
    start = data.draw(st.integers(0, text - 1))
    end = data.draw(st.integers(start + 1, text))
    span = locate(tuple(offsets), start, end)
    assert 0 <= span.start <= span.end <= in_file
    if is_literal(tuple(offsets), start, end):
        assert span.end - span.start == end - start


def test_is_literal() -> None:
    assert is_literal(OFFSETS, 2, 5)
    assert not is_literal(OFFSETS, 0, 3)
    assert not is_literal(OFFSETS, 1, 2)
    assert not is_literal((), 0, 1)


@pytest.mark.parametrize(
    ("text", "values", "expected"),
    [
        pytest.param("cargo", ("cargo",), ("cargo",), id="name"),
        pytest.param("/usr/bin/cargo", ("/usr/bin/cargo",), ("cargo",), id="path"),
        pytest.param("cargo.exe", ("cargo.exe",), ("cargo",), id="Windows"),
        pytest.param("$X", ("cargo", "/bin/cargo", "cross"), ("cargo", "cross"), id="several"),
        pytest.param("$HOME/.cargo/bin/cargo", None, ("cargo",), id="unknown folder"),
        pytest.param('"$HOME/.cargo/bin/cargo"', None, ("cargo",), id="unknown folder in quotes"),
        pytest.param('"${X}"/cargo.exe', None, ("cargo",), id="quoted folder"),
        pytest.param("$CARGO", None, None, id="unknown"),
        pytest.param("bin/$CARGO", None, None, id="unknown name"),
        pytest.param("${X:-/bin/cargo}", None, None, id="a path in an expansion"),
        pytest.param("$(which a/b)", None, None, id="a path in a substitution"),
        pytest.param("", ("",), ("",), id="empty"),
    ],
)
def test_programs(text: str, values: Values, expected: Values) -> None:
    assert programs(Word(Span(0, 0), values, text)) == expected


def test_mentions() -> None:
    script = Script("cargo build", (), PLACE, {"X": ("wkg", "y"), "Z": None})
    assert mentions(script, {"npm", "cargo"})
    assert mentions(script, {"wkg"})
    assert not mentions(script, {"npm"})
    assert not mentions(script, ())


def test_whole_passes_over_the_byte_order_mark() -> None:
    script = whole(File("x.sh", b"\xef\xbb\xbf\xc3\xa9 b"), PLACE)
    assert script.text == "é b"
    assert script.offsets == ((0, 3, 4),)


def _command(form: str, *spans: tuple[int, int]) -> Command:
    words = tuple(Word(Span(*span), (f"w{at}",), f"w{at}") for at, span in enumerate(spans))
    return Command(words, PLACE, form=form)


def test_insert_after() -> None:
    command = _command("shell", (0, 5), (6, 11), (6, 11), (12, 14))
    assert insert_after(command, command.words[0], "--locked") == (5, 5, " --locked")
    assert insert_after(command, command.words[1], "--locked") is None
    assert insert_after(command, command.words[2], "--locked") == (11, 11, " --locked")
    assert insert_after(command, command.words[3], "--locked") == (14, 14, " --locked")


def test_insert_after_a_string_of_an_array() -> None:
    command = _command("exec", (1, 8), (10, 17))
    assert insert_after(command, command.words[1], "--locked") == (17, 17, ', "--locked"')


def test_nothing_is_inserted_into_values() -> None:
    command = _command("fixed", (0, 5), (6, 11))
    assert insert_after(command, command.words[1], "--locked") is None
