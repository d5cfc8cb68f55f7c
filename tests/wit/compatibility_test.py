"""Which changes break components; tests/oracle asks wasm-tools about many more."""

from __future__ import annotations

import pytest

from dunnage.files.source import File
from dunnage.wit.compatibility import Break, Side, breaks
from dunnage.wit.elaboration import Elaboration
from dunnage.wit.graph import Source, WitGraph
from dunnage.wit.syntax import parse
from wit.revisions import CHANGES, first


def side(text: str) -> Side:
    """The world `w` of the last package in a file."""
    graph = WitGraph([[Source("a.wit", parse(File("a.wit", text.encode())))]], hides_unstable=True)
    world = Elaboration(graph).world(graph.packages[-1].scopes["w"])
    assert world is not None
    return Side(graph, world)


@pytest.mark.parametrize(
    ("change", "imported", "exported"),
    [
        ("nothing", [], []),
        ("docs", [], []),
        ("order", [], []),
        ("function added", [], ["types.f4 added"]),
        ("function removed", ["types.f1 removed"], []),
        ("method added", [], ["types.[method]file.write added"]),
        ("method removed", ["types.[method]file.read removed"], []),
        ("method made static", ["types.[method]file.read removed"], ["types.[static]file.read added"]),
        ("unused type removed", [], []),
        ("unused type changed", [], ["types.spare changed", "types.aside changed"]),
        ("alias replaced by its type", ["types.al removed"], []),
        ("own written out", [], []),
        ("own made borrow", ["user.h2 changed"], ["user.h2 changed"]),
        ("async added", ["types.f2 changed"], ["types.f2 changed"]),
        ("trailing comma", [], []),
        ("percent", [], []),
        ("use renamed", ["user.handle removed"], ["user.grip added"]),
        ("stable made unstable", ["types.f1 removed"], []),
        ("import added", [], []),
        ("import removed", ["alone removed"], ["alone removed"]),
        ("export added", [".fresh added"], [".fresh added"]),
        ("export removed", [], []),
        ("function import changed", [".run changed"], [".run changed"]),
    ],
)
def test_changes(change: str, imported: list[str], exported: list[str]) -> None:
    for position, expected in (("import", imported), ("export", exported)):
        before, after = first(position), first(position)
        CHANGES[change](after)
        found = list(breaks(side(before.text("1.0.0")), side(after.text("1.0.1"))))
        assert [_shown(each) for each in found] == expected


def _shown(found: Break) -> str:
    interface = found.interface.partition("/")[2]
    return f"{interface}{'.' if found.item else ''}{found.item} {found.change}"


def test_unknown_types_are_taken_to_fit() -> None:
    old = side("package a:b; interface i { use c:d/e.{t}; f: func(a: t); } world w { import i; }")
    new = side("package a:b; interface i { use c:d/e.{t}; f: func(a: list<t>); } world w { import i; }")
    assert list(breaks(old, new)) == []


def test_types_that_double() -> None:
    types = "type t0 = u8;" + "".join(f"type t{at} = tuple<t{at - 1}, t{at - 1}>;" for at in range(1, 300))
    text = f"package a:b; interface i {{ {types} f: func(a: t299); }} world w {{ import i; }}"
    found = list(breaks(side(text), side(text.replace("t0 = u8", "t0 = u16"))))
    assert [each.item for each in found] == [*(f"t{at}" for at in range(300)), "f"]
