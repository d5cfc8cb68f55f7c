"""check-rust-toolchain: every build uses one compiler."""

from __future__ import annotations

from pathlib import Path

import pytest

from dunnage.check_rust_toolchain import REQUIRE_FILE, check, main
from dunnage.files.source import Tree
from dunnage.frame.options import Option, Options
from repository import write

pytestmark = pytest.mark.usefixtures("repository")

WORKFLOW = ".github/workflows/ci.yml"
JOB = "on: push\njobs:\n  {}:\n    runs-on: x\n    steps:\n"
BUILD = "      - run: cargo build --locked\n"
FLOATING_HELP = 'write one version, such as `channel = "1.97.1"`, or a date, such as `channel = "nightly-2026-08-01"`'
PINNED = '[toolchain]\nchannel = "1.97.1"\n'


def found(name: str, text: str, *options: Option[bool]) -> list[str]:
    """What is found in a file: `line:column rule`, the rule without its concern."""
    write(name, text)
    tree = Tree()
    return [
        "{}:{} {}".format(*tree.position(each.path, each.span.start), each.rule.id.removeprefix("rust-toolchain/"))
        for each in check([name], tree, Options(dict.fromkeys(options, True)))
    ]


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        pytest.param("rust-toolchain.toml", '[toolchain]\nchannel = "stable"\n', ["2:11 floating"], id="stable"),
        pytest.param("rust-toolchain.toml", '[toolchain]\nchannel = "1.97"\n', ["2:11 floating"], id="two-numbers"),
        pytest.param("rust-toolchain.toml", PINNED, [], id="version"),
        pytest.param("rust-toolchain.toml", '[toolchain]\nchannel = "nightly-2026-08-01"\n', [], id="date"),
        pytest.param("rust-toolchain.toml", '[toolchain]\nchannel = "nightly"\n', ["2:11 floating"], id="nightly"),
        pytest.param("fuzz/rust-toolchain.toml", '[toolchain]\nchannel = "nightly"\n', [], id="fuzzing"),
        pytest.param("rust-toolchain.toml", '[toolchain]\npath = "/x"\n', [], id="path"),
        pytest.param("rust-toolchain.toml", '[toolchain]\nchannel = "esp"\n', [], id="custom"),
        pytest.param(
            "rust-toolchain.toml",
            '[toolchain]\nchannel = "stable-x86_64-unknown-linux-gnu"\n',
            ["2:11 floating"],
            id="with-host",
        ),
        pytest.param("rust-toolchain", "\nbeta\n", ["2:1 floating"], id="legacy"),
        pytest.param("rust-toolchain", "1.97.1\n", [], id="legacy-version"),
        pytest.param("rust-toolchain", '[toolchain]\nchannel = "1"\n', ["2:11 floating"], id="legacy-toml"),
        pytest.param("rust-toolchain.toml", "[toolchain\n", [], id="no-toml"),
    ],
)
def test_toolchain_files(name: str, text: str, expected: list[str]) -> None:
    assert found(name, text) == expected


@pytest.mark.parametrize(
    ("channel", "releases", "help"),
    [
        ("1.95", "patch release", 'write one version, such as `channel = "1.95.0"`'),
        ("1.97", "patch release", 'write one version, such as `channel = "1.97.1"`'),
        ("1.95-x86_64-pc-windows-msvc", "patch release", 'write one version, such as `channel = "1.95.0"`'),
        ("1", "release", FLOATING_HELP),
        ("stable", "release", FLOATING_HELP),
    ],
)
def test_what_changes_a_channel(channel: str, releases: str, help: str) -> None:
    write("rust-toolchain", f"{channel}\n")
    (finding,) = check(["rust-toolchain"], Tree(), Options({}))
    assert finding.message == f"`{channel}` selects a different toolchain after every {releases}"
    assert finding.help == help


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        pytest.param("uses: dtolnay/rust-toolchain@stable", ["6:38 floating-install"], id="action"),
        pytest.param("uses: dtolnay/rust-toolchain@1.97.1", [], id="action-with-version"),
        pytest.param("uses: dtolnay/rust-toolchain@" + "0" * 40, [], id="action-by-commit"),
        pytest.param("{uses: dtolnay/rust-toolchain@v1, with: {toolchain: '1.97'}}", ["6:62"], id="input"),
        pytest.param("uses: actions-rust-lang/setup-rust-toolchain@v1", ["6:15"], id="default"),
        pytest.param("uses: dtolnay/rust-toolchain@nightly", [], id="nightly-on-purpose"),
        pytest.param("run: rustup default stable", ["6:29"], id="rustup-default"),
        pytest.param("run: rustup toolchain install 1.97 --profile minimal", ["6:39"], id="rustup-install"),
        pytest.param("run: rustup update", ["6:14"], id="rustup-update"),
        pytest.param("run: rustup update stable && rustup default stable", ["6:28"], id="one-cause"),
        pytest.param("run: curl -sSf https://sh.rustup.rs | sh -s -- -y", ["6:47"], id="installer"),
        pytest.param(
            "run: curl -sSf https://sh.rustup.rs | sh -s -- -y --default-toolchain 1.97.1", [], id="installer-version"
        ),
        pytest.param(
            "run: curl -sSf https://sh.rustup.rs | sh -s -- -y --default-toolchain none", [], id="installer-none"
        ),
        pytest.param("run: cargo +stable test", ["6:20"], id="plus"),
        pytest.param("run: cargo +nightly fmt", [], id="plus-nightly"),
        pytest.param("run: curl -sSf https://sh.rustup.rs | sh -s -- $FLAGS", [], id="installer-unknown"),
        pytest.param("run: rustup run stable cargo test", ["6:25"], id="rustup-run"),
        pytest.param("run: rustup default $X", [], id="variable"),
        pytest.param("run: rustup component add clippy", [], id="component"),
        pytest.param("run: rustup show", [], id="show"),
    ],
)
def test_jobs_that_build(step: str, expected: list[str]) -> None:
    places = [each.split()[0] for each in expected]
    assert [each.split()[0] for each in found(WORKFLOW, f"{JOB.format('build')}      - {step}\n{BUILD}")] == places


@pytest.mark.parametrize("job", ["msrv", "miri", "fmt", "minimal-versions", "test-stable", "fuzz", "docs"])
def test_jobs_about_another_channel(job: str) -> None:
    step = "      - uses: dtolnay/rust-toolchain@stable\n"
    assert found(WORKFLOW, JOB.format(job) + step + BUILD) == []


def test_jobs_that_do_not_build_or_do_not_count() -> None:
    step = "      - uses: dtolnay/rust-toolchain@stable\n"
    assert found(WORKFLOW, JOB.format("a") + step) == []
    assert found(WORKFLOW, JOB.format("a") + step + "      - run: cargo install --locked x@1.2.3\n") == []
    lenient = JOB.format("a").replace("    runs-on", "    continue-on-error: true\n    runs-on")
    assert found(WORKFLOW, lenient + step + BUILD) == []
    named = JOB.format("a").replace("    runs-on", "    name: stable\n    runs-on")
    assert found(WORKFLOW, named + step + BUILD) == []


def test_matrix_values() -> None:
    text = (
        "on: push\njobs:\n  a:\n    runs-on: x\n    strategy: {matrix: {t: [stable, 1.97.1]}}\n    steps:\n"
        "      - {uses: dtolnay/rust-toolchain@v1, with: {toolchain: '${{ matrix.t }}'}}\n"
        "      - run: rustup default ${{ matrix.t }}\n"
    )
    assert found(WORKFLOW, text + BUILD) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("FROM x\nRUN rustup default stable\nRUN cargo build\n", ["2:20 floating-install"], id="rustup"),
        pytest.param("FROM x\nRUN rustup default nightly\nRUN cargo build\n", ["2:20 floating-install"], id="nightly"),
        pytest.param("FROM x\nRUN rustup default stable\n", [], id="no-build"),
        pytest.param("FROM rust:1.96.0\nRUN cargo build\n", [], id="image"),
    ],
)
def test_dockerfiles(text: str, expected: list[str]) -> None:
    assert found("Dockerfile", text) == expected


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        pytest.param("Dockerfile", "FROM rust:1.96.0-slim\nRUN cargo build\n", ["1:6 disagrees"], id="image"),
        pytest.param("Dockerfile", "FROM rust:1.97.1-slim\nRUN cargo build\n", [], id="same-version"),
        pytest.param("Dockerfile", "FROM rust:1.96.0\nRUN ls\n", [], id="image-that-does-not-build"),
        pytest.param("Dockerfile", "FROM x\nRUN rustup default stable\nRUN cargo build\n", [], id="overridden"),
        pytest.param("Dockerfile", "FROM x\nRUN cargo +stable build\n", ["2:11 floating-install"], id="not-overridden"),
        pytest.param(
            WORKFLOW,
            JOB.format("a") + "      - uses: dtolnay/rust-toolchain@1.96.0\n" + BUILD,
            ["6:38 disagrees"],
            id="action",
        ),
        pytest.param("Cargo.toml", '[package]\nrust-version = "1.98"\n', ["2:16 disagrees"], id="rust-version"),
        pytest.param("Cargo.toml", '[package]\nname = "x"\nrust-version = "1.97"\n', [], id="same-rust-version"),
        pytest.param(
            "Cargo.toml", '[workspace.package]\nrust-version = "1.97.2"\n', ["2:16 disagrees"], id="workspace"
        ),
    ],
)
def test_places_that_disagree_with_the_toolchain_file(name: str, text: str, expected: list[str]) -> None:
    write("rust-toolchain.toml", PINNED)
    assert found(name, text) == expected


def test_a_version_in_the_name_of_a_job_is_there_on_purpose() -> None:
    write("rust-toolchain.toml", PINNED)
    action = "      - uses: dtolnay/rust-toolchain@1.96.0\n"
    other = "  b:\n    name: test 1.96{}\n    runs-on: x\n    steps:\n" + action + BUILD
    for patch in ("", ".0"):
        assert found(WORKFLOW, JOB.format("a") + action + BUILD + other.format(patch)) == []
    assert found(WORKFLOW, JOB.format("rust-1-96") + action + BUILD) == []
    assert found(WORKFLOW, JOB.format("rust-1-9") + action + BUILD) == ["6:38 disagrees"]


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("Cargo.toml", '[package]\nrust-version = "1.{}"\n', ["2:16 disagrees"]),
        ("rust-toolchain.toml", '[toolchain]\nchannel = "1.97.{}"\n', []),
        ("Dockerfile", "FROM x\nRUN rustup default 1.97.{}\nRUN cargo build\n", []),
        (WORKFLOW, JOB.format("a") + "      - uses: dtolnay/rust-toolchain@1.97.{}\n" + BUILD, []),
    ],
)
@pytest.mark.parametrize("with_file", [True, False])
def test_numbers_beyond_what_python_reads(name: str, text: str, expected: list[str], with_file: bool) -> None:
    if with_file:
        write("rust-toolchain.toml", PINNED)
    write("Cargo.toml", '[package]\nrust-version = "1.80"\n')
    assert found(name, text.format("9" * 5000)) == (expected if with_file else [])


IN_CI = "      - uses: dtolnay/rust-toolchain@{}\n"


@pytest.mark.parametrize(
    ("image", "workflow", "expected"),
    [
        pytest.param("1.96.0", IN_CI.format("1.97.1") + BUILD, ["Dockerfile:1:6"], id="older"),
        pytest.param("1.98.0", IN_CI.format("1.97.1") + BUILD, [f"{WORKFLOW}:6:38"], id="newer"),
        pytest.param("1.97.1", IN_CI.format("1.97.1") + BUILD, [], id="same"),
        pytest.param("1.97", IN_CI.format("1.97.1") + BUILD, [], id="no-exact-version"),
        pytest.param("1.96.0", IN_CI.format("1.97.1") + "      - run: ls\n", [], id="job-that-does-not-build"),
        pytest.param("1.96.0", IN_CI.format("1.97.1") + "      - run: cd x && cargo build\n", [], id="another-folder"),
        pytest.param("1.96.0", IN_CI.format("1.97.1") + IN_CI.format("1.90.0") + BUILD, [], id="several-versions"),
        pytest.param("1.96.0", IN_CI.format("1.80.0") + BUILD, [], id="oldest-supported-version"),
        pytest.param(
            "1.98.0",
            IN_CI.format("1.97.1") + BUILD + "  b:\n    steps:\n" + IN_CI.format("1.97.1") + BUILD,
            ["Dockerfile:1:6"],
            id="most",
        ),
    ],
)
def test_places_that_disagree_with_each_other(image: str, workflow: str, expected: list[str]) -> None:
    write("Cargo.toml", '[package]\nname = "a"\nrust-version = "1.80"\n')
    write("Dockerfile", f"FROM rust:{image}\nRUN cargo build\n")
    write(WORKFLOW, JOB.format("a") + workflow)
    tree = Tree()
    findings = check(["Dockerfile", WORKFLOW], tree, Options({}))
    exact = [each for each in findings if each.rule.id == "rust-toolchain/disagrees"]
    assert [f"{e.path}:{':'.join(map(str, tree.position(e.path, e.span.start)))}" for e in exact] == expected


def test_workspaces_may_differ() -> None:
    write("a/Cargo.toml", "[package]\n")
    write("a/Dockerfile", "FROM rust:1.96.0\nRUN cargo build\n")
    write("b/Cargo.toml", "[package]\n")
    write("b/Dockerfile", "FROM rust:1.97.1\nRUN cargo build\n")
    assert list(check(["a/Dockerfile", "b/Dockerfile"], Tree(), Options({}))) == []
    write("Cargo.toml", "[workspace]\n")
    write("docker/x.Dockerfile", "FROM rust:1.96.0\nRUN cargo build\n")
    write("docker/y.Dockerfile", "FROM rust:1.97.1\nRUN cargo build\n")
    (finding,) = check(["docker/x.Dockerfile", "docker/y.Dockerfile"], Tree(), Options({}))
    assert finding.message == ("this uses Rust 1.96.0, but docker/y.Dockerfile:1 builds the same workspace with 1.97.1")


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        pytest.param("Dockerfile", "FROM rust:{}-slim\nRUN cargo build\n", "1.97.1", id="image"),
        pytest.param("Dockerfile", "FROM x\nRUN rustup default {}\nRUN cargo build\n", "1.97.1", id="rustup"),
        pytest.param("Dockerfile", "FROM rust:{}@sha256:" + "0" * 64 + "\nRUN cargo build\n", "1.96.0", id="digest"),
        pytest.param("Dockerfile", "ARG V={}\nFROM rust:$V\nRUN cargo build\n", "1.96.0", id="variable"),
        pytest.param(
            WORKFLOW, JOB.format("a") + "      - uses: dtolnay/rust-toolchain@{} # why\n" + BUILD, "1.97.1", id="action"
        ),
    ],
)
def test_fixes(name: str, before: str, after: str) -> None:
    write("rust-toolchain.toml", PINNED)
    write(name, before.format("1.96.0"))
    for _ in range(2):
        main(["--fix", name])
        assert Path(name).read_bytes().decode() == before.format(after)


def test_templates_of_toolchain_files() -> None:
    for text, unread in (("{% if riscv %}\n", set()), ("x\n", {"input/unreadable"})):
        write("rust-toolchain.toml", f"[toolchain]\n{text}")
        tree = Tree()
        assert not [*check(["rust-toolchain.toml"], tree, Options({}))]
        assert set(tree.read("rust-toolchain.toml").unread) == unread


def test_require_file() -> None:
    assert found("Cargo.toml", "[workspace]\n", REQUIRE_FILE) == ["1:1 missing"]
    assert found("a/Cargo.toml", '[package]\nname = "a"\n', REQUIRE_FILE) == []
    write("rust-toolchain", "1.97.1\n")
    assert found("Cargo.toml", "[workspace]\n", REQUIRE_FILE) == []
