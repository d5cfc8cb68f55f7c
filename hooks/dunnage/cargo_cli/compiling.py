"""Commands that compile Rust code, and so run build scripts and procedural macros."""

from dunnage.cargo_cli.aliases import Alias
from dunnage.cargo_cli.build_tools import tool_build
from dunnage.cargo_cli.builds import build
from dunnage.cargo_cli.calls import cargo_call
from dunnage.cargo_cli.command_line import install_arguments, invocation
from dunnage.files.source import File, Tree
from dunnage.shell.model import Command


def compiles(command: Command, alias: Alias, tree: Tree, file: File) -> bool:
    """Whether a command in `file` compiles Rust code. `alias` are the aliases of cargo where it runs."""
    call = cargo_call(command, alias)
    if tool_build(command, call, tree, file) is not None:
        return True
    called = invocation(call.words) if call else None
    if call is None or called is None:
        return False
    found = build(call.words)
    is_install = called.name == "install" and install_arguments(call.words, called) is not None
    return is_install or (found is not None and found.compiles)
