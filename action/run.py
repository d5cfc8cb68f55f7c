"""Run `dunnage check` in a GitHub job: what action.yml calls.

The inputs of the action are in the environment variables `DUNNAGE_FILES`, `DUNNAGE_ARGS` and `DUNNAGE_FAIL`. The
program uses nothing but the standard library, and never runs code of the repository that it checks. The exit status is
that of `dunnage check`; it is 0 instead of 1 if `DUNNAGE_FAIL` is `false`.
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import venv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).resolve().parent.parent
OLDEST_PYTHON = (3, 10)


class WrongUsage(Exception):
    """An input has a value that the action does not know."""


def choice(name: str, values: tuple[str, ...]) -> str:
    """Return the value of an input. Raises WrongUsage if it is none of the known values."""
    value = os.environ.get(f"DUNNAGE_{name.upper()}", "").strip() or values[0]
    if value not in values:
        raise WrongUsage(f"the input `{name}` must be {' or '.join(f'`{known}`' for known in values)}")
    return value


def install(folder: Path) -> Path:
    """Return the Python of a virtual environment that runs this checkout. It is created once in a job.

    The dependencies are those of `requirements/runtime.txt`, with their hashes, and wheels only: nothing is built.
    """
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    complete = folder / "complete"
    if complete.exists():
        return python
    venv.create(folder, clear=True, with_pip=True)
    requirements = CHECKOUT / "requirements" / "runtime.txt"
    pip = [str(python), "-I", "-m", "pip", "install", "--disable-pip-version-check", "--quiet", "--require-hashes"]
    subprocess.run([*pip, "--only-binary", ":all:", "--requirement", str(requirements)], check=True)
    query = "import sysconfig; print(sysconfig.get_path('purelib'))"
    site_packages = subprocess.run([python, "-I", "-c", query], check=True, capture_output=True, text=True).stdout
    Path(site_packages.strip(), "dunnage.pth").write_text(f"{CHECKOUT / 'hooks'}\n", encoding="utf-8")
    complete.touch()
    return python


def base(event: Mapping[str, Any]) -> str | None:
    """Return the commit with which an event compares, or None if it compares with none."""
    candidates = (
        ((event.get("pull_request") or {}).get("base") or {}).get("sha"),
        (event.get("merge_group") or {}).get("base_sha"),
        event.get("before"),  # of a push; zeros if the branch is new
    )
    return next((commit for commit in candidates if isinstance(commit, str) and commit.strip("0")), None)


# Windows would look for git in the working directory first, which is the repository. Dunnage does not.
HAS_BASE = """
import sys
from dunnage.files.git import repository
found = repository(".")
sys.exit(not (found and found.merge_base(sys.argv[1], "HEAD")))
"""


def selection(python: Path, event: Mapping[str, Any]) -> Sequence[str]:
    """Return the options of `dunnage check` that select the changed files, none where all files are checked."""
    commit = base(event)
    if commit is None:
        return ()
    if subprocess.run([str(python), "-I", "-c", HAS_BASE, commit], check=False).returncode:
        notice = "all files are checked, because this clone lacks the base; to check changes only, set `fetch-depth: 0`"
        print(f"::notice::{notice}", flush=True)
        return ()
    return ("--from-ref", commit)


def run() -> int:
    """Run the action. Raises WrongUsage for an unknown value of an input."""
    if sys.version_info < OLDEST_PYTHON:
        raise WrongUsage("this runner's Python is older than 3.10: run actions/setup-python before this action")
    files = choice("files", ("changed", "all"))
    fail = choice("fail", ("true", "false"))
    try:
        arguments = shlex.split(os.environ.get("DUNNAGE_ARGS", ""))
    except ValueError:
        raise WrongUsage("the input `args` has a quotation mark without its pair, or ends with a backslash") from None
    temporary = Path(os.environ["RUNNER_TEMP"])
    python = install(temporary / "dunnage")
    event = json.loads(Path(os.environ["GITHUB_EVENT_PATH"]).read_text(encoding="utf-8"))
    sarif = temporary / "dunnage.sarif"
    command = [str(python), "-I", "-m", "dunnage", "check", "--output-format", "github", "--output-file", str(sarif)]
    result = subprocess.run(
        [*command, *(selection(python, event) if files == "changed" else ()), *arguments], check=False
    )
    if result.returncode not in (0, 1):
        return result.returncode
    report = json.loads(sarif.read_text(encoding="utf-8"))
    findings = sum(not found["suppressions"] for found in report["runs"][0]["results"])
    with Path(os.environ["GITHUB_OUTPUT"]).open("a", encoding="utf-8") as outputs:
        outputs.write(f"findings={findings}\nsarif-file={sarif}\n")
    return result.returncode if fail == "true" else 0


if __name__ == "__main__":
    try:
        sys.exit(run())
    except WrongUsage as error:
        sys.exit(f"::error::{error}")
