"""Files that a workspace needs and git does not track."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from cargo.files import Files, checksums, found, lock, matches, package, write

TWO = lock("a 0.1.0 -> b\nb 0.1.0")
LISTED: Files = {
    "Cargo.toml": '[workspace]\nresolver = "2"\nmembers = ["a", "b"]\n',
    "a/Cargo.toml": package("a"),
    "a/src/lib.rs": "",
    "b/Cargo.toml": package("b"),
    "b/src/lib.rs": "",
    "Cargo.lock": lock("a 0.1.0\nb 0.1.0"),
}
MATCHED: Files = {**LISTED, "Cargo.toml": '[workspace]\nresolver = "2"\nmembers = [\n  "[ab]",\n]\n'}
REQUIRED: Files = {
    "Cargo.toml": package("a", rest='[dependencies]\nb = { path = "b" }\n'),
    "src/lib.rs": "",
    "b/Cargo.toml": package("b"),
    "b/src/lib.rs": "",
    "Cargo.lock": TWO,
}
INHERITED: Files = {
    **LISTED,
    "Cargo.toml": '[workspace]\nresolver = "2"\nmembers = ["a"]\n[workspace.dependencies]\nb.path = "b"\n',
    "a/Cargo.toml": package("a", rest="[dependencies]\nb.workspace = true\n"),
    "Cargo.lock": TWO,
}
PATCHED: Files = {
    **REQUIRED,
    "Cargo.toml": package("a", rest='[dependencies]\nb = "0.1"\n[patch.crates-io]\nb.path = "b"\n'),
}
IGNORED: Files = {".gitignore": "/b\n"}


def _commit(*but: str) -> None:
    subprocess.run(["git", "add", ".", *(f":!{path}" for path in but)], check=True)
    commit = ["git", "-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "x"]
    subprocess.run(commit, check=True)


def _builds_in_a_clone(repository: Path, cargo: Path) -> bool:
    clone = repository.parent / "clone"
    shutil.rmtree(clone, ignore_errors=True)
    subprocess.run(["git", "clone", "-q", str(repository), str(clone)], check=True)
    command = [str(cargo), "metadata", "--locked", "--offline", "--format-version=1"]
    return subprocess.run(command, cwd=clone, check=False, capture_output=True).returncode == 0


CASES = [
    pytest.param(LISTED, "Cargo.toml:3:17 untracked: git does not track b/Cargo.toml, so …", id="member"),
    pytest.param(REQUIRED, "Cargo.toml:6:1 untracked: git does not track b/Cargo.toml, so …", id="path-dependency"),
    pytest.param(INHERITED, "Cargo.toml:5:1 untracked: git does not track b/Cargo.toml, so …", id="inherited"),
    pytest.param(PATCHED, "Cargo.toml:8:1 untracked: git does not track b/Cargo.toml, so …", id="patch"),
]


@pytest.mark.parametrize(("files", "expected"), CASES)
@pytest.mark.parametrize("is_ignored", [True, False])
def test_untracked(repository: Path, files: Files, expected: str, is_ignored: bool, cargo: Path) -> None:
    write(repository, files)
    reason = "a clone of the repository cannot be built"
    if is_ignored:
        write(repository, IGNORED)
        reason += ": it is hidden by the pattern `/b` in .gitignore:1"
    _commit(*(() if is_ignored else ("b",)))
    assert matches(found("Cargo.toml"), [expected.replace("…", reason)])
    assert not _builds_in_a_clone(repository, cargo)
    write(repository, {".gitignore": ""})
    _commit()
    assert found("Cargo.toml") == []
    assert _builds_in_a_clone(repository, cargo)


def test_help(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from dunnage.check_cargo_lock import main

    write(repository, {**LISTED, **IGNORED})
    _commit()
    main(["Cargo.toml"])
    assert "help: remove that pattern, then run `git add b`\n" in capsys.readouterr().out


SILENT = [
    pytest.param({**LISTED, ".gitignore": "/b/src\n"}, id="only-sources"),
    pytest.param({**LISTED, **IGNORED, "Makefile": "gen:\n\topenapi-generator -o b\n"}, id="generated-by-a-command"),
    pytest.param({**REQUIRED, **IGNORED, "b/.cargo-checksum.json": checksums(package("b"))}, id="vendored"),
    pytest.param({**REQUIRED, **IGNORED, "b/.git/HEAD": "ref: refs/heads/main\n"}, id="another-repository"),
    pytest.param(
        {
            "Cargo.toml": package("a", rest='[dependencies]\nb = { path = "target/gen/b" }\n'),
            "src/lib.rs": "",
            "target/gen/b/Cargo.toml": package("b"),
            ".gitignore": "target\n",
            "Cargo.lock": TWO,
        },
        id="generated-by-name",
    ),
    pytest.param(
        {
            "Cargo.toml": package("a", rest='[dependencies]\nb = { path = "../outside" }\n'),
            "../outside/Cargo.toml": package("b"),
            "Cargo.lock": TWO,
        },
        id="outside-of-the-repository",
    ),
    pytest.param(
        {
            **LISTED,
            **IGNORED,
            "Cargo.toml": '[workspace]\nmembers = ["a"]\nexclude = ["b", "c"]\n',
            "a/Cargo.toml": package("a", rest='[dependencies]\nc = { path = "../c" }\n'),
            "c/Cargo.toml": package(
                "c",
                rest='[dependencies]\nb = { path = "../b", optional = true }\n[dev-dependencies]\nb.path = "../b"\n',
            ),
            "Cargo.lock": lock("a 0.1.0 -> c\nc 0.1.0"),
        },
        id="not-needed",
    ),
]


@pytest.mark.parametrize("files", SILENT)
def test_silent(repository: Path, files: Files) -> None:
    write(repository, files)
    _commit()
    assert found("Cargo.toml") == []


def test_nothing_is_tracked(repository: Path) -> None:
    write(repository, REQUIRED)
    assert [line for line in found("Cargo.toml") if "Cargo.lock:1:1" not in line] == []


def test_a_tracked_link_to_a_tracked_folder(repository: Path) -> None:
    write(repository, {**REQUIRED, "real/Cargo.toml": package("b"), "real/src/lib.rs": ""})
    shutil.rmtree(repository / "b")
    (repository / "b").symlink_to("real")
    _commit()
    assert found("Cargo.toml") == []


@pytest.mark.parametrize(
    ("rest", "locked", "expected"),
    [
        pytest.param('[dependencies]\nx = "1"\n', "a 0.1.0\nb 0.1.0 -> x\nx 1.0.0 crates.io", True, id="locked"),
        pytest.param("", "a 0.1.0\nb 0.1.0", False, id="locked-without-dependencies"),
        pytest.param('[dependencies]\nx = "1"\n', "a 0.1.0", False, id="not-locked"),
    ],
)
def test_matched_by_a_pattern(repository: Path, cargo: Path, rest: str, locked: str, expected: bool) -> None:
    write(repository, {**MATCHED, "b/Cargo.toml": package("b", rest=rest), "Cargo.lock": lock(locked)})
    _commit("b")
    message = "Cargo.toml:4:3 untracked: git does not track b/Cargo.toml, so `cargo --locked` fails in a clone…"
    assert matches(found("Cargo.toml"), [message] if expected else [])
    assert _builds_in_a_clone(repository, cargo) is not expected


def test_include(repository: Path) -> None:
    write(repository, {**REQUIRED, ".gitignore": "/.cargo/more.toml\n", ".cargo/more.toml": ""})
    write(repository, {".cargo/config.toml": 'include = ["more.toml"]\n'})
    _commit()
    expected = ".cargo/config.toml:1:12 untracked: git does not track .cargo/more.toml, so cargo cannot load…"
    assert matches(found("Cargo.toml"), [expected])
    write(repository, {".cargo/config.toml": 'include = [{ path = "more.toml", optional = true }]\n'})
    assert found("Cargo.toml") == []
