"""How files begin: what is text, and what cannot be read."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from cargo.files import write
from dunnage.files.source import Tree
from dunnage.files.walk import first_bytes, is_in_vendored_crate, is_text


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


# Vendored crates

FILES = {"Cargo.toml": "00", "ci/build.sh": "11"}
DIGEST = "ab" * 32


def _is_vendored(path: str) -> bool:
    return is_in_vendored_crate(Tree(), path)


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        pytest.param({"files": FILES, "package": DIGEST}, True, id="from-a-registry"),
        pytest.param({"files": FILES, "package": None}, True, id="from-git"),
        pytest.param({"files": {}, "package": DIGEST}, True, id="from-a-distribution"),
        pytest.param({"files": {}, "package": None}, False, id="nothing"),
        pytest.param({"files": {"Cargo.toml": ""}}, False, id="another-file"),
        pytest.param({"files": ["ci/build.sh"]}, False, id="a-list"),
        pytest.param([], False, id="no-object"),
    ],
)
def test_record(repository: Path, record: object, expected: bool) -> None:
    write(repository, {"vendor/x/.cargo-checksum.json": json.dumps(record), "vendor/x/ci/build.sh": ""})
    assert _is_vendored("vendor/x/ci/build.sh") is expected
    assert not _is_vendored("vendor/build.sh")


@pytest.mark.parametrize("data", [b"", b"\xff", b"[" * 100_000, b"1" * 10_000, b"{"])
def test_damaged_record(repository: Path, data: bytes) -> None:
    write(repository, {"vendor/x/.cargo-checksum.json": data, "vendor/x/ci/build.sh": ""})
    assert not _is_vendored("vendor/x/ci/build.sh")


def test_a_repository_is_no_crate(repository: Path) -> None:
    write(repository, {".cargo-checksum.json": json.dumps({"files": FILES}), "ci/build.sh": ""})
    assert not _is_vendored("ci/build.sh")
    write(repository, {"a/.cargo-checksum.json": json.dumps({"files": FILES}), "a/.git/HEAD": "", "a/ci/build.sh": ""})
    assert not _is_vendored("a/ci/build.sh")


def test_the_nearest_record_counts(repository: Path) -> None:
    write(
        repository,
        {
            "a/.cargo-checksum.json": json.dumps({"files": {"b/x.sh": "", "b/y.sh": ""}}),
            "a/b/.cargo-checksum.json": json.dumps({"files": {"x.sh": ""}}),
        },
    )
    tree = Tree()
    assert [is_in_vendored_crate(tree, path) for path in ("a/b/x.sh", "a/b/y.sh", "a/x.sh")] == [True, False, False]
