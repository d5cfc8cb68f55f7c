"""What the registry says of files is what the hooks take."""

from __future__ import annotations

import re
import subprocess
import sys
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from dunnage.files.source import Tree
from dunnage.files.walk import DOCKERFILES
from dunnage.frame.check import ALL
from dunnage.frame.options import Options
from dunnage.frame.registry import CI, ENTRIES, PERHAPS_SCRIPT, SCRIPTS, Entry, pattern
from dunnage.scripts.commands import kind_of
from dunnage.scripts.tasks import KINDS

FOLDERS = (
    *("", "a/", "a/b.c/", ".github/", ".github/workflows/", "a/.gitea/workflows/", ".forgejo/workflows/"),
    *(".github/workflows/a/", "x.github/workflows/", ".gitlab/ci/", "a/.gitlab/ci/b/", ".gitlab-ci/", ".gitlab/"),
    *("gitlab-ci/", ".circleci/", ".circleci/a/", "x.circleci/", "action.yml/", "Dockerfile/", "a.sh/"),
    *(".azure-pipelines/", "azure-pipelines/a/", "x-azure-pipelines/", ".buildkite/", "buildkite/", "a/.buildkite/b/"),
    *(".pipelines/", "a/.pipelines/b/", "x.pipelines/", "pipelines/"),
    *("mise/", ".mise/", ".config/mise/conf.d/", "a/.mise/conf.d/", "x.mise/", "conf.d/", "mise/a/"),
)
STEMS = (
    *("", "a", "a.b", ".a", "Dockerfile", "dockerfile", "Containerfile", "DOCKERFILE", "xDockerfile", "Makefile"),
    *("Dockerfile-a", "dockerfile_a", "CONTAINERFILE-x", "dockerfiles"),
    *("makefile", "GNUmakefile", "MAKEFILE", "justfile", "Justfile", ".justfile", "action", "ACTION", "my-action"),
    *(".gitlab-ci", "a.gitlab-ci", ".GitLab-CI", ".bashrc", ".envrc", ".Profile", "x.bashrc", "Jenkinsfile"),
    *("sh", "mk", "just", "yml", "bashrc", "containerfile"),
    *("azure-pipelines", ".azure-pipelines", "a-Azure-Pipelines.b", "azure-pipeline", "buildkite", "Buildkite"),
    *("mise", ".mise", "mise.local", ".MISE.b", "miser", "config", "config.b", ".config", "configs", "taskfile"),
    *("Taskfile.dist", "Taskfiles", "my-taskfile", "package", "Package", "makefile.b", "wrangler", "Wrangler"),
)
ENDINGS = (
    *("", ".", ".yml", ".YAML", ".yaml", ".yml.bak", ".sh", ".Bash", ".zsh", ".mksh", ".fish", ".mk", ".MAK", ".just"),
    *(".am", ".in", ".toml", ".md", ".dockerignore", ".dev", ".1.2", ".dev.md", ".dockerfile", ".Containerfile", ".rs"),
    *(".TOML", ".json", ".JSON"),
)
NAMES = [f"{folder}{stem}{ending}" for folder, stem, ending in product(FOLDERS, STEMS, ENDINGS) if stem or ending]

_CI = {"azure", "buildkite", "circleci", "github", "gitlab"}
_WITHOUT_PERHAPS = tuple(part for part in SCRIPTS if part != PERHAPS_SCRIPT)


@pytest.mark.parametrize(
    ("files", "kinds"),
    [
        pytest.param(CI, _CI, id="ci"),
        pytest.param(DOCKERFILES, {"dockerfile"}, id="dockerfiles"),
        pytest.param(
            (*DOCKERFILES, *CI, *_WITHOUT_PERHAPS),
            {*_CI, *KINDS, "dockerfile", "shell", "makefile", "justfile"},
            id="all",
        ),
    ],
)
def test_patterns_of_files_with_commands_agree_with_their_kinds(files: tuple[str, ...], kinds: set[str]) -> None:
    wanted = re.compile(pattern(files))
    assert [name for name in NAMES if bool(wanted.search(name)) != (kind_of(name, b"") in kinds)] == []


def test_a_script_without_an_ending_may_be_anything() -> None:
    wanted = re.compile(pattern(SCRIPTS))
    for name in ("build", "a/build"):
        for head in (b"#!/bin/sh\n", b"#!/usr/bin/make -f\n", b"#!/usr/bin/env just\n"):
            assert kind_of(name, head)
            assert wanted.search(name)


FILES: dict[str, tuple[Any, ...]] = {
    "check-cargo-lock": ("Cargo.toml", b"[package]\nname = 'a'\n"),
    "check-base-images": ("Dockerfile", b"FROM rust\n"),
    "check-build-sandbox": ("Dockerfile", b"FROM a\nRUN cargo build\n"),
    "check-cargo-install": ("Dockerfile", b"FROM a\nRUN cargo install x\n"),
    "check-locked-builds": ("Dockerfile", b"FROM a\nRUN cargo build\n"),
    "check-advisory-gate": ("Cargo.lock", b"version = 4\n"),
    "check-deny-toml": ("deny.toml", b"x = 1\n"),
    "check-rust-toolchain": ("rust-toolchain", b"stable\n"),
    "check-tool-digests": (
        "Dockerfile",
        b"FROM a\nRUN curl https://github.com/casey/just/releases/download/1.4.0/just.tar.gz | tar xz\n",
    ),
    "check-update-bot": ("renovate.json", b'{"enabled": false}\n'),
    "check-wit-pins": ("wkg.toml", b"x = 1\n"),
    "check-wit-lock": ("wkg.lock", b"version = 9\n"),
    "check-wit-limits": ("a.wit", b"interface\n"),
    "review-cargo-lock": ("Cargo.lock", b"version = 4\n", "--require-base"),
    "review-wit": ("a.wit", b"package a:b;\n", "--require-base"),
}
"""For each hook a file in which it finds something, and the options that this takes."""


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.id)
def test_a_hook_is_run_in_both_ways(entry: Entry, repository: Path) -> None:
    name, data, *arguments = FILES[entry.id]
    (repository / "Cargo.lock").write_bytes(b"version = 4\n")
    subprocess.run(["git", "add", "Cargo.lock"], check=True)
    (repository / name).write_bytes(data)
    for module in ("typing", "yaml", "tomli"):  # which neither may import from here
        (repository / f"{module}.py").write_text("raise SystemExit(3)\n", "utf-8")
    program = Path(sys.executable).parent / entry.id
    by_name, by_module = (
        subprocess.run([*command, *arguments, name], capture_output=True, check=False, text=True)
        for command in ([str(program)], [sys.executable, "-m", entry.module])
    )
    assert by_name.stdout
    assert (by_name.returncode, by_name.stdout, by_name.stderr) == (1, by_module.stdout, by_module.stderr)
    assert by_module.returncode == 1
    assert re.search(entry.pattern, name)


def test_options_of_one_name_are_one_option() -> None:
    seen: dict[str, object] = {}
    for entry in ENTRIES:
        for option in entry.hook().options:
            # `dunnage check` has an `--all` of its own, and gives that of no hook.
            assert option.name == ALL.name or seen.setdefault(option.name, option) is option


def test_rules_are_known_by_one_id() -> None:
    rules = [rule.id for entry in ENTRIES for rule in entry.hook().rules]
    assert len(rules) == len(set(rules))
    for entry in ENTRIES:
        assert {rule.id.partition("/")[0] for rule in entry.hook().rules} == {entry.concern}


def test_only_fixable_rules_have_fixes(repository: Path) -> None:
    for entry in ENTRIES:
        name, data, *_ = FILES[entry.id]
        (repository / name).write_bytes(data)
        hook = entry.hook()
        assert hook.fixes == any(rule.is_fixable for rule in hook.rules)
        for finding in hook.check([name], Tree(), Options()):
            assert finding.rule.is_fixable or finding.fix is None


@pytest.mark.parametrize(
    ("name", "is_read"),
    [
        (".github/scripts/a.sh", True),
        ("ci/a.bash", True),
        (".ci/x/y.sh", True),
        ("scripts/a.sh", False),
        ("aci/a.sh", False),
    ],
)
def test_scripts_of_ci(name: str, is_read: bool) -> None:
    entry = next(entry for entry in ENTRIES if entry.id == "check-locked-builds")
    assert bool(re.search(entry.pattern, name)) is is_read
