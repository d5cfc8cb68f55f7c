"""The steps of Dockerfiles that compile, and what the code in them can reach."""

from collections.abc import Iterator
from typing import NamedTuple

from dunnage.cargo_cli.aliases import Alias
from dunnage.cargo_cli.compiling import compiles
from dunnage.files.source import File, Tree
from dunnage.sandbox.exposure import Exposure
from dunnage.scripts.commands import commands
from dunnage.scripts.dockerfile import instructions
from dunnage.scripts.dockerfile_syntax import Instruction
from dunnage.shell.model import Command

NETWORK = "build-sandbox/network"


class Step(NamedTuple):
    """A `RUN` of a Dockerfile."""

    instruction: Instruction
    commands: tuple[Command, ...]

    def flag(self, name: str) -> str:
        """Return the value of a flag; empty if it is not given. The last one counts."""
        found = [each.text.partition("=")[2] for each in self.instruction.flags if each.text.startswith(f"{name}=")]
        return found[-1] if found else ""


def exposures(file: File, alias: Alias, tree: Tree) -> Iterator[Exposure]:
    """Yield what the steps of a Dockerfile expose to the code that compiles in them."""
    for step in _steps(file):
        compiling = next((command for command in step.commands if compiles(command, alias, tree, file)), None)
        if compiling is not None and step.flag("--network") != "none":
            name = " ".join(word.text for word in compiling.words[:2])
            message = f"`{name}` runs build scripts and macros with network access"
            help = (
                "download in one step, and compile without network in the next:\n"
                "RUN cargo fetch --locked\n"
                f"RUN --network=none {name} --frozen"
            )
            yield Exposure(NETWORK, file, compiling.words[0].span, message, help)


def _steps(file: File) -> Iterator[Step]:
    """Yield the steps of a Dockerfile, with their commands."""
    found = list(commands(file))
    for instruction in instructions(file):
        if instruction.keyword == "RUN":
            start, end = instruction.span
            inside = tuple(command for command in found if start <= command.words[0].span.start < end)
            yield Step(instruction, inside)
