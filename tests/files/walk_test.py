"""How files begin: what is text, and what cannot be read."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from dunnage.files.walk import first_bytes, is_text


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        (b"", True),
        (b"#!/bin/sh\n", True),
        (b"\t\x1b[1m\r\n\xc3\xa9\xff", True),
        (b"\x7fELF", False),
        (b"a\0b", False),
    ],
)
def test_what_is_text(start: bytes, expected: bool) -> None:
    assert is_text(start) is expected


def test_only_the_beginning_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"ab" * 10_000)
    start = first_bytes(str(path))
    assert start is not None
    assert start == (b"ab" * 10_000)[: len(start)]
    assert 0 < len(start) < 10_000


def test_what_cannot_be_read(tmp_path: Path) -> None:
    assert first_bytes(str(tmp_path / "missing")) is None
    assert first_bytes(str(tmp_path / "a\0b")) is None
    if os.name != "nt":
        assert first_bytes(str(tmp_path)) is None
