"""Sources: which are one and the same, and which cargo cannot read."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dunnage.cargo.source_id import CRATES_IO, SourceId, SourceIdError, canonical_url, git, intended, parse, registry

COMMIT = "8d3b4f1c" * 5


@pytest.mark.parametrize(
    ("url", "canonical"),
    [
        ("https://git.example/a/b", "https://git.example/a/b"),
        ("https://git.example/a/b/", "https://git.example/a/b"),
        ("https://git.example/a/b.git", "https://git.example/a/b"),
        ("https://git.example/a/b.git/", "https://git.example/a/b"),
        ("HTTPS://Git.Example:443/A/b", "https://git.example/A/b"),
        ("http://git.example:80/a", "http://git.example/a"),
        ("https://git.example:8443/a", "https://git.example:8443/a"),
        ("https://me@git.example/a", "https://me@git.example/a"),
        ("http://GitHub.com/Rust-Lang/X.git", "https://github.com/rust-lang/x"),
        ("ssh://git@github.com/A/B.git", "https://git@github.com/a/b"),
        ("file:///srv/A/b", "file:///srv/A/b"),
    ],
)
def test_canonical_url(url: str, canonical: str) -> None:
    assert canonical_url(url) == canonical


@pytest.mark.parametrize(
    "url",
    [
        "",
        "x",
        "//git.example/a",
        "git@github.com/a",
        ":x",
        "1:x",
        "https://",
        "ht tp://x.y",
        "ssh://git@github.com:a/b",
        "https://x.y/" + "z" * 4096,
    ],
)
def test_no_url(url: str) -> None:
    with pytest.raises(SourceIdError):
        canonical_url(url)


@given(st.from_regex(r"(https?|ssh|file|sparse\+https)://[A-Za-z.:@]{1,9}(/[A-Za-z.+]{0,5}){0,3}", fullmatch=True))
def test_canonical_url_is_its_own(url: str) -> None:
    try:
        canonical = canonical_url(url)
    except SourceIdError:
        return
    assert canonical_url(canonical) == canonical


@given(st.text())
def test_any_text(text: str) -> None:
    for read in (canonical_url, parse, registry):
        with suppress(SourceIdError):
            read(text)


REPOSITORY = "https://git.example/x"


@pytest.mark.parametrize(
    ("text", "source", "commit"),
    [
        ("registry+https://github.com/rust-lang/crates.io-index", CRATES_IO, ""),
        ("registry+https://GitHub.com/Rust-Lang/crates.io-index.git/", CRATES_IO, ""),
        (f"git+{REPOSITORY}#{COMMIT}", git(REPOSITORY, ""), COMMIT),
        (f"git+{REPOSITORY}.git/?branch=main#{COMMIT}", git(REPOSITORY, "branch=main"), COMMIT),
        (f"git+{REPOSITORY}?tag=v1", git(REPOSITORY, "tag=v1"), ""),
        (f"git+{REPOSITORY}?rev=abc#{COMMIT}", git(REPOSITORY, "rev=abc"), COMMIT),
        (f"git+{REPOSITORY}?ref=main", git(REPOSITORY, "branch=main"), ""),
        (f"git+{REPOSITORY}?branch=a&tag=b", git(REPOSITORY, "tag=b"), ""),
        (f"git+{REPOSITORY}?x=y", git(REPOSITORY, ""), ""),
        (f"git+{REPOSITORY}?branch=feature%2Fx%2By", git(REPOSITORY, "branch=feature/x+y"), ""),
        (f"git+{REPOSITORY}?branch=a+b", git(REPOSITORY, "branch=a b"), ""),
    ],
)
def test_parse(text: str, source: SourceId, commit: str) -> None:
    assert parse(text) == (source, commit)


@pytest.mark.parametrize(
    ("query", "reference"),
    [
        ("?branch=feature#1", "branch=feature#1"),
        ("?branch=a&b", "branch=a&b"),
        ("?branch=a&tag=v1", "branch=a&tag=v1"),
        ("?tag=v1+2", "tag=v1+2"),
        ("?branch=a%26b", "branch=a%26b"),
        ("?branch=p%q", None),
        ("?branch=a=b", None),
        ("?branch=main", None),
        ("?ref=main", None),
        ("?x=y", None),
        ("", None),
    ],
)
def test_what_an_unescaped_reference_meant(query: str, reference: str | None) -> None:
    assert intended(f"git+{REPOSITORY}{query}#{COMMIT}") == (reference and git(REPOSITORY, reference))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("registry+https://index.crates.io/", "sparse+https://index.crates.io/"),
        ("registry+https://github.com/rust-lang/crates.io-index", "sparse+https://index.crates.io/"),
        ("registry+https://x.y/z", "registry+https://x.y/z#1"),
        ("registry+https://x.y/Z", "registry+https://x.y/z"),
        ("git+https://x.y/z?branch=main", "git+https://x.y/z"),
        ("git+https://x.y/z?branch=main", "git+https://x.y/z?tag=main"),
        ("git+https://x.y/z", "registry+https://x.y/z"),
    ],
)
def test_different(one: str, other: str) -> None:
    assert parse(one)[0] != parse(other)[0]


LONG = "https://x.y/" + "z" * 4096


@pytest.mark.parametrize(
    "text", ["", "https://x.y/z", "hg+https://x.y/z", "registry+", "registry+x", "git+x.y", f"git+https://x.y/#{LONG}"]
)
def test_refused(text: str) -> None:
    with pytest.raises(SourceIdError):
        parse(text)


def test_a_registry_known_by_name_alone() -> None:
    named = SourceId("registry", "", "", "company")
    assert named.is_same(registry("https://company.example/index"))
    assert named.is_same(registry("sparse+https://company.example/index/"))
    assert not named.is_same(CRATES_IO)
    assert not named.is_same(git("https://company.example/index", ""))


@pytest.mark.parametrize(
    ("source", "text"),
    [
        (CRATES_IO, "crates.io"),
        (registry("https://x.y/z"), "registry https://x.y/z"),
        (SourceId("registry", "", "", "company"), "registry `company`"),
        (git("https://x.y/z", ""), "git repository https://x.y/z"),
        (git("https://x.y/z", "branch=a=b"), "git repository https://x.y/z (branch a=b)"),
    ],
)
def test_text(source: SourceId, text: str) -> None:
    assert str(source) == text
