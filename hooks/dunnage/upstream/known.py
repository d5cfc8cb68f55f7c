"""What no API says about some tools: where their code is, and which of them are being retired."""

from typing import NamedTuple


class Retirement(NamedTuple):
    """The announcement that a tool is being retired."""

    date: str
    """When it was announced, as YYYY-MM-DD."""
    source: str
    """The URL of the announcement."""
    announcement: str
    """What it says, as a clause whose subject is the tool."""
    instead: str
    """What to use instead, as a sentence without a full stop."""


REPOSITORIES = {
    "cargo-component": "bytecodealliance/cargo-component",
    "wac-cli": "bytecodealliance/wac",
    "warg-cli": "bytecodealliance/registry",
    "wasm-tools": "bytecodealliance/wasm-tools",
    "wasmtime-cli": "bytecodealliance/wasmtime",
    "wit-bindgen-cli": "bytecodealliance/wit-bindgen",
    "wit-deps-cli": "bytecodealliance/wit-deps",
    "wkg": "bytecodealliance/wasm-pkg-tools",
}
"""The repositories of tools whose archives may not be there to say it."""

RETIRED = {
    "cargo-component": Retirement(
        "2025-10-23",
        "https://github.com/bytecodealliance/component-docs/commit/0c608b3dbbe81f647266a9347a09d18b58f86bef",
        "is being deprecated in favor of Rust's own target wasm32-wasip2",
        "build with `cargo build --target wasm32-wasip2`, generate bindings with wit-bindgen, and fetch WIT with wkg",
    ),
    "warg-cli": Retirement(
        "2025-02-12",
        "https://github.com/bytecodealliance/registry/commit/e3e51adce6bca91426edb1b5fc892a8ddc8adc00",
        "is no longer developed, and wkg removed the protocol warg on 2026-07-06",
        "publish and fetch packages with wkg from an OCI registry",
    ),
}
