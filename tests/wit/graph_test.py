"""What leads back to itself in WIT."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dunnage.files.source import File
from dunnage.wit.graph import Source, WitGraph, cycles, order
from dunnage.wit.syntax import parse


def graph(text: str) -> WitGraph:
    return WitGraph([[Source("a.wit", parse(File("a.wit", text.encode())))]])


def names_of_cycles(text: str) -> list[tuple[str, ...]]:
    return [cycle.names for cycle in graph(text).cycles()]


def test_the_shortest_way_from_the_first() -> None:
    text = "type a = tuple<b, c>; type b = d; type c = a; type d = c; type e = a; type f = list<f>;"
    assert names_of_cycles(f"interface i {{ {text} }}") == [("a", "c"), ("f",)]


def test_a_scope_of_its_own() -> None:
    assert names_of_cycles("interface i { type t = s; type s = u8; } interface j { type s = t; type t = u8; }") == []
    assert names_of_cycles("world w { import i: interface { type t = t; } type s = s; }") == [("s",), ("t",)]


def test_a_chain_is_not_followed_by_calls() -> None:
    chain = "".join(f"type t{at} = list<t{at + 1}>;" for at in range(20_000))
    assert names_of_cycles(f"interface i {{ {chain} }}") == []
    (cycle,) = names_of_cycles(f"interface i {{ {chain} type t20000 = t0; }}")
    assert len(cycle) == 20_001


def test_a_package_that_is_there_twice_is_not_meant() -> None:
    nested = "package a:c {{ interface i {{ use a:b/{}.{{}}; }} }}"
    assert names_of_cycles("package a:b; interface i { use a:c/i.{}; }" + nested.format("i")) == [("a:b", "a:c")]
    assert names_of_cycles("package a:b; interface i { use a:c/i.{}; }" + nested.format("i") + nested.format("j")) == []


def test_packages_that_a_type_leads_round_are_told_once() -> None:
    text = "package a:b; interface i { use a:c/i.{t}; } package a:c { interface i { use a:b/i.{t}; } }"
    assert names_of_cycles(text) == [("t", "t")]


# Cycles in graphs of numbers


@pytest.mark.parametrize(
    ("targets", "ordered", "unordered", "found"),
    [
        pytest.param([], [], [], [], id="empty"),
        pytest.param([[1], [2], []], [2, 1, 0], [], [], id="chain"),
        pytest.param([[1, 1], []], [1, 0], [], [], id="two edges to one node"),
        pytest.param([[0]], [], [0], [[0]], id="edge to itself"),
        pytest.param([[1], [0], [0], []], [3], [0, 1, 2], [[0, 1]], id="a node outside leads to a cycle"),
        pytest.param([[1, 2], [2], [0]], [], [0, 1, 2], [[0, 2]], id="shortest cycle from the first node"),
        pytest.param([[1], [0], [3], [2]], [], [0, 1, 2, 3], [[0, 1], [2, 3]], id="two components"),
    ],
)
def test_order_and_cycles(
    targets: list[list[int]], ordered: list[int], unordered: list[int], found: list[list[int]]
) -> None:
    assert order(targets) == (ordered, unordered)
    assert sorted(cycles(targets, unordered)) == found


@given(st.lists(st.lists(st.integers(0, 9), max_size=3), min_size=10, max_size=10))
def test_one_cycle_of_each_component(targets: list[list[int]]) -> None:
    found = list(cycles(targets, order(targets)[1]))
    for cycle in found:
        for node, following in zip(cycle, (*cycle[1:], cycle[0]), strict=True):
            assert following in targets[node]
    reachable = [set(ends) for ends in targets]
    for _ in targets:
        for ends in reachable:
            ends.update(*(reachable[end] for end in list(ends)))
    in_cycles = [node for node, ends in enumerate(reachable) if node in ends]
    components = {
        frozenset(other for other in in_cycles if other in reachable[node] and node in reachable[other])
        for node in in_cycles
    }
    assert sorted(map(min, components)) == sorted(cycle[0] for cycle in found)
