"""The tools of Rust and WebAssembly builds that have prebuilt programs, by where these are downloaded from.

Source: the releases and the installation guides of each project, in November 2026.
"""

RELEASES = {
    "axodotdev/cargo-dist": "cargo-dist",
    "bytecodealliance/cargo-component": "cargo-component",
    "bytecodealliance/componentize-py": "componentize-py",
    "bytecodealliance/javy": "javy",
    "bytecodealliance/wac": "wac",
    "bytecodealliance/wasm-pkg-tools": "wkg",
    "bytecodealliance/wasm-tools": "wasm-tools",
    "bytecodealliance/wasmtime": "wasmtime",
    "bytecodealliance/weval": "weval",
    "bytecodealliance/wit-bindgen": "wit-bindgen",
    "bytecodealliance/wit-deps": "wit-deps",
    "bytecodealliance/wizer": "wizer",
    "bytecodealliance/wrpc": "wrpc",
    "casey/just": "just",
    "crate-ci/typos": "typos",
    "cross-rs/cross": "cross",
    "dioxuslabs/dioxus": "dx",
    "drager/wasm-pack": "wasm-pack",
    "eqrion/cbindgen": "cbindgen",
    "esp-rs/embuild": "ldproxy",
    "esp-rs/espflash": "espflash",
    "esp-rs/espup": "espup",
    "fermyon/spin": "spin",
    "golemcloud/golem": "golem",
    "golemcloud/golem-cli": "golem-cli",
    "google/flatbuffers": "flatc",
    "guppy-rs/guppy": "cargo-hakari",
    "javy/javy": "javy",
    "mozilla/cbindgen": "cbindgen",
    "mozilla/grcov": "grcov",
    "mozilla/sccache": "sccache",
    "nextest-rs/nextest": "nextest",
    "probe-rs/probe-rs": "probe-rs",
    "protocolbuffers/protobuf": "protoc",
    "pyo3/maturin": "maturin",
    "rui314/mold": "mold",
    "rust-embedded/cross": "cross",
    "rust-lang-nursery/mdbook": "mdBook",
    "rust-lang/mdbook": "mdBook",
    "rust-lang/rust-analyzer": "rust-analyzer",
    "rustsec/rustsec": "cargo-audit",
    "rustwasm/wasm-bindgen": "wasm-bindgen",
    "rustwasm/wasm-pack": "wasm-pack",
    "ryankurte/cargo-binstall": "cargo-binstall",
    "spinframework/spin": "spin",
    "sunfishcode/wasi-sdk": "wasi-sdk",
    "tamasfe/taplo": "taplo",
    "tauri-apps/tauri": "tauri",
    "thedodd/trunk": "trunk",
    "trunk-rs/trunk": "trunk",
    "wasm-bindgen/wasm-bindgen": "wasm-bindgen",
    "wasm-bindgen/wasm-pack": "wasm-pack",
    "wasmcloud/wash": "wash",
    "wasmcloud/wasmcloud": "wash",
    "wasmedge/wasmedge": "wasmedge",
    "wasmerio/wasmer": "wasmer",
    "webassembly/binaryen": "binaryen",
    "webassembly/wabt": "wabt",
    "webassembly/wasi-sdk": "wasi-sdk",
    "xd009642/tarpaulin": "cargo-tarpaulin",
    "ziglang/zig": "zig",
}
"""The tool in the releases of a repository on GitHub, by its name in lower case.

A repository whose name begins with `cargo-` counts too.
"""

HOSTS = (
    ("get.nexte.st/", "nextest"),
    ("static.rust-lang.org/rustup/archive/", "rustup-init"),
    ("static.rust-lang.org/rustup/dist/", "rustup-init"),
    ("ziglang.org/builds/", "zig"),
    ("ziglang.org/download/", "zig"),
)
"""The beginnings of other addresses, each with its tool."""

CARGO_TOOL = "cargo-"

TOOL_HINTS = tuple(dict.fromkeys((*RELEASES, *(address for address, _ in HOSTS), f"/{CARGO_TOOL}")))
"""A file that contains none of these texts, in lower case, downloads none of the tools from an address in the file."""

SUMS = ("b2sum", "b3sum", "md5sum", "sha1sum", "sha224sum", "sha256sum", "sha384sum", "sha512sum", "shasum")
"""Programs that print the digests of files, each with the name of its file."""

DOWNLOAD_HINTS = (b"curl", b"wget", b"aria2c", b"gh release", b"nvoke-", b"iwr", b"ADD", b"add", b"Start-BitsTransfer")
"""A file with none of these texts downloads nothing, unless it spells a command of PowerShell in another case."""
