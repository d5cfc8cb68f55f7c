"""What becomes of a test when the real tool that judges is not there."""

from __future__ import annotations

import os
from typing import NoReturn

import pytest


def lacking(tool: str) -> NoReturn:
    """Skip the test that needs the tool, or fail it where judges are required."""
    if os.environ.get("DUNNAGE_REQUIRE_JUDGES") == "1":
        pytest.fail(f"{tool} is not on PATH, and DUNNAGE_REQUIRE_JUDGES=1 asks for it")
    pytest.skip(f"{tool} is not on PATH")
