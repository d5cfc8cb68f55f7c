"""pre-commit and prek run check-deny-toml: a legacy deny.toml is found, fixed, and then accepted by cargo-deny."""

from __future__ import annotations

from pathlib import Path

import pytest

from clients.clients_test import Project
from clients.hooks import Hooks
from oracle.cargo_deny_judge import CargoDeny
from oracle.conftest import cargo_deny

__all__ = ["cargo_deny"]

LEGACY = """\
# What we trust.
targets = [{ triple = "x86_64-unknown-linux-gnu" }]

[advisories]
vulnerability = "deny"
unmaintained = "warn"
yanked = "warn" # for now

[licenses]
unlicensed = "deny"
allow = ["MIT"]
default = "deny"

[bans]
multiple-versions = "warn"
"""
FIXED = """\
# What we trust.
[graph]
targets = [{ triple = "x86_64-unknown-linux-gnu" }]

[advisories]
unmaintained = "all"
yanked = "deny" # for now

[licenses]
allow = ["MIT"]

[bans]
multiple-versions = "warn"
wildcards = "warn"

[sources]
unknown-registry = "deny"
unknown-git = "deny"
"""


@pytest.mark.parametrize("name", ["deny.toml", ".deny.toml", ".cargo/deny.toml", "crates/a/deny.toml"])
def test_a_legacy_policy_is_found_and_fixed(
    name: str, tmp_path: Path, hooks: Hooks, client: str, cargo_deny: str
) -> None:
    judge = CargoDeny(cargo_deny, tmp_path / "judge")
    assert not judge.judge(LEGACY).loads

    project = Project(tmp_path / "project", hooks)
    (project.folder / name).parent.mkdir(parents=True, exist_ok=True)
    project.write(name, LEGACY)
    project.write("not-deny.toml", LEGACY)
    project.git("add", "--all")
    project.write(".pre-commit-config.yaml", hooks.configuration({"check-deny-toml": ()}))
    found = project.run(client, "run", "--all-files")
    assert found.status == 1, found.output
    assert f"{name}:5:1: deny-toml/rejected" in found.output
    assert "not-deny.toml" not in found.output

    project.write(".pre-commit-config.yaml", hooks.configuration({"check-deny-toml": ("--fix",)}))
    fixed = project.run(client, "run", "--all-files")
    assert fixed.status == 1, fixed.output
    text = (project.folder / name).read_text("utf-8")
    assert text == FIXED

    verdict = judge.judge(text)
    assert verdict.loads, verdict.output
    assert not verdict.has_moved, verdict.output
    again = project.run(client, "run", "--all-files")
    assert again.status == 0, again.output
