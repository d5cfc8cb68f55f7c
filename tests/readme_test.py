"""The examples in README.md and docs/ are what the programs print: each is run again and compared, byte for byte.

An example is the block of code after `<!-- example: NAME -->`. `make readme` writes what all of them print now.
"""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from demo.run import commit_all, environment, hook_repository, runs
from judges import lacking

CHECKOUT = Path(__file__).resolve().parent.parent
README = CHECKOUT / "README.md"
DOCUMENTS = (README, *sorted((CHECKOUT / "docs").glob("*.md")), *sorted((CHECKOUT / "docs" / "hooks").glob("*.md")))
LEDGER = CHECKOUT / "demo" / "example" / "ledger"
REAL = CHECKOUT.parent / "shared" / "corpus" / "workspaces" / "wasm-pkg-tools"
OLD, NEW = 'version = "0.1.0"', 'version = "0.2.0"'

CONFIGURATION = re.compile(r"^```yaml\n(repos:\n.*?)^```\n", re.DOTALL | re.MULTILINE)
EXAMPLE = re.compile(
    r"(?P<mark>^<!-- example: (?P<name>[a-z-]+) -->\n```\w+\n)(?P<text>.*?)(?P<end>^```\n)", re.DOTALL | re.MULTILINE
)


class Places:
    """Where the examples are run: this checkout as a hook repository, and as many repositories as are asked for."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.env = environment(home) | {"PYTHONUTF8": "1"}
        self.hooks = home / "dunnage"
        self.revision = hook_repository(self.hooks, self.env)
        self.count = 0

    def repository(self, workspace: Path) -> Repository:
        """Commit a copy of a workspace with what the README says to put into .pre-commit-config.yaml."""
        self.count += 1
        folder = self.home / str(self.count)
        shutil.copytree(workspace, folder)
        (configuration,) = CONFIGURATION.findall(README.read_text("utf-8"))
        for key, value in (("repo", f"'{self.hooks.as_posix()}'"), ("rev", self.revision)):
            configuration, replaced = re.subn(rf"\b{key}: .*", f"{key}: {value}", configuration)
            assert replaced == 1
        (folder / ".pre-commit-config.yaml").write_bytes(configuration.encode())
        commit_all(folder, "Before", self.env)
        return Repository(folder, self.env)


class Repository:
    """A repository in which an example is run."""

    def __init__(self, folder: Path, env: dict[str, str]) -> None:
        self.folder = folder
        self.env = env

    def edit(self, name: str, before: str, after: str) -> None:
        """Replace what stands in a file exactly once."""
        text = (self.folder / name).read_bytes().decode()
        assert text.count(before) == 1, f"{before!r} stands {text.count(before)} times in {name}"
        (self.folder / name).write_bytes(text.replace(before, after).encode())

    def run(self, command: str, *, status: int) -> str:
        """Run a command, which must end with this status; return what a terminal would show."""
        result = subprocess.run(
            shlex.split(command),
            cwd=self.folder,
            env=self.env,
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
        )
        shown = f"$ {command}\n{result.stdout}".rstrip("\n") + "\n"
        assert result.returncode == status, shown
        return shown


def stopped(places: Places) -> str:
    """Stop a commit in a real workspace: a requirement without its lock, and a crate from somewhere else."""
    if not REAL.is_dir():
        pytest.skip("there is no corpus beside this checkout")
    repository = places.repository(REAL)
    repository.run("pre-commit install --install-hooks", status=0)
    repository.edit("Cargo.toml", 'reqwest = { version = "0.13.4"', 'reqwest = { version = "0.13.5"')
    repository.edit(
        "Cargo.lock",
        'name = "anyhow"\n'
        'version = "1.0.104"\n'
        'source = "registry+https://github.com/rust-lang/crates.io-index"\n'
        'checksum = "330a5ed07fa54e4702c9d6c4174f74427fc0ef6e214bbd677ae50a5099946470"\n',
        'name = "anyhow"\n'
        'version = "1.0.104"\n'
        f'source = "git+https://git.example.invalid/somebody/anyhow#{"bad" * 13}b"\n',
    )
    return repository.run("git commit --quiet --all --message 'Use reqwest 0.13.5'", status=1)


def ledger(places: Places) -> Repository:
    """Take the demo's workspace whose lock is behind the manifests, before it was."""
    repository = places.repository(LEDGER)
    repository.edit("crates/core/Cargo.toml", NEW, OLD)
    commit_all(repository.folder, "Before", places.env)
    return repository


def small(places: Places) -> str:
    """Let a commit without manifests pass, and stop one that leaves the lock behind."""
    repository = ledger(places)
    repository.run("pre-commit install --install-hooks", status=0)
    repository.edit("crates/core/src/lib.rs", "balance()", "total()")
    made = repository.run("git commit --quiet --all --message 'Rename balance'", status=0)
    repository.edit("crates/core/Cargo.toml", OLD, NEW)
    return made + repository.run("git commit --quiet --all --message 'ledger-core 0.2.0'", status=1)


def fixed(places: Places) -> str:
    """Repair the lock with cargo."""
    if not runs(["cargo", "--version"], places.env):
        lacking("cargo")
    repository = ledger(places)
    repository.edit("crates/core/Cargo.toml", OLD, NEW)
    did = repository.run("check-cargo-lock --fix crates/core/Cargo.toml", status=1)
    return did + repository.run("check-cargo-lock crates/core/Cargo.toml", status=0)


def as_json(places: Places) -> str:
    """Print a finding for programs."""
    repository = ledger(places)
    repository.edit("crates/core/Cargo.toml", OLD, NEW)
    return repository.run("check-cargo-lock --output-format json crates/core/Cargo.toml", status=1)


def ignored(places: Places) -> str:
    """Silence a finding by a comment."""
    repository = ledger(places)
    line = f"{NEW} # dunnage: ignore[cargo-lock/stale] the release script brings the lock up to date"
    repository.edit("crates/core/Cargo.toml", OLD, line)
    repository.run("check-cargo-lock crates/core/Cargo.toml", status=0)
    return f"{line}\n"


EXAMPLES: dict[str, Callable[[Places], str]] = {
    "stopped": stopped,
    "small": small,
    "fixed": fixed,
    "json": as_json,
    "ignored": ignored,
}


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Places:
    """One hook repository and one cache for all examples."""
    return Places(tmp_path_factory.mktemp("readme"))


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_example_is_what_is_printed(name: str, places: Places) -> None:
    (written,) = (example["text"] for example in written_examples() if example["name"] == name)
    assert written == EXAMPLES[name](places), "run `make readme`"


def test_the_documents_have_every_example_and_no_other() -> None:
    assert sorted(example["name"] for example in written_examples()) == sorted(EXAMPLES)
    outputs = sum(document.read_text("utf-8").count("\n```console\n") for document in DOCUMENTS)
    assert outputs == sum(example["mark"].endswith("console\n") for example in written_examples())


def written_examples() -> list[re.Match[str]]:
    """Return the examples in all documents."""
    return [example for document in DOCUMENTS for example in EXAMPLE.finditer(document.read_text("utf-8"))]


def write() -> None:
    """Write the examples into the documents; one that cannot be run here stays as it is."""
    with tempfile.TemporaryDirectory(prefix="dunnage-readme-", ignore_cleanup_errors=True) as folder:
        places = Places(Path(folder).resolve())
        printed = {}
        for name, example in EXAMPLES.items():
            try:
                printed[name] = example(places)
            except pytest.skip.Exception as skipped:
                sys.stderr.write(f"the example {name} stays as it is: {skipped}\n")
    for document in DOCUMENTS:
        text = EXAMPLE.sub(
            lambda example: example["mark"] + printed.get(example["name"], example["text"]) + example["end"],
            document.read_text("utf-8"),
        )
        document.write_bytes(text.encode())


if __name__ == "__main__":
    write()
