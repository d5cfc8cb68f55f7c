"""Installer scripts of Rust and WebAssembly tools, and commands that run one from a URL whose content can change."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from dunnage.cargo_cli.tools import exact, is_commit
from dunnage.shell.model import POSIX_SHELLS, Command, Word, programs

_DOWNLOADERS = frozenset(("curl", "wget"))

_HOSTS = (
    "cli.moonbitlang.com/install/unix.sh",
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
    "wasmcloud.com/sh",
    "wasmtime.dev/install.sh",
    "www.wasmtime.dev/install.sh",
)
"""Hosts other than GitHub, with the beginning of the path, that serve installers."""

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
"""GitHub repositories of tools with an installer; those named `cargo-…` count too."""

_VERSION_ARGUMENTS = {
    "cli.moonbitlang.com": "bash -s 1.2.3+HASH",
    "developer.fermyon.com": "bash -s -- -v v1.2.3",
    "get.wasmer.io": "sh -s 1.2.3",
    "just.systems": "bash -s -- --tag 1.2.3 --to DIRECTORY",
    "spinframework.dev": "bash -s -- -v v1.2.3",
    "wasmcloud.com": "WASH_VERSION=v1.2.3 bash",
    "wasmtime.dev": "bash -s -- --version v1.2.3",
    "www.wasmtime.dev": "bash -s -- --version v1.2.3",
}
"""How the installers of these hosts are told which version to install. Source: each script."""

HINTS = (*_HOSTS, *_REPOSITORIES, "cargo-", "-installer.sh")
"""A file without any of these texts contains no URL of an installer."""

PACKAGE_HINTS = ("componentize-", "componentize_", "@bytecodealliance/", "wasm-pack")
COMMAND_HINTS = (*dict.fromkeys(("cargo", *HINTS, *PACKAGE_HINTS)),)
"""A file without any of these texts has no command that installs a tool."""


def piped(commands: Sequence[Command]) -> Iterator[tuple[Word, str]]:
    """Yield the URLs of installers whose content can change and that the commands of a program run, with their words.

    These are `curl URL | sh`, `bash <(curl URL)` and `sh -c "$(curl URL)"`.
    """
    substituted = [found for command in commands if "substitution" in command.inside for found in _urls(command)]
    for command in commands:
        is_shell = not POSIX_SHELLS.isdisjoint(programs(command.words[0]) or ())
        has_version = is_shell and _has_version(command)
        before = command.piped_from if is_shell else ()
        while before:
            yield from (url for url in _urls(before[0]) if not (has_version and _is_on_host(url[1])))
            before = before[0].piped_from
        if is_shell or command.words[0].values is None:
            words = command.words if is_shell else command.words[:1]
            for url in substituted:
                if any(word.span.start <= url[0].span.start < word.span.end for word in words) and not (
                    has_version and _is_on_host(url[1])
                ):
                    yield url


def _has_version(shell: Command) -> bool:
    """Whether an argument of an installer, or a variable before its shell, is an exact version or unknown."""
    given = [(word.values, f"{before.text} {word.text}") for before, word in pairwise(shell.words)]
    given += [(values, name) for name, values in shell.environment]
    return any(
        any(exact(text.rpartition("=")[2].removeprefix("v")) for text in values)
        if values is not None
        else any(name in text.lower() for name in ("version", "tag", "-v"))
        for values, text in given
    )


def _urls(command: Command) -> list[tuple[Word, str]]:
    """Return the URLs of installers that a command downloads and whose content can change."""
    if _DOWNLOADERS.isdisjoint(programs(command.words[0]) or ()):
        return []
    return [
        (word, value)
        for word in command.words[1:]
        for value in (word.values or ())[:1]
        if "." in value and moving(value)
    ]


def moving(url: str) -> str:
    """Return why the content of an installer's URL can change, as a clause whose subject is the installer.

    It is empty if the content cannot change, or if the URL is not that of an installer. rustup's is exempt: a toolchain
    file or arguments say what it installs.
    """
    address = _address(url)
    host, _, path = address.partition("/")
    parts = [part for part in path.split("/") if part]
    if any(_is_fixed(part) for part in parts):
        return ""
    if host in ("raw.githubusercontent.com", "github.com", "raw.github.com") and len(parts) >= 3:
        return _on_github(host, parts)
    return "can change at any time" if _is_on_host(url) else ""


def help(url: str) -> str:
    """Return what to write instead of a URL whose content can change."""
    arguments = _VERSION_ARGUMENTS.get(_address(url).partition("/")[0])
    if arguments:
        return f"pass the version that you reviewed to the script: `… | {arguments}`"
    if "/wasm-pack" in url:
        return "write `cargo install --locked wasm-pack@1.2.3`, with the version that you reviewed"
    return "use a URL that names one release or one full commit"


def _address(url: str) -> str:
    """The host and path of a URL."""
    address = url.strip().partition("://")[2] or url.strip()
    return address.partition("#")[0].partition("?")[0].lower()


def _is_on_host(url: str) -> bool:
    """Whether a URL is that of an installer on one of the hosts."""
    return f"{_address(url)}/".startswith(_HOSTS)


def _on_github(host: str, parts: Sequence[str]) -> str:
    repository = "/".join(parts[:2])
    is_tool = any(repository == known.lower() for known in _REPOSITORIES) or parts[1].startswith("cargo-")
    rest = parts[2:]
    if host == "github.com":
        if rest[:3] == ["releases", "latest", "download"]:
            return "is always that of the latest release" if is_tool or parts[-1].endswith("-installer.sh") else ""
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
    return f"comes from the branch `{ref}`, which changes with every push"


def _is_fixed(part: str) -> bool:
    """Whether a part of a path is a commit or a full version, perhaps after a prefix: `cli-v1.2.3`."""
    if is_commit(part) or exact(part.removeprefix("v")):
        return True
    return any(exact(part[at:]) for at, before in enumerate(part, 1) if before in "-_v@")
