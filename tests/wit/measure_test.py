"""Sizes of types, and of what wasm-tools encodes; tests/oracle asks wasm-tools itself."""

from __future__ import annotations

import pytest

from dunnage.files.source import File
from dunnage.wit.graph import Source, WitGraph
from dunnage.wit.measure import MAX_COUNTED, MAX_SIZE, encoded, measure
from dunnage.wit.syntax import parse


def graph(*texts: str) -> WitGraph:
    """A graph of packages of one file each."""
    return WitGraph(
        [[Source(f"{number}.wit", parse(File(f"{number}.wit", text.encode())))] for number, text in enumerate(texts)]
    )


def sizes(*texts: str) -> dict[str, int]:
    known = graph(*texts)
    return {node.item.name: size for node, size in zip(known.nodes, measure(known).sizes, strict=True)}


@pytest.mark.parametrize(
    ("text", "size"),
    [
        pytest.param("type t = u8;", 1, id="primitive"),
        pytest.param("type t = list<u8>;", 2, id="list"),
        pytest.param("type t = list<u8, 7>;", 2, id="list of a length"),
        pytest.param("type t = map<u8, list<u8>>;", 4, id="map"),
        pytest.param("type t = tuple<u8, u8, u8>;", 4, id="tuple"),
        pytest.param("type t = result<_, option<u8>>;", 3, id="result"),
        pytest.param("type t = stream;", 1, id="stream of nothing"),
        pytest.param("record t { a: u8, b: s, c: s } type s = tuple<u8, u8>;", 8, id="names in a record"),
        pytest.param("variant t { a, b, c(u8) }", 2, id="variant"),
        pytest.param("flags t { a, b, c }", 1, id="flags"),
        pytest.param("enum t { a, b, c }", 1, id="enum"),
        pytest.param("resource t;", 1, id="resource"),
        pytest.param("type t = own<r>; resource r;", 1, id="handle"),
        pytest.param("t: func(a: u8, b: list<u8>) -> u8;", 5, id="function"),
        pytest.param("resource r { t: func(); }", 2, id="method"),
        pytest.param("resource r { t: static func(); }", 1, id="static function"),
        pytest.param("type t = s; type s = unknown;", 1, id="a name that leads nowhere"),
        pytest.param("type t = list<t>;", 1, id="a cycle"),
        pytest.param("record t { a: s, b: u8 } type s = list<s>;", 1, id="what leads to a cycle"),
    ],
)
def test_size(text: str, size: int) -> None:
    assert sizes(f"package a:b; interface i {{ {text} }}")["t"] == size


def test_sizes_go_through_use() -> None:
    first = "package a:b; interface i { use j.{t as u}; type v = list<u>; } interface j { use c:d/k@1.0.0.{t}; }"
    assert sizes(first, "package c:d@1.0.0; interface k { type t = tuple<u8, u8>; }")["v"] == 4
    assert sizes(first, "package c:d; interface k { type t = tuple<u8, u8>; }")["v"] == 2


def test_sizes_are_counted_up_to_a_bound() -> None:
    text = "".join(f"type t{at} = tuple<t{at - 1}, t{at - 1}>;" for at in range(1, 2000))
    assert sizes(f"package a:b; interface i {{ type t0 = u8; {text} }}")["t1999"] == MAX_COUNTED


HALF = "type t0 = u8;" + "".join(f"type t{at} = tuple<t{at - 1}, t{at - 1}>;" for at in range(1, 18))


@pytest.mark.parametrize(
    ("text", "excesses"),
    [
        # t17 comes to 262,143, and all of them to 524,268.
        pytest.param(f"interface i {{ {HALF} }}", [], id="half of it"),
        pytest.param(f"interface i {{ {HALF} f: func(a: t17, b: t17); }}", [("interface", "i")], id="an interface"),
        pytest.param(f"interface i {{ {HALF} }} interface j {{ {HALF} }}", [("package", "j")], id="two interfaces"),
        pytest.param(
            f"interface i {{ {HALF} }} interface j {{ use i.{{t0}}; }}", [("package", "j")], id="what another needs"
        ),
        pytest.param(f"interface i {{ {HALF} }} world w {{ import i; }}", [("package", "w")], id="a world's need"),
        pytest.param(
            f"world w {{ import i: interface {{ {HALF} }} export j: interface {{ {HALF} }} }}",
            [("world", "w")],
            id="a world",
        ),
        pytest.param(
            f"world v {{ import i: interface {{ {HALF} }} }} world w {{ include v; }}", [("package", "w")], id="include"
        ),
        pytest.param(f"package c:d {{ interface i {{ {HALF} }} }} interface j {{ {HALF} }}", [], id="two packages"),
        pytest.param("world v { include w; } world w { include v; }", [], id="worlds that include each other"),
    ],
)  # fmt: skip
def test_what_is_encoded(text: str, excesses: list[tuple[str, str]]) -> None:
    known = graph(f"package a:b; {text}")
    found, _, is_complete = encoded(known, measure(known))
    assert is_complete
    assert [(excess.kind, excess.item.name) for excess in found] == excesses
    assert all(excess.size >= MAX_SIZE for excess in found)


def test_the_interfaces_of_worlds() -> None:
    known = graph(
        "package a:b; interface i { type t = u8; } interface j { use i.{t}; } interface k {} interface l {}"
        " interface m {} world v { import j; export k; } world w { include v; import n: l; }"
    )
    _, in_worlds, _ = encoded(known, measure(known))
    names = {part.source.document.name(scope.token) for at, (part, scope) in enumerate(known.scopes) if at in in_worlds}
    assert names == {"i", "j", "k", "l"}
