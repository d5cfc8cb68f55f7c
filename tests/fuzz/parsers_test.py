"""A short run of the fuzzer of each parser, with a fixed seed and a watched heap."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from fuzz.parsers import NAMES, read

RUNS = int(os.environ.get("DUNNAGE_FUZZ_RUNS", "8")) * 20


@pytest.mark.skipif(
    find_spec("atheris") is None, reason="atheris is not installed: it has wheels for Linux on x86-64 only"
)
@pytest.mark.parametrize("name", NAMES)
def test_atheris(name: str, tmp_path: Path) -> None:
    program = Path(__file__).with_name("parsers.py")
    result = subprocess.run(
        [sys.executable, str(program), name, f"-runs={RUNS}", "-seed=2026", "-max_len=4096"],
        cwd=tmp_path,
        env={**os.environ, "MALLOC_CHECK_": "3"},
        check=False,
        capture_output=True,
        text=True,
        errors="replace",
    )
    assert result.returncode == 0, result.stderr[-2000:]


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_every_format_is_read(name: str) -> None:
    for data in (b"", b"\xff", b"cargo install a\n" * 3, b"a:\n  - b\n"):
        read(name, data)
