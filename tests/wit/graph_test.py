"""What leads back to itself in WIT."""

from __future__ import annotations

from dunnage.files.source import File
from dunnage.wit.graph import Source, WitGraph
from dunnage.wit.syntax import parse


def graph(text: str) -> WitGraph:
    return WitGraph([[Source("a.wit", parse(File("a.wit", text.encode())))]])


def cycles(text: str) -> list[tuple[str, ...]]:
    return [cycle.names for cycle in graph(text).cycles()]


def test_the_shortest_way_from_the_first() -> None:
    text = "type a = tuple<b, c>; type b = d; type c = a; type d = c; type e = a; type f = list<f>;"
    assert cycles(f"interface i {{ {text} }}") == [("a", "c"), ("f",)]


def test_a_scope_of_its_own() -> None:
    assert cycles("interface i { type t = s; type s = u8; } interface j { type s = t; type t = u8; }") == []
    assert cycles("world w { import i: interface { type t = t; } type s = s; }") == [("s",), ("t",)]


def test_a_chain_is_not_followed_by_calls() -> None:
    chain = "".join(f"type t{at} = list<t{at + 1}>;" for at in range(20_000))
    assert cycles(f"interface i {{ {chain} }}") == []
    (cycle,) = cycles(f"interface i {{ {chain} type t20000 = t0; }}")
    assert len(cycle) == 20_001


def test_a_package_that_is_there_twice_is_not_meant() -> None:
    nested = "package a:c {{ interface i {{ use a:b/{}.{{}}; }} }}"
    assert cycles("package a:b; interface i { use a:c/i.{}; }" + nested.format("i")) == [("a:b", "a:c")]
    assert cycles("package a:b; interface i { use a:c/i.{}; }" + nested.format("i") + nested.format("j")) == []


def test_packages_that_a_type_leads_round_are_told_once() -> None:
    text = "package a:b; interface i { use a:c/i.{t}; } package a:c { interface i { use a:b/i.{t}; } }"
    assert cycles(text) == [("t", "t")]
