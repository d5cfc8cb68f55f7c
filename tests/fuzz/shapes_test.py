"""Hooks end as they should on every hostile shape: with findings or without, but with no traceback or forged line.

Together they find what each finds by itself.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from dunnage.files.source import Tree
from dunnage.files.span import Span
from dunnage.frame.execution import look
from dunnage.frame.hook import Hook
from dunnage.frame.options import Options
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


@pytest.mark.parametrize("shape", SHAPES)
def test_hooks_find_together_what_each_finds_alone(shape: str, repository: Path) -> None:
    files = sized(SHAPES[shape], SIZE)
    for name, text in files.items():
        (repository / name).parent.mkdir(parents=True, exist_ok=True)
        (repository / name).write_bytes(text.encode())
    named = [(entry.hook(), [name for name in files if re.search(entry.pattern, name)]) for entry in ENTRIES]
    tasks = [(hook, names) for hook, names in named if names]

    def found(*chosen: tuple[Hook, list[str]]) -> set[tuple[str, str, Span, str]]:
        findings, _ = look(chosen, Options(), Tree())
        return {(finding.rule.id, finding.path, finding.span, finding.message) for finding in findings}

    assert found(*tasks) == set().union(*(found(task) for task in tasks))
