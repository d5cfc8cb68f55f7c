"""Commands that compile Rust code, and so run build scripts and procedural macros."""

from typing import NamedTuple

from dunnage.cargo_cli.aliases import Alias
from dunnage.cargo_cli.build_tools import tool_build
from dunnage.cargo_cli.builds import build
from dunnage.cargo_cli.calls import CargoCall, cargo_call
from dunnage.cargo_cli.command_line import NO_ACTION, arguments, install_arguments, invocation
from dunnage.files.source import File, Tree
from dunnage.shell.model import Command

# Options with which a subcommand does not compile.
_WITHOUT_BUILD = {"chef cook": "--no-build", "package": "--no-verify", "publish": "--no-verify"}
# Subcommands that compile, and that take no `--locked` or resolve their own dependencies.
_OTHERS = frozenset(("bloat", "criterion", "expand", "mutants", "public-api", "semver-checks"))


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
    called = invocation(call.words) if call else None
    if call is None or called is None:
        return None
    name = f"{call.program} {called.name}"
    if called.name == "install":
        is_install = install_arguments(call.words, called) is not None
        return Compilation(call, name, called.subcommand) if is_install else None
    if called.name in _OTHERS:
        flags = arguments(call.words, called.subcommand + 1, ()).flags
        return Compilation(call, name, called.subcommand) if flags.isdisjoint(NO_ACTION) else None
    built = build(call.words)
    if built is None or not built.compiles:
        return None
    option = _WITHOUT_BUILD.get(built.name)
    if option is not None and option in arguments(call.words, called.subcommand + 1, ()).flags:
        return None
    return Compilation(call, f"{call.program} {built.name}", built.at)
