"""Which schema a release of cargo-deny has, and that the schemas hold together."""

from __future__ import annotations

import pytest

from dunnage.deny import values
from dunnage.deny.schema import NEW, OLD, SERVED, Either, Package, Schema, Table, Type, of

SCALARS = {"bool", "float", "number", "i32", "u32", "usize", "string", "ignored"}


@pytest.mark.parametrize(
    ("version", "schema"),
    [("0.20", NEW), ("0.20.0", NEW), ("0.20.2", NEW), ("0.14", OLD), ("0.14.2", OLD), ("0.14.11", OLD)],
)
def test_a_release_has_a_schema(version: str, schema: Schema) -> None:
    assert of(version) is schema


@pytest.mark.parametrize("version", ["", "0", "0.1", "0.14.1", "0.14.12", "0.16", "0.19.9", "0.20.3", "1.0", "0.20 "])
def test_no_other_release_has_one(version: str) -> None:
    with pytest.raises(ValueError, match=r"known are 0\.14 \(0\.14\.2 to 0\.14\.11\) and 0\.20"):
        of(version)


def test_each_schema_is_served_for_its_own_release() -> None:
    assert all(schema.release in releases and schema.generation in releases for schema, releases in SERVED)


@pytest.mark.parametrize("schema", [NEW, OLD], ids=["0.20", "0.14"])
def test_every_type_is_one(schema: Schema) -> None:
    left: list[Type] = [schema.root]
    while left:
        match left.pop():
            case Table(keys, required, removed, renamed, moved):
                assert set(required) | set(moved) <= set(keys)
                assert not (set(removed) | set(renamed)) & set(keys)
                assert set(moved.values()) | set(renamed.values()) <= set(keys)
                left += keys.values()
            case Package(keys, required):
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


@pytest.mark.parametrize("schema", [NEW, OLD], ids=["0.20", "0.14"])
def test_every_default_is_of_a_key(schema: Schema) -> None:
    for name in schema.defaults:
        table, _, key = name.partition(".")
        assert key in schema.root.keys[table].keys
