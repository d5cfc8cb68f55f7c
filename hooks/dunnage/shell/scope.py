"""What a shell program's variables may hold at one point of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from dunnage.shell.model import Values

MOST_VALUES = 16
"""A variable or word that may be more things than this counts as unknown."""

END = "\0"
"""Stands after each element of an array; no argument can hold it."""


def elements_of(name: str) -> str:
    """The name under which the elements of an array are kept, each ended by `END`: `${NAME[@]}`."""
    return f"{name}[@]"


def either(alternatives: Iterable[Values]) -> Values:
    """What something may be that is one of `alternatives`."""
    found: dict[str, None] = {}
    for values in alternatives:
        if values is None:
            return None
        found.update(dict.fromkeys(values))
    return tuple(found) if len(found) <= MOST_VALUES else None


class Scope:
    """The variables that a program has assigned so far, over those that the file around it gives.

    Assignments on a way that may not be taken leave a variable with the values of all ways, or unknown if it had none
    before; so a single value is always the right one.
    """

    def __init__(self, given: Mapping[str, Values], assigned: dict[str, Values] | None = None) -> None:
        self._given = given
        self.assigned = assigned or {}
        """By the program itself."""
        self._uncertain: frozenset[str] = frozenset()
        # Everything that is ever assigned, for functions, which may be called at any time: shared by all copies.
        self._ever: dict[str, Values] = {}

    def get(self, name: str) -> Values:
        """What the variable may be."""
        return self.assigned[name] if name in self.assigned else self._given.get(name)

    def set(self, name: str, values: Values) -> None:
        """Assign a variable."""
        if name in self._uncertain:
            values = None
        self.assigned[name] = values
        self._ever[name] = either((self._ever[name], values)) if name in self._ever else values

    def forget(self, names: Iterable[str]) -> None:
        """Assign something unknown to each variable and array of these names."""
        for name in names:
            self.set(name, None)
            self.set(elements_of(name), None)

    def distrust(self, names: Iterable[str]) -> None:
        """From now on hold these variables for unknown, whatever is assigned: functions assign them too."""
        self._uncertain |= frozenset(name for plain in names for name in (plain, elements_of(plain)))

    def copy(self) -> Scope:
        """The same variables, for a subshell or for a way that may not be taken."""
        copy = Scope(self._given, dict(self.assigned))
        copy._uncertain = self._uncertain
        copy._ever = self._ever
        return copy

    def join(self, ways: Iterable[Scope]) -> None:
        """Go on after exactly one of several ways was taken."""
        scopes = list(ways)
        names: dict[str, Values] = {}
        for scope in scopes:
            names.update(scope.assigned)
        for name in names:
            first = scopes[0].get(name)
            if any(scope.get(name) != first for scope in scopes[1:]):
                self.assigned[name] = either(scope.get(name) for scope in scopes)
            else:
                self.assigned[name] = first

    def in_function(self) -> Scope:
        """What is known in a function that may be called at any time, once the whole program has been read."""
        assigned = {name: None if self.get(name) is None else values for name, values in self._ever.items()}
        assigned.update(dict.fromkeys(self._uncertain))
        return Scope(self._given, assigned)
