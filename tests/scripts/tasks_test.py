"""Task runners: which of their tasks hold commands, what these see, and which other tasks they need."""

from __future__ import annotations

import textwrap

import pytest

from dunnage.files.source import File
from dunnage.scripts.commands import commands, tasks
from dunnage.shell.model import Command, Values


def read(path: str, text: str) -> File:
    return File(path, textwrap.dedent(text).encode())


def found(path: str, text: str) -> list[str]:
    """The commands of a file, with `?` for unknown words."""
    file = read(path, text)
    shown = []
    for command in commands(file):
        for word in command.words:
            assert file.data[word.span.start : word.span.end].decode() == word.text
        shown.append(" ".join("?" if word.values is None else "|".join(word.values) for word in command.words))
    return shown


def needs(path: str, text: str) -> dict[str, tuple[str, ...]]:
    return {task.name: task.needs for task in tasks(read(path, text))}


# cargo-make


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("[tasks.x]\nscript = 'a b'\n", ["a b"], id="script"),
        pytest.param("[tasks.x]\nscript = '''\na\nb\n'''\n", ["a", "b"], id="lines"),
        pytest.param("[tasks.x]\nscript = ['cd x', 'a \\\\', '  b']\n", ["cd x", "a \\", "b"], id="list"),
        pytest.param('[tasks.x]\nscript = ["a \\\\", "  b"]\n', ["a b"], id="list-continued"),
        pytest.param("[tasks.x.script]\npre = 'a'\nmain = 'b'\npost = 'c'\n", ["a", "b", "c"], id="sections"),
        pytest.param("[tasks.x]\nscript = { file = 'ci/x.sh' }\n", ["ci/x.sh"], id="file"),
        pytest.param("[tasks.x]\ninstall_script = 'a'\nscript = 'b'\n", ["a", "b"], id="install_script"),
        pytest.param("[tasks.x]\nscript_runner = '@shell'\nscript = 'a'\n", ["a"], id="shell"),
        pytest.param("[tasks.x]\nscript_runner = '@duckscript'\nscript = 'a'\n", [], id="duckscript"),
        pytest.param("[tasks.x]\nscript_runner = 'bash'\nscript = 'a'\n", ["a"], id="bash"),
        pytest.param("[tasks.x]\nscript_runner = 'pwsh'\nscript = ['a', '$b']\n", ["a"], id="pwsh"),
        pytest.param("[tasks.x]\nscript = '''\n#!@rust\na\n'''\n", [], id="shebang"),
        pytest.param("[tasks.x]\nscript = '''\n#!/usr/bin/env bash\na\n'''\n", ["a"], id="shebang-of-bash"),
        pytest.param("[tasks.x]\nextend = 'y'\nscript = 'a'\n[tasks.y]\nscript_runner = 'nu'\n", [], id="extend"),
        pytest.param("[tasks.x.windows]\nscript = 'a'\n[tasks.x.linux]\nscript = 'b | c'\n", ["b", "c", "a"], id="os"),
        pytest.param("[tasks.x]\ncommand = 'a'\nargs = ['b', \"c d\"]\n", ["a b c d"], id="command"),
        pytest.param("[tasks.x]\ncommand = 'a'\n", ["a"], id="command-alone"),
        pytest.param("[tasks.x]\ncommand = 'bash'\nargs = ['-ec', 'a && b']\n", ["a", "b"], id="command-of-a-shell"),
        pytest.param("[tasks.x]\nextend = 'y'\nargs = ['b']\n[tasks.y]\ncommand = 'a'\n", ["a b", "a"], id="inherited"),
        pytest.param("[tasks.x]\ncommand = 'a'\nargs = ['@@split(X, )', '${@}', '-${X}']\n", ["a ? ? ?"], id="unknown"),
        pytest.param("[tasks.x]\ncommand = 1\nargs = 'a'\n[tasks]\ny = 1\n", [], id="other-types"),
        pytest.param("tasks = 1\n", [], id="no-tasks"),
    ],
)
def test_commands_of_cargo_make(text: str, expected: list[str]) -> None:
    assert found("Makefile.toml", text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("[env]\nV = '1'\n", ("a=1",), id="known"),
        pytest.param("[env]\nV = 1\n[tasks.y.env]\nV = '2'\n", ("a=1", "a=2"), id="of-another-task"),
        pytest.param("[env]\nV = '${W}'\n", None, id="reference"),
        pytest.param("[env]\nV = { script = ['x'] }\n", None, id="script"),
        pytest.param("[env]\nV = '1'\n[env.dev]\nV = '2'\n", None, id="of-a-profile"),
        pytest.param("env_scripts = ['x']\n[env]\nV = '1'\n", None, id="scripts"),
        pytest.param("", None, id="none"),
    ],
)
def test_environment_of_cargo_make(text: str, expected: Values) -> None:
    file = read("Makefile.toml", text + "[tasks.x]\nscript = 'b a=$V'\n[tasks.z]\ncommand = 'b'\nargs = ['a=${V}']\n")
    assert [command.words[1].values for command in commands(file)] == [expected, expected]


def test_needs_of_cargo_make() -> None:
    found = needs(
        "Makefile.toml",
        """
        [tasks.a]
        dependencies = ["b", { name = "c", path = "x" }]
        run_task = { name = ["d", "e"], parallel = true }
        [tasks.b]
        run_task = [{ name = "c", condition = {} }, { name = "d" }]
        [tasks.c]
        alias = "a"
        linux_alias = "b"
        [tasks.c.mac]
        run_task = "e"
        """,
    )
    assert found == {"a": ("b", "c", "d", "e"), "b": ("c", "d"), "c": ("a", "b", "e")}


def test_ignored_failures_of_cargo_make() -> None:
    file = read("Makefile.toml", "[tasks.a]\nignore_errors = true\nscript = 'x'\n[tasks.b]\nscript = 'x'\n")
    first, second = (task.programs[0].ignored for task in tasks(file))
    assert first is not None
    assert file.data[first.start : first.end] == b"true"
    assert second is None


# mise


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("[tasks]\nx = 'a'\ny = ['b', 'c']\n", ["a", "b", "c"], id="short"),
        pytest.param("[tasks.x]\nrun = ['a', { task = 'y' }, 'b']\n", ["a", "b"], id="list"),
        pytest.param("[tasks.x]\nrun = '''\n#!/usr/bin/env python\na\n'''\n", [], id="shebang"),
        pytest.param("[tasks.x]\nrun = '''\n#!/bin/bash\na\n'''\n", ["a"], id="shebang-of-bash"),
        pytest.param("[tasks.x]\nrun = 'a'\nshell = 'node -e'\n", [], id="shell"),
        pytest.param("[tasks.x]\nrun = 'a'\nshell = 'bash -c'\n", ["a"], id="shell-of-bash"),
        pytest.param("[tasks.x]\nrun_windows = ['a', 'b %c%']\n", ["a"], id="windows"),
        pytest.param("[tasks.x]\nfile = 'ci/x.sh'\n", ["ci/x.sh"], id="file"),
        pytest.param("[vars]\nv = '1'\n[tasks]\nx = 'a {{vars.v}} {{ arg() }}'\n", ["a 1 ?"], id="template"),
        pytest.param("[env]\nV = '1'\n[tasks.x]\nenv = { W = 2 }\nrun = 'a $V $W'\n", ["a 1 2"], id="environment"),
        pytest.param("[env]\nV = '{{x}}'\n[tasks]\nx = 'a $V'\n", ["a ?"], id="unknown-environment"),
        pytest.param("[tasks.x]\nrun = 1\n[tasks]\ny = true\n", [], id="other-types"),
    ],
)
def test_commands_of_mise(text: str, expected: list[str]) -> None:
    assert found("mise.toml", text) == expected


def test_needs_of_mise() -> None:
    found = needs(
        ".mise.toml",
        """
        [tasks.a]
        run = ["x", { task = "b" }, { tasks = ["c", "d"] }]
        depends = ["e --release", "A=b f", ["g", "--x"], { task = "h" }]
        depends_post = "i"
        wait_for = "j"
        alias = ["k"]
        """,
    )
    assert found == {"a": ("e", "f", "g", "h", "i", "b", "c", "d"), "k": ("a",)}


# Task


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("tasks: {x: a, y: [b, c]}", ["a", "b", "c"], id="short"),
        pytest.param("tasks: {x: {cmd: a}, y: {cmds: [b, {cmd: c}, {defer: d}]}}", ["a", "b", "c", "d"], id="long"),
        pytest.param(
            "tasks: {x: {cmd: {task: y}, status: [a], preconditions: [{sh: b}, c]}}", ["b", "c", "a"], id="if"
        ),
        pytest.param("vars: {V: {sh: a}}\ntasks: {x: {vars: {W: {sh: b}}, cmds: [c]}}", ["a", "c", "b"], id="dynamic"),
        pytest.param("vars: {V: 1}\ntasks: {x: 'a {{.V}} {{ .W }}'}", ["a 1 ?"], id="variable"),
        pytest.param(
            "vars: {V: x}\ntasks: {x: {cmds: [{task: y, vars: {V: z}}]}, y: 'a {{.V}}'}", ["a x|z"], id="called-with"
        ),
        pytest.param("vars: {V: '{{.W}}'}\nenv: {E: b}\ntasks: {x: 'a {{.V}} $E'}", ["a ? b"], id="template"),
        pytest.param("tasks: {x: {cmds: [{for: [1, 2], cmd: 'a {{.ITEM}}'}]}}", ["a ?"], id="for"),
        pytest.param("tasks: {x: }\nvars: 1", [], id="nothing"),
    ],
)
def test_commands_of_task(text: str, expected: list[str]) -> None:
    assert found("Taskfile.yml", text) == expected


def test_needs_of_task() -> None:
    found = needs(
        "taskfile.dist.yaml",
        """
        tasks:
          a:
            deps: [b, {task: c}]
            aliases: [z]
            cmds: [{task: d}, {defer: {task: e}}, x]
          b: [{task: c}, x]
        """,
    )
    assert found == {"a": ("d", "e", "b", "c"), "z": ("a",), "b": ("c",)}


def test_ignored_failures_of_task() -> None:
    file = read("Taskfile.yml", "tasks: {a: {ignore_error: true, cmds: [x]}, b: [{cmd: x, ignore_error: true}, x]}")
    assert [bool(program.ignored) for task in tasks(file) for program in task.programs] == [True, True, False]


def test_steps_of_task() -> None:
    file = read("Taskfile.yml", "vars: {V: {sh: x}}\ntasks: {a: {cmds: [x, {defer: x}], status: [x]}}")
    assert [program.is_step for task in tasks(file) for program in task.programs] == [False, True, False, False]


# Wrangler


def test_builds_of_wrangler() -> None:
    assert found("wrangler.toml", "[build]\ncommand = 'a \"b@^1\" && c'\ncwd = 'd'\n") == ["a b@^1", "c"]
    assert found("wrangler.toml", "build = { command = ['a'] }\n") == []


# npm


def test_package_json() -> None:
    text = '{\n\t"scripts": {"a": "x \\"y z\\" && w", "prea": "\\u0078", "b": 1, "posta": ""},\n\t"x": []\n}\n'
    assert found("package.json", text.replace("\\u0078", "v")) == ["x y z", "w", "v"]
    assert needs("package.json", text) == {"a": ("prea", "posta"), "prea": ()}
    assert found("package.json", "{") == []
    assert found("package.json", "[1]") == []


@pytest.mark.parametrize(
    ("path", "text", "before", "after"),
    [
        ("Makefile.toml", "[tasks.x]\ncommand = 'a'\nargs = ['b']\n", None, "['b', \"c\"]"),
        ("Makefile.toml", "[tasks.x]\nscript = 'a b'\n", "'a c b'", "'a b c'"),
        ("package.json", '{"scripts": {"x": "a b"}}', '"a c b"', '"a b c"'),
    ],
)
def test_insertions(path: str, text: str, before: str | None, after: str) -> None:
    from dunnage.shell.model import insert_after

    file = read(path, text)
    (command,) = commands(file)
    assert isinstance(command, Command)
    for word, expected in zip(command.words, (before, after), strict=True):
        edit = insert_after(command, word, "c")
        assert (edit is None) == (expected is None)
        if edit and expected:
            start, end, inserted = edit
            assert expected in text[:start] + inserted + text[end:]
