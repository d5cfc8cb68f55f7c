"""Strings of TOML files, and the bytes of the file that they are copied from. tomli says what each one is."""

from __future__ import annotations

import pytest
import tomli
from hypothesis import given
from hypothesis import strategies as st

from dunnage.files.source import File, SourceError
from dunnage.scripts.toml_tasks import parsed, table_variables, text_of

STRINGS = {
    "basic": '"a b"',
    "empty": '""',
    "literal": r"'a\tb'",
    "escapes": r'"a\tb\\c\"d\u00e9\U0001F600\x41é"',
    "lines": '"""\na\n  b\n"""',
    "lines-with-crlf": '"""\r\na\r\n  b\r\n"""',
    "continued": '"""a \\\n    b \\  \n\n  c\\n"""',
    "literal-lines": "'''\n  a \\\n'b'\n'''",
    "quotes-at-the-end": '"""a\\""""',
    "empty-lines": "''''''",
}


def check(source: str) -> None:
    file = File("mise.toml", f"x = {{ y = [1, {source}] }}\n".encode())
    value = tomli.loads(file.text)["x"]["y"][1]
    text, offsets = text_of(file, ("x", "y", 1), value)
    assert text.replace("\r\n", "\n") == value
    for in_text, in_file, length in offsets:
        assert text.encode()[in_text : in_text + length] == file.data[in_file : in_file + length]
    copied = sum(length for _, _, length in offsets)
    assert copied == len(text.encode()) or "\\" in source


@pytest.mark.parametrize("name", STRINGS)
def test_strings(name: str) -> None:
    check(STRINGS[name])


@given(st.text(alphabet="ab \\\"'\n\tnu0041é", max_size=20), st.sampled_from(['"', "'", '"""', "'''"]))
def test_any_string(inside: str, quotes: str) -> None:
    source = f"{quotes}{inside}{quotes}"
    try:
        tomli.loads(f"x = {source}")
    except tomli.TOMLDecodeError:
        return
    check(source)


def test_what_is_no_toml() -> None:
    assert parsed(File("mise.toml", b"x")) == {}
    with pytest.raises(SourceError):
        parsed(File("mise.toml", b"x = '\xff'"))
    with pytest.raises(SourceError, match="is larger than"):
        parsed(File("mise.toml", b"#" * (2 * 1024 * 1024 + 1)))


def test_variables() -> None:
    table = {"a": "x", "b": 1, "c": True, "d": "{{ x }}", "e": ["x"], "f": {"value": "x"}}
    found = table_variables(table, "{{", "vars.")
    assert found == {
        "vars.a": ("x",),
        "vars.b": ("1",),
        "vars.c": ("true",),
        **dict.fromkeys(("vars.d", "vars.e", "vars.f")),
    }
    assert table_variables(["a"], "{{") == {}
