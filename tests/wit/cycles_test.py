"""Cycles in graphs of numbers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dunnage.wit.cycles import cycles, order


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
