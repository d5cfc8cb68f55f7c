"""Counting steps instead of measuring time, so that a test says the same on a busy machine."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

_MOST_GROWTH = 2.6
"""How many times the steps may grow when the input is twice as large. It is 2 for linear time, and 4 for quadratic."""


def steps(call: Callable[[], object]) -> int:
    """How many lines of Python run during a call. What compiled code does is not counted."""
    count = 0

    def trace(_frame: FrameType, event: str, _argument: object) -> Any:
        nonlocal count
        if event == "line":
            count += 1
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        call()
    finally:
        sys.settrace(before)
    return count


def assert_linear(run: Callable[[int], object], size: int) -> None:
    """Assert that the steps of a run grow no faster than the size of its input."""
    run(16)  # what is imported and cached now is not counted
    small, large = steps(lambda: run(size)), steps(lambda: run(2 * size))
    assert large <= _MOST_GROWTH * small + 1000, f"{small:,} steps for {size:,}, {large:,} for twice as many"
