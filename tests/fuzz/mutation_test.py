"""Hooks end as they should on mutated files: with findings or without, but with no traceback and no forged line.

DUNNAGE_FUZZ_RUNS says how many files each hook gets; the seed is fixed.
"""

from __future__ import annotations

import os
from itertools import islice
from pathlib import Path

import pytest

from dunnage.frame.registry import ENTRIES
from fuzz.mutation import SEEDS, attempt, attempts

RUNS = int(os.environ.get("DUNNAGE_FUZZ_RUNS", "8"))


@pytest.mark.parametrize("hook", [entry.id for entry in ENTRIES])
def test_mutated_files(hook: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", os.defpath)  # cargo has a test of its own, and takes long
    assert [result for result in islice(attempts(2026, [hook]), RUNS) if result is not None] == []


@pytest.mark.parametrize("hook", [entry.id for entry in ENTRIES])
def test_the_files_that_are_mutated_are_read(hook: str, tmp_path: Path) -> None:
    """Otherwise the test above proves little."""
    assert attempt(hook, {name: text.encode() for name, text in SEEDS.items()}, tmp_path, fix=False) is None
