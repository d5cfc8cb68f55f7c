"""cargo-deny judges check-deny-toml: a file is rejected exactly when it refuses it, and loads once it is fixed."""

from __future__ import annotations

import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from dunnage.cargo.version import Requirement
from dunnage.check_deny_toml import main
from dunnage.deny.reading import newer_toml, problems
from dunnage.deny.schema import NEW, OLD, Schema
from dunnage.files import toml
from dunnage.files.source import File, SourceError
from oracle.cargo_deny_judge import CargoDeny
from oracle.deny_files import files

# What cargo-deny 0.14 reads as if it were something else, and we do not: an array for a table.
LENIENT = (
    "licenses = []",
    "sources = []",
    "allow-org = []",
    "allow-org = 1979",
    "private = []",
    "targets = [[",
    "files = [[",
)

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


MODERN = """\
# What we trust.
[graph]
targets = [
    "x86_64-unknown-linux-gnu", # our servers
]
[output]
feature-depth = 1

[advisories]
version = 2
unmaintained = "workspace"
ignore = [
    { id = "RUSTSEC-2023-0071", reason = "nobody can time us" },
    "yanked@1.0.0",
]

[licenses]
version = 2
allow = ["MIT", "Unicode-3.0", "GPL-3.0-or-later"]
unused-license-exception = "allow"
exceptions = [{ crate = "ring@0.17", allow = ["ISC", "Unicode-3.0"] }]

[[licenses.clarify]]
crate = "a"
expression = "MIT"
license-files = [{ path = "LICENSE", hash = 1 }]

[bans]
deny = [{ crate = "openssl", use-instead = "rustls", reason = "no C" }, "native-tls"]
skip = [
    "a@1.2.3",
    { crate = "b:>=1, <2", reason = "c" }, # d
]
skip-tree = [{ crate = "e@0.3", depth = 2 }]
features = [{ crate = "tokio", deny = ["full"] }]

[[bans.allow]]
crate = "f"
reason = "g"

[sources]
unused-allowed-source = "warn"
"""


def verdict(text: str, schema: Schema) -> tuple[bool, bool]:
    """Whether we say that cargo-deny loads a file, and that it warns about a key that has moved."""
    file = File("deny.toml", text.encode())
    try:
        found = list(problems(toml.parse(file), schema, Requirement.parse))
    except SourceError:
        return False, False
    is_newer = not schema.reads_toml_1_1 and newer_toml(file.data) is not None
    loads = not is_newer and all(problem.kind == "moved" for problem in found)
    return loads, loads and bool(found)


@pytest.mark.parametrize(("schema", "other"), [(NEW, OLD), (OLD, NEW)], ids=["0.20", "0.14"])
def test_each_key_with_each_value(
    schema: Schema, other: Schema, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    program: str = request.getfixturevalue("cargo_deny" if schema is NEW else "old_cargo_deny")
    texts = files(schema, other)
    if schema is OLD:
        texts = [text for text in texts if not any(lenient in text for lenient in LENIENT)]

    def disagreements(part: int) -> list[str]:
        judge = CargoDeny(program, tmp_path / str(part), is_old=schema is OLD)
        wrong = []
        for text in texts[part::2]:
            truth = judge.judge(text)
            if verdict(text, schema) != (truth.loads, truth.loads and truth.has_moved):
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


def test_what_loads_in_the_old_one_still_does(
    old_cargo_deny: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    judge = CargoDeny(old_cargo_deny, tmp_path, is_old=True)
    legacy = LEGACY.replace('db-url = "https://github.com/RustSec/advisory-db"\n', "").replace("LGPL-3.0+", "LGPL-3.0")
    assert judge.judge(legacy).loads
    subprocess.run(["git", "init", "--quiet", str(tmp_path)], check=True)
    monkeypatch.chdir(tmp_path)
    path = Path("deny.toml")
    path.write_text(legacy)
    assert main(["--fix", "--cargo-deny-version=0.14", "deny.toml"]) == 1
    truth = judge.judge(path.read_text())
    assert truth.loads, truth.output
    assert not truth.has_moved, truth.output


def test_what_was_written_for_the_new_one_loads_in_the_old_one(
    cargo_deny: str, old_cargo_deny: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    judge = CargoDeny(old_cargo_deny, tmp_path, is_old=True)
    new = CargoDeny(cargo_deny, tmp_path)
    assert new.judge(MODERN).loads
    assert not judge.judge(MODERN).loads
    subprocess.run(["git", "init", "--quiet", str(tmp_path)], check=True)
    monkeypatch.chdir(tmp_path)
    path = Path("deny.toml")
    path.write_text(MODERN)
    assert main(["--fix", "--cargo-deny-version=0.14", "deny.toml"]) == 1
    fixed = path.read_text()
    truth = judge.judge(fixed)
    assert truth.loads, truth.output
    assert not truth.has_moved, truth.output
    assert [
        text for text in ("our servers", "nobody can time us", "no C", "# c", "# d", "# g") if text not in fixed
    ] == []
    main(["--fix", "--cargo-deny-version=0.14", "deny.toml"])
    assert path.read_text() == fixed
