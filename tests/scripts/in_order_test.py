"""Programs of a file that are read when they are asked for."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator
from pathlib import Path

import pytest

from dunnage import check_cargo_install
from dunnage.files.source import File, SourceError
from dunnage.scripts import commands
from dunnage.scripts.in_order import InOrder
from dunnage.shell import bounds
from dunnage.shell.model import Place, Script, whole
from steps import steps


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
    [("Makefile", "t#:\n\tcargo install a#\n", 100), ("justfile", "t#:\n  cargo install a#\n", 120)],
    ids=["makefile", "justfile"],
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
        return [command.words[1].text for command in commands.commands(file, mention or None)]

    assert read("cargo") == ["b", "d"]
    assert file.unread["input/too-large"][1].start == file.data.index(b"cargo e")
    assert read() == ["b", "d"]
    assert read("echo") == []
