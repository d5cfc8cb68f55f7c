"""Which files hold shell commands, that those of every kind are found, and that no more are read than needed."""

from __future__ import annotations

import contextlib
import io
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dunnage import check_build_sandbox, check_cargo_install
from dunnage.files.source import File, SourceError, Tree
from dunnage.frame import check
from dunnage.scripts.commands import InOrder, commands, files, kind_of
from dunnage.shell import bounds
from dunnage.shell.model import Place, Script, whole
from repository import write_tracked
from steps import steps


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
        ("docker/Dockerfile.zig", "dockerfile"),
        ("Dockerfile.rs", "dockerfile"),
        ("Containerfile.go", "dockerfile"),
        ("dockerfile.zig", None),
        ("Dockerfile-x.zig", None),
        ("Dockerfile.ts", None),
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
        (".pipelines/release.yml", "azure"),
        ("pipelines/release.yml", None),
        ("wrangler.toml", "wrangler"),
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


def _programs(count: int) -> list[Script]:
    return [whole(File(f"{number}.sh", b"cargo build\n"), Place("shell")) for number in range(count)]


def test_each_program_is_read_once() -> None:
    every = _programs(4)
    read: list[Script] = []

    def programs() -> Iterator[Script]:
        for program in every:
            read.append(program)
            yield program

    found = InOrder(programs())
    first = iter(found)
    assert (next(first), next(first)) == (every[0], every[1])
    assert read == every[:2]
    assert list(found) == every
    assert list(first) == every[2:]
    assert read == every
    assert list(InOrder([])) == []


def test_a_file_that_cannot_be_read_is_found_at_once() -> None:
    def programs() -> Iterator[Script]:
        yield from _programs(0)
        raise SourceError("is not UTF-8")

    with pytest.raises(SourceError):
        InOrder(programs())


@pytest.mark.untraced
@pytest.mark.usefixtures("repository")
@pytest.mark.parametrize(
    ("name", "line", "most"),
    [
        pytest.param("Makefile", "t#:\n\tcargo install a#\n", 100, id="makefile"),
        pytest.param("justfile", "t#:\n  cargo install a#\n", 120, id="justfile"),
        pytest.param("Dockerfile", "FROM a\nRUN cargo install a#\n", 280, id="dockerfile"),
        pytest.param("Dockerfile", 'FROM a\nRUN ["cargo", "install", "a#"]\n', 500, id="exec-forms"),
    ],
)
def test_recipes_after_the_limit_are_not_assembled(
    name: str, line: str, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounds, "MOST_FILE_COMMANDS", 50)

    def run(count: int) -> str:
        Path(name).write_text("".join(line.replace("#", str(number)) for number in range(count)), "utf-8")
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            assert check_cargo_install.main([name]) == 1
        return printed.getvalue()

    assert run(100) == run(200)
    few, many = steps(lambda: run(200)), steps(lambda: run(400))
    assert many - few <= most * 200


def test_the_limit_ends_a_file_after_the_last_recipe_that_was_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "MOST_FILE_COMMANDS", 2)
    recipes = ("echo a", "cargo b", "echo c", "cargo d", "cargo e", "cargo f", "echo g")
    file = File("Makefile", "".join(f"t{at}:\n\t{recipe}\n" for at, recipe in enumerate(recipes)).encode())

    def read(*mention: str) -> list[str]:
        return [command.words[1].text for command in commands(file, mention or None)]

    assert read("cargo") == ["b", "d"]
    assert file.unread["input/too-large"][1].start == file.data.index(b"cargo e")
    assert read() == ["b", "d"]
    assert read("echo") == []


def test_commands_without_a_shell_count_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "MOST_FILE_COMMANDS", 2)
    file = File("Dockerfile", b'FROM a\nRUN ["cargo", "b"]\nRUN cargo c\nRUN ["cargo", "d"]\nRUN ["cargo", "e"]\n')
    for _ in range(2):
        assert [command.words[1].text.strip('"') for command in commands(file, ("cargo",))] == ["b", "c"]
    assert file.unread["input/too-large"][1].start == file.data.index(b'"cargo", "d"')


DENSE = "a\n" * 500


def _findings(*argv: str) -> set[tuple[str, str, int]]:
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        check.main(["--output-format=json", "--all", *argv])
    report = json.loads(printed.getvalue())
    return {(found["rule"], found["path"], found["start"]["line"]) for found in report["findings"]}


def _too_large(found: set[tuple[str, str, int]]) -> list[str]:
    return sorted(path for rule, path, _ in found if rule == "input/too-large")


@pytest.mark.usefixtures("repository")
def test_the_commands_of_all_files_are_limited_by_their_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "MOST_RUN_UNITS", 11_000)
    write_tracked({f"{name}.sh": f"cargo install a\n{DENSE}" for name in "abcd"})
    sparse = "# what the next command does, and why it is needed here\nnext --with-an-option # and more\n" * 500
    write_tracked({"e.sh": f"{sparse}cargo install a\n"})
    found = _findings("--only", "check-cargo-install")
    # What is read of a later file is what its size allows.
    assert _too_large(found) == ["b.sh", "c.sh", "d.sh"]
    assert {path for rule, path, _ in found if rule != "input/too-large"} == {f"{name}.sh" for name in "abcde"}


@pytest.mark.usefixtures("repository")
def test_the_limit_of_a_run_is_one_for_each_hook(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "MOST_RUN_UNITS", 11_000)
    write_tracked({f"{name}.sh": f"cargo install a\ncargo build\n{DENSE}" for name in "bdf"})
    write_tracked({f"{name}.sh": f"cargo install a\n{DENSE}" for name in "ac"})
    write_tracked({"e.sh": f"cargo build\n{DENSE}", "Cargo.toml": "", "Cargo.lock": ""})
    hooks = ("check-cargo-install", "check-locked-builds", "check-update-bot")
    apart = [_findings("--only", hook) for hook in hooks]
    assert _too_large(apart[0]) != _too_large(apart[1])
    assert _findings(*(argument for hook in hooks for argument in ("--only", hook))) == set().union(*apart)


@pytest.mark.usefixtures("repository")
def test_each_file_with_a_program_costs_more_than_its_program(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "MOST_RUN_UNITS", 1000)
    write_tracked({f"{name}.sh": "cargo install a\n" for name in "abcdefghijklmnopqrst"})
    assert len(_too_large(_findings("--only", "check-cargo-install"))) == 9
    write_tracked({f"{name}.sh": "#\n" for name in "abcdefghijklmnopqrs"})
    write_tracked({"t.sh": "cargo install a\n" * 20})
    assert _too_large(_findings("--only", "check-cargo-install")) == []


@pytest.mark.untraced
@pytest.mark.usefixtures("repository")
def test_files_after_the_limit_of_a_run_cost_little(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "MOST_RUN_UNITS", 11_000)

    def run(count: int) -> None:
        names = [f"{number:03}.sh" for number in range(count)]
        for name in names:
            Path(name).write_text(f"cargo install a\n{DENSE}", "utf-8")
        with contextlib.redirect_stdout(io.StringIO()):
            assert check_cargo_install.main(names) == 1

    run(4)
    few, many = steps(lambda: run(10)), steps(lambda: run(20))
    assert many - few <= 10 * 10_000


@pytest.mark.untraced
@pytest.mark.usefixtures("repository")
@pytest.mark.parametrize("hook", [check_build_sandbox, check_cargo_install])
def test_files_after_the_limit_of_a_run_are_not_parsed(hook: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "MOST_RUN_UNITS", 200)

    def run(count: int) -> None:
        names = [f"azure-pipelines-{number:03}.yml" for number in range(count)]
        for name in names:
            Path(name).write_text("steps: # publish\n- script: cargo install a\n", "utf-8")
        with contextlib.redirect_stdout(io.StringIO()):
            assert hook.main(names) == 1

    run(4)
    few, many = steps(lambda: run(40)), steps(lambda: run(60))
    assert many - few <= 20 * 1100


@pytest.mark.usefixtures("repository")
def test_what_is_read_again_is_spent_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Other hooks decide when what files are parsed into is released, which must not matter."""
    monkeypatch.setattr(bounds, "MOST_RUN_UNITS", 9000)
    monkeypatch.setattr("dunnage.files.source._MOST_PARSED_BYTES", -1)
    write_tracked({**{f"{name}.sh": f"echo {name}\n{DENSE}" for name in "abc"}, "d": "x" * 100_000})
    tree = Tree().view()
    files = [tree.read(f"{name}.sh") for name in "abc"]

    def counts() -> list[int]:
        return [len(list(commands(file))) for file in files]

    once = counts()
    assert once[0] == 501 > once[1] > once[2] == 0
    tree.read("d")
    assert counts() == once
    assert [list(file.unread) for file in files] == [[], ["input/too-large"], ["input/too-large"]]


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n", id="git-lfs"),
        pytest.param("cargo install x\n".encode("utf-16"), id="utf-16"),
        pytest.param("cargo install x\n".encode("utf-16-be"), id="utf-16-without-mark"),
    ],
)
def test_files_whose_commands_cannot_be_read_are_noted(folder: Path, data: bytes) -> None:
    for name in ("ci.sh", "Dockerfile", "a.bin"):
        (folder / name).write_bytes(data)
    tree = Tree()
    assert not [*files(tree, ["ci.sh", "Dockerfile", "a.bin"], ["cargo"])]
    assert [[*tree.read(name).unread] for name in ("ci.sh", "Dockerfile", "a.bin")] == [["input/unreadable"]] * 2 + [[]]
