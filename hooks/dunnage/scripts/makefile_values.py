"""The values of make's variables, and the references to them in a text."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from dunnage.shell.bounds import MOST_BUILD_VALUES, Budget, union
from dunnage.shell.model import Values

_MOST_LEVELS = 20
# The closing bracket for each bracket that opens a reference.
_BRACKETS = {"(": ")", "{": "}"}


class Variable(NamedTuple):
    """A variable of make."""

    values: Values
    is_expanded: bool
    """It was set by `:=` and so contains no references."""


Scope = Callable[[str], Variable | None]
"""Returns the variable of a name, of those that are set for a part of a makefile; None if it is not one of them."""

UNKNOWN = Variable(None, is_expanded=True)


def join(variables: list[Variable | None]) -> Variable:
    """A variable that several branches set."""
    texts = union([None if variable is None else variable.values for variable in variables], MOST_BUILD_VALUES)
    flavours = {variable.is_expanded for variable in variables if variable}
    if texts is None or (len(flavours) > 1 and any("$" in text for text in texts)):
        return UNKNOWN
    return Variable(texts, flavours == {True})


class Expansion:
    """Replaces references by values; each variable is evaluated once."""

    def __init__(self, variables: Mapping[str, Variable], budget: Budget, scope: Scope | None = None) -> None:
        """`scope` has what is particular to a rule and takes precedence."""
        self._variables = variables
        self._scope = scope
        self._memo: dict[str, Values] = {}
        self._budget = budget

    def text(self, text: str, depth: int = 0) -> Values:
        """The values of a text; None if they are unknown."""
        if "$" not in text:
            return (text,)
        if depth > _MOST_LEVELS:
            return None
        found = ((start, end, self._reference(text[start:end], depth)) for start, end in references(text))
        return self._budget.filled(text, found, MOST_BUILD_VALUES)

    def _reference(self, reference: str, depth: int) -> Values:
        inner = reference[2:-1] if len(reference) > 2 else reference[1:]
        if inner == "$":
            return ("$",)
        if len(reference) == 2:
            return self._name(inner, depth)
        function, _, arguments = inner.partition(" ")
        if function == "strip":
            values = self.text(arguments, depth + 1)
            return None if values is None else tuple(dict.fromkeys(" ".join(value.split()) for value in values))
        if function == "if" and "," in arguments:
            comma = find_outside(arguments, ",")
            second = find_outside(arguments, ",", comma + 1)
            yes = self.text(arguments[comma + 1 : second if second >= 0 else None].strip(), depth + 1)
            no = self.text(arguments[second + 1 :].strip(), depth + 1) if second >= 0 else ("",)
            return None if yes is None or no is None else tuple(dict.fromkeys(yes + no))
        names = self.text(inner, depth + 1) if "$" in inner else (inner,)
        return self._name(names[0], depth) if names is not None and len(names) == 1 else None

    def _name(self, name: str, depth: int) -> Values:
        if name in self._memo:
            return self._memo[name]
        # During its evaluation it is unknown, which ends cycles.
        self._memo[name] = None
        variable = (self._scope and self._scope(name)) or self._variables.get(name)
        if variable is None:
            return None
        values, is_expanded = variable
        if not is_expanded and values is not None:
            values = union([self.text(value, depth + 1) for value in values], MOST_BUILD_VALUES)
        self._memo[name] = values
        return values


def references(text: str) -> Iterator[tuple[int, int]]:
    """Yield start and end of each reference to a variable; `$$` counts as a reference."""
    start = text.find("$")
    while 0 <= start < len(text) - 1:
        end = start + 2
        closing = _BRACKETS.get(text[start + 1])
        if closing:
            end = _closing(text, start + 2, text[start + 1], closing)
            if end < 0:
                # make rejects a reference that is never closed.
                return
        yield start, end
        start = text.find("$", end)


def _closing(text: str, start: int, opening: str, closing: str) -> int:
    """The index after the closing bracket; -1 if there is none."""
    end = text.find(closing, start)
    if end < 0 or text.find(opening, start, end) < 0:
        return end + 1 or -1
    depth = 1
    for match in re.compile(f"[{re.escape(opening + closing)}]").finditer(text, start):
        depth += 1 if match[0] == opening else -1
        if not depth:
            return match.end()
    return -1


def find_outside(text: str, character: str, start: int = 0) -> int:
    """The index of `character` outside of references; -1 if there is none."""
    first = text.find(character, start)
    if first < 0 or text.find("$", start, first) < 0:
        return first
    position = start
    for begin, end in references(text[start:]):
        found = text.find(character, position, start + begin)
        if found >= 0:
            return found
        position = max(position, start + end)
    return text.find(character, position)


def closing_bracket(text: str, start: int, opening: str) -> int:
    """The index after the bracket that closes the one opened before `start`; -1 if it is never closed."""
    return _closing(text, start, opening, _BRACKETS[opening])
