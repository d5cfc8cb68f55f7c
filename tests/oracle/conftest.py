"""The real tools that judge ours."""

from __future__ import annotations

import pytest

import judges
from oracle.cargo_judge import find_cargo


@pytest.fixture(scope="session")
def cargo() -> str:
    """Give the path of the cargo executable. Without one a test is skipped, or fails where judges are required."""
    return find_cargo() or judges.lacking("cargo")


@pytest.fixture(scope="session")
def cargo_deny() -> str:
    """Give the path of cargo-deny."""
    return judges.installed("cargo-deny")


@pytest.fixture(scope="session")
def wasm_tools() -> str:
    """Give the path of wasm-tools."""
    return judges.installed("wasm-tools")
