"""Quoting names for a shell and for TOML, and escaping text that comes from a repository."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
import tomli
from hypothesis import given
from hypothesis import strategies as st

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


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        pytest.param("plain é 𝄞 \\n", "plain é 𝄞 \\n", id="plain"),
        pytest.param("wasi:cli/run::x [a](b) # c ## d #[e]", "wasi:cli/run::x [a](b) # c ## d #[e]", id="harmless"),
        pytest.param("⚠️ é̂ 界", "⚠️ é̂ 界", id="emoji-and-marks"),
        pytest.param("a\nb.toml:1:1: x", "a\\nb.toml:1:1: x", id="newline"),
        pytest.param("a\x1b[31m\x9b0m", "a\\x1b[31m\\x9b0m", id="terminal-escape"),
        pytest.param("a\r\x00\x08\x7f", "a\\r\\x00\\x08\\x7f", id="control"),
        pytest.param("a\u202eb\u2066\u200b", "a\\u202eb\\u2066\\u200b", id="hidden"),
        pytest.param("a\u3164b\u115f\U000e0101\ufe0f", "a\\u3164b\\u115f\\U000e0101\\ufe0f", id="invisible"),
        pytest.param("a\udcff", "a\\udcff", id="not-utf-8"),
        pytest.param("a\u2028b\U000e0041", "a\\u2028b\\U000e0041", id="separator-and-tag"),
        pytest.param("::error::x", "\\x3a:error::x", id="command"),
        pytest.param("  ::error::x", "  \\x3a:error::x", id="command-after-spaces"),
        pytest.param("\t\xa0::error::x", "\\t\\xa0::error::x", id="command-after-other-spaces"),
        pytest.param("a ##[error]x", "a #\\x23[error]x", id="old-command"),
        pytest.param("###[group]x ##vso[task.x]y", "##\\x23[group]x #\\x23vso[task.x]y", id="other-old-commands"),
    ],
)
def test_printable(text: str, printed: str) -> None:
    assert shown.printable(text) == printed


def test_lines() -> None:
    assert shown.printable_lines("") == []
    assert shown.printable_lines("a\n::b\rc\n") == ["a", "\\x3a:b\\rc", ""]


@given(st.text(st.characters() | st.sampled_from("#[:] \n")))
def test_nothing_is_obeyed(text: str) -> None:
    printed = shown.printable(text)
    assert printed.isprintable()
    assert "##[" not in printed
    assert not printed.lstrip().startswith("::")
    assert shown.printable(printed) == printed
