"""URLs of installer scripts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dunnage.cargo_cli.installers import moving

RAW = "https://raw.githubusercontent.com/cargo-bins/cargo-binstall"


@pytest.mark.parametrize(
    "url",
    [
        f"{RAW}/main/install-from-binstall-release.sh",
        f"{RAW}/HEAD/install.sh",
        f"{RAW}/refs/heads/main/install.sh",
        f"{RAW}/main/install.sh?token=1.2.3",
        "https://github.com/cargo-bins/cargo-binstall/raw/main/install.sh",
        "https://github.com/o/r/releases/latest/download/r-installer.sh",
        "https://raw.githubusercontent.com/o/cargo-x/master/install.sh",
        "https://RAW.githubusercontent.com/DioxusLabs/Dioxus/main/install.sh",
        "wasmtime.dev/install.sh",
        "https://wasmtime.dev/install.sh",
        "https://sp1.succinct.xyz",
        "https://get.nexte.st/latest/linux",
    ],
)
def test_what_moves(url: str) -> None:
    assert moving(url)


@pytest.mark.parametrize(
    "url",
    [
        f"{RAW}/v1.2.3/install.sh",
        f"{RAW}/refs/tags/v1.2.3/install.sh",
        f"{RAW}/refs/tags/tip/install.sh",
        "https://github.com/cargo-bins/cargo-binstall/issues/1",
        f"{RAW}/{'a' * 40}/install.sh",
        "https://github.com/o/r/releases/download/r-v1.2.3/r-installer.sh",
        "https://get.nexte.st/0.9.70/linux",
        "https://sh.rustup.rs",
        "https://static.rust-lang.org/rustup/dist/x86_64-unknown-linux-gnu/rustup-init",
        "https://raw.githubusercontent.com/o/other/main/install.sh",
        "https://github.com/o/r/releases/latest/download/r.tar.gz",
        "https://example.org/install.sh",
        "",
    ],
)
def test_what_does_not_or_is_no_tool_of_rust(url: str) -> None:
    assert not moving(url)


@given(st.text())
def test_any_text(url: str) -> None:
    assert isinstance(moving(url), str)
