from __future__ import annotations

import pytest

from dunnage.files.source import File
from dunnage.wit.values import not_a_package, wrong_types


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("wasi:io", ""),
        ("a-b2:c-d3", ""),
        ("wasi", "it has no `:`"),
        ("", "it has no `:`"),
        (":io", "a part of it is empty"),
        ("wasi:", "a part of it is empty"),
        ("wasi:-io", "a word in it is empty"),
        ("wasi:i--o", "a word in it is empty"),
        ("Wasi:io", "a word of it begins with `W`, not with a small letter"),
        ("wasi:2io", "a word of it begins with `2`, not with a small letter"),
        ("wasi:io-2", "a word of it begins with `2`, not with a small letter"),
        ("wasi:iO", "it holds more than small letters, digits, `-` and one `:`"),
        ("a:b:c", "it holds more than small letters, digits, `-` and one `:`"),
        ("wasi:io@0.2.0", "it holds more than small letters, digits, `-` and one `:`"),
        ("wasi:io²", "it holds more than small letters, digits, `-` and one `:`"),
    ],
)
def test_not_a_package(name: str, problem: str) -> None:
    assert not_a_package(name) == problem


def test_wrong_types() -> None:
    table = {"a": 1, "b": True, "c": "x", "d": "x", "e": "x", "f": "x", "g": None}
    types = {"a": int, "b": int, "c": bool, "d": str, "e": dict, "f": list}
    found = wrong_types(table, types, File("a.toml", b""), ("t",), "tool")
    assert [(problem.keys, problem.message) for problem in found] == [
        (("t", "b"), "tool wants an integer for `b`"),
        (("t", "c"), "tool wants a boolean for `c`"),
        (("t", "e"), "tool wants a table for `e`"),
        (("t", "f"), "tool wants an array for `f`"),
        (("t", "g"), "tool refuses the unknown key `g`"),
    ]
