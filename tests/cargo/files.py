"""Cargo workspaces for tests: files written from short texts, locks written from one line for each package."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from contextlib import redirect_stdout
from hashlib import sha256
from io import StringIO
from pathlib import Path

from dunnage.check_cargo_lock import main

CRATES_IO = "registry+https://github.com/rust-lang/crates.io-index"
OTHER = "registry+https://other.example/index"
COMMIT = "8d3b4f1c" * 5
GIT = f"git+https://git.example/tools?branch=main#{COMMIT}"
SOURCES = {"crates.io": CRATES_IO, "other": OTHER, "git": GIT}
CHECKSUM = "ab12" * 16

Files = Mapping[str, "str | bytes | None"]
"""What is at each path; None for nothing."""


def write(folder: Path, files: Files) -> None:
    """Write the files below a folder."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if text is None:
            path.unlink()
        else:
            path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8"))


def checksums(manifest: str) -> str:
    """The `.cargo-checksum.json` of a vendored crate with this manifest."""
    return json.dumps({"files": {"Cargo.toml": sha256(manifest.encode()).hexdigest()}, "package": None})


def lock(packages: str, version: int = 4) -> str:
    """A Cargo.lock in one of the four formats. Each line is `name version [source] [-> edge, edge …]`."""
    entries = []
    for line in packages.strip().splitlines():
        head, _, edges = line.partition(" -> ")
        name, number, *named = head.split()
        source = SOURCES.get(named[0], named[0]) if named else ""
        entries.append((name, number, source, edges.split(", ") if edges else []))
    text = f"version = {version}\n" if version > 2 else ""
    checksums = ""
    for name, number, source, edges_of in entries:
        text += f'\n[[package]]\nname = "{name}"\nversion = "{number}"\n'
        if source:
            text += f'source = "{source}"\n'
        if source.startswith(("registry+", "sparse+")):
            if version > 1:
                text += f'checksum = "{CHECKSUM}"\n'
            checksums += f'"checksum {name} {number} ({source})" = "{CHECKSUM}"\n'
        spelled = [_in_full(edge, entries) for edge in edges_of] if version == 1 else edges_of
        if spelled:
            text += "dependencies = [\n" + "".join(f' "{edge}",\n' for edge in spelled) + "]\n"
    return text + f"\n[metadata]\n{checksums}" if version == 1 else text.lstrip("\n")


def _in_full(edge: str, entries: list[tuple[str, str, str, list[str]]]) -> str:
    wanted = edge.split()
    name, number, source, _ = next(entry for entry in entries if list(entry[: len(wanted)]) == wanted)
    return f"{name} {number} ({source.partition('#')[0]})" if source else f"{name} {number}"


def package(name: str, version: str = "0.1.0", rest: str = "") -> str:
    """A manifest: `rest` goes on in `[package]`, or with tables."""
    return f'[package]\nname = "{name}"\nversion = "{version}"\nedition = "2021"\n{rest}'


MEMBERS: dict[str, str] = {
    "Cargo.toml": '[workspace]\nresolver = "2"\nmembers = ["app", "lib"]\nexclude = ["helper"]\n',
    "app/Cargo.toml": package("app", rest='\n[dependencies]\nlib = { path = "../lib" }\nalpha = "1.0"\ndup = "1"\n'),
    "app/src/lib.rs": "",
    "lib/Cargo.toml": package("lib", "0.2.0", '\n[dependencies]\ndup = "2"\nhelper = { path = "../helper" }\n'),
    "lib/src/lib.rs": "",
    "helper/Cargo.toml": package("helper", "0.3.0"),
    "helper/src/lib.rs": "",
}
"""Two members, a path package that is none, and crates in which one is there at two versions."""
LOCKED = """
alpha 1.0.3 crates.io -> beta, dup 2.0.1
app 0.1.0 -> alpha, dup 1.0.1, lib
beta 1.2.0 crates.io
dup 1.0.1 crates.io
dup 2.0.1 crates.io
helper 0.3.0
lib 0.2.0 -> dup 2.0.1, helper
"""
WORKSPACE: dict[str, str] = {**MEMBERS, "Cargo.lock": lock(LOCKED)}
"""The members with the lock they ask for."""


Changes = Mapping[str, "str | tuple[str, str] | None"]
"""What is done to files: another text, or one text in it replaced by another, or the file removed."""


def changed(files: Mapping[str, str], changes: Changes) -> dict[str, str]:
    """The files after changes; what is replaced must be there once. `lock` stands for the lines of `LOCKED`."""
    result = dict(files)
    for name, change in changes.items():
        if name == "lock":
            assert isinstance(change, tuple)
            result["Cargo.lock"] = lock(_replaced(LOCKED, *change))
        elif change is None:
            del result[name]
        else:
            result[name] = change if isinstance(change, str) else _replaced(result[name], *change)
    return result


def _replaced(text: str, old: str, new: str) -> str:
    assert text.count(old) == 1, f"{old!r} is there {text.count(old)} times"
    return text.replace(old, new)


def found(*arguments: str) -> list[str]:
    """What the hook finds, in the working directory: `path:line:column rule: message` each."""
    printed = StringIO()
    with redirect_stdout(printed):
        status = main(["--output-format", "json", *arguments])
    findings = json.loads(printed.getvalue())["findings"]
    assert status == (1 if findings else 0)
    return [
        f"{finding['path']}:{finding['start']['line']}:{finding['start']['column']} "
        f"{finding['rule'].removeprefix('cargo-lock/')}: {finding['message']}"
        for finding in findings
    ]


def matches(lines: Sequence[str], patterns: Sequence[str]) -> bool:
    """Whether each line is as its pattern, in which `…` stands for anything."""
    forms = [".*".join(map(re.escape, pattern.split("…"))) for pattern in patterns]
    return len(lines) == len(forms) and all(map(re.fullmatch, forms, lines))
