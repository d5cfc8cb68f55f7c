"""The real tools that judge ours."""

from __future__ import annotations

import os

import pytest

from oracle.cargo_judge import find_cargo


@pytest.fixture(scope="session")
def cargo() -> str:
    """The path of the cargo executable. Without one a test is skipped, or fails where judges are required."""
    found = find_cargo()
    if found is None:
        if os.environ.get("DUNNAGE_REQUIRE_JUDGES") == "1":
            pytest.fail("cargo is not on PATH, and DUNNAGE_REQUIRE_JUDGES=1 asks for it")
        pytest.skip("cargo is not on PATH")
    return found
