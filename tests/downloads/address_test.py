"""What the addresses of downloads say."""

from __future__ import annotations

import pytest

from dunnage.downloads import address
from dunnage.downloads.address import parse
from dunnage.downloads.text import HOLE


def hole(name: str) -> str:
    return f"{HOLE}{name}{HOLE}"


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
    ],
)
def test_tools(url: str, expected: str) -> None:
    found = parse(url)
    assert found is not None
    assert address.tool(found) == expected


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
    assert parse(url) is None


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
    ],
)
def test_programs(url: str, expected: bool) -> None:
    found = parse(url)
    assert found is not None
    assert address.is_program(found) is expected


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
        ("https://static.rust-lang.org/rustup/dist/x86_64-unknown-linux-gnu/rustup-init", "dist", False),
    ],
)
def test_versions(url: str, channel: str, has_version: bool) -> None:
    found = parse(url)
    assert found is not None
    assert (address.channel(found), address.has_literal_version(found)) == (channel, has_version)


def test_shown() -> None:
    assert address.shown(f"a-{hole('B')}-{hole('1')}-{hole('$(x)')}") == "a-${B}-${1}-…"
