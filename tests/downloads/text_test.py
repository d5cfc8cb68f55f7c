"""Texts with unknown parts, and what the addresses of downloads say."""

from __future__ import annotations

import fnmatch
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dunnage.downloads.text import (
    HOLE,
    base_name,
    known_part,
    may_equal,
    names,
    parse_url,
    shown,
    texts,
    written_values,
)
from dunnage.files.span import Span
from dunnage.shell.model import Word


def hole(name: str) -> str:
    return f"{HOLE}{name}{HOLE}"


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("a-$B.c", f"a-{hole('B')}.c"),
        ('"a-${B}.c"', f"a-{hole('B')}.c"),
        ("a'$B'c", "a$Bc"),
        ("a\\$B", "a$B"),
        ("$(x $(y))/z", f"{hole('$(x $(y))')}/z"),
        ("`x`z", f"{hole('x')}z"),
        ("${{ inputs.v }}.zip", f"{hole('inputs.v')}.zip"),
        ("{{ v }}.zip", f"{hole('v')}.zip"),
        ("$KNOWN/$1", f"v-{hole('OTHER')}/{hole('1')}"),
        ("${B#v}", hole("${B#v}")),
        ("$", "$"),
        ("$LOOP", hole("LOOP")),
    ],
)
def test_words(written: str, expected: str) -> None:
    values = {"KNOWN": '"v-$OTHER"', "LOOP": "$LOOP"}
    found = texts(Word(Span(0, 0), None, written), values.get)[0]
    assert found == expected


def test_names() -> None:
    assert names(Word(Span(0, 0), ("/x/a*.gz",), "/x/a*.gz"), lambda _: None) == (f"a{hole('*')}.gz",)
    assert names(Word(Span(0, 0), ("/x/a*.gz",), "'/x/a*.gz'"), lambda _: None) == ("a*.gz",)
    assert base_name(f"{hole('A/B')}/c/") == "c"
    assert known_part(f"a{hole('b')}c") == "ac"


@pytest.mark.parametrize(
    ("program", "expected"),
    [
        ("A=b; C='d e' E=\"f\"\n", {"A": "b", "C": "'d e'", "E": '"f"'}),
        ("A=b\nA=c\n", {"A": None}),
        ("A=b\nA=b\n", {"A": "b"}),
        ("A=$(x)\n", {"A": None}),
        ("--a=b x.A=c\n", {}),
        ("A=\n", {"A": ""}),
    ],
)
def test_written_values(program: str, expected: dict[str, str | None]) -> None:
    assert written_values(program) == expected


@given(st.text("ab*", max_size=8), st.text("ab", max_size=8))
def test_a_pattern_may_equal_what_it_matches(pattern: str, text: str) -> None:
    with_holes = pattern.replace("*", hole("x"))
    expected = re.fullmatch(fnmatch.translate(pattern), text) is not None
    assert may_equal(with_holes, text) == may_equal(text, with_holes) == expected


@given(st.text("ab*", max_size=6), st.text("ab*", max_size=6), st.text("ab", max_size=6))
def test_patterns_that_match_one_text_may_be_equal(first: str, second: str, text: str) -> None:
    if fnmatch.fnmatchcase(text, first) and fnmatch.fnmatchcase(text, second):
        assert may_equal(first.replace("*", hole("x")), second.replace("*", hole("y")))


GITHUB = "https://github.com"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (f"{GITHUB}/bytecodealliance/wasm-tools/releases/download/v1/a.tgz", "wasm-tools"),
        (f"{GITHUB}/BytecodeAlliance/Wasm-Tools/releases/latest/download/a.tgz", "wasm-tools"),
        (f"{GITHUB}/taiki-e/cargo-hack/releases/download/v1/a.tgz", "cargo-hack"),
        (f"{GITHUB}/{hole('OWNER')}/cargo-hack/releases/download/v1/a.tgz", ""),
        (f"{GITHUB}/sharkdp/fd/releases/download/v1/a.tgz", ""),
        (f"{GITHUB}/casey/just/raw/master/a", ""),
        ("https://raw.githubusercontent.com/cargo-bins/cargo-binstall/main/install.sh", "cargo-binstall"),
        ("https://raw.githubusercontent.com/casey/just/master/README.md", ""),
        ("https://get.nexte.st/latest/linux", "nextest"),
        ("get.nexte.st/latest/linux", "nextest"),
        ("https://static.rust-lang.org/rustup/archive/1.28.2/x/rustup-init", "rustup-init"),
        ("https://static.rust-lang.org/rustup/rustup-init.sh", ""),
    ],
)
def test_tools(url: str, expected: str) -> None:
    found = parse_url(url)
    assert found is not None
    assert found.tool == expected


@pytest.mark.parametrize(
    "url",
    [
        *("http://localhost:8000/a", "http://127.0.0.1/a", "https://x.local/a", "https://example.com/a", "file:///a/b"),
        *(
            f"https://{hole('HOST')}/a",
            "https://github.com",
            "a.tgz",
            "git://github.com/a/b",
            hole("URL"),
            "s3://a.b/c",
        ),
    ],
)
def test_what_is_no_public_server(url: str) -> None:
    assert parse_url(url) is None


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (f"{GITHUB}/a/b/archive/refs/tags/v1.tar.gz", False),
        ("https://gitlab.com/a/b/-/archive/v1/b.tar.gz", False),
        ("https://static.rust-lang.org/rustup/archive/1.28.2/x/rustup-init", True),
        (f"{GITHUB}/a/b/releases/download/v1/b-v1-src.tar.gz", False),
        (f"{GITHUB}/a/b/releases/download/v1/b.tgz.sha256", False),
        (f"{GITHUB}/a/b/releases/download/v1/SHA256SUMS", False),
        (f"{GITHUB}/a/b/releases/download/v1/b.tgz.asc", False),
        (f"{GITHUB}/a/b/releases/download/v1/adapter.wasm", False),
        (f"{GITHUB}/a/b/releases/download/v1/b-linux.tgz", True),
        (f"{GITHUB}/a/b/releases/download/v1/b.deb", True),
    ],
)
def test_programs(url: str, expected: bool) -> None:
    found = parse_url(url)
    assert found is not None
    assert found.is_program is expected


@pytest.mark.parametrize(
    ("url", "channel", "has_version"),
    [
        (f"{GITHUB}/a/b/releases/latest/download/b.tgz", "latest", False),
        (f"{GITHUB}/a/b/releases/download/dev/b-x86_64.tgz", "dev", False),
        (f"{GITHUB}/main/dev/releases/download/v1.0/b.tgz", "", True),
        (f"{GITHUB}/a/b/releases/download/{hole('V')}/b-{hole('V')}.0-x86_64.tgz", "", False),
        (f"{GITHUB}/a/b/releases/download/1.2/b-{hole('ARCH')}.tgz", "", True),
        ("https://raw.githubusercontent.com/a/cargo-b/refs/heads/main/x.sh", "main", False),
        ("https://raw.githubusercontent.com/a/cargo-b/v1.2/x.sh", "", True),
        ("https://download.docker.com/linux/static/stable/x86_64/docker-29.7.1.tgz", "", True),
        ("https://a.dev/latest/b", "latest", False),
        ("https://get.nexte.st/", "", False),
        ("https://get.nexte.st/0.9/linux", "0.9", True),
        ("https://get.nexte.st/0.9.4/linux", "", True),
        ("https://static.rust-lang.org/rustup/dist/x86_64-unknown-linux-gnu/rustup-init", "dist", False),
    ],
)
def test_versions(url: str, channel: str, has_version: bool) -> None:
    found = parse_url(url)
    assert found is not None
    assert (found.channel, found.has_literal_version) == (channel, has_version)


def test_shown() -> None:
    assert shown(f"a-{hole('B')}-{hole('1')}-{hole('$(x)')}") == "a-${B}-${1}-…"
