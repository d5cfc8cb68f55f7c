"""What is new in a lock, and what it replaces."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from cargo.files import lock
from dunnage.files.source import File
from dunnage.review.changes import Graph, compare, identity, read, read_base
from review.locks import changes, parsed

PAIRS = [
    ("nothing", "a 1.0.0 crates.io", "a 1.0.0 crates.io", [], []),
    ("update", "a 1.0.0 crates.io", "a 1.1.0 crates.io", ["a 1.1.0"], ["a 1.0.0 > a 1.1.0"]),
    (
        "each within its range",
        "a 1.0.0 crates.io\na 2.0.0 crates.io",
        "a 1.0.1 crates.io\na 2.0.1 crates.io",
        ["a 1.0.1", "a 2.0.1"],
        ["a 1.0.0 > a 1.0.1", "a 2.0.0 > a 2.0.1"],
    ),
    ("one more", "a 1.0.0 crates.io", "a 1.0.0 crates.io\na 2.0.0 crates.io", ["a 2.0.0"], []),
    ("other source", "a 1.0.0 crates.io", "a 1.0.0 git", ["a 1.0.0"], ["a 1.0.0 > a 1.0.0"]),
    ("build metadata", "a 1.0.0+1 crates.io", "a 1.0.0+2 crates.io", ["a 1.0.0+2"], ["a 1.0.0+1 > a 1.0.0+2"]),
    ("removed", "a 1.0.0 crates.io\nb 1.0.0 crates.io", "a 1.0.0 crates.io", [], []),
]


@pytest.mark.parametrize(
    ("before", "after", "incoming", "updates"), [pair[1:] for pair in PAIRS], ids=[pair[0] for pair in PAIRS]
)
def test_changes(before: str, after: str, incoming: list[str], updates: list[str]) -> None:
    found = changes(before, after)
    assert list(map(str, found.incoming)) == incoming
    assert [f"{update.before} > {update.after}" for update in found.updates] == updates
    assert compare(found.lock, [found.lock]).incoming == ()


def test_at_a_merge_only_what_no_parent_has_is_incoming() -> None:
    ours, theirs = parsed("a 1.1.0 crates.io\nb 1.0.0 crates.io"), parsed("a 1.0.0 crates.io\nb 1.1.0 crates.io")
    found = compare(parsed("a 1.1.0 crates.io\nb 1.1.0 crates.io\nc 1.0.0 crates.io"), [ours, theirs])
    assert list(map(str, found.incoming)) == ["c 1.0.0"]


def test_an_edge_leads_to_the_package_that_it_means() -> None:
    graph = Graph(parsed("a 1.0.0 crates.io -> b 2.0.0, c\nb 1.0.0 crates.io\nb 2.0.0 crates.io\nc 1.0.0 crates.io"))
    edges = parsed("a 1.0.0 crates.io -> b 2.0.0, c, b, d").packages[0].edges
    assert [str(graph.target(edge)) for edge in edges] == ["b 2.0.0", "c 1.0.0", "None", "None"]


@pytest.mark.parametrize(
    "text", ["<<<<<<< ours", "[[package]]\nname = 1\n", "package = 3\n", "\xff", "version = 9\n", "[[package]]\n"]
)
def test_a_lock_that_cannot_be_read_is_none(text: str) -> None:
    assert read(File("Cargo.lock", text.encode("latin-1"))) is None


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            "a 1.0.0 crates.io -> b\nb 1.0.0 crates.io",
            "a 1.0.0 crates.io -> b, c\nb 1.1.0 crates.io\nc 1.0.0 crates.io",
        ),
        ("b 1.0.0 crates.io", "a 1.0.0 crates.io\nb 1.0.0 crates.io"),
        ("", "a 1.0.0 crates.io"),
        ("a 1.0.0 crates.io", ""),
        ("a 1.0.0\nb 1.0.0 git", "a 1.0.0\nb 1.0.0 crates.io"),
    ],
)
@pytest.mark.parametrize(
    "spelled", [lambda text: text, lambda text: text.replace("\n", "\r\n"), lambda text: text.strip()]
)
def test_a_base_is_read_as_any_lock(before: str, after: str, spelled: Callable[[str], str]) -> None:
    for old, new in ((before, after), (after, before)):
        file, newer = File("Cargo.lock", spelled(lock(old)).encode()), read(File("Cargo.lock", lock(new).encode()))
        assert newer is not None
        base, plain = read_base(file, newer), read(file)
        assert base is not None
        assert plain is not None
        found = {identity(package): package[4:] for package in base.packages}
        assert found == {identity(package): package[4:] for package in plain.packages}


@pytest.mark.parametrize(
    "old", ["<<<<<<<", "version = 4\n\n[[package]]\n", "version = 3\n", "[[package]]\nname = 'x'\n"]
)
def test_an_odd_base(old: str) -> None:
    newer = read(File("Cargo.lock", lock("a 1.0.0 crates.io").encode()))
    assert newer is not None
    file = File("Cargo.lock", old.encode())
    assert (read_base(file, newer) is None) is (read(file) is None)
