"""What no hook reads is reported by the hooks that it concerns: once, and unless it is ignored."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from dunnage import check_advisory_gate, check_cargo_install, check_locked_builds
from dunnage.files import source
from dunnage.frame import cli, execution, finding

RUN = b"RUN cargo install tool\n"
WORKFLOW = b"on: push\njobs:\n  a:\n    steps:\n      - run: cargo build\n"


def _found(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[str]:
    check_cargo_install.main(["--output-format", "json", *arguments])
    findings = json.loads(capsys.readouterr().out)["findings"]
    return [f"{found['path']}:{found['start']['line']} {found['rule']}" for found in findings]


@pytest.mark.parametrize(
    ("name", "data", "expected"),
    [
        pytest.param("Dockerfile", b"FROM a\n# \xff\n" + RUN, ["2 input/unreadable", "3 install"], id="not-utf-8"),
        pytest.param("Dockerfile", b"FROM a\n# \xff\n", [], id="not-utf-8-without-cargo"),
        pytest.param("tool", b"\xff cargo\n", [], id="no-file-with-commands"),
        pytest.param("a.sh", b"cargo install a\n" * 40_000, ["1 input/too-large"], id="large-script"),
        pytest.param("a.sh", b"echo install a\n" * 40_000, [], id="large-script-without-cargo"),
        pytest.param("a.sh", b"cargo " + b"| x " * 2001, ["1 input/too-large"], id="pipes"),
        pytest.param("a.sh", b"cargo\n" + b"a\n" * 4999 + b"b\n", ["5001 input/too-large"], id="commands"),
        pytest.param("a.sh", b"cargo\n" + b"a\n" * 4999, [], id="as-many-commands-as-are-read"),
        pytest.param("a.sh", b"cargo install" + b" a" * 50_000, ["1 input/too-large"], id="words"),
        pytest.param("a.sh", b"A=(" + b" a" * 50_001 + b")\ncargo\n", ["2 input/too-large"], id="elements"),
        pytest.param("a.sh", b"cargo install " + b"a$b" * 60_000, ["1 input/too-large"], id="parts"),
        pytest.param("a.sh", b"cargo" + b" <<E" * 500 + b"\n" + b"c\n" * 99_999, ["1 input/too-large"], id="documents"),
        pytest.param(
            ".buildkite/a.yml",
            b"steps:\n" + b"- command: cargo a\n" * 4999 + b"- wait\n- wait\n",
            ["5002 input/too-large"],
            id="buildkite-steps",
        ),
        pytest.param(
            "azure-pipelines.yml",
            b"steps:\n" + b"- script: cargo a\n" * 5001,
            ["5002 input/too-large"],
            id="azure-steps",
        ),
        pytest.param(
            "Taskfile.yml",
            b"tasks:\n  a:\n    cmds:\n" + b"    - cargo a\n" * 5001,
            ["5004 input/too-large"],
            id="taskfile-commands",
        ),
        pytest.param("a.sh", b")" * 900 + b"\n" + b"cargo\n" * 30_000, ["1 input/too-large"], id="syntax-errors"),
        pytest.param("a.sh", b"( " * 120 + b"cargo install a" + b" )" * 120, ["1 input/too-deep"], id="deep-script"),
        pytest.param("a.sh", b"$(" * 120 + b"cargo install a" + b")" * 120, ["1 input/too-deep"], id="substitutions"),
        pytest.param("a.sh", b"eval " * 12 + b"cargo install a", ["1 input/too-deep"], id="programs"),
        pytest.param(
            ".github/workflows/a.yml",
            WORKFLOW + b"      - run: a\n" * 5000,
            ["5005 input/too-large"],
            id="github-steps",
        ),
        pytest.param(
            ".circleci/config.yml",
            b"jobs:\n  a:\n    steps:\n" + b"      - run: cargo\n" * 5001,
            ["5004 input/too-large"],
            id="circleci-steps",
        ),
        pytest.param(".github/workflows/a.yml", WORKFLOW + b"x: " + b"[" * 120, ["6 input/too-deep"], id="deep-yaml"),
        pytest.param(".github/workflows/a.yml", WORKFLOW + b"#" * 2**20, ["1 input/too-large"], id="large-yaml"),
        pytest.param(
            ".github/workflows/a.yml",
            WORKFLOW + b"      - run: " + RUN[4:] + b"  # \x1b\0\n",
            ["6 install", "7 input/unreadable"],
            id="in-a-comment",
        ),
        pytest.param(".github/workflows/a.yml", WORKFLOW + b"\x1b", ["6 input/unreadable"], id="control-character"),
        pytest.param(".gitlab-ci.yml", b"# cargo\na: [\n", ["3 input/unreadable"], id="no-yaml"),
        pytest.param(
            ".github/workflows/a.yml",
            WORKFLOW + b"      - run: cargo add --only :all: x\n# more\n",
            ["6 input/unreadable"],
            id="colon-in-a-command",
        ),
        pytest.param("template/.gitlab-ci.yml", b"{% if cargo %}\na: [\n", [], id="template"),
    ],
)
def test_limits(folder: Path, name: str, data: bytes, expected: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(data)
    found = {each.replace("cargo-install/unpinned", "install") for each in _found(capsys, name)}
    assert sorted(found - {f"{name}:{line} cargo-install/unlocked" for line in range(9)}) == [
        f"{name}:{each}" for each in expected
    ]


@pytest.mark.skipif(os.name == "nt", reason="no such files on Windows")
@pytest.mark.parametrize(
    ("steps", "count", "expected"),
    [
        pytest.param("[{run: cargo audit}]", 1001, [".github/workflows/a.yml:1003 input/too-large"], id="gates"),
        pytest.param("[{run: cargo b}]", 2001, [".github/workflows/a.yml:2003 input/too-large"], id="jobs"),
        pytest.param("[{run: cargo audit}]", 1000, [], id="as-many-gates-as-are-checked"),
    ],
)
def test_limits_of_gates(
    folder: Path, steps: str, count: int, expected: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    jobs = "".join(f"  j{number}: {{steps: {steps}}}\n" for number in range(count))
    (folder / ".github/workflows").mkdir(parents=True)
    (folder / ".github/workflows/a.yml").write_text(f"on: push\njobs:\n{jobs}", "utf-8")
    (folder / "Cargo.lock").write_text("version = 4\n", "utf-8")
    check_advisory_gate.main(["--output-format", "json", ".github/workflows/a.yml"])
    found = json.loads(capsys.readouterr().out)["findings"]
    assert [
        f"{each['path']}:{each['start']['line']} {each['rule']}" for each in found if each["rule"].startswith("input/")
    ] == expected


def test_what_is_no_regular_file(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    os.mkfifo(folder / "Dockerfile")
    assert _found(capsys, "Dockerfile") == ["Dockerfile:1 input/unreadable"]


def test_ignored_in_place_and_by_option(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "a.sh").write_bytes(b"# dunnage: ignore[input/too-large] generated\ncargo" + b"| x " * 2001)
    assert _found(capsys, "a.sh") == []
    (folder / "a.sh").write_bytes(b"cargo" + b"| x " * 2001)
    assert _found(capsys, "--ignore", "input/too-large", "a.sh") == []
    (folder / "a.sh").write_bytes(b"cargo fetch # dunnage: ignore[input/too-large] generated\n")
    assert _found(capsys, "a.sh") == []


@pytest.mark.parametrize("names", [["a.sh", "b.sh", "c.sh", "d.sh"], ["d.sh", "c.sh", "b.sh", "a.sh", "a.sh"]])
def test_more_files_than_are_checked(
    folder: Path, names: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(source, "MOST_FILES", 2)
    for name in names:
        (folder / name).write_bytes(b"cargo install --locked a\n")
    checked = ["a.sh:1 cargo-install/unpinned", "b.sh:1 cargo-install/unpinned"]
    assert _found(capsys, "b.sh", "a.sh", "a.sh") == checked
    assert _found(capsys, *names) == [*checked, "c.sh:1 input/too-large"]
    check_cargo_install.main(names)
    assert "c.sh:1:1: input/too-large this is the first file that is not checked" in capsys.readouterr().out


def test_files_in_more_folders_than_are_looked_at(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for count in (100, 101):
        below = folder.joinpath(*"a" * count)
        below.mkdir(parents=True, exist_ok=True)
        (below / "a.sh").write_bytes(b"cargo install --locked a\n")
    names = [f"{'a/' * count}a.sh" for count in (100, 101)]
    expected = [f"{names[0]}:1 cargo-install/unpinned", f"{names[1]}:1 input/too-large"]
    assert sorted(_found(capsys, *names)) == sorted(expected)


def test_a_gate_among_workflows_that_are_not_checked(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / ".github/workflows").mkdir(parents=True)
    (folder / "Cargo.lock").write_text("version = 4\n", "utf-8")
    for name, command in (("a", "true"), ("b", "true"), ("c", "cargo deny check")):
        text = f"on: push\njobs: {{a: {{steps: [{{run: {command}}}]}}}}\n"
        (folder / f".github/workflows/{name}.yml").write_text(text, "utf-8")
    assert check_advisory_gate.main(["Cargo.lock"]) == 0
    monkeypatch.setattr(source, "MOST_FILES", 2)
    assert check_advisory_gate.main(["Cargo.lock"]) == 1
    found = capsys.readouterr().out.splitlines()
    assert found[0].startswith(".github/workflows/c.yml:1:1: input/too-large this is the first file that")
    assert len(found) == 2


def test_more_findings_than_are_reported(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("a", "b"):
        (folder / f"{name}.sh").write_bytes(b"cargo install a\n" * 2000)
    found = _found(capsys, "a.sh", "b.sh")
    assert len(found) == 5001
    assert [each for each in found if "input" in each] == ["b.sh:501 input/too-large"]
    assert _found(capsys, "b.sh", "a.sh") == found
    assert check_cargo_install.main(["--fix", "a.sh", "b.sh"]) == 1
    assert b"--locked" in (folder / "a.sh").read_bytes()


def test_longer_findings_than_are_reported(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in "abcdefgh":
        (folder / f"{name}.sh").write_bytes(b"cargo install " + b"a" * 200_000 + b"\n")
    found = _found(capsys, *(f"{name}.sh" for name in "abcdefgh"))
    assert [each for each in found if "input" in each] == ["f.sh:1 input/too-large"]
    assert len(found) == 11


def test_several_hooks_report_a_limit_once(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "Dockerfile").write_bytes(b"FROM a\n# \xff\nRUN cargo build --locked\n")
    assert cli.main(["check", "Dockerfile"]) == 1
    assert capsys.readouterr().out.count("input/unreadable") == 1


def test_a_fix_keeps_the_bytes_that_are_not_utf_8(folder: Path) -> None:
    (folder / "Cargo.lock").write_bytes(b"version = 4\n")
    (folder / "Dockerfile").write_bytes(b"FROM a\n# \xff\xc3\nRUN cargo build\n")
    assert check_locked_builds.main(["--fix", "Dockerfile"]) == 1
    assert (folder / "Dockerfile").read_bytes() == b"FROM a\n# \xff\xc3\nRUN cargo build --locked\n"


@pytest.mark.usefixtures("folder")
def test_what_a_hook_does_not_read_is_bounded(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(finding, "MOST_FINDINGS", 3)
    monkeypatch.setattr(execution, "MOST_FINDINGS", 3)
    names = [f"{number}.Dockerfile" for number in range(5)]
    for name in names:
        Path(name).write_bytes(b"# cargo \xff\n")
    rules = [found.partition(" ")[2] for found in _found(capsys, *names)]
    assert rules == ["input/unreadable"] * 3 + ["input/too-large"]
