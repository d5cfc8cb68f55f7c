"""Installer scripts of tools of Rust and WebAssembly on the web, and whether a URL of one names what never changes."""

from collections.abc import Sequence

from dunnage.cargo_cli.tools import exact, is_commit

_HOSTS = (
    "dioxuslabs.com/install.sh",
    "dioxus.dev/install.sh",
    "drager.github.io/wasm-pack",
    "get.nexte.st",
    "get.wasmer.io",
    "japaric.github.io/trust",
    "just.systems/install.sh",
    "leptos.dev/install.sh",
    "risczero.com/install",
    "rustwasm.github.io/wasm-pack",
    "sp1.succinct.xyz",
    "sp1up.succinct.xyz",
    "spinframework.dev/downloads",
    "developer.fermyon.com/downloads",
    "wasm-bindgen.github.io/wasm-pack",
    "wasmtime.dev/install.sh",
    "www.wasmtime.dev/install.sh",
)
"""Where the scripts of tools stand that are not on GitHub: a host, and how the path on it begins."""

_REPOSITORIES = (
    "axodotdev/cargo-dist",
    "bytecodealliance/wasmtime",
    "cargo-bins/cargo-binstall",
    "cargo-bins/cargo-quickinstall",
    "casey/just",
    "cross-rs/cross",
    "DioxusLabs/dioxus",
    "drager/wasm-pack",
    "fermyon/spin",
    "japaric/trust",
    "mozilla/sccache",
    "nextest-rs/nextest",
    "risc0/risc0",
    "rust-lang/mdBook",
    "rustwasm/wasm-pack",
    "ryankurte/cargo-binstall",
    "spinframework/spin",
    "succinctlabs/sp1",
    "trunk-rs/trunk",
    "wasm-bindgen/wasm-pack",
    "wasmCloud/wasmCloud",
    "WasmEdge/WasmEdge",
    "wasmerio/wasmer-install",
    "xd009642/tarpaulin",
)
"""Repositories of such tools on GitHub; besides them, all that are named `cargo-…`."""

HINTS = (*_HOSTS, *_REPOSITORIES, "cargo-", "-installer.sh")
"""A file in which none of these stands has no such URL."""


def moving(url: str) -> str:
    """What moves under the URL of an installer of such a tool, as a clause about it; empty if nothing does, or if it is
    no such URL. rustup's installer is not one: it installs what a toolchain file or its arguments say.
    """
    address = url.strip().partition("://")[2] or url.strip()
    address = address.partition("#")[0].partition("?")[0].lower()
    host, _, path = address.partition("/")
    parts = [part for part in path.split("/") if part]
    if any(_is_fixed(part) for part in parts):
        return ""
    if host in ("raw.githubusercontent.com", "github.com", "raw.github.com") and len(parts) >= 3:
        return _on_github(host, parts)
    if any(f"{address}/".startswith((f"{known}/", known)) for known in _HOSTS):
        return "is whatever its host serves that day"
    return ""


def _on_github(host: str, parts: Sequence[str]) -> str:
    repository = "/".join(parts[:2])
    is_tool = any(repository == known.lower() for known in _REPOSITORIES) or parts[1].startswith("cargo-")
    rest = parts[2:]
    if host == "github.com":
        if rest[:3] == ["releases", "latest", "download"]:
            return "is the one of the newest release" if is_tool or parts[-1].endswith("-installer.sh") else ""
        if rest[0] not in ("raw", "blob"):
            return ""
        rest = rest[1:]
    if not is_tool or not rest:
        return ""
    ref = rest[0]
    if rest[:2] == ["refs", "heads"] and len(rest) > 2:
        ref = rest[2]
    elif rest[:2] == ["refs", "tags"]:
        return ""
    return f"is the one of the branch `{ref}`, which moves"


def _is_fixed(part: str) -> bool:
    """Whether a part of a path is a commit or a full version, with whatever stands before it: `cli-v1.2.3`."""
    if is_commit(part) or exact(part.removeprefix("v")):
        return True
    return any(exact(part[at:]) for at, before in enumerate(part, 1) if before in "-_v@")
