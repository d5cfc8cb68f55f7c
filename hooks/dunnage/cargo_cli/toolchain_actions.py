"""GitHub actions that install a toolchain, and the one that each of them installs.

Source: action.yml of each action.
"""

from collections.abc import Mapping
from typing import NamedTuple

from dunnage.cargo_cli.tools import is_commit

_INPUTS = {
    "actions-rs/toolchain": "toolchain",
    "actions-rust-lang/setup-rust-toolchain": "toolchain",
    "dtolnay/rust-toolchain": "toolchain",
    "hecrj/setup-rust-action": "rust-version",
    "moonrepo/setup-rust": "channel",
}
"""The input of each action that names the toolchain."""

_OVERRIDE = {"actions-rust-lang/setup-rust-toolchain": "true"}
"""The default of the input `override`."""

HINTS = tuple(name.partition("/")[2] for name in _INPUTS)
"""A file without any of these texts uses none of the actions."""


class ActionToolchain(NamedTuple):
    """A toolchain that an action installs."""

    name: str
    input: str
    """The input that names it; empty for the ref of the action or its default."""
    is_override: bool = False
    """Whether it takes precedence over a toolchain file."""


def installed(name: str, ref: str, inputs: Mapping[str, str | None]) -> ActionToolchain | None:
    """Return the toolchain that an action installs; `inputs` has None for unknown values.

    None if it is another action, or if the toolchain is unknown.
    """
    name = name.lower()
    key = _INPUTS.get(name)
    if key is None:
        return None
    if key in inputs:
        given = (inputs[key] or "").strip()
        override = inputs.get("override", _OVERRIDE.get(name, "false"))
        return ActionToolchain(given, key, override == "true") if given else None
    if name == "dtolnay/rust-toolchain":
        return None if is_commit(ref) or ref in ("master", "v1", "") else ActionToolchain(ref, "")
    return ActionToolchain("stable", "") if name != "actions-rs/toolchain" else None
