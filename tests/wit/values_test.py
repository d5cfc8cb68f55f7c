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
        (":io", "one of its parts is empty"),
        ("wasi:", "one of its parts is empty"),
        ("wasi:-io", "one of its words is empty"),
        ("wasi:i--o", "one of its words is empty"),
        ("Wasi:io", "a word in it begins with `W` instead of a lowercase letter"),
        ("wasi:2io", "a word in it begins with `2` instead of a lowercase letter"),
        ("wasi:io-2", "a word in it begins with `2` instead of a lowercase letter"),
        ("wasi:iO", "it may contain only lowercase letters, digits, `-` and one `:`"),
        ("a:b:c", "it may contain only lowercase letters, digits, `-` and one `:`"),
        ("wasi:io@0.2.0", "it may contain only lowercase letters, digits, `-` and one `:`"),
        ("wasi:io²", "it may contain only lowercase letters, digits, `-` and one `:`"),
    ],
)
def test_not_a_package(name: str, problem: str) -> None:
    assert not_a_package(name) == problem


def test_wrong_types() -> None:
    table = {"a": 1, "b": True, "c": "x", "d": "x", "e": "x", "f": "x", "g": None}
    types = {"a": int, "b": int, "c": bool, "d": str, "e": dict, "f": list}
    found = wrong_types(table, types, File("a.toml", b""), ("t",), "tool")
    assert [(problem.keys, problem.message) for problem in found] == [
        (("t", "b"), "tool requires an integer for `b`"),
        (("t", "c"), "tool requires a boolean for `c`"),
        (("t", "e"), "tool requires a table for `e`"),
        (("t", "f"), "tool requires an array for `f`"),
        (("t", "g"), "tool rejects the unknown key `g`"),
    ]
