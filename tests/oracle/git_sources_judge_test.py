"""Crates from git: no lock that cargo writes is reported, and locks that cargo accepts at a wrong commit are."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path
from typing import NamedTuple

import pytest

from cargo.files import found, matches, package, write
from dunnage.check_cargo_lock import main

SPECIAL_NAMES = ("feature#1", "a&b", "a+b", "p%q")


class Repository(NamedTuple):
    """A git repository with the package `tools`, which depends on `inner` in the same repository."""

    folder: Path
    url: str
    commit: str
    """The commit of the tags `light` and `annotated`."""
    tag: str
    """The object of the tag `annotated`."""
    later: str
    """The commit of the branch `main`."""


@pytest.fixture(scope="module")
def upstream(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    folder = tmp_path_factory.mktemp("tools")
    write(
        folder,
        {
            "Cargo.toml": package("tools", "1.2.0", '\n[dependencies]\ninner = { path = "inner" }\n'),
            "src/lib.rs": "",
            "inner/Cargo.toml": package("inner"),
            "inner/src/lib.rs": "",
        },
    )

    for command in (
        ["init", "-q", "-b", "main"],
        ["add", "."],
        ["commit", "-q", "-m", "one"],
        ["tag", "light"],
        ["tag", "-a", "-m", "one", "annotated"],
        *(["branch", name] for name in SPECIAL_NAMES),
        ["commit", "-q", "--allow-empty", "-m", "two"],
        *(["branch", "-f", name] for name in SPECIAL_NAMES),
    ):
        _git(folder, *command)
    hashes = (_git(folder, "rev-parse", name) for name in ("light", "annotated", "main"))
    return Repository(folder, folder.as_uri(), *hashes)


def _git(folder: Path, *arguments: str) -> str:
    command = ["git", "-c", "user.name=a", "-c", "user.email=a@b", *arguments]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout.strip()


class Workspace:
    """A package that depends on `tools`, with the lock that cargo writes for it."""

    def __init__(self, cargo: str, folder: Path, upstream: Repository, dependency: str) -> None:
        self._command = [cargo, "metadata", "--format-version", "1"]
        self._environment = {name: value for name, value in os.environ.items() if not name.startswith("CARGO")}
        self._environment["CARGO_HOME"] = str(folder / ".home")
        self._folder = folder
        entry = dependency.format(**upstream._asdict())
        write(folder, {"Cargo.toml": package("app", rest=f"\n[dependencies]\n{entry}\n"), "src/lib.rs": ""})
        assert self._run(), "cargo writes no lock"

    def accepts(self) -> bool:
        """Whether `cargo --locked` accepts the lock."""
        return self._run("--locked")

    def update(self) -> None:
        """Follow the advice of the findings."""
        command = [self._command[0], "update", "--workspace"]
        subprocess.run(command, cwd=self._folder, env=self._environment, check=True, capture_output=True)

    def uses(self, commit: str) -> bool:
        """Whether cargo takes the package `tools` from this commit."""
        command = [*self._command, "--locked"]
        output = subprocess.run(
            command, cwd=self._folder, env=self._environment, check=True, capture_output=True
        ).stdout
        [path] = [found["manifest_path"] for found in json.loads(output)["packages"] if found["name"] == "tools"]
        return f"/{commit:.7}/" in path

    def replace(self, pattern: str, new: str) -> None:
        """Replace what a pattern matches in the lock, in one package or several."""
        path = self._folder / "Cargo.lock"
        text, count = re.subn(pattern, new, path.read_text("utf-8"))
        assert count
        path.write_text(text, "utf-8", newline="\n")

    def _run(self, *options: str) -> bool:
        command = [*self._command, *options]
        return not subprocess.run(
            command, cwd=self._folder, env=self._environment, check=False, capture_output=True
        ).returncode


BY_COMMIT = 'tools = {{ git = "{url}", rev = "{commit}" }}'
WRITTEN = [
    pytest.param('tools = {{ git = "{url}" }}', id="default-branch"),
    pytest.param('tools = {{ git = "{url}", branch = "main" }}', id="branch"),
    pytest.param('tools = {{ git = "{url}", tag = "light" }}', id="tag"),
    pytest.param('tools = {{ git = "{url}", tag = "annotated" }}', id="annotated-tag"),
    pytest.param(BY_COMMIT, id="commit"),
    pytest.param('tools = {{ git = "{url}", rev = "{commit:.8}" }}', id="short-commit"),
    pytest.param('tools = {{ git = "{url}", rev = "{commit:.39}" }}', id="all-digits-but-one"),
    pytest.param('tools = {{ git = "{url}", rev = "annotated" }}', id="rev-that-names-a-tag"),
    pytest.param('tools = {{ git = "{url}", rev = "refs/heads/main" }}', id="rev-that-names-a-reference"),
    pytest.param('inner = {{ git = "{url}", rev = "{commit}" }}', id="another-package"),
    pytest.param(
        f'{BY_COMMIT}\nlater = {{{{ package = "tools", git = "{{url}}", rev = "{{later}}" }}}}', id="two-commits"
    ),
    pytest.param(f'tools = "1"\n\n[patch.crates-io]\n{BY_COMMIT}', id="patch"),
]


@pytest.mark.parametrize("dependency", WRITTEN)
def test_what_cargo_writes_is_not_reported(cargo: str, folder: Path, upstream: Repository, dependency: str) -> None:
    assert Workspace(cargo, folder, upstream, dependency).accepts()
    assert found("Cargo.toml") == []


@pytest.mark.parametrize("dependency", [BY_COMMIT, f'tools = "1"\n\n[patch.crates-io]\n{BY_COMMIT}'])
def test_cargo_accepts_another_commit(cargo: str, folder: Path, upstream: Repository, dependency: str) -> None:
    workspace = Workspace(cargo, folder, upstream, dependency)
    workspace.replace("#[0-9a-f]{40}", f"#{upstream.later}")
    assert workspace.accepts()
    expected = (
        f"…foreign-source: `inner 0.1.0` and 1 more package from … are locked at another commit, {upstream.later}"
    )
    assert matches(found("Cargo.toml"), [expected])


@pytest.mark.parametrize("dependency", [BY_COMMIT, 'tools = {{ git = "{url}", branch = "main" }}'])
def test_cargo_accepts_no_commit(cargo: str, folder: Path, upstream: Repository, dependency: str) -> None:
    workspace = Workspace(cargo, folder, upstream, dependency)
    workspace.replace("#[0-9a-f]{40}", "")
    assert workspace.accepts()
    expected = "…no-commit: `inner 0.1.0` and 1 more package from … are locked without a full commit"
    assert matches(found("Cargo.toml"), [expected])


@pytest.mark.parametrize("name", SPECIAL_NAMES)
def test_format_3_does_not_escape_names(cargo: str, folder: Path, upstream: Repository, name: str) -> None:
    """Cargo accepts the lock. Unless it still recognizes the name, it ignores the commit and takes the branch's."""
    workspace = Workspace(cargo, folder, upstream, f'tools = {{{{ git = "{{url}}", branch = "{name}" }}}}')
    workspace.replace("version = 4", "version = 3")
    workspace.replace('branch=[^"]*', f"branch={name}#{upstream.commit}")
    assert workspace.accepts()
    if workspace.uses(upstream.commit):
        assert found("Cargo.toml") == []
        return
    expected = (
        f"…no-commit: `inner 0.1.0` and 1 more package … (branch {name}) are locked at a commit that cargo ignores…"
    )
    assert matches(found("Cargo.toml"), [expected])
    workspace.update()
    assert workspace.accepts()
    assert found("Cargo.toml") == []


CHANGED = [
    pytest.param(BY_COMMIT, BY_COMMIT.replace("commit", "later"), "rev {later}", "rev {commit}", id="rev"),
    pytest.param(BY_COMMIT, 'tools = {{ git = "{url}" }}', "", "rev {commit}", id="default-branch"),
    pytest.param('tools = {{ git = "{url}" }}', BY_COMMIT, "rev {commit}", "default branch", id="from-default-branch"),
    pytest.param(
        'tools = {{ git = "{url}", tag = "light" }}',
        'tools = {{ git = "{url}", branch = "main" }}',
        "branch main",
        "tag light",
        id="from-tag-to-branch",
    ),
    pytest.param(
        f'tools = "1"\ninner = "0.1"\n[patch.crates-io]\n{BY_COMMIT}\n{BY_COMMIT.replace("tools", "inner")}',
        f'tools = "1"\ninner = "0.1"\n[patch.crates-io]\n{BY_COMMIT}\n{BY_COMMIT.replace("tools", "inner")}'.replace(
            "commit", "later"
        ),
        "rev {later}",
        "rev {commit}",
        id="patches",
    ),
]


@pytest.mark.parametrize(("before", "after", "required", "locked"), CHANGED)
def test_another_reference(
    cargo: str, folder: Path, upstream: Repository, before: str, after: str, required: str, locked: str
) -> None:
    values = upstream._asdict()
    was = locked.format(**values)
    workspace = Workspace(cargo, folder, upstream, before)
    write(
        folder,
        {
            "Cargo.toml": (folder / "Cargo.toml")
            .read_text("utf-8")
            .replace(before.format(**values), after.format(**values))
        },
    )
    assert not workspace.accepts()
    assert matches(
        found("Cargo.toml"),
        [f"Cargo.toml:…:1 stale: …{required.format(**values)}…, but Cargo.lock has … from the {was}…"],
    )
    workspace.update()
    assert workspace.accepts()
    assert found("Cargo.toml") == []


def test_patch_of_another_source(cargo: str, folder: Path, upstream: Repository) -> None:
    """A patch of a git repository does not let a crate of crates.io depend on what it provides."""
    workspace = Workspace(cargo, folder, upstream, f'tools = "1"\n[patch.crates-io]\n{BY_COMMIT}')
    write(
        folder,
        {
            "Cargo.toml": (folder / "Cargo.toml")
            .read_text("utf-8")
            .replace("patch.crates-io", 'patch."https://git.example/tools"')
        },
    )
    assert not workspace.accepts()
    assert matches(
        found("Cargo.toml"),
        [
            "Cargo.lock:…:1 foreign-source: `app` requires `tools ^1` from crates.io, …",
            "Cargo.toml:…:1 stale: nothing uses `tools 1.2.0`, which `[patch]` provides, …",
        ],
    )


def test_the_hash_of_an_annotated_tag(
    cargo: str, folder: Path, upstream: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing in the lock tells it from a commit. The help says which commit to require."""
    workspace = Workspace(cargo, folder, upstream, 'tools = {{ git = "{url}", rev = "{tag}" }}')
    assert workspace.accepts()
    expected = f"…(rev {upstream.tag}) are locked at another commit, {upstream.commit}"
    assert matches(found("Cargo.toml"), [expected])
    main(["Cargo.toml"])
    command = re.search("`git (rev-parse) '(.*)'`", capsys.readouterr().out)
    assert command is not None
    assert _git(upstream.folder, *command.groups()) == upstream.commit
