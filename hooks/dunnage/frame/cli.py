"""The command `dunnage` and its subcommands."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from importlib import import_module

from dunnage import __version__
from dunnage.frame.execution import guarded
from dunnage.frame.finding import WEBSITE
from dunnage.frame.options import WrongUsage, plain

NAME = "dunnage"
COMMANDS = {
    "check": ("dunnage.frame.check", "main", "run the hooks over the files of a repository"),
    "explain": ("dunnage.frame.rules", "explain", "print the page of a rule or of a hook"),
    "review": (
        "dunnage.frame.review",
        "main",
        "print what a commit changes in Cargo.lock and WIT: as text, as Markdown for a pull request, or as JSON",
    ),
    "rules": ("dunnage.frame.rules", "list_rules", "list the rules of all hooks"),
    "sample-config": ("dunnage.frame.sample_config", "main", "print a .pre-commit-config.yaml for this repository"),
}
"""For each subcommand, the module and the function that run it with its arguments, and a line for `--help`."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run a subcommand with command-line arguments, by default the program's own, and return its exit status.

    0: no findings. 1: findings, or fixed files. 2: wrong usage, or the report was not written. 130: interrupted.
    """
    command, *rest = (sys.argv[1:] if argv is None else argv) or ("",)
    if command in COMMANDS:
        module, function, _ = COMMANDS[command]
        run: Callable[[Sequence[str]], int] = getattr(import_module(module), function)
        return guarded(f"{NAME} {command}", lambda: run(plain(rest)))
    return guarded(NAME, lambda: _main(command))


def _main(command: str) -> int:
    from dunnage.frame.output.delivery import show, write

    if command == "--version":
        show(f"{NAME} {__version__}\n")
        return 0
    if command in ("-h", "--help"):
        show(_help())
        return 0
    if not command:
        write(_help(), sys.stderr)
        return 2
    from dunnage.frame.arguments import nearest

    kind = "option" if command.startswith("-") else "command"
    raise WrongUsage(
        f"there is no {kind} {command}{nearest(command, [*COMMANDS, '--help', '--version'])}; "
        f"the commands are {', '.join(COMMANDS)}"
    )


def _help() -> str:
    width = max(map(len, COMMANDS))
    commands = "".join(f"  {command:{width}}  {summary}\n" for command, (_, _, summary) in COMMANDS.items())
    return (
        f"usage: {NAME} COMMAND ...\n\n"
        "Keep Cargo and WebAssembly-component builds exact and locked.\n\n"
        f"commands:\n{commands}\n"
        "options:\n"
        "  -h, --help  show this help message and exit\n"
        "  --version   show program's version number and exit\n\n"
        f"`{NAME} COMMAND --help` describes a command. The manual: {WEBSITE}\n"
    )
