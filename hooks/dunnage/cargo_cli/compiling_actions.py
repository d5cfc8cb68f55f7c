"""Actions that compile Rust code, and what of their environment and inputs the build can read.

Sources: each action's own repository. An action in JavaScript passes its environment, in which its inputs are, to the
programs that it runs.
"""

from collections.abc import Mapping
from typing import NamedTuple

from dunnage.cargo_cli.command_line import CARGO_ACTIONS, action_words
from dunnage.cargo_cli.compiling import compiling_subcommand


class ActionBuild(NamedTuple):
    """What an action compiles."""

    name: str
    """The command that it runs: `cargo clippy`."""
    is_in_container: bool = False
    """Whether the build runs in a container, or may."""
    reads_environment: bool = True
    """Whether the build sees the environment of the step, unless it runs in a container."""
    reads_inputs: bool = False
    """Whether the build sees the inputs of the step, as variables `INPUT_…`."""


_CLIPPY = ActionBuild("cargo clippy", reads_inputs=True)
_INSTALL = ActionBuild("cargo install")

_ACTIONS = {
    "actions-rs-plus/clippy-check": _CLIPPY,
    "actions-rs/clippy-check": _CLIPPY,
    "actions-rs/install": _INSTALL,
    "auguwu/clippy-action": _CLIPPY,
    "baptiste0928/cargo-install": _INSTALL,
    "boa-dev/criterion-compare-action": ActionBuild("cargo bench", reads_inputs=True),
    "clechasseur/rs-clippy-check": _CLIPPY,
    "giraffate/clippy-action": _CLIPPY,
    # It builds in a container if that cross-compiles.
    "houseabsolute/actions-rust-cross": ActionBuild("cross", is_in_container=True),
    "obi1kenobi/cargo-semver-checks-action": ActionBuild("cargo semver-checks"),
    # It removes the tokens from its environment first.
    "taiki-e/upload-rust-binary-action": ActionBuild("cargo build", reads_environment=False),
    "tauri-apps/tauri-action": ActionBuild("tauri build"),
}
_MATURIN = ("messense/maturin-action", "pyo3/maturin-action")
_MATURIN_BUILDS = ("build", "develop", "publish")

_PUBLISHER = "katyo/publish-crates"
"""The action that runs `cargo publish` for each crate of a workspace."""

HINTS = (
    "actions-rs/",
    "actions-rust-cross",
    "clippy",
    "criterion",
    "publish-crates",
    "rust-binary",
    "cargo",
    "maturin",
    "tauri",
)
"""Each name of an action that compiles contains one of these."""


def action_build(name: str, inputs: Mapping[str, str | None], on_linux: bool = True) -> ActionBuild | None:
    """Return what an action compiles with these inputs, by name in lower case; None if nothing. None is unknown.

    `on_linux` says whether all its runners may be Linux.
    """
    name = name.lower()
    if name in _MATURIN:
        # Source: src/index.ts of PyO3/maturin-action. It starts no container on macOS and Windows, nor for `--zig`.
        command, container = inputs.get("command", "build"), inputs.get("container", "")
        arguments = inputs.get("args", "") or ""
        targets = f"{inputs.get('target')} {arguments}"
        is_zig = "--zig" in arguments.split() and container == "" and "s390x" not in targets
        is_in_container = on_linux and command != "develop" and container != "off" and not is_zig
        return ActionBuild(f"maturin {command}", is_in_container) if command in _MATURIN_BUILDS else None
    if name in CARGO_ACTIONS:
        found = compiling_subcommand(action_words(inputs))
        return found and ActionBuild(f"cargo {found[0]}", inputs.get("use-cross", "false") != "false")
    return _ACTIONS.get(name)


def publishes(name: str, inputs: Mapping[str, str | None]) -> bool:
    """Whether an action publishes crates with a token, and compiles them for that."""
    if name.lower() != _PUBLISHER:
        return False
    arguments = inputs.get("args", "")
    if arguments is None or "--no-verify" in arguments.split() or inputs.get("registry-token", "") == "":
        return False
    return all(inputs.get(name, "false") == "false" for name in ("no-verify", "dry-run"))
