"""Hooks end as they should on every hostile shape: with findings or without, but with no traceback or forged line."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from dunnage.frame.registry import ENTRIES
from fuzz.mutation import attempt
from fuzz.shapes import SHAPES, sized

SIZE = int(os.environ.get("DUNNAGE_FUZZ_SIZE", "2000"))
"""How many bytes the files of a shape have together."""


@pytest.mark.parametrize("shape", SHAPES)
def test_shapes(shape: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", os.defpath)  # cargo would take long
    files = {name: text.encode() for name, text in sized(SHAPES[shape], SIZE).items()}
    hooks = [entry.id for entry in ENTRIES if any(re.search(entry.pattern, name) for name in files)]
    for number, hook in enumerate(hooks):
        (tmp_path / str(number)).mkdir()
        assert attempt(hook, files, tmp_path / str(number), fix=True) is None
