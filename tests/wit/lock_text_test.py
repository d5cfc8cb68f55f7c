"""The quick reader of locks reads what a TOML reader reads, or nothing."""

from __future__ import annotations

import pytest
import tomli
from hypothesis import given
from hypothesis import strategies as st

from dunnage.wit.lock_text import parse

ENTRY = 'requirement = "=0.2.0"\nversion = "0.2.0"\ndigest = "sha256:00"\n'
CARGO_COMPONENT = f'# Generated.\nversion = 1\n\n[[package]]\nname = "a:b"\n\n[[package.version]]\n{ENTRY}'
WKG = f'version = 1\n\n[[packages]]\nname = "a:b"\nregistry = "r"\n\n[[packages.versions]]\n{ENTRY}'


@pytest.mark.parametrize("text", ["", "version = 1\n", CARGO_COMPONENT, WKG, WKG + WKG[13:], WKG + "[[packages]]\n"])
def test_as_written(text: str) -> None:
    assert parse(text.encode()) == tomli.loads(text)


@pytest.mark.parametrize(
    "text",
    [
        "version = 1\r\n",
        "version = 2\n",
        "version = '1'\n",
        "version = 1 # one\n",
        "version = 1\nversion = 1\n",
        "packages = []\n",
        " [[package]]\n",
        "[[package.version]]\n",
        '[[package]]\nversion = "1"\n[[package.version]]\n',
        '[[package]]\nname = "a\\\\b"\n',
        '[[package]]\nname = "é"\n',
        '[[package]]\nname = ""a"\n',
        '[[package]]\nname="a"\n',
        '[[package]]\n"name" = "a"\n',
        '[[package]]\nname = "\n',
        "[[package]]\nversion = 1\n",
        "<<<<<<< HEAD\n",
    ],
)
def test_left_to_a_toml_reader(text: str) -> None:
    assert parse(text.encode()) is None


_HEADERS = st.sampled_from(["[[package]]", "[[packages]]", "[[package.version]]", "[[packages.versions]]", "[x]"])
_OTHERS = st.sampled_from(
    ["", "# x", "version = 1", 'name = "a"', 'version = "1"', 'versions = "1"', 'package = "x"', "x"]
)


@given(st.lists(_HEADERS | _OTHERS).map("\n".join))
def test_whatever_is_read_is_what_toml_says(text: str) -> None:
    found = parse(text.encode())
    assert found is None or found == tomli.loads(text)
