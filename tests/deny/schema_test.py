"""The schema holds together."""

from __future__ import annotations

from dunnage.deny import values
from dunnage.deny.schema import DEFAULTS, ROOT, CrateType, Either, TableType, Type

SCALARS = {"bool", "float", "i32", "u32", "usize", "string", "ignored"}


def test_every_type_is_one() -> None:
    left: list[Type] = [ROOT]
    while left:
        match left.pop():
            case TableType(keys, required, removed, renamed, moved):
                assert set(required) | set(moved) <= set(keys)
                assert not (set(removed) | set(renamed)) & set(keys)
                assert set(moved.values()) | set(renamed.values()) <= set(keys)
                left += keys.values()
            case CrateType(keys, required):
                assert set(required) <= set(keys)
                left += keys.values()
            case Either(text, table):
                left += (text, table)
            case [element]:
                left.append(element)
            case tuple(choices):
                assert all(isinstance(choice, str) for choice in choices)
            case name:
                assert name in SCALARS | set(values.KINDS)


def test_every_default_is_of_a_key() -> None:
    for name in DEFAULTS:
        table, _, key = name.partition(".")
        assert key in ROOT.keys[table].keys
