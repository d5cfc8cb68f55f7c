"""No hook reports anything in a crate that cargo vendored."""

from __future__ import annotations

import json
import subprocess
from hashlib import sha256
from pathlib import Path

import pytest

from cargo.files import lock, package, write
from dunnage.frame.registry import ENTRIES, Entry

COMPONENT = '[package.metadata.component.dependencies]\n"wasi:io" = "0.2.0"\n'
CRATE = {
    "Cargo.toml": package("x", "1.0.0", f'[dependencies]\ny = "1"\n{COMPONENT}'),
    "src/main.rs": "",
    "Cargo.lock": lock("x 0.9.0"),
    "Dockerfile": "FROM rust\nRUN cargo install cross\nRUN cargo build\nCOPY . .\n"
    "RUN curl -Lo w.tgz https://github.com/bytecodealliance/wasm-tools/releases/download/v1/w.tgz && tar xf w.tgz\n",
    ".github/workflows/ci.yml": "on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n      - run: cargo audit || true\n",
    "rust-toolchain": "stable\n",
    "deny.toml": "nothing = 1\n",
    "wit/x.wit": "package a:b;\nworld w { import wasi:io/x; }\ntype t = \u202e;\n",
    "wkg.toml": "x = 1\n",
    "ci/build.sh": "cargo install cross\ncargo build\n",
    "fuzz/Cargo.toml": package("fuzz", rest="[dependencies]\nz = 1\n"),
}
DEPENDABOT = "version: 2\nupdates:\n  - package-ecosystem: cargo\n    directory: /\n    schedule: {interval: weekly}\n"
OWN = {
    "Cargo.toml": package("app"),
    "src/main.rs": "",
    "Cargo.lock": lock("app 0.1.0"),
    ".github/workflows/ci.yml": "on: push\njobs: {a: {runs-on: x, steps: [{run: cargo audit -D warnings}]}}\n",
}


def _findings(entry: Entry, names: list[str], capsys: pytest.CaptureFixture[str]) -> list[object]:
    from importlib import import_module

    import_module(entry.module).main(["--output-format", "json", *names])
    findings: list[object] = json.loads(capsys.readouterr().out)["findings"]
    return findings


@pytest.mark.parametrize("entry", [pytest.param(entry, id=entry.id) for entry in ENTRIES])
def test_vendored(repository: Path, entry: Entry, capsys: pytest.CaptureFixture[str]) -> None:
    import re

    write(repository, {f"third_party/x/{name}": text for name, text in CRATE.items()})
    write(repository, OWN)
    subprocess.run(["git", "add", "."], check=True)
    names = [f"third_party/x/{name}" for name in CRATE if re.search(entry.pattern, f"third_party/x/{name}")]
    about_changes = ("check-advisory-gate", "review-cargo-lock", "review-wit")
    assert bool(_findings(entry, names, capsys)) is (entry.id not in about_changes)
    record = {name: sha256(text.encode()).hexdigest() for name, text in CRATE.items()}
    write(repository, {"third_party/x/.cargo-checksum.json": json.dumps({"files": record, "package": None})})
    assert _findings(entry, names, capsys) == []
    write(repository, {".github/dependabot.yml": DEPENDABOT})
    subprocess.run(["git", "add", "."], check=True)
    own = [name for name in OWN if re.search(entry.pattern, name)]
    assert _findings(entry, [*names, *own], capsys) == []
