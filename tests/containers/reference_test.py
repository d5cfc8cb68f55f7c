"""References to images."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from dunnage.containers.reference import Reference, parse

DIGEST = "sha256:" + "0123456789abcdef" * 4


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("rust", ("docker.io", "library/rust", "", ""), id="short"),
        pytest.param("rust:1.97.1-slim", ("docker.io", "library/rust", "1.97.1-slim", ""), id="tag"),
        pytest.param(f"rust@{DIGEST}", ("docker.io", "library/rust", "", DIGEST), id="digest"),
        pytest.param(f"rust:1@{DIGEST}", ("docker.io", "library/rust", "1", DIGEST), id="tag-and-digest"),
        pytest.param("rust@sha512:" + "a" * 128, ("docker.io", "library/rust", "", "sha512:" + "a" * 128), id="sha512"),
        pytest.param("docker.io/rust", ("docker.io", "library/rust", "", ""), id="docker-hub"),
        pytest.param("index.docker.io/rust", ("docker.io", "library/rust", "", ""), id="index-of-docker-hub"),
        pytest.param("owner/image", ("docker.io", "owner/image", "", ""), id="owner"),
        pytest.param("ghcr.io/a/b/c:d", ("ghcr.io", "a/b/c", "d", ""), id="registry"),
        pytest.param("localhost/a", ("localhost", "a", "", ""), id="localhost"),
        pytest.param("localhost:5000/a:b", ("localhost:5000", "a", "b", ""), id="port"),
        pytest.param("HOST/a", ("HOST", "a", "", ""), id="capitals-are-a-registry"),
        pytest.param("[fe80::1]:50/a", ("[fe80::1]:50", "a", "", ""), id="ipv6"),
        pytest.param("[::1]/a", ("[::1]", "a", "", ""), id="ipv6-without-port"),
        pytest.param("a.b__c-d--e_f", ("docker.io", "library/a.b__c-d--e_f", "", ""), id="separators"),
        pytest.param("a/" + "b" * 253, ("docker.io", "a/" + "b" * 253, "", ""), id="longest-path"),
        pytest.param("a:" + "t" * 128, ("docker.io", "library/a", "t" * 128, ""), id="longest-tag"),
        pytest.param("a:_x", ("docker.io", "library/a", "_x", ""), id="tag-begins-with-underscore"),
    ],
)
def test_a_reference(text: str, expected: tuple[str, str, str, str]) -> None:
    assert parse(text) == Reference(*expected)


@pytest.mark.parametrize(
    "text",
    [
        *("", "Rust", "a/B", "a b", "a//b", "/a", "a/", "a:", "a:-x", "a:b:c", "a@", "a@sha256:1", "é", "a:é"),
        *("-a", "a-", "a..b", "a___b", "a._b", "a/-b", "${X}", "{{ x }}", "a:{{ x }}", "@IMAGE@", "a.b:x/c", "a.b:/c"),
        *("-x.y/a", "x-.y/a", "x..y/a", "[g]/a", "[]/a", "[::1/a", "a@md5:" + "0" * 32, "a@sha256:" + "A" * 64),
        *("0" * 64, "a:" + "t" * 129, "b" * 256, f"a@{DIGEST}@{DIGEST}", "https://ghcr.io/a"),
    ],
)
def test_not_a_reference(text: str) -> None:
    assert parse(text) is None


@pytest.mark.parametrize(
    ("text", "official"),
    [
        ("rust", "rust"),
        ("docker.io/library/rust:1", "rust"),
        ("library/rust", "rust"),
        ("a/rust", ""),
        ("ghcr.io/rust", ""),
    ],
)
def test_the_name_of_an_official_image(text: str, official: str) -> None:
    reference = parse(text)
    assert reference is not None
    assert reference.official == official


_PART = st.from_regex(r"\A[a-z0-9]+(?:(?:[.]|_|__|-+)[a-z0-9]+){0,3}\Z")
_HOST = st.from_regex(
    r"\A(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]{0,8}[a-zA-Z0-9])(?:\.[a-z0-9]{1,5}){1,2}(?::[0-9]{1,5})?\Z"
)
_TAG = st.from_regex(r"\A[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}\Z")


@given(_HOST, st.lists(_PART, min_size=1, max_size=4), st.none() | _TAG, st.booleans())
def test_what_the_grammar_generates_is_read_back(host: str, parts: list[str], tag: str | None, is_pinned: bool) -> None:
    path = "/".join(parts)
    assume(host not in ("index.docker.io", "docker.io"))
    text = f"{host}/{path}" + (f":{tag}" if tag else "") + (f"@{DIGEST}" if is_pinned else "")
    expected = Reference(host, path, tag or "", DIGEST if is_pinned else "")
    assert parse(text) == (expected if len(path) <= 255 else None)


@given(st.text(alphabet="ab01A.:/@_-[]${} ", max_size=40))
def test_no_text_is_too_much(text: str) -> None:
    found = parse(text)
    if found is not None:
        shown = f"{found.name}{':' if found.tag else ''}{found.tag}{'@' if found.digest else ''}{found.digest}"
        assert parse(shown) == found
