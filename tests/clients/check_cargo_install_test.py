"""pre-commit and prek run check-cargo-install and check-locked-builds over a repository with every kind of file."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from clients.hooks import Hooks
from demo.run import commit_all

FILES = {
    "Dockerfile": "FROM rust:1.90\nRUN cargo install x@1.2.3\nRUN cargo build\n",
    "images/Dockerfile.ci": "FROM rust:1.90\nRUN cargo install x@1.2.3 && cargo build\n",
    "build.dockerfile": "FROM rust:1.90\nRUN cargo install x@1.2.3 && cargo build\n",
    "Containerfile": "FROM rust:1.90\nRUN cargo install x@1.2.3 && cargo build\n",
    ".github/workflows/ci.yml": (
        "jobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - run: cargo install x@1.2.3 && cargo build\n"
    ),
    ".github/actions/setup/action.yaml": (
        "runs:\n  using: composite\n  steps:\n    - run: cargo install x@1.2.3 && cargo build\n      shell: bash\n"
    ),
    ".gitlab-ci.yml": "a:\n  script: cargo install x@1.2.3 && cargo build\n",
    ".gitlab/ci/more.yml": "a:\n  script: cargo install x@1.2.3 && cargo build\n",
    ".circleci/config.yml": "jobs:\n  a:\n    steps:\n      - run: cargo install x@1.2.3 && cargo build\n",
    "ci/setup.sh": "cargo install x@1.2.3 && cargo build\n",
    "ci/setup": "#!/usr/bin/env bash\ncargo install x@1.2.3 && cargo build\n",
    "Makefile": "all:\n\tcargo install x@1.2.3 && cargo build\n",
    "rules.mk": "all:\n\tcargo install x@1.2.3 && cargo build\n",
    "justfile": "all:\n    cargo install x@1.2.3 && cargo build\n",
    "Cargo.lock": "version = 4\n",
    "README": "cargo install x\n",
    "README.md": "cargo install x\n",
    "docs/ci.yml": "run: cargo install x\n",
    "tool.py": "#!/usr/bin/env python3\n# cargo install x\n",
}
WITHOUT_FINDINGS = {"Cargo.lock", "README", "README.md", "docs/ci.yml", "tool.py"}
BY_DEVELOPERS = {"ci/setup", "Makefile", "rules.mk", "justfile"}


def run(folder: Path, env: Mapping[str, str], *command: str) -> tuple[int, str]:
    """Run a command and return its exit status and all that it printed."""
    result = subprocess.run(
        command,
        cwd=folder,
        env=env,
        check=False,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
    )
    return result.returncode, result.stdout


@pytest.mark.parametrize(
    ("hook", "rule", "silent"),
    [
        ("check-cargo-install", "cargo-install/unlocked", WITHOUT_FINDINGS),
        ("check-locked-builds", "locked-builds/unlocked", WITHOUT_FINDINGS | BY_DEVELOPERS),
    ],
)
def test_every_kind_of_file(tmp_path: Path, hooks: Hooks, client: str, hook: str, rule: str, silent: set[str]) -> None:
    env = dict(hooks.env)
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(text.encode())
    (tmp_path / ".pre-commit-config.yaml").write_text(hooks.configuration({hook: ()}))
    commit_all(tmp_path, "A repository", env)

    status, output = run(tmp_path, env, client, "run", "--all-files")
    assert status == 1, output
    found = re.findall(rf"^ *(\S+?):\d+:\d+: {re.escape(rule)} ", output, re.MULTILINE)
    assert sorted(found) == sorted(FILES.keys() - silent), output

    (tmp_path / ".pre-commit-config.yaml").write_text(hooks.configuration({hook: ("--fix",)}))
    status, output = run(tmp_path, env, client, "run", "--all-files")
    assert status == 1, output
    status, output = run(tmp_path, env, client, "run", "--all-files")
    assert status == 0, output
    subcommand = "install" if hook == "check-cargo-install" else "build"
    for name, text in FILES.items():
        expected = text if name in silent else text.replace(f"cargo {subcommand}", f"cargo {subcommand} --locked")
        assert (tmp_path / name).read_bytes().decode() == expected
