"""Quoting names for a shell and for TOML."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
import tomli

from dunnage.files import shown

NAMES = ["a", "a b", "$(touch x)", "it's", "a\nb", "\x1b[31m'\\", "\u202e", "ä\udcff", "a\n::error::b", ""]


@pytest.mark.parametrize("text", NAMES)
def test_argument(text: str) -> None:
    argument = shown.argument(text)
    assert argument.isprintable()
    command = ["bash", "-c", f"printf %s {argument}"]
    assert subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout == os.fsencode(text)


@pytest.mark.parametrize(("path", "expected"), [("a/b", "a/b"), ("-x/b", "./-x/b"), ("a b", "'a b'"), ("../a", None)])
def test_path(folder: Path, path: str, expected: str | None) -> None:
    assert shown.path(path) == (expected or str(folder.parent / "a"))


@pytest.mark.parametrize("text", ["a", "a-b_1", "", "a.b", 'a"b', "a\nb", "a\\b", "\x7f", "ä", "\U000e0001"])
def test_toml_string(text: str) -> None:
    written = shown.toml_string(text)
    assert written.isprintable()
    assert tomli.loads(f"a = {written}") == {"a": text}
    assert tomli.loads(f"{shown.toml_key(text)} = 1") == {text: 1}
