"""What README.md says: its example is what the program prints, and its configurations and commands work.

`make readme` writes what the example prints now. The examples in docs/ are run by `pages_test.py`.
"""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
import yaml

from clients.hooks import Hooks, commit_hooks
from demo.run import commit_all

CHECKOUT = Path(__file__).resolve().parent.parent
README = CHECKOUT / "README.md"
TEXT = README.read_text("utf-8")
REAL = CHECKOUT.parent / "shared" / "corpus" / "workspaces" / "wasm-pkg-tools"
MAX_BYTES = 9_000

EXAMPLE = re.compile(
    r"(?P<start>^<!-- example: stopped -->\n```console\n)(?P<text>.*?)(?=^```\n)", re.DOTALL | re.MULTILINE
)
YAML = re.findall(r"^```yaml\n(.*?)^```\n", TEXT, re.DOTALL | re.MULTILINE)
(CONFIGURATION,) = (text for text in YAML if text.startswith("repos:\n"))
HOOKS: list[tuple[str, str]] = re.findall(r"- id: ([a-z-]+)(?:.*\n +args: \[(.*)\])?", "".join(YAML))
(REVISION,) = re.findall(r"^ *rev: ([0-9a-f]{40})$", CONFIGURATION, re.MULTILINE)


def stopped(home: Path, hooks: Hooks) -> str:
    """Stop a commit in a real workspace: a requirement without its lock, and a crate from somewhere else."""
    if not REAL.is_dir():
        pytest.skip("there is no corpus beside this checkout")
    env = {**hooks.env, "PYTHONUTF8": "1"}
    workspace = home / "workspace"
    shutil.copytree(REAL, workspace)
    configuration = CONFIGURATION.replace("https://github.com/OWNER/dunnage", f"'{hooks.folder.as_posix()}'")
    configuration = configuration.replace(REVISION, hooks.revision)
    (workspace / ".pre-commit-config.yaml").write_bytes(configuration.encode())
    commit_all(workspace, "Before", env)

    def run(command: str, status: int) -> str:
        result = subprocess.run(
            shlex.split(command),
            cwd=workspace,
            env=env,
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
        )
        shown = f"$ {command}\n{result.stdout}".rstrip("\n") + "\n"
        assert result.returncode == status, shown
        return shown

    run("pre-commit install --install-hooks", 0)
    replace(workspace / "Cargo.toml", 'reqwest = { version = "0.13.4"', 'reqwest = { version = "0.13.5"')
    replace(
        workspace / "Cargo.lock",
        'name = "anyhow"\n'
        'version = "1.0.104"\n'
        'source = "registry+https://github.com/rust-lang/crates.io-index"\n'
        'checksum = "330a5ed07fa54e4702c9d6c4174f74427fc0ef6e214bbd677ae50a5099946470"\n',
        'name = "anyhow"\n'
        'version = "1.0.104"\n'
        f'source = "git+https://git.example.invalid/somebody/anyhow#{"bad" * 13}b"\n',
    )
    return run("git commit --quiet --all --message 'Use reqwest 0.13.5'", 1)


def replace(path: Path, before: str, after: str) -> None:
    """Replace what a file contains exactly once."""
    text = path.read_bytes().decode()
    assert text.count(before) == 1, f"{path} contains {before!r} {text.count(before)} times"
    path.write_bytes(text.replace(before, after).encode())


@pytest.mark.xdist_group("clients")
def test_the_example_is_what_is_printed(tmp_path: Path, hooks: Hooks) -> None:
    (example,) = EXAMPLE.finditer(TEXT)
    assert example["text"] == stopped(tmp_path, hooks), "run `make readme`"


def test_the_size() -> None:
    assert len(TEXT.encode()) <= MAX_BYTES


def test_the_revision_has_the_hooks() -> None:
    shown = subprocess.run(
        ["git", "show", f"{REVISION}:.pre-commit-hooks.yaml"], cwd=CHECKOUT, check=False, capture_output=True
    )
    if shown.returncode:
        pytest.skip("this clone has no history")
    listed = re.findall(r"^\| \[`([a-z-]+)`\]", TEXT, re.MULTILINE)
    assert {hook for hook, _ in HOOKS} < {*listed, "dunnage"} <= {hook["id"] for hook in yaml.safe_load(shown.stdout)}


def test_all_pages_name_the_same_revision() -> None:
    pages = [TEXT, *(path.read_text("utf-8") for path in (CHECKOUT / "docs").glob("*.md"))]
    named = re.findall(r"OWNER/dunnage(?:@|\n +rev: )(\w+)", "".join(pages))
    assert set(named) == {REVISION}
    assert len(named) >= 7


@pytest.mark.parametrize(("hook", "arguments"), HOOKS)
def test_the_hooks_accept_their_arguments(hook: str, arguments: str, repository: Path) -> None:
    module = "dunnage" if hook == "dunnage" else f"dunnage.{hook.replace('-', '_')}"
    subcommand = ["check"] if hook == "dunnage" else []
    given = [argument for argument in arguments.split(", ") if argument]
    subprocess.run([sys.executable, "-m", module, *subcommand, *given], cwd=repository, check=True)


def test_the_commands_work(repository: Path) -> None:
    commands = re.findall(r"^(?: *- run: )?dunnage (check(?: --.*)?)$", TEXT, re.MULTILINE)
    assert len(commands) == 2
    for command in commands:
        subprocess.run([sys.executable, "-m", "dunnage", *shlex.split(command)], cwd=repository, check=True)
    assert (repository / "dunnage.sarif").exists()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="dunnage-readme-", ignore_cleanup_errors=True) as folder:
        home = Path(folder).resolve()
        printed = stopped(home, commit_hooks(home))
    README.write_bytes(EXAMPLE.sub(lambda example: example["start"] + printed, TEXT).encode())
    sys.stdout.write("README.md is up to date\n")
