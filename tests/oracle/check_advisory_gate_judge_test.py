"""The real cargo-deny has the checks and the lints that are known of it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from dunnage.cargo_cli.advisory_tools import CHECKS, LINTS


def refusal(cargo_deny: str, folder: Path, *arguments: str) -> str:
    """What cargo-deny says against its arguments; in an empty folder it goes no further if it takes them."""
    done = subprocess.run(
        [cargo_deny, "check", *arguments], cwd=folder, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode != 0
    return done.stderr if "invalid value" in done.stderr or "unexpected argument" in done.stderr else ""


@pytest.mark.parametrize("lint", LINTS)
def test_lints(cargo_deny: str, tmp_path: Path, lint: str) -> None:
    for arguments in (["-A", lint], [f"--warn={lint}"], [f"-W{lint}"]):
        assert not refusal(cargo_deny, tmp_path, *arguments)


def test_checks(cargo_deny: str, tmp_path: Path) -> None:
    assert not refusal(cargo_deny, tmp_path, *CHECKS, "all")
    assert refusal(cargo_deny, tmp_path, "other")
    assert refusal(cargo_deny, tmp_path, "-A", "other")
