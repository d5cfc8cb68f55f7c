"""cargo-audit judges lock-review/advisory: it reports the same vulnerabilities of the same versions."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

import judges
from cargo.files import lock, write
from dunnage.files.source import File
from dunnage.review.advisories import AdvisoryDatabase
from dunnage.review.changes import read

INTERVALS = [
    'patched = [">= 1.2.3"]',
    "patched = []",
    'patched = [">= 1.2"]\nunaffected = ["< 1.0"]',
    'patched = ["^1.2.3", ">= 2.0.1"]',
    'patched = ["^0.2.3", "^0.0.3", ">= 1.0.0"]',
    'patched = [">= 1.3.0"]\nunaffected = ["> 1.0.0, < 1.2.0"]',
    'patched = []\nunaffected = ["<= 1.0.0"]',
    'patched = []\nunaffected = ["= 1.0.5"]',
]
VERSIONS = [
    *("0.0.0", "0.0.3", "0.0.4", "0.2.2", "0.2.3", "0.2.9", "0.3.0", "0.9.9", "1.0.0-alpha", "1.0.0", "1.0.0+1"),
    *("1.0.1-alpha", "1.0.1", "1.0.4", "1.0.5", "1.0.5+1", "1.1.0", "1.2.0-beta", "1.2.0", "1.2.0+1", "1.2.2"),
    *("1.2.3-rc.1", "1.2.3", "1.2.3+1", "1.2.4-alpha", "1.2.9", "1.3.0", "2.0.0-alpha", "2.0.0", "2.0.1", "99.0.0"),
]


@pytest.fixture
def cargo_audit() -> str:
    """Give the path of cargo-audit."""
    return judges.installed("cargo-audit")


def test_the_same_vulnerabilities(cargo_audit: str, repository: Path, tmp_path: Path) -> None:
    for number, interval in enumerate(INTERVALS):
        name = f"RUSTSEC-2024-{number:04}"
        about = f'[advisory]\nid = "{name}"\npackage = "crate-{number}"\ndate = "2024-01-01"\n'
        content = f"```toml\n{about}\n[versions]\n{interval}\n```\n\n# Title\n\nWords.\n"
        write(repository, {f"crates/crate-{number}/{name}.md": content})
    identity = ["-c", "user.name=a", "-c", "user.email=a@b"]
    subprocess.run(["git", "add", "."], check=True)
    subprocess.run(["git", *identity, "commit", "-qm", "x"], check=True)
    packages = [f"crate-{number} {version} crates.io" for number in range(len(INTERVALS)) for version in VERSIONS]
    text = lock("\n".join(packages))
    write(tmp_path, {"Cargo.lock": text})
    arguments = ["--db", str(repository), "--no-fetch", "--stale", "--no-yanked", "-q", "--json"]
    ran = subprocess.run(
        [cargo_audit, "audit", *arguments, "-f", str(tmp_path / "Cargo.lock")],
        cwd=tmp_path,
        env={**os.environ, "CARGO_HOME": str(tmp_path / "home")},
        check=False,
        capture_output=True,
        encoding="utf-8",
    )
    reported = json.loads(ran.stdout)["vulnerabilities"]["list"]
    judged = {
        (entry["advisory"]["id"], f"{entry['package']['name']} {entry['package']['version']}") for entry in reported
    }
    found = read(File("Cargo.lock", text.encode()))
    assert found is not None
    database = AdvisoryDatabase(str(repository))
    ours = {(advisory.id, str(package)) for package in found.packages for advisory in database.of(package)}
    assert ours == judged
    assert len(ours) > 100
