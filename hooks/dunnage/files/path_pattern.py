"""Patterns of paths, matched in time that grows with the length of the path alone.

A regular expression of Python takes time that grows with a power of that length, if a pattern has several wildcards.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple


class Part(NamedTuple):
    """A part of a pattern."""

    matches: Callable[[str], bool]
    """Whether it matches a character."""
    may_be_absent: bool = False
    may_repeat: bool = False
    is_folders: bool = False
    """It is any text that ends with `/`, or nothing."""


def literal(character: str) -> Part:
    """The part that is one character."""
    return Part(character.__eq__)


CHARACTER = Part(bool)
"""Any character."""
NOT_SLASH = Part("/".__ne__)
"""A character but `/`."""
NAME = NOT_SLASH._replace(may_be_absent=True, may_repeat=True)
"""Any text without `/`."""
ANYTHING = Part(bool, may_be_absent=True, may_repeat=True)
"""Any text."""
FOLDERS = Part(bool, is_folders=True)
"""Any text that ends with `/`, or nothing."""


class PathPattern:
    """A sequence of parts."""

    def __init__(self, parts: Sequence[Part]) -> None:
        self._parts = parts
        self.steps = 0
        """How many steps all matches have taken."""

    def matches(self, path: str) -> bool:
        """Whether the parts match a whole path."""
        return len(path) in self.lengths(path)

    def lengths(self, path: str) -> Iterator[int]:
        """Yield the length of each beginning of a path that the parts match, from the shortest on."""
        # State N means that part N is next, and ~N that the path is inside of folders, which part N matches.
        states = self._with_absent({0})
        for length, character in enumerate(path):
            if len(self._parts) in states:
                yield length
            self.steps += len(states) + 1
            following: set[int] = set()
            for state in states:
                at = state if state >= 0 else ~state
                if at == len(self._parts):
                    continue
                part = self._parts[at]
                if part.is_folders:
                    following.add(~at)
                    if character == "/":
                        following.add(at + 1)
                elif part.matches(character):
                    following.add(at + 1)
                    if part.may_repeat:
                        following.add(at)
            states = self._with_absent(following)
            if not states:
                return
        if len(self._parts) in states:
            yield len(path)

    def _with_absent(self, states: set[int]) -> set[int]:
        """These states, and those after parts that may be absent."""
        found = set(states)
        for state in states:
            at = state
            while 0 <= at < len(self._parts) and (self._parts[at].may_be_absent or self._parts[at].is_folders):
                at += 1
                if at in found:
                    break
                found.add(at)
        return found
