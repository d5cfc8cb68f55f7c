"""The variables of programs in CI files."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from operator import attrgetter
from typing import TypeAlias, TypeVar

from dunnage.files.source import File
from dunnage.files.span import Span
from dunnage.shell import bounds, expression
from dunnage.shell.model import OPTION_VARIABLES, Script, Values

Variables: TypeAlias = Mapping[str, Values]
"""Values by name, as in `Script.variables`."""


T = TypeVar("T")

MOST_VARIABLES = 500
"""How many variables a program may see; of more, none is known. Real programs see up to 52."""


MOST_STEPS = 5000
"""How many steps of a CI file are read; real files have up to a few hundred."""


def merged(*parts: Variables) -> Variables:
    """All variables of several sets, of which a later one takes precedence.

    None if they are too many: each program may have a set of its own, and aliases put one set into many others.
    """
    found: dict[str, Values] = {}
    for part in parts:
        if len(part) > MOST_VARIABLES:
            return {}
        found.update(part)
    return found if len(found) <= MOST_VARIABLES else {}


def union(alternatives: Iterable[Values]) -> Values:
    """The values of all alternatives, each once; None if those of one are unknown."""
    return bounds.union(alternatives, sys.maxsize)


def distinct(found: Iterable[tuple[int, Script]]) -> Iterator[Script]:
    """Yield one script for each offset, in order; by aliases, several jobs may have one script."""
    scripts: dict[int, Script] = {}
    for start, script in found:
        first = scripts.setdefault(start, script)
        if first is not script:
            scripts[start] = first._replace(variables=in_either(first.variables, script.variables))
    yield from (script for _, script in sorted(scripts.items()))


def in_either(first: Variables, second: Variables) -> Variables:
    """The variables of a program that may see either of two sets of variables."""
    if first is second or first == second:
        return first
    names = first.keys() & second.keys()
    return {name: bounds.union((first[name], second[name]), bounds.MOST_EXPRESSION_VALUES) for name in names}


def limited(
    file: File,
    steps: Iterable[T],
    start: Callable[[T], int] = attrgetter("span.start"),
    most: int = MOST_STEPS,
    what: str = "steps",
) -> Iterator[T]:
    """Yield the first steps of a file, and note where those begin that are too many; `start` gives their offsets.

    Aliases can expand a small file to millions of steps.
    """
    for count, step in enumerate(steps):
        if count >= most:
            message = f"this file has more than {most:,} {what}, the limit for CI files; the others are not read"
            file.note_unread("input/too-large", message, Span(start(step), start(step)))
            return
        yield step


def expand_all(texts: Values, variables: Variables) -> Values:
    """The values of texts in which GitHub replaces expressions."""
    return None if texts is None else union(expression.expand(text, variables) for text in texts)


def without_written(variables: Variables, text: str) -> Variables:
    """`variables` without those that a program may set for later steps.

    These are the variables that it assigns, or if there are none, all environment variables.
    """
    names = assigned_names(text, r"\s*(?:=|<<)") or {name for name in variables if f"env.{name}" in variables}
    changed = {name for bare in names for name in (bare, f"env.{bare}")} & variables.keys()
    unknown: Variables = {name: None for name in OPTION_VARIABLES if name in text}
    if not changed and not unknown:
        return variables
    return {**{name: values for name, values in variables.items() if name not in changed}, **unknown}


def assigned_names(text: str, operator: str) -> set[str]:
    """The names in a program before each match of `operator`, a regular expression."""
    # The search tries the start of each word alone: the time for all others would grow with the square of its length.
    return set(re.findall(rf"(?<![A-Za-z0-9_])([A-Za-z_][A-Za-z0-9_]*){operator}", text))
