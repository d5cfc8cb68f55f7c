"""The command `dunnage`, and `dunnage check` above all: which hooks it runs over which files, and what comes of it."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

import dunnage
from dunnage.frame.cli import COMMANDS, main
from dunnage.frame.hook import run
from dunnage.frame.registry import ENTRIES, Entry

WORKFLOW = """\
on: push
jobs:
  a:
    runs-on: ubuntu-latest
    steps:
      - run: cargo build
      - run: cargo install x --locked
"""
SCRIPT = "#!/bin/sh\ncargo install y --locked\n"
IGNORED = "cargo install z --locked # dunnage: ignore[cargo-install/unpinned] no other is published\n"
FILES = {
    ".github/workflows/ci.yml": WORKFLOW,
    "script": SCRIPT,
    "binary": "#!/bin/sh\ncargo install x --locked\n\0",
    "sub/a.sh": IGNORED,
    "deny.toml": "[advisories]\nnonsense = 1\n",
    "wit/a.wit": "package a:b;\ninterface a { x: func(\n",
    "Cargo.toml": "[package]\nname = 'a'\nversion = '0.1.0'\n\n[dependencies]\nb = '1'\n",
    "src/lib.rs": "",
    "Cargo.lock": "version = 4\n\n[[package]]\nname = 'a'\nversion = '0.1.0'\n",
}


def write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, "utf-8")


def git(*arguments: str) -> None:
    identity = ["-c", "user.name=a", "-c", "user.email=a@example.invalid"]
    subprocess.run(["git", *identity, *arguments], check=True, stdout=subprocess.DEVNULL)


@pytest.fixture
def project(repository: Path) -> Path:
    """Work in a repository with something for every hook; nothing is committed yet."""
    write(repository, FILES)
    git("add", ".")
    return repository


def findings(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[tuple[str, str, int]]:
    """Hook, rule and line of what is found."""
    capsys.readouterr()
    status = main(["check", "--output-format=json", *arguments])
    report = json.loads(capsys.readouterr().out)
    assert status == bool(report["findings"] or report["fixed"])
    return [(found["hook"], found["rule"], found["start"]["line"]) for found in report["findings"]]


def hooks(capsys: pytest.CaptureFixture[str], *arguments: str) -> set[str]:
    return {hook for hook, _, _ in findings(capsys, *arguments)}


def alone(entry: Entry, names: Sequence[str], capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """What a hook reports when it is run by itself."""
    capsys.readouterr()
    run(entry.hook(), ["--output-format=json", *(name for name in names if re.search(entry.pattern, name))])
    found: list[dict[str, Any]] = json.loads(capsys.readouterr().out)["findings"]
    return found


def reported(names: Sequence[str], capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """What all hooks report in one process, which is what each reports by itself."""
    separately = [found for entry in ENTRIES for found in alone(entry, names, capsys)]
    assert main(["check", "--all", "--output-format=json"]) == 1
    together: list[dict[str, Any]] = json.loads(capsys.readouterr().out)["findings"]

    def key(found: dict[str, Any]) -> str:
        return json.dumps(found, sort_keys=True)

    assert sorted(map(key, together)) == sorted(map(key, separately))
    return together


@pytest.mark.usefixtures("project")
def test_all_hooks_report_what_each_reports_alone(capsys: pytest.CaptureFixture[str]) -> None:
    together = reported(sorted(FILES.keys() - {"binary"}), capsys)
    places = [(found["path"], found["start"]["line"], found["start"]["column"]) for found in together]
    assert places == sorted(places)
    assert {found["hook"] for found in together} >= {
        *("check-advisory-gate", "check-cargo-install", "check-cargo-lock", "check-deny-toml", "check-locked-builds"),
        "check-wit-limits",
    }


def test_what_a_hook_reads_takes_nothing_from_the_next(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    # The first program uses up what check-advisory-gate may spend on the file. Other hooks read the second one first.
    long = "\n          ".join(["# just", f"A={'a' * 100_000}", *["echo $A"] * 400])
    short = "B=1\n          cargo install a@$B --locked\n          C=build\n          cargo $C"
    workflow = (
        f"on: push\njobs:\n  a:\n    steps:\n      - run: |\n          {long}\n      - run: |\n          {short}\n"
    )
    files = {".github/workflows/a.yml": workflow, "Cargo.lock": "version = 4\n", "Cargo.toml": "[workspace]\n"}
    write(repository, files)
    git("add", ".")
    rules = {found["rule"] for found in reported([*files], capsys)}
    assert rules >= {"cargo-install/unpinned", "locked-builds/unlocked"}


@pytest.mark.usefixtures("project")
def test_which_hooks_run(capsys: pytest.CaptureFixture[str]) -> None:
    default = hooks(capsys)
    assert not default & {"check-advisory-gate", "check-rust-toolchain"}
    assert default > {"check-cargo-install", "check-deny-toml"}
    assert hooks(capsys, "--all") == default | {"check-advisory-gate", "check-update-bot"}
    assert hooks(capsys, "--only=check-advisory-gate") == {"check-advisory-gate"}
    assert hooks(capsys, "--only", "check-deny-toml,check-cargo-install", "--only=check-wit-limits") == {
        *("check-deny-toml", "check-cargo-install", "check-wit-limits")
    }
    assert hooks(capsys, "--skip", "check-deny-toml,check-wit-limits", "--skip=check-cargo-install") == default - {
        *("check-deny-toml", "check-cargo-install", "check-wit-limits")
    }


@pytest.mark.parametrize(
    ("arguments", "lines"),
    [
        pytest.param([], [7, 2], id="tracked"),
        pytest.param(["."], [7, 2], id="folder"),
        pytest.param([".github"], [7], id="part"),
        pytest.param(["script", "script"], [2], id="file"),
        pytest.param(["sub", "--", "script"], [2], id="both"),
        pytest.param(["--staged"], [7, 2], id="staged"),
        pytest.param(["--from-ref=HEAD~"], [2], id="since"),
        pytest.param(["--from-ref", "HEAD~2", "--to-ref", "HEAD~"], [7], id="between"),
        pytest.param(["untracked.sh"], [1], id="untracked-but-named"),
        pytest.param(["--exclude=.github"], [2], id="without-a-folder"),
        pytest.param(["--exclude=script", "--exclude", "sub/"], [7], id="without-a-file"),
        pytest.param(["script", "--exclude=scr"], [2], id="excluded-by-its-whole-name"),
    ],
)
def test_which_files_are_checked(
    project: Path, arguments: list[str], lines: list[int], capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "untracked.sh").write_text("cargo install x --locked\n", "utf-8")
    (project / "scr").mkdir()
    if any("--from-ref" in argument for argument in arguments):
        git("reset", "-q")
        git("commit", "-q", "--allow-empty", "-m", "Begin")
        for part in (".github", "script"):
            git("add", part)
            git("commit", "-q", "-m", part)
    found = findings(capsys, "--only=check-cargo-install", *arguments)
    assert [line for _, _, line in found] == lines


def test_files_are_found_from_any_folder(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    expected = findings(capsys)
    monkeypatch.chdir(project / ".github" / "workflows")
    assert findings(capsys) == expected
    assert hooks(capsys, "ci.yml") == {"check-cargo-install", "check-locked-builds"}
    assert Path.cwd() == project / ".github" / "workflows"


def test_files_that_are_gone_or_are_links_are_passed_over(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "script").unlink()
    (project / "link.sh").symlink_to("sub/a.sh")
    git("add", "link.sh")
    assert [line for _, _, line in findings(capsys, "--only=check-cargo-install")] == [7]


@pytest.mark.skipif(os.name == "nt", reason="no such files on Windows")
@pytest.mark.parametrize("arguments", [[], ["--staged"], ["Dockerfile"]])
@pytest.mark.parametrize(
    ("target", "expected"),
    [
        pytest.param("x.txt", ["cargo-install/unlocked", "cargo-install/unpinned"], id="other-kind"),
        pytest.param("Dockerfile.x", [], id="same-kind"),
        pytest.param("/etc/passwd", ["input/unreadable"], id="outside"),
        pytest.param("Dockerfile", ["input/unreadable"], id="loop"),
        pytest.param("nothing", [], id="nowhere"),
        pytest.param("sub", [], id="folder"),
    ],
)
def test_a_link_is_checked_if_its_target_is_not_checked_alike(
    project: Path, target: str, expected: list[str], arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("x.txt", "Dockerfile.x"):
        (project / name).write_text("FROM rust:1\nRUN cargo install x\n", "utf-8")
    (project / "Dockerfile").symlink_to(target)
    git("add", "Dockerfile")
    main(["check", "--only=check-cargo-install", "--output-format=json", *arguments])
    found = json.loads(capsys.readouterr().out)["findings"]
    assert sorted(each["rule"] for each in found if each["path"] == "Dockerfile") == expected


@pytest.mark.skipif(os.name == "nt", reason="no such files on Windows")
def test_a_pipe_is_reported(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    os.mkfifo(project / "Dockerfile")
    assert findings(capsys, "--only=check-cargo-install", "Dockerfile") == [
        ("check-cargo-install", "input/unreadable", 1)
    ]


def test_a_staged_file_that_is_gone_is_named(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "script").unlink()
    main(["check", "--only=check-cargo-install", "--staged"])
    message = "script is staged, but missing in the working tree, so it is not checked"
    assert capsys.readouterr().err == f"dunnage check: {message}\n"


def test_without_git(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(folder, FILES)
    write(folder, {"target/x.sh": SCRIPT})
    assert [line for _, _, line in findings(capsys, "--only=check-cargo-install")] == [7, 2]


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        pytest.param(["--only=check-cargo-lok"], "no hook 'check-cargo-lok'; did you mean check-cargo-lock?", id="id"),
        pytest.param(["--skip=check-wit-lock,x"], "there is no hook 'x'", id="id-in-list"),
        pytest.param(["--only=nope"], "dunnage check: argument --only: there is no hook 'nope'\n", id="only"),
        pytest.param(["--ignore=nope"], "dunnage check: argument --ignore: there is no rule nope\n", id="ignore"),
        pytest.param(
            ["--skip=check-wit-limits", "--max-nesting=3"],
            "argument --max-nesting is for check-wit-limits, not for",
            id="unused",
        ),
        pytest.param(
            ["--only=check-deny-toml", "--require=docker"],
            "argument --require docker is for check-update-bot, not for the hooks that run",
            id="unused-name",
        ),
        pytest.param(
            ["--only=check-cargo-lock", "--pins=x"],
            "argument --pins is for check-base-images, check-cargo-install and check-tool-digests, not for",
            id="unused-of-three",
        ),
        pytest.param(
            ["--only=check-cargo-lock", "--summary"],
            "argument --summary is for review-cargo-lock and review-wit, not for the hooks that run",
            id="unused-that-prints",
        ),
        pytest.param(["--require=bans,docker"], "--require docker is for check-update-bot", id="off"),
        pytest.param(["--max-nestin=3"], "unrecognized arguments: --max-nestin=3; did you mean --max-nesting?", id="o"),
        pytest.param(["--max-nesting=many"], "'many' is not a whole number", id="value"),
        pytest.param(["--ignore=cargo-lock/stal"], "the nearest is cargo-lock/stale", id="rule"),
        pytest.param(["nothing\x1b[31m"], "there is no file nothing\\x1b[31m", id="file"),
        pytest.param(["--exclude=nothing"], "there is no file nothing", id="exclude"),
        pytest.param(["--staged", "."], "only one of them", id="staged-and-path"),
        pytest.param(["--staged", "--from-ref=HEAD"], "only one of them", id="staged-and-ref"),
        pytest.param(["--to-ref=HEAD"], "--to-ref requires --from-ref", id="to-ref"),
        pytest.param(["--from-ref=nothing"], "git cannot compare nothing with HEAD", id="no-commit"),
        pytest.param(["--from-ref=--output=x"], "git cannot compare --output=x with HEAD", id="option-for-git"),
        pytest.param(["--required-version=>=99"], "requires >=99", id="version"),
    ],
)
def test_wrong_usage(arguments: list[str], complaint: str, capsys: pytest.CaptureFixture[str]) -> None:
    before = sorted(os.listdir())
    assert main(["check", *arguments]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert complaint in err
    assert err.startswith("dunnage check: ")
    assert sorted(os.listdir()) == before


@pytest.mark.usefixtures("folder")
def test_staged_needs_git(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--staged"]) == 2
    assert "requires a git repository" in capsys.readouterr().err


def test_options_of_hooks(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(project, {"pins.toml": "x = '1.2.3'\n"})
    main(["check", "--only=check-cargo-install", "--pins", "pins.toml"])
    assert "the version in pins.toml" in capsys.readouterr().out
    os.chdir("sub")
    main(["check", "--only=check-cargo-install", "--pins", "../pins.toml"])
    assert "the version in pins.toml" in capsys.readouterr().out


def test_a_rule_of_a_hook_that_has_no_files_may_be_ignored(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(folder, {"script": SCRIPT})
    assert findings(capsys, "--ignore=deny-toml/weak", "--ignore=cargo-install/unpinned") == []


def test_ignore_comments_are_judged_by_the_hooks_that_run(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    comments = (
        "cargo build # dunnage: ignore[cargo-lock/stale, cargo-install/unlocked] both wrong here\n"
        "cargo build # dunnage: nonsense\n"
        "cargo build # dunnage: ignore[cargo-install/unlocked]\n"
    )
    write(project, {"sub/Dockerfile": "FROM a\nRUN true\n# dunnage: nonsense\n", "sub/b.sh": comments})
    git("add", ".")
    others = "check-base-images,check-tool-digests"
    found = findings(capsys, "sub", f"--skip={others}")
    # check-cargo-lock does not read it, and check-locked-builds is not given it.
    assert found == [
        ("check-cargo-install", "ignore/malformed", 3),
        ("check-cargo-install", "ignore/unused", 1),
        ("check-cargo-install", "ignore/malformed", 2),
        ("check-cargo-install", "ignore/no-reason", 3),
    ]
    assert findings(capsys, "sub", f"--skip={others},check-cargo-install") == [
        ("check-locked-builds", "ignore/malformed", 3)
    ]


def test_fix(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    # On the stale lock, a build with `--locked` would fail.
    assert main(["check", "--fix", "--only=check-locked-builds"]) == 1
    assert "fixed" not in capsys.readouterr().out
    manifest = FILES["Cargo.toml"].partition("[dependencies]")[0]
    write(project, {"Cargo.toml": manifest, "pins.toml": "x = '1.2.3'\ny = '1.2.3'\nz = '1.2.3'\n"})
    assert main(["check", "--fix", "--pins=pins.toml", "--skip=check-cargo-lock"]) == 1
    out = capsys.readouterr().out
    fixed = [line.split(": ")[1].split(" ")[0] for line in out.splitlines() if line.startswith("fixed")]
    assert fixed[:2] == ["locked-builds/unlocked", "cargo-install/unpinned"]
    workflow = WORKFLOW.replace("cargo build", "cargo build --locked").replace("install x", "install x@1.2.3")
    assert (project / ".github/workflows/ci.yml").read_text("utf-8") == workflow
    assert (project / "script").read_text("utf-8") == SCRIPT.replace("install y", "install y@1.2.3")
    assert (project / "sub/a.sh").read_text("utf-8") == IGNORED
    assert main(["check", "--fix", "--pins=pins.toml", "--skip=check-cargo-lock,check-wit-limits"]) in (0, 1)
    assert "fixed" not in capsys.readouterr().out


@pytest.mark.usefixtures("repository")
def test_nothing_to_check(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check"]) == 0
    assert capsys.readouterr() == ("", "")


# The command itself


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    out = capsys.readouterr().out
    assert all(f"\n  {command}" in out for command in COMMANDS)
    assert main([]) == 2
    assert capsys.readouterr() == ("", out)


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_a_command(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([command, "--help"]) == 0
    assert capsys.readouterr().out.startswith(f"usage: dunnage {command} ")
    assert main([command, "--version"]) == 0
    assert capsys.readouterr().out == f"dunnage {dunnage.__version__}\n"


def test_help_of_check_names_hooks_and_their_options(capsys: pytest.CaptureFixture[str]) -> None:
    main(["check", "--help"])
    out = capsys.readouterr().out
    for entry in ENTRIES:
        assert f"\n  {entry.id}" in out
        assert all(f"\n  {option.name}" in out for option in entry.hook().options)


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"dunnage {dunnage.__version__}\n"


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        pytest.param(["chekc"], "no command chekc; did you mean check?", id="command"),
        pytest.param(["--verbose"], "no option --verbose; did you mean --version?", id="option"),
        pytest.param(["rules", "x"], "unrecognized arguments: x", id="rules"),
    ],
)
def test_wrong_command(arguments: list[str], complaint: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert complaint in err


@pytest.mark.usefixtures("project")
def test_the_command_is_run_in_both_ways() -> None:
    Path("yaml.py").write_text("raise SystemExit(3)\n", "utf-8")  # which neither may import
    script = str(Path(sys.executable).parent / "dunnage")
    by_name, by_module = (
        subprocess.run([*command, "check"], capture_output=True, check=False, text=True)
        for command in ([script], [sys.executable, "-m", "dunnage"])
    )
    assert by_name.stdout
    assert (by_name.returncode, by_name.stdout, by_name.stderr) == (1, by_module.stdout, by_module.stderr)
    assert by_module.returncode == 1


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(["--version"], id="version"),
        pytest.param(["--help"], id="help"),
        pytest.param(["rules"], id="rules"),
        pytest.param(["explain", "cargo-lock/stale"], id="explain"),
        pytest.param(["sample-config"], id="sample-config"),
        pytest.param(["review", "--summary-format", "json"], id="review"),
        pytest.param(["check", "--accept", "known", "Cargo.lock"], id="option-that-prints"),
    ],
)
@pytest.mark.usefixtures("project")
@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a full device")
def test_output_that_cannot_be_written(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with open("/dev/full", "w", encoding="utf-8") as full:
        monkeypatch.setattr("sys.stdout", full)
        assert main(arguments) == 2
    assert "the report cannot be written: No space left on device" in capsys.readouterr().err
    monkeypatch.setattr("sys.stdout", None)
    assert main(arguments) == 0


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a full device")
def test_complaints_that_cannot_be_written(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("sys.stderr", None)
    assert main(["explain"]) == 2
    assert capsys.readouterr().out == ""
    with open("/dev/full", "wb", buffering=0) as full:
        monkeypatch.setattr("sys.stderr", io.TextIOWrapper(full, encoding="utf-8", write_through=True))
        assert main(["explain"]) == 2


def test_a_system_that_refuses(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A working directory that is removed while hooks run."""

    def main_of_check(_: Sequence[str]) -> int:
        gone = project / "gone"
        gone.mkdir()
        os.chdir(gone)
        gone.rmdir()
        return len(os.getcwd())

    monkeypatch.setattr("dunnage.frame.check.main", main_of_check)
    assert main(["check"]) == 2
    os.chdir(project)
    assert "dunnage check: the system does not let it continue" in capsys.readouterr().err


def test_a_working_directory_to_which_there_is_no_way_back(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = project / "gone"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setattr("dunnage.frame.check.execute", lambda *_: folder.rmdir())
    assert main(["check"]) is None
    assert capsys.readouterr().err == ""
