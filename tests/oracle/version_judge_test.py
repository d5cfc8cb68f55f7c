"""Real cargo as the judge of versions and requirements.

A package depends by path on another, whose version must satisfy the requirement beside the path. So cargo parses both
and matches them, with no registry and no network.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
from pathlib import Path

import pytest

from dunnage.cargo.version import Requirement, Version, VersionError

UNSATISFIED = "failed to select a version"
MALFORMED_REQUIREMENT = "failed to parse the version requirement"
MALFORMED_VERSION = "3 | version = "

Pair = tuple[str, str]


def verdict(requirement: str, version: str) -> str:
    """What cargo ought to say: nothing, or words of its message."""
    try:
        parsed = Version.parse(version)
    except VersionError:
        return MALFORMED_VERSION
    try:
        return "" if Requirement.parse(requirement).matches(parsed) else UNSATISFIED
    except VersionError:
        return MALFORMED_REQUIREMENT


def drawn_pairs(count: int) -> list[Pair]:
    """Well-formed pairs, the same on every run, whose numbers lie close enough for the answers to vary."""
    draw = random.Random(11)

    def numbers(length: int) -> str:
        return ".".join(str(draw.choice([0, 1, 1, 1, 1, 2])) for _ in range(length))

    def comparator() -> str:
        operator = draw.choice(["", "^", "~", "=", ">", ">=", "<", "<="])
        length = draw.choice([1, 2, 3, 3])
        tail = draw.choice(["", "-a", "-b.1", "-2", "+b"]) if length == 3 else draw.choice(["", "", ".*", ".x"])
        return operator + numbers(length) + tail

    pairs = []
    for _ in range(count):
        requirement = ", ".join(comparator() for _ in range(draw.choice([1, 1, 2])))
        version = numbers(3) + draw.choice(["", "", "", "-a", "-b.1", "-10", "+b", "-a+b"])
        pairs.append((requirement, version))
    return pairs


WRITTEN_PAIRS = [
    ("*", "1.2.3"),
    ("*", "1.2.3-a"),
    (" >= 1.2 ,<2 ", "1.9.0"),
    ("=1.2.3+x", "1.2.3+y"),
    ("1.2, >=1.2.3-b", "1.2.3-b"),
    (">=1.2, >=1.2.3-b", "1.2.3-b"),
    (">=1.2.3-rc", "1.2.3-rc.0"),
    (">=1.2.3-10", "1.2.3-9"),
    ("=18446744073709551615", "18446744073709551615.0.0"),
    ("", "1.2.3"),
    ("latest", "1.2.3"),
    ("v1.2", "1.2.3"),
    ("1.02", "1.2.3"),
    ("1.2,", "1.2.3"),
    (">=1 <2", "1.2.3"),
    ("==1.2.3", "1.2.3"),
    ("*, 1", "1.2.3"),
    ("1.*.3", "1.2.3"),
    ("1.2-a", "1.2.3"),
    ("1.2.3-01", "1.2.3"),
    ("\t1.2", "1.2.3"),
    ("1.2.3.4", "1.2.3"),
    ("<18446744073709551616", "1.2.3"),
    (", ".join([">0"] * 33), "1.2.3"),
    ("1", "1.2"),
    ("1", "v1.2.3"),
    ("1", "1.2.03"),
    ("1", "1.2.3-"),
    ("1", "1.2.3-rc.01"),
    ("1", "1.2.3+a_b"),
    ("1", "18446744073709551616.0.0"),
]
PAIRS = WRITTEN_PAIRS + drawn_pairs(150)
ACCEPTED = [pair for pair in PAIRS if not verdict(*pair)]
REFUSED = [pair for pair in PAIRS if verdict(*pair)][:60]


def ask(cargo: str, folder: Path, pairs: list[Pair]) -> str:
    """What cargo has against a package with these dependencies: nothing, or its error message."""
    (folder / "lib.rs").touch()
    manifest = '[workspace]\n[package]\nname = "root"\nversion = "0.0.0"\n[lib]\npath = "lib.rs"\n[dependencies]\n'
    for number, (requirement, version) in enumerate(pairs):
        name = f"p{number}"
        manifest += f'{name} = {{ path = "{name}", version = {json.dumps(requirement)} }}\n'
        (folder / name).mkdir()
        (folder / name / "Cargo.toml").write_text(
            f'[package]\nname = "{name}"\nversion = {json.dumps(version)}\n[lib]\npath = "../lib.rs"\n'
        )
    (folder / "Cargo.toml").write_text(manifest)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CARGO")}
    done = subprocess.run(
        [cargo, "generate-lockfile", "--offline"],
        cwd=folder,
        env={**environment, "CARGO_HOME": str(folder / "home"), "CARGO_TERM_COLOR": "never"},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stderr if done.returncode else ""


def test_pairs_show_both_answers() -> None:
    assert len(ACCEPTED) >= 30
    assert [verdict(*pair) for pair in REFUSED].count(UNSATISFIED) >= 30


def test_cargo_accepts(cargo: str, tmp_path: Path) -> None:
    assert ask(cargo, tmp_path, ACCEPTED) == ""


@pytest.mark.parametrize("pair", REFUSED, ids=repr)
def test_cargo_refuses(cargo: str, tmp_path: Path, pair: Pair) -> None:
    assert verdict(*pair) in ask(cargo, tmp_path, [pair])
