"""Commands that compile Rust code, and so run build scripts and procedural macros."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from dunnage.cargo_cli.aliases import Alias
from dunnage.cargo_cli.build_tools import tool_build
from dunnage.cargo_cli.builds import build
from dunnage.cargo_cli.calls import CargoCall, cargo_call
from dunnage.cargo_cli.command_line import NO_ACTION, arguments, install_arguments, invocation
from dunnage.files.source import File, Tree
from dunnage.shell.model import Command

HINTS = ("cargo", "cross", "maturin", "trunk", "wasm-pack", "tauri")
"""A command that compiles has one of these texts in its words."""

# Options with which a subcommand does not compile.
_WITHOUT_BUILD = {"chef cook": "--no-build", "package": "--no-verify", "publish": "--no-verify"}
# Subcommands that compile, and that take no `--locked` or resolve their own dependencies, each with those of its own
# subcommands that do; none if it has no subcommands.
_OTHERS: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(("bloat", "criterion", "expand", "mutants", "public-api", "semver-checks"), ()),
    "insta": ("test",),
}


class Compilation(NamedTuple):
    """A command that compiles."""

    call: CargoCall
    """The command as a call of cargo; of a tool such as maturin, as `tool_build` has it."""
    name: str
    """The program and its subcommand, with aliases expanded: `cargo build`, `cargo hack test`, `maturin build`."""
    at: int
    """The word of the call that names the subcommand."""


def compiles(command: Command, alias: Alias, tree: Tree, file: File) -> bool:
    """Whether a command in `file` compiles Rust code. `alias` are the aliases of cargo where it runs."""
    return compilation(command, alias, tree, file) is not None


def compilation(command: Command, alias: Alias, tree: Tree, file: File) -> Compilation | None:
    """Return what a command in `file` compiles; None if it compiles nothing."""
    call = cargo_call(command, alias)
    tool = tool_build(command, call, tree, file)
    if tool is not None:
        call, found = tool
        return Compilation(call, f"{call.program} {found.name}", found.at)
    subcommand = compiling_subcommand(call.words) if call else None
    if call is None or subcommand is None:
        return None
    name, at = subcommand
    return Compilation(call, f"{call.program} {name}", at)


def compiling_subcommand(words: Sequence[str | None]) -> tuple[str, int] | None:
    """Return the subcommand with which a call of cargo compiles, and its word; None if the call compiles nothing."""
    called = invocation(words)
    if called is None:
        return None
    alone = (called.name, called.subcommand)
    if called.name == "install":
        return alone if install_arguments(words, called) is not None else None
    found_arguments = arguments(words, called.subcommand + 1, ())
    flags = found_arguments.flags
    if called.name in _OTHERS:
        inner = _OTHERS[called.name]
        is_build = not inner or any(words[index] in inner for index in found_arguments.operands[:1])
        return alone if is_build and flags.isdisjoint(NO_ACTION) else None
    found = build(words)
    if found is None or not found.compiles or _WITHOUT_BUILD.get(found.name) in flags:
        return None
    return found.name, found.at
