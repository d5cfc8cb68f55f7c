"""The advisory database: which versions an advisory affects, and what is reported of it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from cargo.files import write
from dunnage.files.source import Tree
from dunnage.review.advisories import AdvisoryDatabase, advisory, find
from dunnage.review.policies import ignored
from review.locks import ADVICE, changes, parsed, said


def text(name: str, versions: str, more: str = "", package: str = "a") -> str:
    """An advisory."""
    return (
        f'```toml\n[advisory]\nid = "{name}"\npackage = "{package}"\ndate = "2024-01-01"\n{more}\n'
        f"[versions]\n{versions}\n```\n\n# Memory is freed twice\n\nWords.\n"
    )


ID = "RUSTSEC-2024-0001"


def database(folder: Path, versions: str, more: str = "") -> AdvisoryDatabase:
    write(folder, {f"crates/a/{ID}.md": text(ID, versions, more)})
    return AdvisoryDatabase(str(folder))


@pytest.mark.parametrize(
    ("versions", "affected", "unaffected"),
    [
        ('patched = [">= 1.2.3"]', "0.1.0 1.2.2 1.2.3-rc.1", "1.2.3 1.2.4-alpha 2.0.0"),
        ("patched = []", "0.0.0 99.0.0", ""),
        ('patched = [">= 1.2"]\nunaffected = ["< 1.0"]', "1.0.0 1.1.9", "0.9.9 1.0.0-alpha 1.2.0"),
        ('patched = ["^1.2.3", ">= 2.0.1"]', "1.2.2 2.0.0 2.0.0-alpha", "1.2.3 1.9.0 2.0.1"),
        ('patched = ["^0.2.3", "^0.0.3"]', "0.2.2 0.3.0 0.0.4 0.1.0", "0.2.3 0.2.9 0.0.3"),
        ('patched = ["~1.2.3"]', "1.2.2 1.3.0", "1.2.3 1.2.9"),
        ('unaffected = ["> 1.0.0, < 1.2.0"]', "1.0.0 1.2.0", "1.0.1-alpha 1.1.0 1.2.0-beta"),
        ('unaffected = ["<= 1.0"]', "1.0.1", "1.0.0"),
        ('unaffected = ["= 1.0.5"]', "1.0.4 1.0.6", "1.0.5 1.0.5+1"),
    ],
)
def test_affects(tmp_path: Path, versions: str, affected: str, unaffected: str) -> None:
    found = database(tmp_path, versions)
    for version in affected.split():
        assert len(found.of(parsed(f"a {version} crates.io").packages[0])) == 1, version
    for version in unaffected.split():
        assert found.of(parsed(f"a {version} crates.io").packages[0]) == [], version


@pytest.mark.parametrize(
    ("package", "more"),
    [
        ("a 1.0.0", ""),
        ("a 1.0.0 git", ""),
        ("a 1.0.0 other", ""),
        ("b 1.0.0 crates.io", ""),
        ("a 1.0.0 crates.io", 'withdrawn = "2024-02-01"'),
    ],
)
def test_of_others_nothing_is_known(tmp_path: Path, package: str, more: str) -> None:
    assert database(tmp_path, "patched = []", more).of(parsed(package).packages[0]) == []


@pytest.mark.parametrize(
    "broken",
    [
        b"",
        b"```toml\n[[\n```",
        b"```toml\n",
        b"```toml\nadvisory = 3\n```\n",
        b'```toml\n[versions]\npatched = ["x"]\n```\n',
        b"\xff",
    ],
)
def test_a_broken_advisory(tmp_path: Path, broken: bytes) -> None:
    found = database(tmp_path, "patched = []")
    write(tmp_path, {"crates/a/RUSTSEC-2024-0002.md": broken, "crates/a/notes.txt": "x"})
    assert [entry.id for entry in found.of(parsed("a 1.0.0 crates.io").packages[0])] == [ID]


def test_advisory(tmp_path: Path) -> None:
    found = changes("app 0.1.0", "app 0.1.0 -> a\na 1.0.0 crates.io")
    (concern,) = advisory(found.incoming, found, ADVICE, database(tmp_path, 'patched = [">=1.0.1", "^0.9.8"]'), ())
    assert concern.problem.message == f"`a 1.0.0` has the known vulnerability {ID}: Memory is freed twice"
    assert concern.problem.help.startswith(
        "patched in `>=1.0.1` and `^0.9.8`: run `cargo update a@1.0.0`, "
        "and change the requirement first if it excludes these; see https://"
    )
    assert concern.subjects == ("a@1.0.0",)


@pytest.mark.parametrize(
    ("before", "after", "versions", "more", "skipped"),
    [
        pytest.param("a 1.0.0 crates.io", "a 1.0.1 crates.io", "patched = []", "", (), id="the base had it"),
        pytest.param("", "a 1.0.0 crates.io", 'patched = [">=1"]', "", (), id="patched"),
        pytest.param(
            "", "a 1.0.0 crates.io", "patched = []", 'informational = "unmaintained"', (), id="no vulnerability"
        ),
        pytest.param("", "a 1.0.0 crates.io", "patched = []", "", (ID,), id="ignored"),
        pytest.param("a 1.0.0 crates.io", "a 1.0.0 crates.io", "patched = []", "", (), id="nothing changed"),
    ],
)
def test_advisory_not(
    tmp_path: Path, before: str, after: str, versions: str, more: str, skipped: tuple[str, ...]
) -> None:
    found = changes(before, after)
    assert said(list(advisory(found.incoming, found, ADVICE, database(tmp_path, versions, more), skipped))) == []


def test_where_the_database_is(tmp_path: Path) -> None:
    assert find(str(tmp_path), "") is None
    for place in ("advisory-dbs/advisory-db-3157b0e258782691", "advisory-db"):
        write(tmp_path, {f"{place}/crates/a/x": ""})
        found = find(str(tmp_path), "")
        assert found is not None
        assert found.folder == str(tmp_path / place)
    assert find(str(tmp_path), str(tmp_path / "nowhere")) is None


def test_how_old_it_is(repository: Path) -> None:
    found = database(repository, "")
    assert found.age is None
    environment = {**os.environ, "GIT_COMMITTER_DATE": "1700000000 +0100"}
    identity = ["-c", "user.name=a", "-c", "user.email=a@b"]
    subprocess.run(["git", *identity, "commit", "-qm", "x", "--allow-empty"], check=True, env=environment)
    age = AdvisoryDatabase(str(repository)).age
    assert age is not None
    assert age > 700
    (repository / "below" / "crates").mkdir(parents=True)
    assert AdvisoryDatabase(str(repository / "below")).age is None


def test_ignored(repository: Path) -> None:
    write(
        repository,
        {
            "deny.toml": '[advisories]\nignore = ["A", { id = "B", reason = "x" }, 3, { id = 3 }, { crate = "x" }]\n',
            ".cargo/audit.toml": '[advisories]\nignore = ["C"]\n',
            "sub/x": "",
        },
    )
    assert ignored(Tree(), str(repository / "sub")) == {"A", "B", "C"}
    write(repository, {"sub/deny.toml": "advisories = 3\n", ".cargo/audit.toml": "[["})
    assert ignored(Tree(), str(repository / "sub")) == set()
