"""The workflow of the page about watching: it is pinned, it may do little, and its scripts do what the page says."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from dunnage.upstream.report import KINDS
from dunnage.watch_upstream import OPTIONS

PAGE = (Path(__file__).resolve().parent.parent.parent / "docs" / "watching.md").read_text("utf-8")
(TEXT,) = re.findall(r"^```yaml\n(name: watch upstream\n.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
WORKFLOW: dict[str, Any] = yaml.safe_load(TEXT)
JOBS = WORKFLOW["jobs"]

GH = """\
#!/bin/sh
echo "gh $*" >>calls
case "$1 $2" in
  "issue list") cat number ;;
  "issue view") cat body ;;
esac
for word; do
  case "$word" in report.md|new.md) cat "$word" >>calls ;; esac
done
"""


def test_the_page_has_every_kind_and_option() -> None:
    rows = re.findall(r"^\| `(upstream/[a-z-]+)` \| (\w+) \|", PAGE, re.MULTILINE)
    assert sorted(rows) == sorted((kind.id, kind.level) for kind in KINDS)
    assert re.findall(r"^\| `(--[a-z-]+)", PAGE, re.MULTILINE) == [option.name for option in OPTIONS]


def test_the_jobs_may_do_little() -> None:
    assert WORKFLOW["permissions"] == {}
    assert JOBS["watch"]["permissions"] == {"contents": "read"}
    assert JOBS["issue"]["permissions"] == {"issues": "write"}
    assert not any("uses" in step for step in JOBS["issue"]["steps"])
    for action in re.findall(r"uses:(.*)", TEXT):
        assert re.fullmatch(r" [\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", action)
    assert re.search(r"git\+https://[^@\s]+@[0-9a-f]{40}'", TEXT)


def test_no_script_holds_an_expression() -> None:
    scripts = [step["run"] for job in JOBS.values() for step in job["steps"] if "run" in step]
    assert not any("${{" in script for script in scripts)


def run(script: str, folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a script as GitHub's runner does."""
    bash = shutil.which("bash")
    if bash is None or os.name == "nt":
        pytest.skip("the scripts are for bash on Linux")
    env = {"PATH": f"{folder}{os.pathsep}{os.environ['PATH']}", **variables}
    return subprocess.run([bash, "-e", "-c", script], cwd=folder, env=env, check=False, capture_output=True, text=True)


def program(folder: Path, name: str, text: str) -> None:
    """Write a program."""
    (folder / name).write_text(text)
    (folder / name).chmod(0o755)


@pytest.mark.parametrize(("status", "fails"), [(0, False), (1, False), (3, False), (2, True)])
def test_the_first_job_hands_on_the_status_and_the_report(tmp_path: Path, status: int, fails: bool) -> None:
    program(tmp_path, "watch-upstream", f"#!/bin/sh\nprintf 'a\\nEOF\\n'\nexit {status}\n")
    (script,) = (step["run"] for step in JOBS["watch"]["steps"] if step.get("id") == "watch")
    result = run(script, tmp_path, GITHUB_OUTPUT="output")
    assert bool(result.returncode) is fails
    if not fails:
        lines = (tmp_path / "output").read_text().splitlines()
        mark = lines[1].partition("<<")[2]
        assert re.fullmatch("[0-9a-f]{32}", mark)
        assert lines == [f"status={status}", f"report<<{mark}", "a", "EOF", mark]


OLD, NEW = "- **yanked** `a`", "- **advisory** `b`"


@pytest.mark.parametrize(
    ("number", "status", "body", "expected"),
    [
        pytest.param("", "0", "", [], id="nothing"),
        pytest.param("", "1", "", ["issue create", OLD, NEW], id="a first report"),
        pytest.param("7", "1", f"{OLD}\r\n{NEW}", ["issue edit 7", OLD, NEW], id="the same report"),
        pytest.param("7", "1", OLD, ["issue edit 7", OLD, NEW, "issue comment 7", NEW], id="something new"),
        pytest.param("7", "3", OLD, ["issue edit 7", OLD, NEW, "issue comment 7", NEW], id="not complete"),
        pytest.param("7", "0", OLD, ["issue edit 7", OLD, NEW, "issue close 7"], id="nothing any more"),
    ],
)
def test_the_second_job_keeps_one_issue(
    tmp_path: Path, number: str, status: str, body: str, expected: list[str]
) -> None:
    program(tmp_path, "gh", GH)
    (tmp_path / "number").write_text(number)
    (tmp_path / "body").write_bytes(body.encode())
    (script,) = (step["run"] for step in JOBS["issue"]["steps"])
    result = run(script, tmp_path, REPORT=f"{OLD}\n{NEW}", STATUS=status)
    assert (result.returncode, result.stderr) == (0, "")
    calls = (tmp_path / "calls").read_text().splitlines()
    shown = [re.sub(r"^gh ((?:issue) \w+(?: \d+)?).*", r"\1", call) for call in calls]
    assert [
        call for call in shown if call not in ("issue list", "issue view 7") and "label create" not in call
    ] == expected
