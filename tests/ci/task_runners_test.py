"""Task runners: which tasks a command line names, and which programs these lead to."""

from __future__ import annotations

import pytest

from dunnage.ci.task_runners import task_call, task_programs
from dunnage.files.source import File
from dunnage.shell.model import Script


@pytest.mark.parametrize(
    ("line", "goals", "folder", "file"),
    [
        ("cargo make ci", ("ci",), "", "Makefile.toml"),
        ("cargo +nightly make --profile x -e A=b --cwd sub --makefile x.toml ci arg", ("ci",), "sub", "x.toml"),
        ("cargo make", ("default",), "", "Makefile.toml"),
        ("cargo build", None, "", ""),
        ("makers ci", ("ci",), "", "Makefile.toml"),
        ("task", ("default",), "", "Taskfile.yml"),
        ("task -d sub a b VAR=x -- c", ("a", "b"), "sub", "Taskfile.yml"),
        ("task --taskfile x.yml -C 4 a", ("a",), "", "x.yml"),
        ("mise run a --x ::: b", ("a", "b"), "", "mise.toml"),
        ("mise tasks run -C sub a", ("a",), "sub", "mise.toml"),
        ("mise r a", ("a",), "", "mise.toml"),
        ("mise ci", ("ci",), "", "mise.toml"),
        ("npm run a -- b", ("a",), "", "package.json"),
        ("npm --prefix sub run a", ("a",), "sub", "package.json"),
        ("npm t", ("test",), "", "package.json"),
        ("npm ci", None, "", ""),
        ("npm install", None, "", ""),
        ("yarn a", ("a",), "", "package.json"),
        ("yarn --cwd sub a", ("a",), "sub", "package.json"),
        ("yarn", None, "", ""),
        ("pnpm -C sub run a", ("a",), "sub", "package.json"),
        ("pnpm install", None, "", ""),
        ("bun run a", ("a",), "", "package.json"),
    ],
)
def test_command_lines(line: str, goals: tuple[str, ...] | None, folder: str, file: str) -> None:
    words = line.split()
    call = task_call(words[0], words)
    assert (call and call.goals) == goals
    if call is not None:
        assert (call.folder, call.files[0]) == (folder, file)


FILES = {
    "Makefile.toml": "[tasks]\na.script = 'x'\nb.script = 'y'\n[tasks.ci]\ndependencies = ['a']\nscript = 'z'\n",
    "Taskfile.yml": "includes: {s: ./sub, t: {taskfile: t.yml}}\ntasks: {ci: {deps: ['s:a'], cmds: [x, {defer: y}]}}\n",
    "sub/Taskfile.yml": "tasks: {a: [y, {task: b}], b: z}\n",
    "t.yml": "tasks: {ci: w}\n",
    "mise.toml": "[tasks]\n'lint:a' = 'x'\n'lint:b' = 'y'\nb = 'z'\n[tasks.ci]\ndepends = ['lint:*', 'ci']\n",
    "package.json": '{"scripts": {"preci": "x", "ci": "y", "b": "z"}}',
    "loop/Taskfile.yml": "includes: {a: .}\ntasks: {}\n",
}


@pytest.mark.parametrize(
    ("path", "goals", "expected", "stops"),
    [
        pytest.param("Makefile.toml", ["ci"], ["x", "z"], True, id="cargo-make"),
        pytest.param("Makefile.toml", ["other"], [], True, id="unknown"),
        pytest.param("Taskfile.yml", ["ci"], ["x", "y", "z"], True, id="task"),
        pytest.param("mise.toml", ["ci"], ["x", "y"], True, id="mise"),
        pytest.param("package.json", ["ci"], ["x", "y"], False, id="npm"),
        pytest.param("loop/Taskfile.yml", ["ci"], [], True, id="loop"),
        pytest.param("nothing", ["ci"], [], True, id="no-file"),
    ],
)
def test_programs(path: str, goals: list[str], expected: list[str], stops: bool) -> None:
    def read(name: str) -> File | None:
        return File(name, FILES[name].encode()) if name in FILES else None

    found = list(task_programs(read, path, goals))
    texts = [program.script.text for _, program, _ in found if isinstance(program.script, Script)]
    assert texts == expected
    assert all(shell.stops == stops for _, _, shell in found)
