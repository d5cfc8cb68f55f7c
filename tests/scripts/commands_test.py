"""Which files hold shell commands, and that those of every kind are found."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dunnage.files.source import File, SourceError
from dunnage.scripts.commands import commands, kind_of


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("Dockerfile", "dockerfile"),
        ("a/Dockerfile", "dockerfile"),
        ("dockerfile", "dockerfile"),
        ("Containerfile", "dockerfile"),
        ("Dockerfile.alpine", "dockerfile"),
        ("Dockerfile.3.20-alpine", "dockerfile"),
        ("Containerfile.dev", "dockerfile"),
        ("ci.dockerfile", "dockerfile"),
        ("ci.Dockerfile", "dockerfile"),
        ("Dockerfile.dockerignore", None),
        ("Dockerfile.md", None),
        ("dockerfile.rs", None),
        ("dockerfile_parser.py", None),
        ("Dockerfile-lint.js", None),
        ("Dockerfile-alpine", "dockerfile"),
        ("Dockerfile_1.2", "dockerfile"),
        ("dockerfile.dev", "dockerfile"),
        ("CI.DOCKERFILE", "dockerfile"),
        ("x.Containerfile", "dockerfile"),
        ("Dockerfiles", None),
        ("myDockerfile", None),
        (".github/workflows/ci.yml", "github"),
        ("a/.github/workflows/ci.yaml", "github"),
        (".forgejo/workflows/ci.yml", "github"),
        (".github/workflows/a/ci.yml", None),
        (".github/dependabot.yml", None),
        ("action.yml", "github"),
        (".github/actions/x/action.yaml", "github"),
        ("my-action.yml", None),
        (".gitlab-ci.yml", "gitlab"),
        ("ci/build.gitlab-ci.yml", "gitlab"),
        (".gitlab/ci/build.yml", "gitlab"),
        (".circleci/config.yml", "circleci"),
        ("config.yml", None),
        ("build.sh", "shell"),
        ("build.bash", "shell"),
        (".envrc", "shell"),
        ("build.fish", None),
        ("Makefile", "makefile"),
        ("GNUmakefile", "makefile"),
        ("a/rules.mk", "makefile"),
        ("Makefile.linux", "makefile"),
        ("Makefile.am", None),
        ("Makefile.toml", "cargo-make"),
        ("azure-pipelines.yml", "azure"),
        ("ci/azure-pipelines-nightly.yaml", "azure"),
        (".azure-pipelines/templates/x.yml", "azure"),
        (".buildkite/pipeline.yml", "buildkite"),
        ("buildkite.yml", "buildkite"),
        ("mise.toml", "mise"),
        (".mise.toml", "mise"),
        ("mise.local.toml", "mise"),
        (".config/mise/config.toml", "mise"),
        (".config/mise/conf.d/x.toml", "mise"),
        ("config.toml", None),
        ("Cargo.toml", None),
        ("package.json", "npm"),
        ("package-lock.json", None),
        ("Taskfile.yml", "taskfile"),
        ("taskfile.dist.yaml", "taskfile"),
        ("justfile", "justfile"),
        ("Justfile", "justfile"),
        (".justfile", "justfile"),
        ("ci.just", "justfile"),
        ("main.rs", None),
        ("build", None),
        ("", None),
    ],
)
def test_kind_by_name(path: str, expected: str | None) -> None:
    assert kind_of(path, b"") == expected


@pytest.mark.parametrize(
    ("path", "head", "expected"),
    [
        ("build", b"#!/bin/sh\n", "shell"),
        ("build", b"#! /bin/bash -eu\nx", "shell"),
        ("build", b"#!/usr/bin/env bash", "shell"),
        ("build", b"#!/usr/bin/env -S bash -e\n", "shell"),
        ("build", b"#!/usr/bin/env A=b zsh\r\n", "shell"),
        ("build", b"#!/usr/bin/env python3\n", None),
        ("build", b"#!/usr/bin/make -f\n", "makefile"),
        ("build", b"#!/usr/bin/env just --justfile\n", "justfile"),
        ("build.sh", b"#!/usr/bin/env fish\n", None),
        ("build.sh", b"echo\n", "shell"),
        ("build", b"#!", None),
        ("build", b"#!/usr/bin/env\n", None),
        ("build", b"#!\xff\xfe", None),
    ],
)
def test_kind_by_first_line(path: str, head: bytes, expected: str | None) -> None:
    assert kind_of(path, head) == expected


FILES = {
    "build.sh": "sudo cargo install x\n",
    "Dockerfile": 'FROM rust\nRUN cargo install x\nRUN ["sudo", "cargo", "install", "x"]\n',
    ".github/workflows/ci.yml": "on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n      - run: cargo install x\n",
    "action.yml": "runs:\n  using: composite\n  steps:\n    - run: cargo install x\n      shell: bash\n",
    ".gitlab-ci.yml": "a:\n  script:\n    - cargo install x\n",
    ".circleci/config.yml": "version: 2.1\njobs:\n  a:\n    steps:\n      - run: cargo install x\n",
    "Makefile": "a:\n\t@cargo install x\n",
    "justfile": "a:\n    cargo install x\n",
    "azure-pipelines.yml": "steps:\n- script: cargo install x\n- pwsh: cargo install x\n",
    ".buildkite/pipeline.yml": "steps:\n- command: cargo install x\n",
    "Makefile.toml": "[tasks.a]\nscript = 'cargo install x'\n[tasks.b]\ncommand = 'cargo'\nargs = ['install', 'x']\n",
    "mise.toml": "[tasks]\na = 'cargo install x'\n",
    "package.json": '{"scripts": {"a": "cargo install x"}}',
    "Taskfile.yml": "tasks:\n  a: cargo install x\n",
}


@pytest.mark.parametrize("path", FILES)
def test_commands_of_every_kind_of_file(path: str) -> None:
    file = File(path, FILES[path].encode())
    found = list(commands(file, {"cargo"}))
    assert found
    for command in found:
        assert [word.values for word in command.words] == [("cargo",), ("install",), ("x",)]
        assert [file.data[slice(*word.span)].decode() for word in command.words] == [
            word.text for word in command.words
        ]
        assert command.place.kind == kind_of(path, b"")
    assert list(commands(file, {"wkg"})) == []
    assert found == list(commands(file))


def test_other_files_hold_none() -> None:
    assert list(commands(File("main.rs", b"cargo install x"))) == []


def test_a_script_that_is_not_utf_8() -> None:
    with pytest.raises(SourceError, match="is not UTF-8: byte 0xff"):
        list(commands(File("x.sh", b"cargo \xff")))


@pytest.mark.parametrize("path", FILES)
@given(content=st.binary(max_size=200))
@settings(deadline=None, max_examples=50)
def test_arbitrary_bytes_never_raise(path: str, content: bytes) -> None:
    for data in (content, FILES[path].encode() + content):
        file = File(path, data)
        try:
            found = list(commands(file))
        except SourceError:
            continue
        for command in found:
            for word in command.words:
                assert data[slice(*word.span)].decode("utf-8", "replace") == word.text


@pytest.mark.parametrize("path", FILES)
@given(data=st.data())
@settings(deadline=None, max_examples=50)
def test_damaged_files_never_raise(path: str, data: st.DataObject) -> None:
    text = FILES[path]
    at = data.draw(st.integers(0, len(text)))
    inserted = data.draw(st.text(st.sampled_from("\t\n\r \"'\\$`(){}[]<>|&;:-#*!@%=,.aé\ufeff\x00"), max_size=6))
    file = File(path, (text[:at] + inserted + text[at + data.draw(st.integers(0, 5)) :]).encode())
    for command in commands(file):
        for word in command.words:
            assert file.data[slice(*word.span)].decode("utf-8", "replace") == word.text


def test_a_file_without_the_names_costs_no_parser() -> None:
    program = """if True:
        import sys
        from dunnage.scripts.commands import commands
        from dunnage.files.source import File
        list(commands(File("Dockerfile", b"FROM x"), {"cargo"}))
        assert "tree_sitter" not in sys.modules
        list(commands(File("x.sh", b"cargo b"), {"cargo"}))
        assert "tree_sitter" in sys.modules and "importlib.resources" not in sys.modules
    """
    subprocess.run([sys.executable, "-S", "-c", f"import sys; sys.path = {sys.path!r}\n{program}"], check=True)
