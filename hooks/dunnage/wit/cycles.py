"""Cycles in a directed graph whose nodes are numbers, found without recursion, each edge followed once."""

from collections.abc import Iterator, Sequence

Targets = list[list[int]]
"""For each node, the nodes that its edges lead to."""


def order(targets: Targets) -> tuple[list[int], list[int]]:
    """Return the nodes from which no cycle can be reached, each after its targets, and the other nodes."""
    sources: Targets = [[] for _ in targets]
    missing = [len(ends) for ends in targets]
    for node, ends in enumerate(targets):
        for end in ends:
            sources[end].append(node)
    ordered = [node for node, count in enumerate(missing) if not count]
    for node in ordered:  # grows while it is read
        for source in sources[node]:
            missing[source] -= 1
            if not missing[source]:
                ordered.append(source)
    return ordered, [node for node, count in enumerate(missing) if count]


def cycles(targets: Targets, nodes: Sequence[int]) -> Iterator[list[int]]:
    """Yield a short cycle of each strongly connected component of `nodes`, from the component's first node."""
    for component in _components(targets, nodes):
        cycle = _shortest_cycle(targets, component)
        if cycle:
            yield cycle


def _shortest_cycle(targets: Targets, component: frozenset[int]) -> list[int]:
    """The shortest path from a component's first node back to it; empty if there is none."""
    first = min(component)
    previous: dict[int, int] = {}
    queue = [first]
    for node in queue:  # grows while it is read
        for end in targets[node]:
            if end == first:
                cycle = [node]
                while cycle[-1] != first:
                    cycle.append(previous[cycle[-1]])
                return cycle[::-1]
            if end in component and end not in previous:
                previous[end] = node
                queue.append(end)
    return []


def _components(targets: Targets, nodes: Sequence[int]) -> Iterator[frozenset[int]]:
    """Yield the strongly connected components of `nodes` by Tarjan's algorithm with an explicit stack."""
    index: dict[int, int] = {}
    lowest: dict[int, int] = {}
    stack: list[int] = []
    on_stack: set[int] = set()
    allowed = frozenset(nodes)
    for start in nodes:
        if start in index:
            continue
        calls = [(start, iter(targets[start]))]
        index[start] = lowest[start] = len(index)
        stack.append(start)
        on_stack.add(start)
        while calls:
            node, ends = calls[-1]
            for end in ends:
                if end not in index and end in allowed:
                    index[end] = lowest[end] = len(index)
                    stack.append(end)
                    on_stack.add(end)
                    calls.append((end, iter(targets[end])))
                    break
                if end in on_stack:
                    lowest[node] = min(lowest[node], index[end])
            else:
                calls.pop()
                if calls:
                    caller = calls[-1][0]
                    lowest[caller] = min(lowest[caller], lowest[node])
                if lowest[node] == index[node]:
                    component = [stack.pop()]
                    while component[-1] != node:
                        component.append(stack.pop())
                    on_stack.difference_update(component)
                    yield frozenset(component)
