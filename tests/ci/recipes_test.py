"""What make, just and task runners run for given goals."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dunnage.ci import recipes
from dunnage.ci.outcome import Shell
from dunnage.ci.recipes import RunnerCall, Started, runner_call, started
from dunnage.ci.runs import RUNNERS
from dunnage.files.source import File
from dunnage.shell.model import Script
from steps import assert_linear


def reader(files: Mapping[str, str]) -> recipes.Read:
    return {name: File(name, text.encode()) for name, text in files.items()}.get


def run(runner: str, files: Mapping[str, str], path: str, goals: Sequence[str]) -> list[Started]:
    return list(started(reader(files), RunnerCall(runner, (path,), goals=tuple(goals)), path, {}, lambda _: True))


def texts(found: list[Started]) -> list[str]:
    return [script.text.strip() for _, script, *_ in found if isinstance(script, Script)]


def made(files: Mapping[str, str], *goals: str) -> list[str]:
    return texts(run("make", files, "Makefile", goals))


def done(files: Mapping[str, str], *goals: str) -> list[str]:
    return texts(run("just", files, "justfile", goals))


MAKEFILE = """\
.PHONY: all
.DEFAULT: x
%.o: %.c
\tcompile
all: one two # three
\tall
one: ; one
two: | four
\ttwo
three:
\tthree
four five: six
\tfour
DIRS = seven
$(DIRS):
\tseven
eight: $(DIRS)
"""


@pytest.mark.parametrize(
    ("goals", "expected"),
    [
        ((), ["all", "one", "two", "four"]),
        (("one",), ["one"]),
        (("five", "three"), ["three", "four"]),
        (("a.o",), ["compile"]),
        (("nothing",), []),
    ],
)
def test_make(goals: tuple[str, ...], expected: list[str]) -> None:
    assert made({"Makefile": MAKEFILE}, *goals) == expected


def test_make_includes() -> None:
    files = {
        "Makefile": "include a.mk\n-include ci/b.mk nothing.mk $(X)\n",
        "a.mk": "x: y\n\tx\n",
        "ci/b.mk": "y:\n\ty\n",
    }
    assert made(files, "x") == ["x", "y"]


def test_makes_shell() -> None:
    text = "SHELL = bash\n.SHELLFLAGS := -euo pipefail -c\nx:\n\tx\n"
    ((_, _, shell, _),) = run("make", {"Makefile": text}, "Makefile", ["x"])
    assert shell == Shell(stops=True, pipefail=True)


JUSTFILE = """\
set shell := ["bash", "-c"]
version := "1"
default: (one "a") two
  default
one a='b': && three
  one
two:
  two
three:
  #!/usr/bin/env -S bash -e
  three
alias t := three
"""


@pytest.mark.parametrize(
    ("goals", "expected"),
    [
        ((), ["default", "one", "two", "#!/usr/bin/env -S bash -e\nthree"]),
        (("two",), ["two"]),
        (("one", "argument"), ["one", "#!/usr/bin/env -S bash -e\nthree"]),
        (("t",), ["#!/usr/bin/env -S bash -e\nthree"]),
    ],
)
def test_just(goals: tuple[str, ...], expected: list[str]) -> None:
    assert done({"justfile": JUSTFILE}, *goals) == expected


def test_justs_shell() -> None:
    (*_, (_, _, shell, _)) = run("just", {"justfile": JUSTFILE}, "justfile", ["three"])
    assert shell.stops


@pytest.mark.parametrize(
    ("line", "folder", "file", "goals", "ignoring"),
    [
        ("make", "", "GNUmakefile", (), 0),
        ("make -j4 a b X=1", "", "GNUmakefile", ("a", "b"), 0),
        ("make -C sub --directory=more -f x.mk a", "sub/more", "x.mk", ("a",), 0),
        ("make -Csub -fx.mk", "sub", "x.mk", (), 0),
        ("make -i a", "", "GNUmakefile", ("a",), 1),
        ("make a --ignore-errors", "", "GNUmakefile", ("a",), 2),
        ("make -C", "", "GNUmakefile", (), 0),
        ("just", "", "justfile", (), 0),
        ("just a b", "", "justfile", ("a", "b"), 0),
        ("just -f x/justfile -d x a", "x", "x/justfile", ("a",), 0),
        ("just --justfile=x a=b --color never c", "", "x", ("c",), 0),
    ],
)
def test_command_lines(line: str, folder: str, file: str, goals: tuple[str, ...], ignoring: int) -> None:
    words = line.split()
    call = runner_call(words[0], words)
    assert call is not None
    assert (call.folder, call.files[0], call.goals, call.ignoring) == (folder, file, goals, ignoring)


@pytest.mark.parametrize(
    ("name", "text", "at"),
    [
        ("Makefile", "x:\n\t-a\n", 4),
        ("Makefile", "x:\n\t@ -+a\n", 6),
        ("Makefile", "x:\n\t@a -b\n", None),
        ("Makefile", ".IGNORE:\nx:\n\ta\n", 0),
        ("Makefile", "x:\n\ta\n.IGNORE: y x # both\n", 6),
        ("Makefile", ".IGNORE: y\nx:\n\ta\n", None),
        ("Makefile", "#.IGNORE:\nx:\n\ta\n", None),
        ("justfile", "x:\n  -a\n", 5),
        ("justfile", "x:\n  a\n", None),
    ],
)
def test_ignored(name: str, text: str, at: int | None) -> None:
    ((file, script, *_),) = run("make" if name == "Makefile" else "just", {name: text}, name, ["x"])
    assert isinstance(script, Script)
    found = recipes.ignore_mark(file, script)
    assert (found.start if found else None) == at


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
def test_command_lines_of_tasks(line: str, goals: tuple[str, ...] | None, folder: str, file: str) -> None:
    words = line.split()
    call = runner_call(words[0], words)
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
    found = run("task", FILES, path, goals)
    assert texts(found) == expected
    assert all(shell.stops == stops for _, _, shell, _ in found)


def test_patterns_for_names_of_tasks_have_a_limit() -> None:
    many = "".join(f"t{number} = 'x'\n" for number in range(1000))
    needs = ", ".join(f"'u{number}*'" for number in range(500))
    file = File("mise.toml", f"[tasks]\n{many}[tasks.a]\ndepends = [{needs}, 't1*']\n".encode())
    call = RunnerCall("mise", ("mise.toml",), goals=("a",))
    list(started({"mise.toml": file}.get, call, "mise.toml", {}, lambda _: True))
    assert "more than 500,000 names of tasks" in file.unread["input/too-large"][0]


def test_each_hook_compares_as_many_names_of_tasks() -> None:
    many = "".join(f"t{number} = 'x'\n" for number in range(1000))
    file = File("mise.toml", f"[tasks]\n{many}".encode())
    for start in (0, 400):
        goals = tuple(f"u{number}*" for number in range(start, start + 400))
        call = RunnerCall("mise", ("mise.toml",), goals=(*goals, f"t{start}*"))
        view = file.view()
        assert any(started({"mise.toml": view}.get, call, "mise.toml", {}, lambda _: True))
        assert not view.unread


@pytest.mark.parametrize(
    ("runner", "path", "text", "goals"),
    [
        pytest.param(
            "make",
            "Makefile",
            lambda n: f"{_each('t# ', n)}: {_each('t# ', n)}\n\tx\n",
            lambda n: ["t0"][:n],
            id="one-rule",
        ),
        pytest.param(
            "task",
            "mise.toml",
            lambda n: "[tasks]\n" + "".join(f"{'a' * length} = 'x'\n" for length in range(1, n)),
            lambda n: [f"x:y:b{number}" for number in range(n)],
            id="lengths-of-names",
        ),
        pytest.param(
            "make", "Makefile", lambda n: f"{_each('%a#:', n)}\n\tx\n", lambda n: ["ta0"] * n, id="goal-given-often"
        ),
    ],
)
def test_finding_what_goals_need_takes_linear_time(
    runner: str, path: str, text: Callable[[int], str], goals: Callable[[int], list[str]]
) -> None:
    def find(size: int) -> None:
        call = RunnerCall(runner, (path,), goals=tuple(goals(size)))
        files = {path: File(path, text(size).encode())}
        list(started(files.get, call, path, {}, lambda _: True))

    assert_linear(find, 100)


def _each(text: str, count: int) -> str:
    return "".join(text.replace("#", str(number)) for number in range(count))


@given(st.text(alphabet="abx:%\t\n $()#=;|&@-'\"includeport"), st.lists(st.text(alphabet="ab%:x", max_size=4)))
def test_whatever_is_in_a_file(text: str, goals: list[str]) -> None:
    made({"Makefile": text, "a": text}, *goals)
    done({"justfile": text, "a.just": text}, *goals)
    for runner in RUNNERS:
        runner_call(runner, [None, *goals])
