"""The matrix of a job in a GitHub workflow.

Its rules are those of https://docs.github.com/en/actions/how-tos/write-workflows/choose-what-workflows-do/run-job-variations.
"""

from collections.abc import Mapping
from functools import cached_property
from itertools import product
from typing import NamedTuple

from dunnage.scripts import yaml
from dunnage.scripts.variables import Variables, expand_all, union
from dunnage.shell.model import Values

# For a job with more combinations, each name has all its values, whatever the combination.
_MOST_COMBINATIONS = 300
# How many values a matrix may have: aliases can expand a small file to millions.
_MOST_TEXTS = 5000
# How many names times combinations a matrix may have.
_MOST_CELLS = 200_000

_Value = Mapping[str, Values]
"""A value of the matrix: its texts by path, such as `.os.name`; the path of a value that is a text is empty."""
_Combination = dict[str, _Value]
_NO_VALUE: _Value = {"": ("",)}
_UNKNOWN_VALUE: _Value = {"": None}


class _TooLarge(Exception):
    """The matrix has too many values."""


class _Parts(NamedTuple):
    vectors: dict[str, list[_Value] | None]
    """The lists of values by name; None for an unknown list."""
    include: list[_Combination]
    exclude: list[_Combination]


class Matrix:
    """The matrix of a job; without a node it has no variables and no combinations."""

    def __init__(self, node: yaml.Node | None, variables: Variables) -> None:
        self._node = node
        self._variables = variables

    @cached_property
    def variables(self) -> Variables:
        """`matrix.x` for each x, with all its values; an empty text among them if some combination has none."""
        if self._parts is None:
            return {}
        vectors, include, _ = self._parts
        every = self._combined
        is_exact = every is not None
        if every is None:
            every = [*({name: value} for name, vector in vectors.items() for value in vector or ()), *include]
        names = dict.fromkeys(name for combination in every for name in combination)
        if len(names) * len(every) > _MOST_CELLS:
            return {}
        known = {
            f"matrix.{name}{path}": values
            for name in names
            for path, values in _by_path(
                [each.get(name, _NO_VALUE) for each in every if is_exact or name in each]
            ).items()
        }
        for name, vector in vectors.items():
            if vector is None:
                known = {key: values for key, values in known.items() if not f"{key}.".startswith(f"matrix.{name}.")}
        return known

    @cached_property
    def combinations(self) -> list[Variables] | None:
        """The values of `matrix.x` in each combination; None without a matrix, or if some are unknown."""
        if self._parts is None or None in self._parts.vectors.values() or self._combined is None:
            return None
        return [
            {f"matrix.{name}{path}": values for name, value in each.items() for path, values in value.items()}
            for each in self._combined
        ]

    @cached_property
    def _parts(self) -> _Parts | None:
        """The parts; None if there are none, they are too large, or `include:`, which may set any name, is unknown."""
        if self._node is None or self._node.kind != "mapping":
            return None
        try:
            return _Reader(self._variables).parts(self._node)
        except _TooLarge:
            return None

    @cached_property
    def _combined(self) -> list[_Combination] | None:
        return None if self._parts is None else _combine(*self._parts)


class _Reader:
    """Reads one matrix and counts its values."""

    def __init__(self, variables: Variables) -> None:
        self._variables = variables
        self._texts = 0

    def parts(self, node: yaml.Node) -> _Parts | None:
        vectors: dict[str, list[_Value] | None] = {}
        extra: dict[str, list[_Combination] | None] = {}
        for name, part in node.items():
            if name in ("include", "exclude"):
                extra[name] = self._entries(part)
            elif part.kind == "sequence":
                vectors[name] = [self._value(element) for element in part.elements()]
            else:
                vectors[name] = None
        include = extra.get("include", [])
        return None if include is None else _Parts(vectors, include, extra.get("exclude") or [])

    def _entries(self, node: yaml.Node) -> list[_Combination] | None:
        """The combinations in an `include:` or `exclude:`; None if they are unknown."""
        if node.kind != "sequence":
            return None if node.text or node.kind != "scalar" else []
        elements = node.elements()
        if any(element.kind != "mapping" for element in elements):
            return None
        return [{name: self._value(value) for name, value in element.items()} for element in elements]

    def _value(self, node: yaml.Node) -> _Value:
        found: dict[str, Values] = {}
        waiting = [("", node)]
        while waiting:
            path, part = waiting.pop()
            self._texts += 1
            if self._texts > _MOST_TEXTS:
                raise _TooLarge
            if part.kind == "mapping" and path.count(".") < 5:
                waiting += [(f"{path}.{name}", value) for name, value in part.items()]
            else:
                found[path] = expand_all(yaml.value(part), self._variables)
        return found


def _by_path(values: list[_Value]) -> _Value:
    """The known texts of one name in all combinations, by path."""
    found: dict[str, Values] = {}
    for path in dict.fromkeys(path for value in values for path in value):
        texts = union(value.get(path, ("",)) for value in values)
        if texts is not None:
            found[path] = texts
    return found


def _combine(
    vectors: Mapping[str, list[_Value] | None], include: list[_Combination], exclude: list[_Combination]
) -> list[_Combination] | None:
    """The combinations of a matrix by the rules for `include` and `exclude`; None if there are too many."""
    count = 1
    for vector in vectors.values():
        count *= max(1, len(vector or ()))
        if count > _MOST_COMBINATIONS:
            return None
    # An unknown list has one unknown value.
    lists = [[_UNKNOWN_VALUE] if vector is None else vector for vector in vectors.values()]
    products: list[_Combination] = [dict(zip(vectors, chosen, strict=True)) for chosen in product(*lists)]
    originals = [each for each in products if each and not any(entry and _agrees(each, entry) for entry in exclude)]
    found = [dict(each) for each in originals]
    alone: list[_Combination] = []
    for entry in include:
        shared = {name: value for name, value in entry.items() if name in vectors}
        matching = [index for index, each in enumerate(originals) if _agrees(each, shared)]
        for index in matching:
            found[index].update(entry)
        if not matching:
            alone.append(entry)
    return found + alone


def _agrees(combination: _Combination, entry: _Combination) -> bool:
    return all(
        name in combination and combination[name].get(path, ("",)) == values
        for name, value in entry.items()
        for path, values in value.items()
    )
