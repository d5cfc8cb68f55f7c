"""What make and just run for given goals."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dunnage.ci import recipes
from dunnage.ci.outcome import Shell
from dunnage.ci.recipes import RunnerArguments
from dunnage.files.source import File
from dunnage.shell.model import Script


def reader(files: Mapping[str, str]) -> recipes.Read:
    return {name: File(name, text.encode()) for name, text in files.items()}.get


def texts(found: list[tuple[File, Script, Shell]]) -> list[str]:
    return [script.text.strip() for _, script, _ in found]


def made(files: Mapping[str, str], *goals: str) -> list[str]:
    return texts(list(recipes.make_recipes(reader(files), "Makefile", goals)))


def done(files: Mapping[str, str], *goals: str) -> list[str]:
    return texts(list(recipes.just_recipes(reader(files), "justfile", goals)))


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
    ((_, _, shell),) = recipes.make_recipes(reader({"Makefile": text}), "Makefile", ["x"])
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
    (*_, (_, _, shell)) = recipes.just_recipes(reader({"justfile": JUSTFILE}), "justfile", ["three"])
    assert shell.stops


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("make", RunnerArguments()),
        ("make -j4 a b X=1", RunnerArguments(goals=("a", "b"))),
        ("make -C sub --directory=more -f x.mk a", RunnerArguments("sub/more", "x.mk", ("a",))),
        ("make -Csub -fx.mk", RunnerArguments("sub", "x.mk")),
        ("make -i a", RunnerArguments(goals=("a",), ignoring=1)),
        ("make a --ignore-errors", RunnerArguments(goals=("a",), ignoring=2)),
        ("make -C", RunnerArguments()),
    ],
)
def test_make_argumentss(line: str, expected: RunnerArguments) -> None:
    assert recipes.make_arguments(line.split()) == expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("just", RunnerArguments()),
        ("just a b", RunnerArguments(goals=("a", "b"))),
        ("just -f x/justfile -d x a", RunnerArguments("x", "x/justfile", ("a",))),
        ("just --justfile=x a=b --color never c", RunnerArguments("", "x", ("c",))),
    ],
)
def test_just_argumentss(line: str, expected: RunnerArguments) -> None:
    assert recipes.just_arguments(line.split()) == expected


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
    read = recipes.make_recipes if name == "Makefile" else recipes.just_recipes
    ((file, script, _),) = read(reader({name: text}), name, ["x"])
    found = recipes.ignore_mark(file, script)
    assert (found.start if found else None) == at


@given(st.text(alphabet="abx:%\t\n $()#=;|&@-'\"includeport"), st.lists(st.text(alphabet="ab%:x", max_size=4)))
def test_whatever_is_in_a_file(text: str, goals: list[str]) -> None:
    made({"Makefile": text, "a": text}, *goals)
    done({"justfile": text, "a.just": text}, *goals)
    recipes.make_arguments([None, *goals])
    recipes.just_arguments([None, *goals])
