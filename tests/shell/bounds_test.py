"""Bounds on values: hostile files are read to their end, and what exceeds a bound is unknown."""

from __future__ import annotations

import pytest

from dunnage.files.source import File
from dunnage.scripts.commands import commands
from dunnage.shell.bounds import MOST_CHARACTERS, MOST_FIND_COMMANDS, MOST_VALUES, Budget, are_few, union
from dunnage.shell.model import Values
from dunnage.shell.programs import parse_bash

MANY = tuple(map(str, range(MOST_VALUES)))


@pytest.mark.parametrize(
    ("choices", "expected"),
    [
        pytest.param([], ("",), id="nothing"),
        pytest.param([("a", "b"), ("c",), ("d", "e")], ("acd", "ace", "bcd", "bce"), id="product"),
        pytest.param([("a", "a"), ("b",)], ("ab",), id="each value once"),
        pytest.param([("a",), ()], (), id="no value"),
        pytest.param([MANY], MANY, id="as many values as allowed"),
        pytest.param([MANY, ("a", "b")], None, id="too many values"),
        pytest.param([("a" * MOST_CHARACTERS,)], ("a" * MOST_CHARACTERS,), id="as long as allowed"),
        pytest.param([("a" * MOST_CHARACTERS,), ("b",)], None, id="too long"),
        pytest.param([("a" * (MOST_CHARACTERS // 2),), ("b", "c")], None, id="too long together"),
    ],
)
def test_product(choices: list[tuple[str, ...]], expected: Values) -> None:
    assert Budget().product(choices) == expected


def test_a_budget_ends() -> None:
    budget = Budget()
    value = ("a" * MOST_CHARACTERS,)
    products = [budget.product([value]) for _ in range(1000)]
    assert products[0] == value
    assert products[-1] is None


def test_union() -> None:
    assert union([("a", "b"), ("b", "c")]) == ("a", "b", "c")
    assert union([("a",), None]) is None
    assert union([MANY, ("a",)]) is None
    assert not are_few([MANY, "ab"])


HOSTILE = [
    pytest.param("x.sh", "A=aaaaaaaa\n" + "A=$A$A\n" * 40 + "cargo install $A\n", 1, id="doubling"),
    pytest.param("x.sh", "A=(a b)\n" + 'A=("${A[@]}" "${A[@]}")\n' * 40 + 'cargo "${A[@]}"\n', 1, id="arrays"),
    pytest.param("x.sh", "A=(a b)\n" + 'A+=("${A[@]}")\n' * 40 + 'cargo "${A[@]}"\n', 1, id="arrays added to"),
    pytest.param(
        "Dockerfile", "FROM a\nENV A=aaaaaaaa\n" + "ENV A=$A$A\n" * 40 + "RUN cargo install $A\n", 1, id="ENV"
    ),
    pytest.param("Makefile", "A := aaaaaaaa\n" + "A := $(A)$(A)\n" * 40 + "a:\n\tcargo install $(A)\n", 1, id="make"),
    pytest.param(
        "justfile",
        "v0 := 'aaaaaaaa'\n" + "".join(f"v{n + 1} := v{n} + v{n}\n" for n in range(19)) + "a:\n  cargo {{v19}}\n",
        1,
        id="just",
    ),
    pytest.param("justfile", "a " + "''''''" * 500 + "\nb:\n  cargo x\n", 1, id="quotes in a header"),
]


@pytest.mark.parametrize(("path", "text", "count"), HOSTILE)
def test_values_stay_short(path: str, text: str, count: int) -> None:
    found = list(commands(File(path, text.encode())))
    assert len(found) == count
    for word in found[0].words:
        assert sum(map(len, word.values or ())) <= MOST_CHARACTERS


def test_programs_in_values_are_counted() -> None:
    def choices(level: int) -> str:
        program = 'eval "$V{}"; a' if level else "cargo a"
        items = "".join(f"{n}) V{level}='{program.format(level - 1)}{n}';; " for n in range(MOST_VALUES - 1))
        return f"case $x in {items}*) V{level}=b;; esac\n"

    text = "".join(map(choices, range(6))) + 'eval "$V5"\n'
    assert 0 < len(list(commands(File("x.sh", text.encode())))) < 20_000


def test_commands_of_find_are_counted() -> None:
    text = "find . " + "-exec cargo install x \\; " * 5000 + "\n"
    assert len(list(commands(File("x.sh", text.encode())))) <= 1 + MOST_FIND_COMMANDS


def test_programs_share_variables_that_do_not_change() -> None:
    from dunnage.scripts import dockerfile, justfile, makefile
    from dunnage.shell.model import DIRECTORY, Script

    names = [f"V{n}" for n in range(500)]
    texts = {
        dockerfile.scripts: "FROM a\n" + "".join(f"ENV {name}=b\n" for name in names) + "RUN c\n" * 500,
        makefile.scripts: "".join(f"export {name} = b\n" for name in names) + "a:\n" + "\tc\n" * 500,
        justfile.scripts: "".join(f"{name} := 'b'\n" for name in names) + "a:\n" + "  c\n" * 500,
    }
    for scripts, text in texts.items():
        found = [script for script in scripts(File("x", text.encode())) if isinstance(script, Script)]
        assert len(found) == 500
        assert len({id(script.variables) for script in found}) == 1
        assert set(found[0].variables) - {DIRECTORY} == set(names)


@pytest.mark.parametrize("unit", [")", ":))", "a=([", "?a", "<"])
def test_text_that_is_no_program_is_given_up(unit: str) -> None:
    text = unit * (8000 // len(unit)) + "\ncargo install x\n"
    assert list(commands(File("x.sh", text.encode()))) == []


def test_a_few_errors_are_no_reason_to_give_up() -> None:
    text = "a ) b\n" * 100 + "cargo build\n" * 2000
    assert sum(command.words[0].text == "cargo" for command in commands(File("x.sh", text.encode()))) > 1900


LOOKING_AHEAD = ["a=([", " =~ ", "&`", "> && ", "\0"]
"""What has tree-sitter read the rest of a program again and again."""


@pytest.mark.parametrize("unit", LOOKING_AHEAD)
def test_the_parser_reads_a_program_a_fixed_number_of_times(unit: str) -> None:
    budget = Budget()
    parse_bash(b"cargo install x\n" + unit.encode() * (200_000 // len(unit)), budget)
    assert budget.left[-1] > -1000


def test_the_parser_is_stopped_before_the_end_of_a_program() -> None:
    file = File("x.sh", b"cargo install x\n" + b"a=([" * 5000)
    assert list(commands(file)) == []
    assert list(file.unread) == ["input/too-large"]


def test_nul_does_not_end_a_program() -> None:
    found = list(commands(File("x.sh", b"a \0\ncargo install x\n")))
    assert [word.text for word in found[-1].words] == ["cargo", "install", "x"]
