"""Quoting names for a shell and for TOML."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
import tomli

from dunnage.files import shown

NAMES = [
    *("a", "a b", "$(touch x)", "it's", "a\nb", "\x1b[31m'\\", "\u202e", "ä\udcff", "a\n::error::b", "", "##[error]x"),
    *("::error::x", "\u3164", "\n';touch x;'", "\\';touch x;'", "\x01f\\", "(touch x)", "=ls", "!x"),
]


@pytest.mark.parametrize("text", NAMES)
def test_argument(text: str) -> None:
    argument = shown.argument(text)
    assert shown.printable(argument) == argument
    command = ["bash", "-c", f"printf %s {argument}"]
    assert subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout == os.fsencode(text)


def test_an_argument_runs_nothing_in_other_shells(folder: Path) -> None:
    for shell in filter(None, map(shutil.which, ("dash", "zsh", "fish"))):
        for text in NAMES:
            subprocess.run([shell, "-c", f"true {shown.argument(text)}"], check=False, capture_output=True)
    assert not os.listdir(folder)


@pytest.mark.parametrize(
    ("path", "expected"), [("a/b", "a/b"), ("-x/b", "./-x/b"), ("a b", "'a b'"), ("../a", None), ("=x", "./=x")]
)
def test_path(folder: Path, path: str, expected: str | None) -> None:
    assert shown.path(path) == (expected or str(folder.parent / "a"))


@pytest.mark.skipif(os.name == "nt", reason="no such names on Windows")
@pytest.mark.parametrize("name", ["a", "-x", ":(glob)**", "*", "[ab]", "?", "a\\*", "ä b"])
def test_pathspec(folder: Path, name: str) -> None:
    for each in (name, "a", "b", "c"):
        (folder / each).mkdir(exist_ok=True)
        (folder / each / "file").touch()
    subprocess.run(["git", "init", "--quiet"], check=True)
    for path in (f"{name}/file", str(folder / name / "file")):
        subprocess.run(
            ["bash", "-c", f"git rm -rq --cached --ignore-unmatch . && git add {shown.pathspec(path)}"], check=True
        )
        listed = subprocess.run(["git", "ls-files", "-z"], check=True, capture_output=True).stdout
        assert listed == os.fsencode(f"{name}/file\0")


@pytest.mark.parametrize("text", ["a", "a-b_1", "", "a.b", 'a"b', "a\nb", "a\\b", "\x7f", "ä", "\U000e0001"])
def test_toml_string(text: str) -> None:
    written = shown.toml_string(text)
    assert written.isprintable()
    assert tomli.loads(f"a = {written}") == {"a": text}
    assert tomli.loads(f"{shown.toml_key(text)} = 1") == {text: 1}
