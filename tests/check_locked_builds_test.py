"""check-locked-builds: cargo builds in CI and Dockerfiles pass `--locked`."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dunnage.check_locked_builds import check, main
from dunnage.files.source import Tree
from dunnage.frame.options import Options
from shell.pieces import NAMES, PIECES


@pytest.fixture(autouse=True)
def lock(repository: Path) -> Path:
    """The Cargo.lock that the repository tracks."""
    lock = repository / "Cargo.lock"
    lock.write_text("version = 4\n")
    subprocess.run(["git", "add", "Cargo.lock"], check=True)
    return lock


WORKFLOW = """\
jobs:
  build:
    runs-on: ubuntu-latest
    steps:
      - run: {}
"""


def found(name: str, text: str) -> list[tuple[int, int]]:
    """Line and column of everything that is found in a file."""
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode())
    tree = Tree()
    return sorted(tree.position(finding.path, finding.span.start) for finding in check([name], tree, Options()))


def fixed(name: str, text: str) -> str:
    """What --fix makes of a file; a second run must find nothing more to change."""
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode())
    main(["--fix", name])
    once = path.read_bytes()
    main(["--fix", name])
    assert path.read_bytes() == once
    return once.decode()


@pytest.mark.parametrize(
    ("name", "text", "where"),
    [
        pytest.param("Dockerfile", "FROM rust\nRUN cargo build --release\n", [(2, 11)], id="Dockerfile"),
        pytest.param("Dockerfile", 'FROM rust\nRUN ["cargo", "build"]\n', [(2, 15)], id="exec form"),
        pytest.param("Dockerfile", "FROM rust\nRUN <<EOF\ncargo test\nEOF\n", [(3, 7)], id="heredoc"),
        pytest.param("Dockerfile", "FROM rust\nRUN a \\\n # b\n && cargo b\n", [(4, 11)], id="continued"),
        pytest.param(".github/workflows/ci.yml", WORKFLOW.format("cargo test"), [(5, 20)], id="workflow"),
        pytest.param(
            ".github/workflows/ci.yml",
            WORKFLOW.format("|\n          cd x\n          cargo clippy -- --locked"),
            [(7, 17)],
            id="after --",
        ),
        pytest.param(
            "action.yml",
            'runs:\n  using: composite\n  steps:\n    - run: "cross build"\n      shell: bash\n',
            [(4, 19)],
            id="action",
        ),
        pytest.param(".gitlab-ci.yml", "test:\n  script:\n    - cargo test\n", [(3, 13)], id="GitLab"),
        pytest.param(
            ".circleci/config.yml",
            "version: 2.1\njobs:\n  build:\n    steps:\n      - run: cargo test\n",
            [(5, 20)],
            id="CircleCI",
        ),
        pytest.param("x.sh", "cargo build; cargo test\n", [(1, 7), (1, 20)], id="script, if asked"),
        pytest.param("Makefile", "all:\n\t@cargo build\n", [(2, 9)], id="Makefile, if asked"),
        pytest.param("x.sh", "cargo build --target $T --$P\n", [(1, 7)], id="variables that are values"),
        pytest.param("x.sh", "for p in a b; do cargo build -p $p; done\n", [(1, 24)], id="loop"),
        pytest.param("x.sh", 'F="-p a"\ncargo build $F\n', [(2, 7)], id="variable of two words"),
        pytest.param("x.sh", "sudo -E env A=b cargo build\n", [(1, 23)], id="wrappers"),
    ],
)
def test_finds(name: str, text: str, where: list[tuple[int, int]]) -> None:
    assert found(name, text) == where


@pytest.mark.parametrize(
    ("name", "text"),
    [
        pytest.param("Dockerfile", "FROM rust\nRUN cargo build --locked\n", id="locked"),
        pytest.param("Dockerfile", "FROM rust\nRUN cargo --frozen build\n", id="frozen"),
        pytest.param("Dockerfile", "FROM rust\nRUN cargo fetch --locked && cargo build --frozen\n", id="fetched"),
        pytest.param("Dockerfile", "FROM rust\n# cargo build\nRUN echo cargo build\n", id="only text"),
        pytest.param("Dockerfile", "FROM rust\nRUN cat <<EOF > x\ncargo build\nEOF\n", id="printed"),
        pytest.param("Dockerfile", "FROM rust\nRUN cargo fmt && cargo install x\n", id="other subcommands"),
        pytest.param(".github/workflows/ci.yml", WORKFLOW.format("cargo build ${{ inputs.x }}"), id="unknown"),
        pytest.param(
            ".github/workflows/ci.yml",
            "env:\n  FLAGS: --locked\n" + WORKFLOW.format("cargo build $FLAGS"),
            id="known variable",
        ),
        pytest.param("x.sh", "cargo build $FLAGS\n", id="variable that may hold it"),
        pytest.param("x.txt", "cargo build\n", id="no file with commands"),
        pytest.param("Dockerfile", "FROM rust\nRUN cargo build # dunnage: ignore[locked-builds/unlocked] no lock\n",
                     id="ignored"),
    ],
)  # fmt: skip
def test_finds_nothing(name: str, text: str) -> None:
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode())
    assert main([name]) == 0


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        pytest.param(
            "Dockerfile",
            'FROM rust\r\nRUN cargo build \\\r\n\t# why\r\n\t--release\r\nCMD ["cargo", "run", "--", "x"]',
            "FROM rust\r\nRUN cargo build --locked \\\r\n\t# why\r\n\t--release\r\n"
            'CMD ["cargo", "run", "--locked", "--", "x"]',
            id="CRLF, comments, exec form, no newline at the end",
        ),
        pytest.param(
            ".github/workflows/ci.yml",
            WORKFLOW.format("'cargo test' # all"),
            WORKFLOW.format("'cargo test --locked' # all"),
            id="quoted YAML",
        ),
        pytest.param(
            "x.sh",
            "cargo component build -v && cargo nextest run\ncargo llvm-cov --lcov\ncargo hack --each-feature check\n",
            "cargo component build --locked -v && cargo nextest run --locked\n"
            "cargo llvm-cov --locked --lcov\ncargo hack --each-feature check --locked\n",
            id="subcommands that hand it on",
        ),
        pytest.param(
            "x.sh",
            "cargo deny check\ncargo ndk -t arm64 build\ncargo miri test\ncargo lambda build\ncross build\n",
            "cargo deny --locked check\ncargo ndk -t arm64 build --locked\ncargo miri test --locked\n"
            "cargo lambda build --locked\ncross build --locked\n",
            id="more of them",
        ),
    ],
)
def test_fixes(name: str, before: str, after: str) -> None:
    assert fixed(name, before) == after
    assert main([name]) == 0


ALIASES = """\
[alias]
xtask = "run --package xtask --"
safe = ["build", "--locked"]
c = "check --frozen"
n = "nextest run"
"""


def test_aliases_of_the_repository(folder: Path) -> None:
    (folder / ".cargo").mkdir()
    (folder / ".cargo" / "config.toml").write_text(ALIASES)
    text = "cargo safe\ncargo c\ncargo xtask ci\ncargo n\n"
    assert found("ci/x.sh", text) == [(3, 7), (4, 7)]
    assert fixed("ci/x.sh", text) == "cargo safe\ncargo c\ncargo --locked xtask ci\ncargo n\n"


def test_an_alias_is_explained(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / ".cargo").mkdir()
    (folder / ".cargo" / "config.toml").write_text(ALIASES)
    (folder / "x.sh").write_text("cargo xtask ci\n")
    assert main(["x.sh"]) == 1
    assert capsys.readouterr().out == (
        "x.sh:1:7: locked-builds/unlocked `cargo xtask`, which stands for `cargo run`, does not insist on Cargo.lock\n"
        "    help: write `cargo --locked xtask`, or put `--locked` into the alias in .cargo/config.toml\n"
    )


@pytest.mark.parametrize("text", ["[alias\n", "alias = 1\n", "[alias]\nxtask = 1\n", "[alias]\nxtask = ''\n"])
def test_a_configuration_that_is_broken_has_no_aliases(folder: Path, text: str) -> None:
    (folder / ".cargo").mkdir()
    (folder / ".cargo" / "config.toml").write_text(text)
    assert found("x.sh", "cargo xtask ci\n") == []


def test_what_it_prints(capsys: pytest.CaptureFixture[str]) -> None:
    Path("Dockerfile").write_text("FROM rust\nRUN cargo build\n")
    assert main(["Dockerfile"]) == 1
    assert capsys.readouterr().out == (
        "Dockerfile:2:11: locked-builds/unlocked `cargo build` does not insist on Cargo.lock: "
        "it may build with other dependencies than those committed\n"
        "    help: write `cargo build --locked`\n"
    )


OWN_PIECES = ["cargo build", "cargo install x"]


@given(
    name=st.sampled_from(NAMES),
    data=st.one_of(st.binary(), st.lists(st.sampled_from(PIECES + OWN_PIECES)).map(lambda it: "".join(it).encode())),
)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes(name: str, data: bytes) -> None:
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    for finding in check([name], Tree(), Options()):
        assert 0 <= finding.span.start <= finding.span.end <= len(data)
        for edit in finding.fix.edits if finding.fix else ():
            assert edit.start == edit.end


def test_a_repository_without_a_lock(lock: Path) -> None:
    assert found("Dockerfile", "FROM rust\nRUN cargo build\n")
    subprocess.run(["git", "rm", "--quiet", "--cached", "Cargo.lock"], check=True)
    assert lock.exists()
    assert not found("Dockerfile", "FROM rust\nRUN cargo build\n")


def test_outside_of_a_repository(lock: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    del lock
    monkeypatch.chdir(tmp_path)
    assert found("Dockerfile", "FROM rust\nRUN cargo build\n")


def test_a_lock_anywhere_in_the_repository(lock: Path) -> None:
    subprocess.run(["git", "rm", "--quiet", "--cached", "Cargo.lock"], check=True)
    (lock.parent / "tools").mkdir()
    lock.rename(lock.parent / "tools/Cargo.lock")
    subprocess.run(["git", "add", "tools"], check=True)
    assert found("Dockerfile", "FROM rust\nRUN cargo build\n")
