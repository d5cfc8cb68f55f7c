"""Operations on TOML change what they say and nothing else, and what cannot be proved is not offered."""

from __future__ import annotations

import subprocess
import sys
from copy import deepcopy

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dunnage.files import toml, toml_edit
from dunnage.files.source import File
from dunnage.files.span import Edit, apply
from dunnage.files.toml_edit import (
    AddHeader,
    AddKeys,
    AddTable,
    ArrangeTables,
    Change,
    Move,
    Operation,
    Remove,
    Rename,
    Set,
)
from steps import assert_linear


def edited(text: str, *operations: Operation) -> str | None:
    """The text after a change, or None if it is not offered."""
    file = File("a.toml", text.encode())
    (edits,) = toml_edit.edits(file, [Change("", operations)])
    return apply(file.data, edits).decode() if edits else None


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param("[a]\nx = 1\ny = 2\n", "[a]\ny = 2\n", id="a line"),
        pytest.param("[a]\ny = 2\n  x = 1 # z", "[a]\ny = 2\n  # z", id="the last line, with a comment"),
        pytest.param("[a]\nx = [ # p\n  1, # q\n]\ny = 2\n", "[a]\n# p\n# q\ny = 2\n", id="comments in it"),
        pytest.param("[a]\nx = '# no' # yes\n\n# b\n[b]\n", "[a]\n# yes\n\n# b\n[b]\n", id="a string like a comment"),
        pytest.param("a = { x = 1, y = 2 }\n", "a = { y = 2 }\n", id="first in line"),
        pytest.param("a = { y = 2, x = 1 } # z\n", "a = { y = 2 } # z\n", id="last in line"),
        pytest.param("a = { x = 1 }\n", "a = {}\n", id="alone in line"),
        pytest.param("a.x = 1 # z\na.y = 2\n", "# z\na.y = 2\n", id="dotted"),
        pytest.param("[a]\r\nx = 1 # z\r\ny = 2\r\n", "[a]\r\n# z\r\ny = 2\r\n", id="CRLF"),
        pytest.param("\ufeff[a]\nx = 1\n", "\ufeff[a]\n", id="byte order mark"),
        pytest.param("[a]\nx = 1", "[a]", id="all there is"),
        pytest.param("[a.b]\n[c]\n[a]\nx = 1\n[a.d]\n", "[a.b]\n[c]\n[a]\n[a.d]\n", id="tables out of order"),
        pytest.param("[a.x]\ny = 1\n", None, id="a table with a header"),
    ],
)
def test_a_key_is_removed(before: str, after: str | None) -> None:
    assert edited(before, Remove(("a", "x"))) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param("[a]\n", "[a]\nx = 1\n", id="empty table"),
        pytest.param("[a]", "[a]\nx = 1", id="empty table, no last newline"),
        pytest.param("[a]\ny = 1", "[a]\ny = 1\nx = 1", id="no last newline"),
        pytest.param("[a] # z\n\n[b]\n", "[a] # z\nx = 1\n\n[b]\n", id="comment on the header"),
        pytest.param("[a]\ny = 1\n\n# b\n[b]\n", "[a]\ny = 1\nx = 1\n\n# b\n[b]\n", id="comment on the next header"),
        pytest.param("[a]\n  y = [\n  ] # z\n# b\n", "[a]\n  y = [\n  ] # z\n  x = 1\n# b\n", id="indented"),
        pytest.param("[a]\ny = 1\n[a.b]\nz = 1\n", "[a]\ny = 1\nx = 1\n[a.b]\nz = 1\n", id="before the tables in it"),
        pytest.param("[a.b]\nz = 1", "[a]\nx = 1\n\n[a.b]\nz = 1", id="only implied"),
        pytest.param("[b]\n\n# c\n[[a.c]]\n[d]\n", "[b]\n\n[a]\nx = 1\n\n# c\n[[a.c]]\n[d]\n", id="beside an array"),
        pytest.param("[b]\ny = 1\n", "[b]\ny = 1\n\n[a]\nx = 1\n", id="a new table"),
        pytest.param("[b]\r\ny = 1", "[b]\r\ny = 1\r\n\r\n[a]\r\nx = 1", id="a new table, CRLF, no last newline"),
        pytest.param("[ 'a' ]\n", "[ 'a' ]\nx = 1\n", id="quoted"),
        pytest.param("[[a]]\n", None, id="no table"),
        pytest.param("a = {}\n", "a = { x = 1 }\n", id="empty inline"),
        pytest.param("a = { y = 1 } # z\n", "a = { y = 1, x = 1 } # z\n", id="inline"),
        pytest.param("a.y = 1\nb = 1\n", "a.y = 1\na.x = 1\nb = 1\n", id="dotted"),
        pytest.param("[a]\r\ny = 1\r\n", "[a]\r\ny = 1\r\nx = 1\r\n", id="CRLF"),
        pytest.param("\ufeff[a]\n", "\ufeff[a]\nx = 1\n", id="byte order mark"),
        pytest.param("", "[a]\nx = 1\n", id="empty file"),
        pytest.param("a = 1\n", None, id="something else is there"),
    ],
)
def test_a_key_is_added(before: str, after: str | None) -> None:
    assert edited(before, Set(("a", "x"), 1)) == after


@pytest.mark.parametrize(
    ("before", "keys", "value", "after"),
    [
        pytest.param("[a]\nx = 1 # y\n", ("a", "x"), True, "[a]\nx = true # y\n", id="value"),
        pytest.param("[a]\nx = 'b'\n", ("a", "x"), "c", "[a]\nx = 'c'\n", id="quotes stay"),
        pytest.param("[a]\nx = 'b'\n", ("a", "x"), "it's", '[a]\nx = "it\'s"\n', id="quotes cannot stay"),
        pytest.param("[a]\nx = ['b', 'c']\n", ("a", "x", 1), "d", "[a]\nx = ['b', 'd']\n", id="entry in line"),
        pytest.param(
            "[a]\nx = [\n  # b\n  'b', # c\n\n  'd'\n]\n",
            ("a", "x", 0),
            {"id": "b", "why": "w"},
            "[a]\nx = [\n  # b\n  { id = 'b', why = \"w\" }, # c\n\n  'd'\n]\n",
            id="an entry becomes a table",
        ),
        pytest.param(
            '[[a]]\n[[a]]\nx = { y = "z" }\n', ("a", 1, "x", "y"), "q", '[[a]]\n[[a]]\nx = { y = "q" }\n', id="deep"
        ),
        pytest.param(
            "[a.b]\nx = 1\n\n# c\n[c]\n",
            ("a", "b", "d", "e@1"),
            "f",
            '[a.b]\nx = 1\n\n[a.b.d]\n"e@1" = "f"\n\n# c\n[c]\n',
            id="a table beside",
        ),
        pytest.param("[a]\nx = nan\ny = 1\n", ("a", "y"), 2, "[a]\nx = nan\ny = 2\n", id="nan elsewhere"),
        pytest.param("[a]\nx = [1]\n", ("a", "x", 1), 2, None, id="no such entry"),
        pytest.param("[a]\nx = 1\n", ("a", "x", "y"), 2, None, id="no table"),
    ],
)
def test_a_value_is_set(before: str, keys: tuple[str | int, ...], value: object, after: str | None) -> None:
    assert edited(before, Set(keys, value)) == after


@pytest.mark.parametrize(
    ("before", "operation", "after"),
    [
        pytest.param("[a]\nx = 1 # z\ny = 2\n", Rename(("a", "x"), "w", [1]), "[a]\nw = [1] # z\ny = 2\n", id="rename"),
        pytest.param(
            "a = { x = 1, y = 2 }\n", Rename(("a", "x"), "w", 1), "a = { w = 1, y = 2 }\n", id="rename in line"
        ),
        pytest.param("[a]\nx = 1\ny = 2\n", Rename(("a", "x"), "y", 1), None, id="the name is taken"),
        pytest.param(
            "[a]\nx  =  [ # y\n] # z\n[b]\n",
            Move(("a", "x"), ("b",), {"w": 1}),
            "[a]\n[b]\nx  =  [ # y\n] # z\n",
            id="move to a table",
        ),
        pytest.param(
            "[a]\nx = 1\ny = 2\n\n[c]\n",
            Move(("a", "x"), ("a", "b"), {"w": 1}),
            "[a]\ny = 2\n\n[a.b]\nx = 1\nw = 1\n\n[c]\n",
            id="move to a new table",
        ),
        pytest.param("[a]\nx = 1\n[b]\nx = 1\n", Move(("a", "x"), ("b",), {}), None, id="there is one already"),
        pytest.param("# a\nx = 1\n\n[b]\n", AddHeader("a", ("x",)), "# a\n[a]\nx = 1\n\n[b]\n", id="header"),
        pytest.param("# a\n\n# x\nx = 1\n", AddHeader("a", ("x",)), "# a\n\n[a]\n# x\nx = 1\n", id="header, comment"),
        pytest.param("y = 1\nx = 1\n", AddHeader("a", ("x",)), "y = 1\n[a]\nx = 1\n", id="header below others"),
        pytest.param("x = 1\ny = 1\n", AddHeader("a", ("x",)), None, id="header over others"),
        pytest.param("[b]\n", AddTable(("a",), {"x": "y"}), '[b]\n\n[a]\nx = "y"\n', id="table"),
        pytest.param("a = {}\n", AddTable(("a",), {"x": "y"}), None, id="table that is there"),
        pytest.param(
            "[[a]]\nx = 1 # p\n\n[[a]]\nx = 2\n[b]\n",
            ArrangeTables(("a",), ((1, {}), (0, {"x": 3}))),
            "[[a]]\nx = 2\n\n[[a]]\nx = 3 # p\n[b]\n",
            id="another order",
        ),
        pytest.param("[[a]]\nx = 1\n[[a]]\nx = 2\n", ArrangeTables(("a",), ((0, {}),)), "[[a]]\nx = 1\n", id="fewer"),
        pytest.param("[[a]]\nx = 1 # p\n[[a]]\n", ArrangeTables(("a",), ((1, {}),)), None, id="a comment would go"),
        pytest.param("a = [{}, {}]\n", ArrangeTables(("a",), ((1, {}),)), None, id="tables without headers"),
    ],
)
def test_other_operations(before: str, operation: Operation, after: str | None) -> None:
    assert edited(before, operation) == after


def test_changes_are_made_side_by_side() -> None:
    file = File("a.toml", b"[a]\nx = [\n  'b',\n  'c',\n]\ny = 1\nz = 1\n")
    operations: list[Operation] = [Set(("a", "x", 0), "d"), Set(("a", "x", 1), "e"), Remove(("a", "y"))]
    edits = toml_edit.edits(file, [*(Change("", (operation,)) for operation in operations), None])
    assert edits[3] == ()
    assert apply(file.data, [edit for own in edits for edit in own]) == b"[a]\nx = [\n  'd',\n  'e',\n]\nz = 1\n"


def test_changes_in_one_place_are_offered_one_by_one() -> None:
    file = File("a.toml", b"[a]\n")
    edits = toml_edit.edits(file, [Change("", (AddTable((name,), {"x": 1}),)) for name in "bcd"])
    assert [len(own) for own in edits] == [1, 1, 1]


def test_what_changes_more_is_not_proved() -> None:
    file = File("a.toml", b"[a]\r\nx = 1 # y\r\n")
    at = file.data.index(b"1")
    assert toml_edit.is_proved(file, [Edit("a.toml", at, at + 1, "2")], [Set(("a", "x"), 2)])
    for end, text in ((at + 5, "2"), (at + 1, "2.0"), (at + 1, "="), (at + 7, "2 # y\n"), (at + 7, "2 # y")):
        assert not toml_edit.is_proved(file, [Edit("a.toml", at, end, text)], [Set(("a", "x"), 2)])


def test_a_file_that_is_too_large_is_not_edited() -> None:
    lines = "".join(f"  '{number}',\n" for number in range(60_000))
    assert edited(f"[a]\nx = [\n{lines}]\n", Set(("a", "x", 0), "y")) is None


@pytest.mark.parametrize("value", ["[" * 390 + "]" * 390, "{ a = " * 390 + "1" + " }" * 390], ids=["arrays", "tables"])
def test_what_is_nested_deeply_is_edited_right_or_not_at_all(value: str) -> None:
    text = f"[a]\nx = {value}\ny = 1\n"
    assert edited(text, Set(("a", "y"), 2)) in (None, text.replace("y = 1", "y = 2"))
    assert edited(text, Set(("a", "z"), 2)) in (None, f"{text}z = 2\n")
    assert edited(text, Remove(("a", "x"))) in (None, "[a]\ny = 1\n")


def test_tomlkit_is_loaded_for_edits_alone() -> None:
    program = (
        "import sys; from dunnage.files import toml_edit; from dunnage.files.source import File; "
        "toml_edit.edits(File('a', b'[a]'), [None]); sys.exit('tomlkit' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


LINES = st.sampled_from(
    [
        *(
            "[a]",
            "[a.b]",
            "[[a.c]]",
            "[b]",
            "[[d]]",
            "[d.e]",
            "# one",
            "  # two",
            "",
            "x = 1",
            "y = 'z' # three",
            "x.y = 2",
        ),
        *(
            "y = [ # four",
            "  'p', # five",
            "]",
            "  x = { y = 1, z = 2 }",
            "z = { }",
            'y = """',
            '"""',
            "a.x = 1",
            "b = []",
        ),
    ]
)
DOCUMENTS = st.tuples(
    st.sampled_from(["", "\ufeff"]), st.lists(LINES, max_size=14), st.sampled_from(["\n", "\r\n"]), st.booleans()
).map(lambda parts: parts[0] + parts[2].join(parts[1]) + (parts[2] if parts[3] else ""))
KEYS = st.lists(st.sampled_from(["a", "b", "c", "d", "e", "x", "y", "z", 0, 1]), min_size=1, max_size=4).map(tuple)
TABLES = st.lists(st.sampled_from("abcdexyz"), min_size=1, max_size=2).map(tuple)
VALUES = st.sampled_from([1, True, "p", "it's\n", ["q"], {"x": "p", "w": 1}, {}])
OPERATIONS: st.SearchStrategy[Operation] = st.one_of(
    st.builds(Set, KEYS, VALUES),
    st.builds(Remove, KEYS),
    st.builds(Rename, KEYS, st.sampled_from("xyw"), VALUES),
    st.builds(Move, KEYS, TABLES, st.just({"w": 1})),
    st.builds(AddTable, TABLES, st.just({"w": 1})),
    st.builds(AddHeader, st.sampled_from("abf"), st.sampled_from([("x",), ("x", "y")])),
)


@settings(max_examples=150, deadline=None)
@given(DOCUMENTS, st.lists(OPERATIONS, min_size=1, max_size=3))
def test_what_is_offered_does_what_it_should(text: str, operations: list[Operation]) -> None:
    file = File("a.toml", text.encode())
    try:
        expected = deepcopy(toml.parse(file))
    except toml.TomlError:
        return
    for operation, own in zip(
        operations, toml_edit.edits(file, [Change("", (each,)) for each in operations]), strict=True
    ):
        if not own:
            continue
        after = File("a.toml", apply(file.data, own))
        data = deepcopy(expected)
        operation.carry_out(data)
        assert toml.parse(after) == data
        assert {comment.strip() for _, comment in toml.comments(file)} <= {
            comment.strip() for _, comment in toml.comments(after)
        }
        assert after.data.startswith(b"\xef\xbb\xbf") == file.data.startswith(b"\xef\xbb\xbf")
        if file.data and after.data:  # what is left without any text has no line to end
            assert after.data.endswith(b"\n") == file.data.endswith(b"\n")
        if "\r\n" in text:
            assert after.data.count(b"\n") == after.data.count(b"\r\n")


@pytest.mark.parametrize("entry", ['"",', '"",\n', '{id=""},'])
def test_a_section_of_very_many_entries_is_not_edited(entry: str) -> None:
    change = toml_edit.Change("", (toml_edit.Set(("advisories", "yanked"), "deny"),))
    for count, is_edited in ((100, True), (40_000, False)):
        notes: list[str] = []
        file = File("deny.toml", f"[advisories]\nignore = [{entry * count}]\n".encode())
        assert [bool(own) for own in toml_edit.edits(file, [change], notes)] == [is_edited]
        assert bool(notes) == (not is_edited)


@pytest.mark.untraced
@pytest.mark.parametrize("before", ["", "[a]\n", "[a]\ny = 1\n"])
def test_steps_of_many_new_keys(before: str) -> None:
    def run(size: int) -> None:
        values = {f"x{number}": "z" for number in range(size)}
        operation = AddKeys(("a",), values) if before else AddTable(("a",), values)
        assert edited(before, operation) == (before or "[a]\n") + "".join(f'{name} = "z"\n' for name in values)

    assert_linear(run, 200)
