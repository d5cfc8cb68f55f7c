"""pre-commit and prek run check-advisory-gate, whatever file of the CI is committed."""

from __future__ import annotations

import subprocess
from pathlib import Path

from clients.hooks import Hooks
from demo.run import commit_all

WORKFLOW = """\
on: [push]
jobs:
  deny:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - run: make deny
"""
MAKEFILE = "deny:\n\tci/deny.sh | tee deny.log\n"
SCRIPT = "#!/bin/sh\nset -e\ncargo deny --locked check\n"


def test_a_gate_in_a_script_behind_a_makefile(tmp_path: Path, hooks: Hooks, client: str) -> None:
    folder = tmp_path / "repository"
    files = {
        ".pre-commit-config.yaml": hooks.configuration({"check-advisory-gate": ()}),
        ".github/workflows/ci.yml": WORKFLOW,
        "Makefile": MAKEFILE,
        "ci/deny.sh": SCRIPT,
        "Cargo.lock": "version = 4\n",
        "src/lib.rs": "",
    }
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(text.encode())
    commit_all(folder, "A repository", dict(hooks.env))

    def run(*names: str) -> tuple[int, str]:
        done = subprocess.run(
            [client, "run", *(["--files", *names] if names else ["--all-files"])],
            cwd=folder,
            env=hooks.env,
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
        )
        return done.returncode, done.stdout

    for names in ((), ("Cargo.lock",), ("ci/deny.sh",), (".github/workflows/ci.yml",)):
        status, output = run(*names)
        assert status == 1, output
        assert output.count("advisory-gate/") == 1
        assert "Makefile:2:2: advisory-gate/toothless " in output
    assert run("src/lib.rs")[0] == 0
    (folder / "Makefile").write_bytes(b"deny:\n\tci/deny.sh > deny.log\n")
    status, output = run("Makefile")
    assert status == 0, output
