"""cargo-deny as the judge of deny.toml files: whether it loads one, and what it warns about.

It is stopped where it would call cargo, which is right after it has read and validated every section of its file.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import NamedTuple


class Verdict(NamedTuple):
    """What cargo-deny has to say about a file."""

    loads: bool
    """Whether it accepts the file."""
    has_moved: bool
    """Whether it warns that a key is somewhere else now."""
    output: str
    """All that it printed."""


class CargoDeny:
    """cargo-deny, in a folder with a crate that it never comes to look at."""

    def __init__(self, program: str, folder: Path) -> None:
        self._folder = folder
        (folder / "src").mkdir(parents=True, exist_ok=True)
        (folder / "src" / "lib.rs").write_text("")
        manifest = folder / "Cargo.toml"
        manifest.write_text('[package]\nname = "a"\nversion = "0.1.0"\nedition = "2021"\n')
        self._file = folder / "judged.toml"
        options = ["--format", "json", "--offline", "--manifest-path", str(manifest), "--config", str(self._file)]
        self._command = [program, *options, "check", "sources"]
        # No such program: the call of cargo fails, and that is how we know that the file was accepted.
        self._env = os.environ | {"CARGO": str(folder / "nothing"), "CARGO_HOME": str(folder), "HOME": str(folder)}

    def judge(self, text: str) -> Verdict:
        """Let it read a file with this text."""
        self._file.write_bytes(text.encode())
        result = subprocess.run(self._command, env=self._env, capture_output=True, check=False, cwd=self._folder)
        output = result.stderr.decode("utf-8", "replace")
        loads = has_moved = False
        for line in output.splitlines():
            if not line.startswith("{"):
                continue
            fields = json.loads(line)["fields"]
            loads = loads or fields["message"].startswith(
                ("failed to fetch crates", "failed to start `cargo metadata`")
            )
            has_moved = has_moved or "has been moved" in fields["message"] or "has been deprecated" in fields["message"]
        return Verdict(loads, has_moved, output)
