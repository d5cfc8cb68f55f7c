"""Recognizing a crate that cargo vendored."""

from __future__ import annotations

from pathlib import Path

import pytest

from cargo.files import checksums, write
from dunnage.cargo.vendored import is_vendored_crate
from dunnage.files.source import Tree

MANIFEST = '[package]\nname = "a"\n'


@pytest.mark.parametrize(
    ("checksums", "expected"),
    [
        pytest.param(checksums(MANIFEST), True, id="as cargo vendor writes them"),
        pytest.param("{}", False, id="no files"),
        pytest.param('{"files": {}}', False, id="no manifest"),
        pytest.param('{"files": {"Cargo.toml": "0"}}', False, id="another manifest"),
        pytest.param('{"files": []}', False, id="a list"),
        pytest.param("[]", False, id="no object"),
        pytest.param("[" * 100_000, False, id="nested deeply"),
        pytest.param("1" * 10_000, False, id="a long number"),
        pytest.param(b"\xff", False, id="not UTF-8"),
        pytest.param("", False, id="empty"),
    ],
)
def test_is_vendored(folder: Path, checksums: str | bytes, expected: bool) -> None:
    write(folder, {"Cargo.toml": MANIFEST})
    assert not is_vendored_crate(Tree(), str(folder))
    write(folder, {".cargo-checksum.json": checksums})
    assert is_vendored_crate(Tree(), str(folder)) is expected
