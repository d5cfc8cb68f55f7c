"""The tools that any known action may install, with all values that its inputs may have."""

from collections.abc import Iterator, Mapping

from dunnage.cargo_cli import actions
from dunnage.shell.model import Values


def possible_tools(name: str, ref: str, inputs: Mapping[str, Values]) -> Iterator[actions.Tool]:
    """Yield the tools for the first value of each input, then again for each further value of one of them."""
    name = name.lower()
    first = {key: values[0] if values else None for key, values in inputs.items()}
    variants = [first, *({**first, key: value} for key, values in inputs.items() for value in (values or ())[1:])]
    for variant in variants:
        if name in actions.NAMES:
            yield from actions.installed_tools(name, ref, variant)
        else:
            from dunnage.cargo_cli.version_actions import installed

            yield from installed(name, variant)
