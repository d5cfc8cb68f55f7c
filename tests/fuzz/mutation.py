"""Hostile files: valid ones, with pieces repeated, nested, moved, cut off and mixed with what programs trip over.

`python tests/fuzz/mutation.py SECONDS [SEED]` tries them for longer than the tests do, and prints each that fails.
"""

from __future__ import annotations

import contextlib
import io
import os
import random
import re
import sys
import tempfile
import time
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

_ZEROS = "0" * 64
SEEDS: dict[str, str] = {
    "Cargo.toml": """\
[package]
name = "a"
version = "0.1.0"
edition = "2021"
rust-version = "1.85"

[dependencies]
b = { version = "1.2", features = ["c"], optional = true }
d.path = "d"

[features]
e = ["dep:b", "b?/c"]

[workspace]
members = ["d", "x/*"]

[patch.crates-io]
b = { git = "https://example.org/b", rev = "1" }

[package.metadata.component.target.dependencies]
"wasi:http" = { path = "wit" }
""",
    "Cargo.lock": """\
version = 4

[[package]]
name = "a"
version = "0.1.0"
dependencies = [
 "b",
]

[[package]]
name = "b"
version = "1.2.3"
source = "registry+https://github.com/rust-lang/crates.io-index"
checksum = "0123"
""",
    ".cargo/config.toml": """\
[alias]
ci = ["build", "--release"]
[registries.x]
index = "https://example.org"
""",
    ".github/workflows/ci.yml": """\
on: [push]
env: &e
  A: ${{ matrix.x }}
jobs:
  a:
    strategy:
      matrix:
        x: [1, 2]
        include: [{x: 3, y: 4}]
    env:
      <<: *e
    steps:
      - uses: taiki-e/install-action@v2
        with: {tool: 'a@1,b'}
      - if: ${{ contains(github.ref, 'x') && always() }}
        run: |
          cargo install $A || true
          cargo deny check
      - shell: pwsh
        run: |
          <# block #> # comment
          $V = "1.0"
          iwr "https://github.com/casey/just/releases/download/$V/just-x86_64.zip" -OutFile "j$(x).zip"
          Expand-Archive j.zip; if ($x) { cargo install b } else { cargo build }
""",
    ".gitlab-ci.yml": """\
variables: {A: b, C: $A$A}
.x: &x
  script: [cargo build]
a:
  extends: .x
  rules:
    - if: $A == 'b'
  script:
    - !reference [.x, script]
    - cargo install $C
""",
    ".circleci/config.yml": """\
version: 2.1
commands:
  c:
    parameters: {p: {type: string, default: a}}
    steps:
      - run: cargo install << parameters.p >>
jobs:
  a:
    steps: [c, {run: {command: cargo build}}]
""",
    "Dockerfile": """\
# syntax=docker/dockerfile:1
ARG V=1
FROM rust:$V AS a
ENV A=b C=${V:-d}
RUN --mount=type=cache,target=/x \\
  # comment
  cargo install ${A%c}
RUN ["cargo", "build"]
RUN <<EOF
cargo build
EOF
COPY --from=a / /
""",
    "Makefile": """\
A ?= b
export C := $(A:x=y)
define D
cargo build
endef
ifeq ($(A),b)
all: x
\t@cargo install $(C) $$E
endif
x: %.o: %.c
\t-$(D); \\
\tcargo deny check
include z.mk
""",
    "justfile": """\
set shell := ['bash', '-c']
a := 'b' + `c` / x
[linux]
r p='d' *q: s (t 'u')
  @cargo install {{a}} {{ if a == 'b' { 'x' } else { p } }}
s:
  #!/usr/bin/env bash
  cargo build
""",
    "run.sh": """\
#!/bin/bash
A=(x y)
for i in 1 2; do cargo install "${A[@]}" $i; done
if cargo build; then :; fi
f() { sudo env B=1 bash -c "cargo install $1"; }
f "$(cat <<'E'
z
E
)" | xargs -I{} cargo install {}
case $A in a) cargo audit;; esac
""",
    "deny.toml": """\
[advisories]
yanked = "deny"
ignore = [{ id = "RUSTSEC-2020-0001", reason = "x" }, "a@1.0"]

[licenses]
allow = ["MIT", "Apache-2.0 WITH LLVM-exception"]

[bans]
multiple-versions = "deny"
skip = [{ crate = "a:1" }]

[sources]
allow-git = ["https://example.org/x"]
""",
    "wit/a.wit": """\
package a:b@1.0.0;
/// doc
interface i {
  use c:d/e@0.2.0.{t as u};
  record r { a: list<u>, b: option<tuple<u8, string>> }
  variant v { x(r), y }
  resource s { constructor(a: u8); m: func() -> result<r, v>; }
  f: async func(a: r) -> v;
}
world w { import i; export c:d/e@0.2.0; include x; }
""",
    "wit/deps.toml": """\
c = "https://example.org/c/v0.2.0.tar.gz"
d = { path = "../d", sha256 = "00" }
""",
    "wit/deps.lock": """\
[c]
url = "https://example.org/c/v0.2.0.tar.gz"
sha256 = "00"
sha512 = "00"
""",
    "wkg.toml": """\
[overrides]
"c:d" = { version = "^0.2" }
""",
    "wkg.lock": f"""\
version = 1
[[packages]]
name = "c:d"
registry = "x.y"
[[packages.versions]]
requirement = "^0.2"
version = "0.2.1"
digest = "sha256:{_ZEROS}"
""",
    "Cargo-component.lock": """\
version = 1
[[package]]
name = "c:d"
[[package.version]]
requirement = "*"
version = "0.2.0"
""",
}
HOSTILE = (
    *("\0", "\r", "\f", "\x85", "\u2028", "\ufeff", "\u202e", "\x1b[2J", "\n::error::x\n", "##[error]x", "\udcff"),
    *(
        "'",
        '"',
        '"""',
        "'''",
        "`",
        "\\",
        "\\\n",
        "$(",
        "${",
        "${{",
        "}}",
        "{{",
        "{%",
        "<<",
        "<<E\n",
        ")",
        "(",
        "[",
        "]",
    ),
    *(
        "{",
        "}",
        "*",
        "&a ",
        "*a",
        "!x ",
        "|\n",
        "|",
        "||",
        "&&",
        ";",
        "#",
        "# dunnage: ignore[x/y] z",
        "= ",
        ": ",
        "- ",
    ),
    *("9" * 5000, "1e999", "..", "../" * 40, "-" * 3, "--help", "cargo install ", "$A$A", "a" * 5000, "<<<<<<< HEAD\n"),
)
_PIECE = re.compile(r"\w+|\s+|[^\w\s]")
_MOST_CHARACTERS = 200_000


class Attempt(NamedTuple):
    """A run of a hook that failed."""

    hook: str
    files: dict[str, bytes]
    problem: str


def mutated(text: str, chance: random.Random) -> bytes:
    """A file that is not far from a valid one."""
    for _ in range(chance.choice((1, 1, 2, 3, 8))):
        pieces = _PIECE.findall(text) or [""]
        first, last = sorted(chance.choices(range(len(pieces) + 1), k=2))
        chosen = pieces[first:last][: chance.choice((1, 3, 30))]
        action = chance.randrange(6)
        if action == 0:
            pieces[first:last] = []
        elif action == 1:
            pieces[first:first] = chosen * chance.choice((2, 10, 1000))
        elif action == 2:
            pieces[first:first] = [chance.choice(HOSTILE)] * chance.choice((1, 2, 300))
        elif action == 3:
            other = _PIECE.findall(chance.choice([*SEEDS.values()]))
            pieces[first:last] = other[: chance.randrange(len(other))]
        elif action == 4:
            opening, closing = chance.choice(("()", "[]", "{}", "''", '""', ("$(", ")"), ("${a:-", "}"), ("{a: ", "}")))
            count = chance.choice((1, 20, 400))
            pieces[first:last] = [opening * count, *chosen, closing * count]
        else:
            chance.shuffle(pieces[first:last])
            pieces = pieces[: chance.randrange(len(pieces)) + 1]
        text = "".join(pieces)[:_MOST_CHARACTERS]
    data = text.encode("utf-8", "surrogateescape")
    if chance.random() < 0.1:
        at = chance.randrange(len(data) + 1)
        data = data[:at] + chance.randbytes(3) + data[at:]
    return data


def files(chance: random.Random) -> dict[str, bytes]:
    """A repository of valid files, some of them mutated."""
    found = {name: text.encode() for name, text in SEEDS.items() if chance.random() < 0.5}
    for name in chance.sample([*SEEDS], 3):
        found[name] = mutated(SEEDS[name], chance)
    return found


def attempt(hook: str, found: dict[str, bytes], folder: Path, *, fix: bool) -> Attempt | None:
    """Run a hook over files in an empty folder; None if it ends as it should."""
    from dunnage.frame.registry import ENTRIES

    for name, data in found.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    entry = next(entry for entry in ENTRIES if entry.id == hook)
    names = [name for name in found if re.search(entry.pattern, name)]
    arguments = ["--output-format", "github", *(["--fix"] if fix and entry.hook().fixes else []), "--", *names]
    out, err = io.StringIO(), io.StringIO()
    here = os.getcwd()
    os.chdir(folder)
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            status = import_module(entry.module).main(arguments)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is a bug
        return Attempt(hook, found, repr(error))
    finally:
        os.chdir(here)
    lines = out.getvalue().splitlines()
    wrong = [line for line in lines if not re.match(r"::(error|warning) |fixed |::notice ", line) or "##[" in line]
    if status not in (0, 1) or bool(lines) != bool(status) or wrong:
        return Attempt(hook, found, f"status {status}, {err.getvalue()[:200]!r}, {wrong[:2]}")
    return None


def attempts(seed: int, hooks: list[str]) -> Iterator[Attempt | None]:
    """Run the hooks over one mutated repository after the other, without end."""
    chance = random.Random(seed)
    while True:
        found = files(chance)
        for hook in hooks:
            with tempfile.TemporaryDirectory(prefix="dunnage-fuzz-") as folder:
                yield attempt(hook, found, Path(folder), fix=chance.random() < 0.5)


def _main(seconds: float, seed: int) -> int:
    from dunnage.frame.registry import ENTRIES

    end = time.monotonic() + seconds
    count = failed = 0
    for result in attempts(seed, [entry.id for entry in ENTRIES]):
        count += 1
        if result is not None:
            failed += 1
            sys.stdout.write(f"{result.hook}: {result.problem}\n  {result.files}\n")
        if time.monotonic() > end:
            break
    sys.stdout.write(f"{count} runs, {failed} failed\n")
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(_main(float(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0))
