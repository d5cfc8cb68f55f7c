"""The GitHub action, run as a runner runs it: the shell of action.yml, its environment, and its files."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from demo.run import CHECKOUT, commit_all

ACTION = yaml.safe_load((CHECKOUT / "action.yml").read_text(encoding="utf-8"))
STEP = ACTION["runs"]["steps"][0]
UNPINNED = "on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - run: cargo install just\n"
HOSTILE = "import pathlib\npathlib.Path('ran').touch()\n"

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the step's shell is a POSIX shell")


class Result(NamedTuple):
    """How the step ended, what it printed, and its outputs."""

    status: int
    output: str
    outputs: Mapping[str, str]


class Runner:
    """A repository whose second commit adds a workflow that installs a program without a version."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.repository = folder / "repository"
        self.env = dict(os.environ)
        self.repository.mkdir()
        (self.repository / ".github/workflows").mkdir(parents=True)
        # Neither the working directory nor PYTHONPATH may give the action anything to run.
        for name in ("dunnage.py", "json.py", "yaml.py", "sitecustomize.py"):
            (self.repository / name).write_text(HOSTILE)
        (self.repository / ".github/workflows/old.yml").write_text(UNPINNED)
        self.first = commit_all(self.repository, "Start", self.env)
        (self.repository / ".github/workflows/new.yml").write_text(UNPINNED)
        commit_all(self.repository, "Add a workflow", self.env)

    def run(self, event: Mapping[str, Any], inputs: Mapping[str, str] | None = None) -> Result:
        """Run the step for an event. The inputs that are not given have their defaults."""
        values = {name: definition["default"] for name, definition in ACTION["inputs"].items()} | dict(inputs or {})
        env = self.env | {
            "GITHUB_ACTION_PATH": str(CHECKOUT),
            "GITHUB_EVENT_PATH": str(self.folder / "event.json"),
            "GITHUB_OUTPUT": str(self.folder / "outputs"),
            "PYTHONPATH": str(self.repository),
            "RUNNER_TEMP": str(self.folder),
        }
        env["PATH"] = os.pathsep.join((os.path.dirname(sys.executable), env["PATH"]))
        for name, expression in STEP["env"].items():
            found = re.fullmatch(r"\$\{\{ inputs\.(\w+) \}\}", expression)
            assert found is not None
            env[name] = values[found[1]]
        (self.folder / "event.json").write_text(json.dumps(event))
        (self.folder / "outputs").write_text("")
        command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", STEP["run"]]
        result = subprocess.run(
            command, cwd=self.repository, env=env, check=False, capture_output=True, text=True, stdin=subprocess.DEVNULL
        )
        assert not (self.repository / "ran").exists()
        lines = (self.folder / "outputs").read_text().splitlines()
        return Result(result.returncode, result.stdout + result.stderr, dict(line.split("=", 1) for line in lines))


@pytest.fixture(scope="module")
def runner(tmp_path_factory: pytest.TempPathFactory) -> Runner:
    """One runner for all tests: each run is complete in itself."""
    return Runner(tmp_path_factory.mktemp("runner"))


def annotated(result: Result) -> list[str]:
    """The files in which the step shows an annotation."""
    return re.findall(r"^::(?:error|warning) .*?\bfile=([^,:]+)", result.output, re.MULTILINE)


def test_no_input_is_part_of_a_program() -> None:
    assert "${{" not in STEP["run"]
    assert set(ACTION["inputs"]) == {re.findall(r"inputs\.(\w+)", value)[0] for value in STEP["env"].values()}


def test_a_pull_request_is_checked_in_what_it_changes(runner: Runner) -> None:
    result = runner.run({"pull_request": {"base": {"sha": runner.first}}})
    assert (result.status, annotated(result)) == (1, [".github/workflows/new.yml"] * 2), result.output
    sarif = json.loads(Path(result.outputs["sarif-file"]).read_text())
    assert result.outputs["findings"] == str(len(sarif["runs"][0]["results"])) == "2"


def test_a_push_may_only_report(runner: Runner) -> None:
    result = runner.run({"before": runner.first}, {"fail": "false"})
    assert (result.status, annotated(result)) == (0, [".github/workflows/new.yml"] * 2), result.output


@pytest.mark.parametrize(
    ("event", "inputs", "notice"),
    [
        pytest.param({"before": "0" * 40}, {}, False, id="a-new-branch"),
        pytest.param({"schedule": "0 3 * * 1"}, {}, False, id="a-schedule"),
        pytest.param({"before": "1" * 40}, {}, True, id="a-clone-without-the-base"),
        pytest.param({"before": "HEAD"}, {"files": "all"}, False, id="all-asked-for"),
    ],
)
def test_all_files_are_checked(
    runner: Runner, event: Mapping[str, Any], inputs: Mapping[str, str], notice: bool
) -> None:
    result = runner.run(event, inputs)
    assert (result.status, result.outputs["findings"]) == (1, "4"), result.output
    assert ("::notice::all files are checked" in result.output) == notice


def test_arguments_are_words_of_the_command(runner: Runner) -> None:
    result = runner.run({}, {"args": "--only check-cargo-lock '.github/workflows/old.yml'"})
    assert (result.status, annotated(result), result.outputs["findings"]) == (0, [], "0"), result.output


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        pytest.param({"files": "some"}, "::error::the input `files` must be `changed` or `all`", id="unknown-files"),
        pytest.param({"fail": "no"}, "::error::the input `fail` must be `true` or `false`", id="unknown-fail"),
        pytest.param({"args": "--only 'x"}, "::error::the input `args` has a quotation mark", id="open-quotation"),
        pytest.param({"args": "--onyl x"}, "did you mean --only?", id="unknown-option"),
    ],
)
def test_wrong_usage_fails(runner: Runner, inputs: Mapping[str, str], message: str) -> None:
    result = runner.run({}, {"fail": "false", **inputs})
    assert result.status != 0
    assert message in result.output
    assert result.outputs == {}
