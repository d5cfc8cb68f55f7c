"""The programs of steps in Buildkite pipelines, by https://buildkite.com/docs/pipelines/configure/step-types.

The commands of a step are one program. When a pipeline is uploaded, `$$` becomes `$`.
"""

from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from dunnage.files.source import File
from dunnage.scripts import yaml
from dunnage.scripts.variables import MOST_VARIABLES, Variables, distinct, limited, merged
from dunnage.shell.model import DIRECTORY, Place, Script
from dunnage.shell.offsets import Segment, joined_lines, substitute


class Step(NamedTuple):
    """A step that runs a program."""

    node: yaml.Node
    script: Script


def scripts(file: File) -> Iterator[Script]:
    """Yield the programs of steps for a POSIX shell, in the order of the file. Raises SourceError as YAML does."""
    yield from distinct((step.script.offsets[0][1], step.script) for step in steps(file) if step.script.offsets)


def steps(file: File) -> Iterator[Step]:
    """Yield the steps with a program for a POSIX shell. Raises SourceError as YAML does."""
    for document in yaml.documents(file)[:1]:
        variables = merged({DIRECTORY: (".",)}, _environment(document))
        # By the identity of their nodes: by aliases, many steps may have one program.
        programs: dict[tuple[int, ...], tuple[str, tuple[Segment, ...]]] = {}
        for number, node in enumerate(limited(file, candidates(document)), 1):
            commands = [found for key in ("command", "commands") if (found := node.get(key))]
            if not commands or _is_windows(node.get("agents")):
                continue
            place = Place("buildkite", (f"step {node.named('label', 'key') or number}",))
            key = tuple(map(id, commands))
            programs[key] = programs.get(key) or _program(commands)
            text, offsets = programs[key]
            seen = merged(variables, _environment(node))
            yield Step(node, Script(text, offsets, place, seen, expressions="just"))


def candidates(document: yaml.Node) -> Iterator[yaml.Node]:
    """Yield the entries of the list of steps, and those of groups, which contain no other groups."""
    listed = document if document.kind == "sequence" else document.get("steps")
    for node in listed.elements() if listed else ():
        yield node
        if node.get("group") is not None:
            yield from node.elements("steps")


def _program(commands: list[yaml.Node]) -> tuple[str, tuple[Segment, ...]]:
    parts = (part for command in commands for part in command.listed() if part.kind == "scalar")
    return substitute(r"\$\$", lambda _: "$", *joined_lines((part.text, part.offsets) for part in parts))


def _environment(node: yaml.Node) -> Variables:
    """The variables of `env:`; those with references to others are unknown."""
    known = ((name, yaml.cautious_value(value)) for name, value in islice(node.items("env"), MOST_VARIABLES + 1))
    return {name: values if values and "$" not in values[0] else None for name, values in known}


def _is_windows(agents: yaml.Node | None) -> bool:
    """Whether a step selects agents on Windows, whose shell is cmd."""
    texts = [value.text for _, value in agents.items()] if agents else []
    texts += [tag.text for tag in agents.elements()] if agents else []
    return any("windows" in text.lower() for text in texts)
