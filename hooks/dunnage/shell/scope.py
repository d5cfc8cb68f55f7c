"""The variables of a shell program at one point in it."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

from dunnage.shell.bounds import Budget, union
from dunnage.shell.model import Values

END = "\0"
"""The end of each element of an array; no argument can contain it."""


def elements_of(name: str) -> str:
    """The name under which a scope keeps the elements of an array, `${NAME[@]}`, each terminated by `END`."""
    return f"{name}[@]"


Mark: TypeAlias = tuple[int, frozenset[str]]
"""A point to which a scope can be restored: the number of changes, and the uncertain variables."""

Changes = dict[str, Values]
"""The values of variables that were assigned since a mark."""


class Scope:
    """The variables that a program has assigned so far; they take precedence over those of the file.

    Where a part of a program may be skipped, a variable holds the values of both cases, or is unknown if it was
    unknown before. So a single value is always the right one.
    """

    def __init__(
        self,
        given: Mapping[str, Values],
        budget: Budget,
        outer: "Scope | None" = None,
        options: tuple[str, ...] = (),
    ) -> None:
        """`given` holds the variables of the file; `outer` is the scope of the program if this is one of a function.

        `options` are the OPTION_VARIABLES that the program or the file may set.
        """
        self.budget = budget
        self._given = given
        self._outer = outer
        self._options = options
        self._assigned: dict[str, Values] = {}
        self._uncertain: frozenset[str] = frozenset()
        # All values that each variable is ever assigned: a function may be called at any time.
        self._ever: dict[str, Values] = {}
        # For each assignment, whether the variable was assigned before, and its value then.
        self._changes: list[tuple[str, bool, Values]] = []

    def elsewhere(self) -> "Scope":
        """The scope of a program in a container or on another machine, which no variable reaches."""
        return Scope({}, self.budget, options=self._options)

    def get(self, name: str) -> Values:
        """The values of a variable."""
        if name in self._assigned:
            return self._assigned[name]
        return self._given.get(name) if self._outer is None else self._outer.get_in_function(name)

    def is_assigned(self, name: str) -> bool:
        """Whether the program itself assigns the variable."""
        if name in self._assigned:
            return True
        return self._outer is not None and self._outer.is_assigned_in_function(name)

    def options(self) -> tuple[tuple[str, Values], ...]:
        """The OPTION_VARIABLES that are set, with their values."""
        names = (name for name in self._options if name in self._given or self.is_assigned(name))
        return tuple((name, self.get(name)) for name in names) if self._options else ()

    def set(self, name: str, values: Values) -> None:
        """Assign a variable."""
        if name in self._uncertain:
            values = None
        self._put(name, values)
        self._ever[name] = union((self._ever[name], values)) if name in self._ever else values

    def forget(self, names: Iterable[str]) -> None:
        """Assign something unknown to the variable and the array of each name."""
        for name in names:
            self.set(name, None)
            self.set(elements_of(name), None)

    def distrust(self, names: Iterable[str]) -> None:
        """Treat these variables as unknown from now on, whatever is assigned: functions assign them too."""
        names = frozenset(names)
        self._uncertain |= names | frozenset(map(elements_of, names))

    def mark(self) -> Mark:
        """The current point, for `undo`."""
        return len(self._changes), self._uncertain

    def undo(self, mark: Mark) -> Changes:
        """Restore the variables as they were at `mark`; return the values of those assigned since then."""
        changes: Changes = {}
        count, self._uncertain = mark
        while len(self._changes) > count:
            name, was_assigned, before = self._changes.pop()
            changes.setdefault(name, self._assigned.get(name))
            if was_assigned:
                self._assigned[name] = before
            else:
                del self._assigned[name]
        return changes

    def join(self, branches: Sequence[Changes]) -> None:
        """Continue after exactly one of several branches was taken."""
        assigned: dict[str, list[tuple[int, Values]]] = {}
        for index, changes in enumerate(branches):
            for name, values in changes.items():
                assigned.setdefault(name, []).append((index, values))
        for name, assignments in assigned.items():
            alternatives = [values for _, values in assignments]
            if len(alternatives) < len(branches):
                first = next((at for at, (index, _) in enumerate(assignments) if at != index), len(assignments))
                alternatives.insert(first, self.get(name))
            is_same = all(values == alternatives[0] for values in alternatives)
            self._put(name, alternatives[0] if is_same else union(alternatives))

    def join_skipped(self, mark: Mark) -> None:
        """Continue after commands that run conditionally and began at `mark`."""
        changes = self.undo(mark)
        self.join(({}, changes))

    def blur(self, names: Iterable[str]) -> None:
        """Treat the current values of these variables as unknown."""
        for name in names:
            self._put(name, None)

    def changed(self, mark: Mark) -> frozenset[str]:
        """The variables that were assigned since `mark`."""
        return frozenset(name for name, _, _ in self._changes[mark[0] :])

    def in_function(self) -> "Scope":
        """The scope of functions, once the whole program has been read: they may be called at any time."""
        return Scope(self._given, self.budget, self, self._options)

    def get_in_function(self, name: str) -> Values:
        """The values of a variable in a function of this program."""
        if name in self._uncertain:
            return None
        if name in self._ever:
            return None if self.get(name) is None else self._ever[name]
        return self._given.get(name)

    def is_assigned_in_function(self, name: str) -> bool:
        """Whether the program ever assigns the variable."""
        return name in self._ever or name in self._uncertain

    def _put(self, name: str, values: Values) -> None:
        self._changes.append((name, name in self._assigned, self._assigned.get(name)))
        self._assigned[name] = values
