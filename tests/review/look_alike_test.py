"""Which names could be taken for others."""

from __future__ import annotations

import pytest

from dunnage.review.look_alike import Names, well_known

LOCKED = ["my-parser", "adler", "sha256-simple", "ferris_tool"]
RESEMBLING = [
    ("proc-macro1", "proc-macro2"),
    ("proc_macro2", "proc-macro2"),
    ("macro2-proc", "proc-macro2"),
    ("serde-rs", "serde"),
    ("rs-serde", "serde"),
    ("tokio-rust", "tokio"),
    ("serd-json", "serde_json"),
    ("sedre_json", "serde_json"),
    ("serde_jsom", "serde_json"),
    ("serde_jsonn", "serde_json"),
    ("my_parser", "my-parser"),
    ("my-praser", "my-parser"),
    ("ferris-tool", "ferris_tool"),
    ("bytez", "bytes"),
]
ORDINARY = [
    "proc-macro2",
    "proc-macro3",
    "adler2",
    "sha512-simple",
    "libd",
    "l1bc-extra",
    "wholly-different",
    "rs-",
    "rs",
    "x",
]


@pytest.mark.parametrize(("name", "known"), RESEMBLING, ids=[name for name, _ in RESEMBLING])
def test_resembling(name: str, known: str) -> None:
    assert Names(LOCKED).resembled_by(name) == known


@pytest.mark.parametrize("name", ORDINARY)
def test_ordinary(name: str) -> None:
    assert Names(LOCKED).resembled_by(name) is None


def test_a_common_name_resembles_nothing() -> None:
    names = Names([])
    assert [name for name in well_known() if names.resembled_by(name)] == []


def test_the_list_is_sorted_and_says_where_it_comes_from() -> None:
    assert len(well_known()) > 1_000
    assert all(name == name.strip() and name.isascii() for name in well_known())
