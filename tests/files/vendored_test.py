"""Files of crates that cargo vendored."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cargo.files import write
from dunnage.files.source import Tree
from dunnage.files.vendored import is_in_vendored_crate

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
