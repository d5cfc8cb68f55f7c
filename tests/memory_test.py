"""A run keeps of a file only what later files need, so that many files take no more memory than a few."""

from __future__ import annotations

import gc
import os
from collections import Counter
from collections.abc import Iterator
from importlib import import_module
from sys import getrefcount
from typing import Any

import pytest
import tomli

from dunnage import check_cargo_lock
from dunnage.cargo.dependency import Dependency
from dunnage.cargo.lock_report import LockReport
from dunnage.cargo.manifest import WorkspaceTable
from dunnage.cargo.resolution import Resolution
from dunnage.check_rust_toolchain import ToolchainInstall
from dunnage.ci.repository_files import Steps, repository_files
from dunnage.ci.runs import Walk
from dunnage.files.source import Parsed, Tree
from dunnage.frame.hook import Hook
from dunnage.frame.options import Options
from dunnage.scripts.yaml import Node
from dunnage.shell.model import Command, Script
from dunnage.shell.programs import parse_bash
from dunnage.wit.cargo_component import ComponentDependency
from dunnage.wit.projects import Override, WitRequirement
from repository import write_tracked

_LINES = ("cargo build --locked", "cargo install --locked a@1.2.3", "curl -o a https://x.org/1.2.3/cargo-deny", "./a")
_STEPS = "".join(f"      - run: {line}\n" for line in _LINES)
_JOB = (
    "on: push\njobs:\n  a:\n    runs-on: x\n    container: rust:1.80.0\n    env: {T: '${{ secrets.T }}'}\n    steps:\n"
)
_SCRIPT = "".join(f"{line}\n" for line in _LINES)
_FILES = {
    "#/a.sh": f"#!/bin/sh\n{_SCRIPT}docker run rust:1.80.0 cargo build --locked\n",
    "#/latin.sh": f"#!/bin/sh\n# \xe9\n{_SCRIPT}",
    "#/Dockerfile": "FROM rust:1.80.0\nCOPY . .\n" + "".join(f"RUN {line}\n" for line in _LINES),
    "#/Makefile": "a:\n" + "".join(f"\t{line}\n" for line in _LINES),
    "#/justfile": "a:\n" + "".join(f"    {line}\n" for line in _LINES),
    "#/.gitlab-ci.yml": "a:\n  image: rust:1.80.0\n  script:\n" + "".join(f"    - {line}\n" for line in _LINES),
    "#/Cargo.toml": (
        '[package]\nname = "a#"\nversion = "1.2.3"\n[dependencies]\nb#.path = "b"\n[workspace]\nmembers = ["*"]\n'
    ),
    "#/b/Cargo.toml": '[package]\nname = "b#"\nversion = "1.2.3"\n[dependencies]\nc = "1.2.3"\n',
    "#/src/main.rs": "",
    "#/c/Cargo.toml": (
        '[package]\nname = "c#"\nversion = "1.2.3"\n[lib]\npath = "x.rs"\n'
        '[package.metadata.component.dependencies]\n"a:b" = "1.2"\n"a:c" = "1"\n'
    ),
    "#/c/Cargo-component.lock": "version = 1\n",
    "#/c/wkg.toml": '[overrides]\n"a:b" = { version = "1.2" }\n"a:c" = { version = "1" }\n',
    "#/c/wkg.lock": "version = 1\n",
    "#/c/wit/a.wit": "package a:b;\nworld w { import a:b/c@1.2.3; import d:e/f; }\n",
    ".github/workflows/#.yml": f"{_JOB}{_STEPS}      - run: ./#/a.sh\n      - run: make -C #\n      - run: just #/a\n",
}
_HOOKS = (
    "check-advisory-gate",
    "check-base-images",
    "check-build-sandbox",
    "check-cargo-install",
    "check-cargo-lock",
    "check-locked-builds",
    "check-rust-toolchain",
    "check-tool-digests",
    "check-update-bot",
    "check-wit-lock",
    "check-wit-pins",
)
_PARSED = (
    Command,
    ComponentDependency,
    Dependency,
    Node,
    Override,
    Script,
    ToolchainInstall,
    WitRequirement,
    WorkspaceTable,
)


@pytest.fixture
def collected() -> Iterator[None]:
    """Let the garbage collector look only at what a test creates."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.mark.usefixtures("repository", "collected")
@pytest.mark.parametrize("name", _HOOKS)
def test_what_files_are_parsed_into_is_released(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr("dunnage.files.source._MOST_PARSED_BYTES", 0)
    hook: Hook = import_module(f"dunnage.{name.replace('-', '_')}").HOOK

    def most(count: int) -> Counter[str]:
        """How many objects of parsers exist at once, at most, in a run over `count` files of each kind."""
        files = {
            path.replace("#", str(number)): text.replace("#", str(number)).encode("latin-1")
            for number in range(count)
            for path, text in _FILES.items()
        }
        write_tracked(files)
        found = Counter[str]()

        def look(_path: str = "") -> None:
            gc.collect()
            nonlocal found
            found |= Counter(type(each).__name__ for each in gc.get_objects() if isinstance(each, _PARSED))

        tree = Tree()
        list(hook.check([*files], tree.view(look), Options()))
        look()
        return found

    assert most(4) == most(2)


@pytest.mark.usefixtures("repository")
def test_the_comparison_of_a_workspace_is_released() -> None:
    lock = 'version = 4\n[[package]]\nname = "a"\nversion = "1.0.0"\ndependencies = ["b"]\n'
    manifest = '[package]\nname = "a"\nversion = "1.0.0"\n[dependencies]\nb = "1"\n'
    write_tracked({f"{number}/Cargo.toml": manifest for number in range(8)})
    write_tracked({f"{number}/Cargo.lock": lock for number in range(8)})
    found = check_cargo_lock.check([f"{number}/Cargo.toml" for number in range(8)], Tree(), Options())
    gc.collect()
    gc.disable()  # as in a run
    try:
        assert len(list(found)) == 8
        assert sum(isinstance(each, Resolution | LockReport) for each in gc.get_objects()) <= 2
    finally:
        gc.enable()


@pytest.mark.usefixtures("repository")
def test_what_is_known_of_the_programs_of_ci_is_released(monkeypatch: pytest.MonkeyPatch) -> None:
    caches = list[dict[Any, Any]]()
    new = Parsed.cache

    def cache(parsed: Parsed) -> dict[Any, Any]:
        caches.append(new(parsed))
        return caches[-1]

    monkeypatch.setattr(Parsed, "cache", cache)
    path = ".github/workflows/a.yml"
    write_tracked({path: f"{_JOB}      - run: echo a\n", "b": ""})
    tree = Tree()
    repository = repository_files(tree, os.getcwd())
    assert list(Walk(repository, ("cargo",)).workflow(path)) == []
    assert sum(map(bool, caches)) == 3
    monkeypatch.setattr("dunnage.files.source._MOST_PARSED_BYTES", -1)
    assert tree.read("b").text == ""
    assert not any(caches)


@pytest.mark.usefixtures("repository")
@pytest.mark.parametrize("most", [8 * 1024 * 1024, -1])
def test_steps_do_not_depend_on_what_is_released(monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    monkeypatch.setattr("dunnage.files.source._MOST_PARSED_BYTES", most)
    path = ".github/workflows/a.yml"
    calls = "".join(f"      - run: ./{name}.sh\n" for name in "abab")
    write_tracked({path: _JOB + calls, "a.sh": "cargo build\n" * 10, "b.sh": "cargo test\n" * 10})
    tree = Tree()
    steps = Steps(tree)
    repository = repository_files(tree, os.getcwd(), steps)
    before = steps.left
    assert len(list(Walk(repository, ("cargo",)).workflow(path))) == 40
    assert before - steps.left == 5580


@pytest.mark.usefixtures("repository")
def test_each_manifest_of_a_workspace_is_parsed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    members = {f"{at}/Cargo.toml": f'[package]\nname = "m{at}"\nversion = "1.2.3"\n' for at in range(30)}
    members |= {f"{at}/src/main.rs": "" for at in range(30)}
    write_tracked({"Cargo.toml": '[workspace]\nmembers = ["*"]\n', **members})
    parsed = list[str]()
    loads = tomli.loads

    def count(text: str) -> dict[str, Any]:
        parsed.append(text)
        return loads(text)

    monkeypatch.setattr("tomli.loads", count)
    names = ["Cargo.toml", *(name for name in members if name.endswith(".toml"))]
    assert len(list(check_cargo_lock.check(names, Tree(), Options()))) == 1
    assert len(parsed) == len(names)


@pytest.mark.usefixtures("repository")
@pytest.mark.parametrize("name", ["check-wit-lock", "check-wit-pins"])
def test_findings_are_looked_for_only_when_they_are_asked_for(name: str) -> None:
    hook: Hook = import_module(f"dunnage.{name.replace('-', '_')}").HOOK
    names = ["a/wit/deps.toml", "b/wit/deps.toml"]
    write_tracked(dict.fromkeys(names, 'a = "https://x.org/main.tar.gz"\n'))
    tree = Tree()
    assert next(iter(hook.check(names, tree, Options()))).path == names[0]
    assert [file.path for file in tree.files() if file.path in names] == names[:1]


def test_a_program_is_released_after_it_is_parsed() -> None:
    program = b"cargo build --locked -p %d\n" % 1
    before = getrefcount(program)
    assert parse_bash(program) is not None
    assert getrefcount(program) == before
