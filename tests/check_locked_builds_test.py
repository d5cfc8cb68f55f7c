"""check-locked-builds: cargo builds in CI and Dockerfiles pass `--locked`."""

from __future__ import annotations

import subprocess
from functools import partial
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dunnage.check_locked_builds import check, main
from dunnage.files.source import Tree
from dunnage.frame.options import Options
from repository import fixed as fixed_by
from repository import write
from shell.pieces import NAMES, PIECES

fixed = partial(fixed_by, main)


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
    write(name, text)
    tree = Tree()
    return sorted(tree.position(finding.path, finding.span.start) for finding in check([name], tree, Options()))


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
        pytest.param("Dockerfile", "FROM rust\nRUN xx-cargo build\n", [(2, 14)], id="xx"),
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
    write(name, text)
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
            ".github/workflows/ci.yml",
            WORKFLOW.format("'cargo ''test'' '"),
            WORKFLOW.format("'cargo ''test'' --locked '"),
            id="doubled quotes of YAML",
        ),
        pytest.param(
            ".github/workflows/ci.yml",
            WORKFLOW.format(r'"cargo \"test\""'),
            WORKFLOW.format(r'"cargo \"test\" --locked"'),
            id="escaped quotes of YAML",
        ),
        pytest.param(
            "Dockerfile",
            'FROM x\nRUN ["sh", "-c", "cargo \\"build\\"\\u0020-v && cargo \\"test\\""]',
            'FROM x\nRUN ["sh", "-c", "cargo \\"build\\" --locked\\u0020-v && cargo \\"test\\" --locked"]',
            id="escaped quotes of JSON",
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
        "x.sh:1:7: locked-builds/unlocked `cargo xtask` runs `cargo run` without `--locked`, "
        "so it may not use the committed Cargo.lock\n"
        "    help: write `cargo --locked xtask`, or add `--locked` to the alias `xtask` in .cargo/config.toml\n"
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
        "Dockerfile:2:11: locked-builds/unlocked `cargo build` runs without `--locked`, "
        "so it may not use the committed Cargo.lock\n"
        "    help: write `cargo build --locked`\n"
    )


OWN_PIECES = ["cargo build", "cargo install x"]


@given(
    name=st.sampled_from(NAMES),
    data=st.one_of(st.binary(), st.lists(st.sampled_from(PIECES + OWN_PIECES)).map(lambda it: "".join(it).encode())),
)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes(name: str, data: bytes) -> None:
    write(name, data)
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


def test_only_examples_have_locks(lock: Path) -> None:
    subprocess.run(["git", "rm", "--quiet", "--cached", "Cargo.lock"], check=True)
    (lock.parent / "examples/a").mkdir(parents=True)
    lock.rename(lock.parent / "examples/a/Cargo.lock")
    (lock.parent / "Cargo.toml").write_text("[workspace]\n")
    subprocess.run(["git", "add", "examples", "Cargo.toml"], check=True)
    assert not rules(CI, WORKFLOW.format("cargo build --manifest-path $M"))
    assert rules(CI, WORKFLOW.format("cargo build --manifest-path examples/a/Cargo.toml")) == ["unlocked"]


WORKFLOW_IN = """\
jobs:
  build:
    runs-on: ubuntu-latest
    {}
    steps:
      - run: {}
"""


@pytest.fixture
def tools(lock: Path) -> Path:
    """A folder with a lock, `tools`, in a repository with no lock at its top, and a package in `other` without one."""
    subprocess.run(["git", "rm", "--quiet", "--cached", "Cargo.lock"], check=True)
    for folder in ("tools", "other"):
        (lock.parent / folder).mkdir()
        (lock.parent / folder / "Cargo.toml").write_text("[package]\nname = 'x'\n")
    lock.rename(lock.parent / "tools/Cargo.lock")
    (lock.parent / "Cargo.toml").write_text("[workspace]\n")
    subprocess.run(["git", "add", "tools", "other", "Cargo.toml"], check=True)
    return lock.parent


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        pytest.param("ci.yml", "cd member && cargo build", ["unlocked"], id="member"),
        pytest.param("ci.yml", "cd member/src && cargo build", ["unlocked"], id="below a member"),
        pytest.param("ci.yml", "cd docs && cargo build", ["unlocked"], id="folder without a manifest"),
        pytest.param("ci.yml", "cd fuzz && cargo build", [], id="excluded package"),
        pytest.param("ci.yml", "cargo test --manifest-path fuzz/Cargo.toml", [], id="manifest of an excluded package"),
        pytest.param("ci.yml", "cd nested/inner && cargo build", [], id="member of a nested workspace"),
        pytest.param("ci.yml", "cd broken && cargo build", ["unlocked"], id="unreadable manifest"),
        pytest.param("Dockerfile", "COPY . /a\nRUN cd /a/member && cargo build", ["unlocked"], id="member in an image"),
        pytest.param("Dockerfile", "COPY . /a\nRUN cd /a/fuzz && cargo build", [], id="excluded package in an image"),
        pytest.param("Dockerfile", "COPY . /a\nWORKDIR /a/nested/inner\nRUN cargo build", [], id="nested in an image"),
    ],
)
def test_a_lock_above_the_workspace(lock: Path, name: str, text: str, expected: list[str]) -> None:
    manifests = {
        ".": "[workspace]\nmembers = ['member']\nexclude = ['fuzz', 'nested']\n",
        "member": "[package]\nname = 'member'\n",
        "fuzz": "[package]\nname = 'fuzz'\n",
        "nested": "[workspace]\nmembers = ['inner']\n",
        "nested/inner": "[package]\nname = 'inner'\n",
        "broken": "[package\n",
    }
    for folder, manifest in manifests.items():
        (lock.parent / folder).mkdir(exist_ok=True)
        (lock.parent / folder / "Cargo.toml").write_text(manifest)
    if name == "Dockerfile":
        assert rules(name, f"FROM rust\n{text}\n") == expected
    else:
        assert rules(f".github/workflows/{name}", WORKFLOW.format(text)) == expected


def rules(name: str, text: str) -> list[str]:
    """The problems that are found in a file, in its order."""
    write(name, text)
    findings = sorted(check([name], Tree(), Options()), key=lambda finding: finding.span)
    return [finding.rule.id.partition("/")[2] for finding in findings]


CI = ".github/workflows/ci.yml"
PULL_REQUEST = "      - uses: peter-evans/create-pull-request@v7\n"
IN_MATRIX = "cargo build\n        working-directory: ${{ matrix.d }}"
CHECKOUT = "steps:\n      - uses: actions/checkout@v4\n        with: {path: x}"
CHECKOUTS = "steps:\n      - uses: actions/checkout@v4" + CHECKOUT.removeprefix("steps:")


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        pytest.param(CI, WORKFLOW.format("cargo build"), [], id="at the top"),
        pytest.param(CI, WORKFLOW.format("cd tools && cargo build"), ["unlocked"], id="cd"),
        pytest.param(CI, WORKFLOW.format("cd other && cargo build"), [], id="cd to a folder without a lock"),
        pytest.param(CI, WORKFLOW.format("cd tools/src/deep && cargo build"), ["unlocked"], id="below a lock"),
        pytest.param(CI, WORKFLOW.format("cd /builds/x && cargo build"), ["unlocked"], id="perhaps the checkout"),
        pytest.param(CI, WORKFLOW.format("tar xf x -C /tmp && cd /tmp/x && cargo vendor"), [], id="temporary folder"),
        pytest.param(CI, WORKFLOW.format("(cd tools); cargo build"), [], id="back after a subshell"),
        pytest.param(CI, WORKFLOW.format("cd $WHERE && cargo build"), ["unlocked"], id="unknown folder"),
        pytest.param(CI, WORKFLOW.format("cargo build --manifest-path tools/Cargo.toml"), ["unlocked"], id="manifest"),
        pytest.param(CI, WORKFLOW.format("cargo build --manifest-path=other/Cargo.toml"), [], id="other manifest"),
        pytest.param(CI, WORKFLOW.format("cargo -C tools build"), ["unlocked"], id="-C"),
        pytest.param(CI, WORKFLOW.format("cargo -C other build"), [], id="-C of a folder without a lock"),
        pytest.param(CI, WORKFLOW.format("cargo build\n        working-directory: tools"), ["unlocked"], id="step"),
        pytest.param(CI, WORKFLOW.format("cargo build\n        working-directory: ./other"), [], id="other step"),
        pytest.param(
            CI,
            WORKFLOW_IN.format("defaults: {run: {working-directory: tools}}", "cargo build"),
            ["unlocked"],
            id="defaults of the job",
        ),
        pytest.param(
            CI,
            "defaults: {run: {working-directory: tools}}\n" + WORKFLOW.format("cargo build"),
            ["unlocked"],
            id="defaults of the workflow",
        ),
        pytest.param(
            CI,
            WORKFLOW_IN.format("strategy: {matrix: {d: [tools]}}", IN_MATRIX),
            ["unlocked"],
            id="matrix",
        ),
        pytest.param(
            CI,
            WORKFLOW_IN.format("strategy: {matrix: {d: [tools, other]}}", IN_MATRIX),
            [],
            id="matrix with a folder without a lock",
        ),
        pytest.param(
            CI,
            WORKFLOW.format("cd other && cargo build").replace("steps:", CHECKOUTS),
            [],
            id="checked out beside another repository",
        ),
        pytest.param(
            CI,
            WORKFLOW.format("cargo build").replace("steps:", CHECKOUT),
            ["unlocked"],
            id="checked out elsewhere",
        ),
        pytest.param(
            ".gitlab-ci.yml", "a:\n  script: [cargo build, cd tools, cargo build]\n", ["unlocked"], id="GitLab"
        ),
        pytest.param(
            ".gitlab-ci.yml",
            "a:\n  before_script: [cd tools]\n  script: [cargo build]\n",
            ["unlocked"],
            id="GitLab, in the same shell",
        ),
        pytest.param(
            ".circleci/config.yml",
            "jobs: {a: {steps: [{run: cargo b}, {run: {command: cargo c, working_directory: tools}}]}}\n",
            ["unlocked"],
            id="CircleCI",
        ),
        pytest.param("Dockerfile", "FROM rust\nCOPY . .\nRUN cargo build\n", [], id="copied without a lock"),
        pytest.param("Dockerfile", "FROM rust\nWORKDIR /a\nCOPY tools .\nRUN cargo build\n", ["unlocked"], id="COPY"),
        pytest.param(
            "Dockerfile",
            "FROM rust\nWORKDIR /a\nCOPY . .\nRUN cd tools && cargo build\n",
            ["unlocked"],
            id="cd in the image",
        ),
        pytest.param(
            "Dockerfile",
            "FROM rust\nCOPY . /a\nWORKDIR /a/tools\nRUN cargo build\n",
            ["unlocked"],
            id="WORKDIR below what is copied",
        ),
        pytest.param(
            "Dockerfile",
            "FROM rust\nCOPY . /a\nWORKDIR /a\nWORKDIR other\nRUN cargo build\n",
            [],
            id="WORKDIR without a lock",
        ),
        pytest.param(
            CI, WORKFLOW.format("cd $X && cargo b --manifest-path other/Cargo.toml"), [], id="path from the top"
        ),
        pytest.param("a.sh", "cd other\ncargo build\n", [], id="script in a folder without a lock"),
        pytest.param("a.sh", "cd tools\ncargo build\n", ["unlocked"], id="script in a folder with a lock"),
        pytest.param("a.sh", "cd ../x\ncargo build\n", ["unlocked"], id="script in an unknown folder"),
        pytest.param(
            CI,
            WORKFLOW.format("cd $X && cargo b --manifest-path tools/Cargo.toml"),
            ["unlocked"],
            id="path from the top to a lock",
        ),
        pytest.param(
            "Dockerfile",
            "FROM rust AS a\nWORKDIR /x\nCOPY tools .\nRUN cargo install --path .\n"
            "FROM rust\nCOPY --from=a /x/y /bin/y\nWORKDIR /volume\nCMD cargo build\n",
            [],
            id="CMD in a mounted project",
        ),
        pytest.param(
            "Dockerfile",
            "FROM rust\nWORKDIR /a\nCOPY tools .\nCMD cargo build\n",
            ["unlocked"],
            id="CMD in a copied project",
        ),
        pytest.param(
            "Dockerfile",
            "FROM rust\nWORKDIR /a\nCOPY tools .\nCOPY --from=x /x/Cargo.toml.min ./Cargo.toml\nRUN cargo build\n",
            [],
            id="copied with another manifest",
        ),
        pytest.param(
            "Dockerfile",
            "FROM rust\nWORKDIR /a\nCOPY tools .\nCOPY --from=x /x/Cargo.toml ./Cargo.toml\nRUN cargo build\n",
            ["unlocked"],
            id="copied with a manifest of another stage",
        ),
        pytest.param("tools/Dockerfile", "FROM rust\nCOPY . .\nRUN cargo build\n", ["unlocked"], id="own context"),
        pytest.param(
            "tools/Dockerfile", "FROM rust\nCOPY tools/Cargo.toml ./\nRUN cargo build\n", [], id="manifest only"
        ),
        pytest.param(
            "tools/Dockerfile",
            "FROM rust\nCOPY Cargo.toml Cargo.lock ./\nRUN cargo build\n",
            ["unlocked"],
            id="both files",
        ),
        pytest.param("tools/Dockerfile", "FROM rust\nCOPY Cargo.* ./\nRUN cargo build\n", ["unlocked"], id="wildcard"),
        pytest.param(
            "Dockerfile",
            "FROM rust AS a\nCOPY tools /a\nFROM a\nWORKDIR /a\nRUN cargo build\n",
            ["unlocked"],
            id="copied by the stage that it is based on",
        ),
        pytest.param(
            "Dockerfile",
            "FROM rust\nCOPY Cargo.toml .\nCOPY --from=a /x .\nRUN cargo build\n",
            ["unlocked"],
            id="perhaps from another stage",
        ),
        pytest.param(
            "Dockerfile",
            "FROM rust AS a\nWORKDIR /x\nCOPY a.patch .\nRUN curl https://a.org/y.tgz | tar xz\n"
            "FROM rust\nCOPY --from=a /x /x\nWORKDIR /x/y\nRUN cargo build\n",
            [],
            id="downloaded by another stage",
        ),
        pytest.param(
            "Dockerfile",
            "FROM rust AS a\nCOPY tools /x\nFROM rust\nCOPY --from=a /x /x\nWORKDIR /x\nRUN cargo build\n",
            ["unlocked"],
            id="copied by another stage",
        ),
        pytest.param(
            "Dockerfile",
            "FROM a AS xx\nFROM rust\nCOPY --from=xx / /\nWORKDIR /x\nRUN cargo build\n",
            ["unlocked"],
            id="tools of another stage",
        ),
        pytest.param(
            "Dockerfile",
            "FROM a AS app\nFROM rust\nWORKDIR /x\nCOPY --chown=app a.patch .\nRUN cargo build\n",
            ["unlocked"],
            id="a user with the name of a stage",
        ),
        pytest.param(
            "Dockerfile",
            "FROM rust\nWORKDIR /x\nRUN curl https://a.org/y.tgz | tar xz\nRUN cd y && cargo build\n",
            [],
            id="downloaded sources",
        ),
        pytest.param(
            "Dockerfile",
            "FROM rust\nWORKDIR /x\nRUN curl https://a.org/y.tgz | tar -xzC /opt\nRUN cargo build\n",
            ["unlocked"],
            id="downloaded tool",
        ),
        pytest.param("Dockerfile", "FROM rust\nRUN --mount=type=bind,target=. cargo build\n", [], id="mounted"),
        pytest.param(
            "Dockerfile",
            "FROM rust\nRUN --mount=type=bind,source=tools,target=. cargo build\n",
            ["unlocked"],
            id="mounted with a lock",
        ),
        pytest.param(
            "Dockerfile", "FROM rust\nCOPY <<EOF Cargo.toml\n[package]\nEOF\nRUN cargo build\n", [], id="inline"
        ),
    ],
)
@pytest.mark.usefixtures("tools")
def test_where_a_lock_is(name: str, text: str, expected: list[str]) -> None:
    assert rules(name, text) == expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        pytest.param('cd "$ROOT/tools" && cargo build', [], id="unknown folder"),
        pytest.param("cd tools && cargo build", ["unlocked"], id="folder with a lock"),
    ],
)
def test_a_folder_of_workspaces_of_which_one_has_no_lock(tools: Path, line: str, expected: list[str]) -> None:
    (tools / "Cargo.toml").unlink()
    assert rules(CI, WORKFLOW.format(line)) == expected
    subprocess.run(["git", "mv", "tools/Cargo.lock", "other/Cargo.lock"], check=True)
    subprocess.run(["cp", "other/Cargo.lock", "tools/Cargo.lock"], check=True)
    subprocess.run(["git", "add", "tools"], check=True)
    (tools / "tools/member").mkdir()
    (tools / "tools/member/Cargo.toml").write_text("[package]\nname = 'y'\n")
    (tools / "link").symlink_to("tools/member")
    assert rules(CI, WORKFLOW.format(line)) == ["unlocked"]


def steps(*runs: str) -> str:
    return "jobs:\n  build:\n    steps:\n" + "".join(f"      - run: {run}\n" for run in runs)


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        pytest.param(CI, steps("rm Cargo.lock", "cargo build"), [], id="removed"),
        pytest.param(CI, steps("rm -f ./Cargo.lock && cargo build"), [], id="removed in the same program"),
        pytest.param(CI, steps("git rm Cargo.lock", "cargo build"), [], id="removed by git"),
        pytest.param(CI, steps("find . -name Cargo.lock -delete", "cargo build"), [], id="found and deleted"),
        pytest.param(CI, steps("mv Cargo.lock x", "cargo build"), [], id="moved"),
        pytest.param(CI, steps("cargo build", "rm Cargo.lock"), ["unlocked"], id="removed later"),
        pytest.param(CI, steps("rm x/Cargo.lock", "cargo build"), ["unlocked"], id="another lock removed"),
        pytest.param(CI, steps("rm Cargo.lock", "git checkout Cargo.lock", "cargo build"), ["unlocked"], id="restored"),
        pytest.param(
            CI,
            steps("rm Cargo.lock") + "  other:\n    steps:\n      - run: cargo build\n",
            ["unlocked"],
            id="other job",
        ),
        pytest.param(CI, steps("cargo new x && cd x && cargo build"), [], id="new project"),
        pytest.param(CI, steps("cargo new x", "cargo build"), ["unlocked"], id="new project beside"),
        pytest.param(CI, steps("cargo init && cargo build"), [], id="project initialized"),
        pytest.param(CI, steps("cargo generate --git x && cd $NAME && cargo build"), [], id="project from a template"),
        pytest.param(CI, steps("git clone --depth 1 https://x.invalid/a/b.git && cd b && cargo b"), [], id="cloned"),
        pytest.param(CI, steps("git clone https://x.invalid/a/b.git && cargo b"), ["unlocked"], id="cloned beside"),
        pytest.param(
            "Dockerfile", "FROM rust\nRUN cargo new a\nWORKDIR a\nRUN cargo build\n", [], id="new project in an image"
        ),
        pytest.param(
            "Dockerfile",
            "FROM rust\nRUN cargo new a\nWORKDIR a\nCOPY Cargo.lock .\nRUN cargo build\n",
            ["unlocked"],
            id="new project with the committed lock",
        ),
        pytest.param(
            CI, steps("git clone https://x.invalid/b && cd b && git checkout v1 && cargo b"), [], id="cloned at a tag"
        ),
        pytest.param(
            CI,
            steps("cd .. && git clone https://x.invalid/b", "cargo b\n        working-directory: ../b"),
            [],
            id="cloned outside of the repository",
        ),
        pytest.param(CI, steps("git -C x rm Cargo.lock", "cargo b"), ["unlocked"], id="removed elsewhere by git"),
        pytest.param(CI, steps("rm Cargo.lock", "git -C . restore .", "cargo b"), ["unlocked"], id="restored with -C"),
        pytest.param(CI, steps("mv Cargo.lock x", "mv x Cargo.lock", "cargo b"), ["unlocked"], id="moved back"),
        pytest.param(CI, steps("cargo update", "cp x Cargo.lock", "cargo b --locked"), [], id="update replaced"),
        pytest.param(CI, steps("sed -i s/0/1/ a/Cargo.toml", "cargo publish"), [], id="manifest edited by sed"),
        pytest.param(CI, steps("perl -pi -e s/0/1/ Cargo.toml", "cargo b"), [], id="manifest edited by perl"),
        pytest.param(
            CI, steps("find . -name Cargo.toml -exec sed -i s/0/1/ {} +", "cargo b"), [], id="manifests edited"
        ),
        pytest.param(CI, steps("cp x Cargo.toml", "cargo b"), [], id="manifest replaced"),
        pytest.param(CI, steps("cargo set-version 1.2.3", "cargo publish"), [], id="version set"),
        pytest.param(CI, steps("cargo make set-version", "cargo publish"), [], id="version set by a task"),
        pytest.param(
            CI, steps("python ci/release.py", "cargo publish --allow-dirty"), [], id="files changed by a script"
        ),
        pytest.param(CI, steps("ci/release", "cargo package --allow-dirty"), [], id="files changed by a program"),
        pytest.param(CI, steps("python ci/x.py", "cargo publish"), ["unlocked"], id="files kept by a script"),
        pytest.param(CI, steps("echo", "cargo publish --allow-dirty"), ["unlocked"], id="no files changed"),
        pytest.param(CI, steps('pushd "/tmp/x-$V" && cargo build'), [], id="an unknown temporary folder"),
        pytest.param(CI, steps("./ci/bump_version.py 1", "cargo b"), [], id="version set by a script"),
        pytest.param(CI, steps("cargo make get-version", "cargo b"), ["unlocked"], id="version read by a task"),
        pytest.param(CI, steps("cargo add x", "cargo b"), [], id="dependency added"),
        pytest.param(
            CI, steps("sed -i s/0/1/ Cargo.toml", "git checkout .", "cargo b"), ["unlocked"], id="manifest restored"
        ),
        pytest.param(CI, steps("cargo add x --dry-run", "cargo b"), ["unlocked"], id="dependency not added"),
        pytest.param(CI, steps("sed -n s/0/1/p Cargo.toml", "cargo b"), ["unlocked"], id="manifest read"),
        pytest.param(CI, steps("sed -i s/0/1/ src/lib.rs", "cargo b"), ["unlocked"], id="another file edited"),
        pytest.param(CI, steps("cargo b", "sed -i s/0/1/ Cargo.toml"), ["unlocked"], id="manifest edited later"),
        pytest.param(CI, steps("./bump", "cargo tree") + PULL_REQUEST, [], id="pull request with the lock"),
        pytest.param(CI, steps("./bump") + PULL_REQUEST + "      - run: cargo b\n", ["unlocked"], id="after it"),
        pytest.param(
            CI,
            steps("cargo b") + "  other:\n    steps:\n" + PULL_REQUEST,
            ["unlocked"],
            id="pull request of another job",
        ),
        pytest.param(CI, steps("./bump", "cargo b", "git commit -am x"), [], id="all committed"),
        pytest.param(CI, steps("./bump", "cargo b", "git add Cargo.lock && git commit"), [], id="lock committed"),
        pytest.param(CI, steps("./bump", "cargo b", "git add -A"), [], id="all added"),
        pytest.param(CI, steps("cargo fetch", "git diff --quiet -- Cargo.lock || x"), [], id="lock compared"),
        pytest.param(CI, steps("cargo fetch", "git diff --quiet -- docs || x"), ["unlocked"], id="documents compared"),
        pytest.param(CI, steps("cargo check -Z direct-minimal-versions"), [], id="minimal versions"),
        pytest.param(CI, steps("cargo check -Z build-std"), ["unlocked"], id="another unstable option"),
        pytest.param(CI, steps("cargo b", "git add docs", "git commit -m a"), ["unlocked"], id="documents committed"),
        pytest.param(CI, steps("cargo b", "cd docs && git add ."), ["unlocked"], id="another folder committed"),
        pytest.param(CI, steps("./bump", "cargo b", "git commit -m x Cargo.lock"), [], id="only lock committed"),
        pytest.param(CI, steps("echo '[patch]' >> Cargo.toml", "cargo b"), [], id="manifest appended"),
        pytest.param(CI, steps("cat x > a/Cargo.toml && cargo b"), [], id="manifest written"),
        pytest.param(CI, steps("cat Cargo.toml > x", "cargo b"), ["unlocked"], id="manifest copied elsewhere"),
        pytest.param(CI, steps("cargo b", "cat x > Cargo.toml"), ["unlocked"], id="manifest written later"),
        pytest.param(
            CI,
            steps("cat x > Cargo.toml") + "  other:\n    steps:\n      - run: cargo b\n",
            ["unlocked"],
            id="manifest written by another job",
        ),
        pytest.param(CI, steps("cat x | tee -a Cargo.toml", "cargo b"), [], id="manifest appended by tee"),
        pytest.param(CI, steps("git apply x.patch", "cargo b"), [], id="patch"),
        pytest.param(CI, steps("patch -p1 < x.patch", "cargo b"), [], id="patch by patch"),
        pytest.param(CI, steps("tq -i .package.version=1 Cargo.toml", "cargo b"), [], id="manifest edited by tq"),
        pytest.param(CI, steps("cargo bump patch", "cargo b"), [], id="version bumped"),
        pytest.param(CI, steps("git commit -am x", "cargo b"), ["unlocked"], id="committed before"),
        pytest.param(CI, steps("cargo update && cargo build"), [], id="updated"),
        pytest.param(CI, steps("cargo update && cargo build --locked"), ["fresh-lock"], id="updated and locked"),
        pytest.param(CI, steps("cargo generate-lockfile", "cargo test --locked"), ["fresh-lock"], id="generated"),
        pytest.param(
            CI,
            steps("cargo generate-lockfile\n        if: hashFiles('Cargo.lock') == ''", "cargo test --locked"),
            [],
            id="generated if it is missing",
        ),
        pytest.param(
            CI,
            steps("cargo generate-lockfile\n        if: ${{ hashFiles('**/Cargo.lock') == '' }}", "cargo test"),
            ["unlocked"],
            id="generated if none is there",
        ),
        pytest.param(
            CI,
            steps("cargo generate-lockfile\n        if: hashFiles('Cargo.lock') != ''", "cargo test --locked"),
            ["fresh-lock"],
            id="generated if it is there",
        ),
        pytest.param(
            CI,
            steps("cargo generate-lockfile\n        if: hashFiles('Cargo.lock') == '' || x", "cargo test --locked"),
            ["fresh-lock"],
            id="generated if it is missing or not",
        ),
        pytest.param(
            CI,
            steps(
                "cargo generate-lockfile\n        if: hashFiles('Cargo.lock') == ''\n        name: lock",
                "cargo generate-lockfile\n        name: lock",
                "cargo test --locked",
            ),
            ["fresh-lock"],
            id="generated by one of two steps with one name",
        ),
        pytest.param(
            CI, steps("cargo update", "cargo build --locked", "cargo test --locked"), ["fresh-lock"], id="one finding"
        ),
        pytest.param(CI, steps("cargo update -p a", "cargo build --locked"), ["fresh-lock"], id="one crate updated"),
        pytest.param(CI, steps("cargo update -p a --precise 1.0.0", "cargo build --locked"), [], id="exact version"),
        pytest.param(CI, steps("cargo update --locked", "cargo build --locked"), [], id="update that is locked"),
        pytest.param(CI, steps("cargo update --dry-run", "cargo build --locked"), [], id="update that changes nothing"),
        pytest.param(CI, steps("cargo update", "git checkout .", "cargo build --locked"), [], id="update undone"),
        pytest.param(CI, steps("if x; then cargo update; fi", "cargo build --locked"), [], id="perhaps updated"),
        pytest.param(CI, steps("cargo build --locked", "cargo update"), [], id="updated later"),
        pytest.param(CI, "on: {schedule: []}\n" + steps("cargo update", "cargo b --locked"), [], id="schedule"),
        pytest.param(CI, steps("cargo update", "cargo b --locked").replace("build:", "latest-deps:"), [], id="by name"),
        pytest.param(CI, steps("cargo update", "cargo b --locked", "git push"), [], id="pushed"),
        pytest.param(
            CI, steps("cargo +nightly update -Zminimal-versions", "cargo b --locked"), [], id="minimal versions"
        ),
        pytest.param(
            "Dockerfile",
            "FROM rust\nCOPY . .\nRUN cargo generate-lockfile\nRUN cargo build --locked\n",
            ["fresh-lock"],
            id="in an image",
        ),
        pytest.param(
            "Dockerfile",
            "FROM rust\nCOPY Cargo.toml .\nRUN cargo generate-lockfile\nRUN cargo build --locked\n",
            [],
            id="where none is copied",
        ),
    ],
)
def test_changed_locks(lock: Path, name: str, text: str, expected: list[str]) -> None:
    (lock.parent / "Cargo.toml").write_text("[workspace]\n")
    assert rules(name, text) == expected


@pytest.mark.parametrize(
    ("ignored", "expected"),
    [
        pytest.param("Cargo.lock\n", ["fresh-lock"], id="by name"),
        pytest.param("# x\n*.lock\n", ["fresh-lock"], id="by a wildcard"),
        pytest.param("**/*.lock\n", ["fresh-lock"], id="in any folder"),
        pytest.param("*\n!src\n!Cargo.toml\n", ["fresh-lock"], id="everything but"),
        pytest.param("*\n!src\n!Cargo.*\n", ["unlocked"], id="taken back in"),
        pytest.param("target\nx/Cargo.lock\n", ["unlocked"], id="other files"),
    ],
)
def test_a_lock_that_docker_ignores(lock: Path, ignored: str, expected: list[str]) -> None:
    (lock.parent / "Cargo.toml").write_text("[workspace]\n")
    (lock.parent / ".dockerignore").write_text(ignored)
    assert rules("Dockerfile", "FROM rust\nCOPY . .\nRUN cargo build\n") == expected
    assert rules("docker/Dockerfile", "FROM rust\nWORKDIR /a\nADD . /a\nRUN cargo build\n") == expected
    assert rules("Dockerfile", "FROM rust\nCOPY . .\nCOPY --from=x /Cargo.lock .\nRUN cargo build --locked\n") == []


@pytest.mark.parametrize(
    "text",
    [
        pytest.param('F=""; if x; then F=--locked; fi; cargo build $F\n', id="branch"),
        pytest.param('F=""; if x; then F=--locked; fi; cargo build "$F"\n', id="quoted branch"),
        pytest.param('F="-v"; F+=" --locked"; cargo build $F\n', id="appended"),
        pytest.param('F=(-v); if x; then F+=(--locked); fi; cargo build "${F[@]}"\n', id="array"),
        pytest.param('cargo build "$F"\n', id="unknown quoted word"),
        pytest.param("for F in --locked --release; do cargo build $F; done\n", id="loop"),
        pytest.param('F="build --locked"; if x; then F=build; fi; cargo $F\n', id="with the subcommand"),
    ],
)
def test_words_that_may_be_the_option(text: str) -> None:
    assert found("x.sh", text) == []


@pytest.mark.parametrize(
    ("text", "help"),
    [
        pytest.param("C=build; cargo $C\n", "write `cargo build --locked`", id="one value"),
        pytest.param(
            "for C in build fmt; do cargo $C; done\n",
            "add `--locked` to the value of `$C` that builds: `cargo build --locked`",
            id="one value that builds and one that does not",
        ),
        pytest.param("c='cargo build'; $c\n", "write `cargo build --locked`", id="a whole command"),
    ],
)
def test_help_about_variables(text: str, help: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("x.sh").write_text(text)
    assert main(["x.sh"]) == 1
    assert help in capsys.readouterr().out


def test_a_value_that_is_no_build_is_not_locked() -> None:
    text = "for C in build fmt; do cargo $C; done\n"
    assert fixed("x.sh", text) == text
    assert (
        fixed("x.sh", "for C in build test; do cargo $C; done\n") == "for C in build test; do cargo $C --locked; done\n"
    )


ACTION = "jobs:\n  a:\n    steps:\n      - uses: actions-rs/cargo@v1\n        with:\n          command: {}\n"
ARGS = ACTION + "          args: {}\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(ACTION.format("build"), ["unlocked"], id="without arguments"),
        pytest.param(ARGS.format("test", "--all"), ["unlocked"], id="with arguments"),
        pytest.param(ARGS.format("clippy", "-- --locked"), ["unlocked"], id="option of the program"),
        pytest.param(ARGS.format("build", "--all --locked"), [], id="locked"),
        pytest.param(ARGS.format("build", "${{ inputs.x }}"), [], id="unknown"),
        pytest.param(ACTION.format("fmt"), [], id="no build"),
        pytest.param(ARGS.format("build", "--manifest-path x/Cargo.toml"), ["unlocked"], id="below the lock"),
        pytest.param(ACTION.format("build").replace("actions-rs/cargo", "a-rs/cargo"), [], id="another action"),
    ],
)
def test_actions_that_call_cargo(text: str, expected: list[str]) -> None:
    assert rules(CI, text) == expected


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(ARGS.format("test", "--all"), ARGS.format("test", "--locked --all"), id="plain"),
        pytest.param(ARGS.format("test", '"--all"'), ARGS.format("test", '"--locked --all"'), id="quoted"),
        pytest.param(ARGS.format("test", "'''-v'''"), ARGS.format("test", "'''-v'''"), id="doubled quotes"),
        pytest.param(ARGS.format("nextest", "run"), ARGS.format("nextest", "run"), id="inner subcommand"),
        pytest.param(ACTION.format("test"), ACTION.format("test"), id="no arguments"),
    ],
)
def test_fixes_of_actions(before: str, after: str) -> None:
    assert fixed(CI, before) == after


def test_an_action_with_an_alias_is_explained(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / ".cargo").mkdir()
    (folder / ".cargo" / "config.toml").write_text(ALIASES)
    write(CI, ARGS.format("xtask", "ci"))
    assert main([CI]) == 1
    assert "help: add `--locked` to the alias `xtask` in .cargo/config.toml\n" in capsys.readouterr().out


MATURIN = "jobs:\n  a:\n    steps:\n      - uses: PyO3/maturin-action@v1\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(MATURIN, ["unlocked"], id="nothing given"),
        pytest.param(MATURIN + "        with:\n          args: --out dist\n", ["unlocked"], id="arguments"),
        pytest.param(MATURIN + "        with:\n          args: --locked --out dist\n", [], id="locked"),
        pytest.param(MATURIN + "        with:\n          command: develop\n", ["unlocked"], id="develop"),
        pytest.param(MATURIN + "        with:\n          command: sdist\n", [], id="sdist"),
        pytest.param(MATURIN + "        with:\n          command: upload\n          args: dist/*\n", [], id="no build"),
        pytest.param(MATURIN + "        with:\n          args: ${{ inputs.x }}\n", [], id="unknown"),
        pytest.param(MATURIN + "        with:\n          working-directory: x\n", ["unlocked"], id="folder"),
    ],
)
def test_action_that_calls_maturin(text: str, expected: list[str]) -> None:
    assert rules(CI, text) == expected


def test_fix_of_the_action_that_calls_maturin() -> None:
    before = MATURIN + "        with:\n          args: --release\n"
    assert fixed(CI, before) == MATURIN + "        with:\n          args: --locked --release\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("maturin build --release -i python3.9", "maturin build --locked --release -i python3.9"),
        ("maturin build -- -C debuginfo=0", "maturin build --locked -- -C debuginfo=0"),
        ("maturin develop", "maturin develop --locked"),
        ("maturin publish --skip-existing", "maturin publish --locked --skip-existing"),
        ("trunk build", "trunk build --locked"),
        ("trunk build index.html --release > log", "trunk build index.html --release --locked > log"),
        ("trunk -v build", "trunk -v build --locked"),
        ("wasm-pack build", "wasm-pack build -- --locked"),
        ("wasm-pack build crates/x --target web", "wasm-pack build crates/x --target web -- --locked"),
        ("wasm-pack build . -- --features a", "wasm-pack build . -- --locked --features a"),
        ("wasm-pack test --node", "wasm-pack test --node -- --locked"),
        ("wasm-pack test --node -- -- --nocapture", "wasm-pack test --node -- --locked -- --nocapture"),
        ("cargo tauri build --bundles deb", "cargo tauri build --bundles deb -- --locked"),
        ("tauri build -- --features a", "tauri build -- --locked --features a"),
    ],
)
def test_tools_that_call_cargo(before: str, after: str) -> None:
    assert rules("x.sh", f"{before}\n") == ["unlocked"]
    assert fixed("x.sh", f"{before}\n") == f"{after}\n"
    assert rules("x.sh", f"{after}\n") == []


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('["trunk", "build", "--release"]', '["trunk", "build", "--release", "--locked"]'),
        ('["wasm-pack", "build"]', '["wasm-pack", "build", "--", "--locked"]'),
    ],
)
def test_tools_that_a_dockerfile_calls_without_a_shell(before: str, after: str) -> None:
    text = "FROM rust\nCOPY . .\nRUN {}\n"
    assert fixed("Dockerfile", text.format(before)) == text.format(after)


@pytest.mark.parametrize(
    ("line", "help"),
    [
        ("wasm-pack build x --features a", "pass `--locked` to cargo: `wasm-pack build -- --locked`"),
        ("cargo pgrx package", "write `PGRX_BUILD_FLAGS=--locked cargo pgrx package`"),
        ("cargo pgrx install --release", "write `PGRX_BUILD_FLAGS=--locked cargo pgrx install`"),
        ("maturin build $X", None),
        ("trunk build $X", None),
        ("wasm-pack build . -- $X", None),
        ("cargo tauri build -- $X", None),
        ("PGRX_BUILD_FLAGS=$X cargo pgrx package", None),
        ("PGRX_BUILD_FLAGS=--locked cargo pgrx package", None),
        ("cargo pgrx schema --skip-build", None),
        ("cargo pgrx test", None),
        ("cargo insta test", None),
        ("cargo cyclonedx", None),
        ("cargo tauri dev", None),
        ("cargo tauri --help", None),
        ("maturin sdist", None),
        ("maturin build --help", None),
        ("maturin build --frozen", None),
        ("trunk serve", None),
        ("trunk build --locked=true", None),
        ("TRUNK_BUILD_LOCKED=true trunk build", None),
        ("export TRUNK_BUILD_LOCKED=true; trunk build", None),
        ("wasm-pack pack", None),
        ("wasm-pack build x --features a --locked", None),
        ("cargo new x && cd x && wasm-pack build", None),
    ],
)
def test_tools_that_are_not_fixed(line: str, help: str | None, capsys: pytest.CaptureFixture[str]) -> None:
    assert fixed("x.sh", f"{line}\n") == f"{line}\n"
    assert rules("x.sh", f"{line}\n") == ["unlocked"] * (help is not None)
    assert help is None or help in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "settings", "line"),
    [
        ("pyproject.toml", "[tool.maturin]\nlocked = true\n", "maturin build"),
        ("x/pyproject.toml", '[tool.maturin]\ncargo-extra-args = "--locked"\n', "maturin build"),
        ("Trunk.toml", "[build]\nlocked = true\n", "trunk build"),
    ],
)
def test_tools_with_a_locking_setting(repository: Path, name: str, settings: str, line: str) -> None:
    assert rules("x.sh", f"{line}\n") == ["unlocked"]
    (repository / name).parent.mkdir(exist_ok=True)
    (repository / name).write_text(settings.replace("true", "false").replace("--locked", "--release"))
    subprocess.run(["git", "add", name], check=True)
    assert rules("x.sh", f"{line}\n") == ["unlocked"]
    (repository / name).write_text(settings)
    assert rules("x.sh", f"{line}\n") == []


@pytest.mark.parametrize(
    ("lock_folder", "line", "expected"),
    [
        ("src-tauri", "cargo tauri build", ["unlocked"]),
        ("other", "cargo tauri build", []),
        ("x", "wasm-pack build x", ["unlocked"]),
        ("x", "wasm-pack build y", []),
        ("x", "maturin build -m x/Cargo.toml", ["unlocked"]),
        ("x", "maturin build", []),
    ],
)
def test_folders_that_tools_build(lock: Path, lock_folder: str, line: str, expected: list[str]) -> None:
    subprocess.run(["git", "rm", "-q", "--cached", "Cargo.lock"], check=True)
    lock.unlink()
    (lock.parent / lock_folder).mkdir()
    (lock.parent / lock_folder / "Cargo.lock").write_text("version = 4\n")
    subprocess.run(["git", "add", f"{lock_folder}/Cargo.lock"], check=True)
    assert rules(CI, WORKFLOW.format(line)) == expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("maturin new -b pyo3 x && maturin build -m x/Cargo.toml", []),
        ("maturin new -b pyo3 x && maturin build -m y/Cargo.toml", ["unlocked"]),
        ("maturin list-python && maturin build -m x/Cargo.toml", ["unlocked"]),
        ("wasm-pack new x && wasm-pack build x", []),
        ("cargo component new --lib x && cd x && cargo component build", []),
        ("cargo component add x && cargo component build", ["unlocked"]),
        ("cargo pgrx new x && cd x && cargo pgrx package", []),
        ("cargo-generate --git a --name x && cd x && trunk build", []),
    ],
)
def test_projects_that_other_tools_create(line: str, expected: list[str]) -> None:
    assert rules(CI, WORKFLOW.format(line)) == expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        pytest.param("./scripts/x.sh", ["scripts/x.sh"], id="by its path"),
        pytest.param("bash -eux scripts/x.sh release", ["scripts/x.sh"], id="argument of a shell"),
        pytest.param("cd scripts && ./x.sh", ["scripts/x.sh"], id="from its folder"),
        pytest.param("./scripts/y.sh", [], id="another"),
        pytest.param("cat ./scripts/x.sh", [], id="not run"),
        pytest.param("echo x.sh", [], id="only named"),
        pytest.param("rm Cargo.lock && ./scripts/x.sh", [], id="after the lock is removed"),
        pytest.param("../scripts/x.sh", [], id="outside"),
    ],
)
def test_scripts_that_ci_calls(line: str, expected: list[str]) -> None:
    for name, text in (("scripts/x.sh", "cargo build\n"), (CI, WORKFLOW.format(line))):
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text(text)
    assert [finding.path for finding in check([CI], Tree(), Options())] == expected
    assert len(list(check([CI, "scripts/x.sh"], Tree(), Options()))) == 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("cd x && cargo build", 0, id="without a lock"),
        pytest.param("cd y && cargo build", 1, id="with a lock"),
        pytest.param('cd "$FOLDER" && cargo build', 0, id="unknown folder"),
        pytest.param("cargo build --manifest-path $FOLDER/Cargo.toml", 0, id="unknown manifest"),
        pytest.param("rm y/Cargo.lock\ncd y && cargo build", 0, id="lock removed in the script"),
    ],
)
def test_folders_of_scripts_that_ci_calls(lock: Path, text: str, expected: int) -> None:
    (lock.parent / "y").mkdir()
    lock.rename(lock.parent / "y" / "Cargo.lock")
    subprocess.run(["git", "add", "--all"], check=True)
    for name, content in (("scripts/x.sh", f"{text}\n"), (CI, WORKFLOW.format("scripts/x.sh"))):
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text(content)
    assert len(list(check([CI], Tree(), Options()))) == expected


@pytest.mark.untraced
@pytest.mark.parametrize(
    "text",
    [
        pytest.param("FROM a\n" + "COPY . .\nRUN cargo build\n" * 200, id="copies"),
        pytest.param("FROM a\nWORKDIR " + "/a" * 5000 + "\n" + "COPY . /\nRUN cargo build\n" * 20, id="folders"),
        pytest.param("FROM a\n" + "RUN --mount=type=bind,target=/a cargo build\n" * 100, id="mounts"),
    ],
)
def test_large_dockerfiles(lock: Path, text: str) -> None:
    (lock.parent / ".dockerignore").write_text("a\n*?*?*?*?*b\n" * 100)
    assert rules("Dockerfile", text)


CURRENT_LOCK = 'version = 4\n\n[[package]]\nname = "a"\nversion = "0.1.0"\n'
MANIFEST = '[package]\nname = "a"\nversion = "0.1.0"\nedition = "2021"\n'


@pytest.mark.parametrize(
    ("name", "text"),
    [
        pytest.param(".github/workflows/ci.yml", WORKFLOW.format("cargo build"), id="workflow"),
        pytest.param("Dockerfile", "FROM rust\nCOPY . .\nRUN cargo build\n", id="Dockerfile"),
        pytest.param(
            ".github/workflows/ci.yml",
            "jobs:\n  build:\n    steps:\n      - uses: actions-rs/cargo@v1\n"
            "        with:\n          command: build\n          args: --release\n",
            id="action",
        ),
    ],
)
@pytest.mark.parametrize(
    ("content", "is_fixed"),
    [
        pytest.param(CURRENT_LOCK, True, id="current"),
        pytest.param(CURRENT_LOCK.replace("0.1.0", "0.0.9"), False, id="stale"),
        pytest.param("<<<<<<< HEAD\n", False, id="unreadable"),
    ],
)
def test_no_fix_makes_a_build_fail_on_a_stale_lock(
    lock: Path, name: str, text: str, content: str, is_fixed: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    lock.write_text(content)
    Path("Cargo.toml").write_text(MANIFEST)
    Path("src").mkdir()
    Path("src/lib.rs").touch()
    assert ("--locked" in fixed(name, text)) is is_fixed
    assert ("update Cargo.lock first: it does not match the manifests" in capsys.readouterr().out) is not is_fixed


def test_a_stale_lock_of_another_workspace(lock: Path) -> None:
    lock.write_text(CURRENT_LOCK)
    for path in (Path("Cargo.toml"), Path("other/Cargo.toml")):
        path.parent.mkdir(exist_ok=True)
        path.write_text(MANIFEST)
        (path.parent / "src").mkdir()
        (path.parent / "src/lib.rs").touch()
    Path("other/Cargo.lock").write_text(CURRENT_LOCK.replace("0.1.0", "0.0.9"))
    subprocess.run(["git", "add", "--all"], check=True)
    before = steps("cargo build", "cargo build --manifest-path other/Cargo.toml", "cargo build --manifest-path $X")
    assert fixed(CI, before) == before.replace("cargo build\n", "cargo build --locked\n")
    image = "FROM rust\nCOPY . .\nRUN cargo build\n"
    assert "--locked" in fixed("image/Dockerfile", image)
    assert "--locked" not in fixed("other/image/Dockerfile", image)
