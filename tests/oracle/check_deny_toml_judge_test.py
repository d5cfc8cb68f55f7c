"""cargo-deny judges check-deny-toml: a file is rejected exactly when it refuses it, and loads once it is fixed."""

from __future__ import annotations

import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from dunnage.cargo.version import Requirement
from dunnage.check_deny_toml import main
from dunnage.deny.policy import ROOT
from dunnage.deny.reading import problems
from dunnage.files import toml
from dunnage.files.source import File, SourceError
from oracle.cargo_deny_judge import CargoDeny
from oracle.deny_files import files

LEGACY = """\
# What we trust.
targets = [
    # our servers
    { triple = "x86_64-unknown-linux-gnu" },
]
feature-depth = 1

[advisories]
db-url = "https://github.com/RustSec/advisory-db"
vulnerability = "deny" # of course
unmaintained = "warn"
unsound = "allow"
notice = "warn"
severity-threshold = "high"
ignore = [
    "RUSTSEC-2023-0071", # nobody can time us
]

[licenses]
unlicensed = "deny"
copyleft = "warn"
allow-osi-fsf-free = "both"
default = "deny"
allow = ["MIT", "Apache-2.0"]
deny = [
    "AGPL-3.0", # too strict
]
exceptions = [{ name = "gmp-mpfr-sys", allow = ["LGPL-3.0+"] }]

[bans]
multiple-versions = "warn"
allow-build-scripts = [{ name = "ring" }]
"""


def verdict(text: str) -> tuple[bool, bool]:
    """Whether we say that cargo-deny loads a file, and that it warns about a key that has moved."""
    file = File("deny.toml", text.encode())
    try:
        found = list(problems(file, toml.parse(file), Requirement.parse))
    except SourceError:
        return False, False
    loads = all(problem.rule == "deny-toml/moved" for problem in found)
    return loads, loads and bool(found)


def test_each_key_with_each_value(cargo_deny: str, tmp_path: Path) -> None:
    texts = files(ROOT)

    def disagreements(part: int) -> list[str]:
        judge = CargoDeny(cargo_deny, tmp_path / str(part))
        wrong = []
        for text in texts[part::2]:
            truth = judge.judge(text)
            if verdict(text) != (truth.loads, truth.loads and truth.has_moved):
                wrong.append(f"{text!r}: {truth.output}")
        return wrong

    with ThreadPoolExecutor(2) as pool:
        assert [wrong for part in pool.map(disagreements, range(2)) for wrong in part] == []


def test_what_was_fixed_loads(cargo_deny: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    judge = CargoDeny(cargo_deny, tmp_path)
    assert not judge.judge(LEGACY).loads
    subprocess.run(["git", "init", "--quiet", str(tmp_path)], check=True)
    monkeypatch.chdir(tmp_path)
    path = Path("deny.toml")
    path.write_text(LEGACY)
    assert main(["--fix", "deny.toml"]) == 1
    fixed = path.read_text()
    truth = judge.judge(fixed)
    assert truth.loads, truth.output
    assert not truth.has_moved, truth.output
    assert [
        line for line in LEGACY.splitlines() if line.lstrip().startswith("#") and line not in fixed.splitlines()
    ] == []
    main(["--fix", "deny.toml"])
    assert path.read_text() == fixed
