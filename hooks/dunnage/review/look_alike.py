"""Names of crates that could be taken for others.

A new name is worth a look if no list of common names holds it and it resembles a common name, or one that the lock
held before: it is the same but for `-`, `_` and the order of its words; it is one edit or one transposition away, both
at least five characters long; it has a lower number in the same place (`proc-macro1`; a higher one is how successors
are named, as `adler2` is); or it is the same but for `-rs`, `rs-` or `-rust`. Of the 72 crates that RustSec lists as
malicious on crates.io this finds 10, and it fires in about one of 350 commits that change a lock.
"""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Iterable

_LIST = os.path.join(os.path.dirname(__file__), "well_known_crates.txt")
_SHORTEST = 5
_AFFIXES = ("-rs", "-rust")
_NUMBER = "([0-9]+)"


class Names:
    """Names that a new one may be taken for."""

    def __init__(self, locked: Iterable[str]) -> None:
        """`locked` are the names that the lock held before."""
        self._common = well_known()
        self._known = sorted(self._common.union(locked))
        self._by_length: dict[int, list[str]] = defaultdict(list)
        for name in self._known:
            self._by_length[len(name)].append(name)
        self._by_words: dict[tuple[str, ...], str] = {}
        for name in self._known:
            self._by_words.setdefault(_words(name), name)

    def resembled_by(self, name: str) -> str | None:
        """The first known name that `name` could be taken for; None if there is none, or if it is common itself."""
        if name in self._common:
            return None
        found = self._by_words.get(_words(name)) or self._by_words.get(_words(_without_affix(name)))
        if found is not None and found != name:
            return found
        if len(name) < _SHORTEST:
            return None
        for length in (len(name), len(name) + 1, len(name) - 1):
            if length < _SHORTEST:
                continue
            for known in self._by_length.get(length, ()):
                # Two names that are one edit apart share their first or their last character.
                if (known[0] == name[0] or known[-1] == name[-1]) and _is_mistakable(name, known):
                    return known
        return None


def well_known() -> frozenset[str]:
    """The names in the list of common crates."""
    with open(_LIST, encoding="ascii") as stream:
        return frozenset(line.strip() for line in stream if not line.startswith("#"))


def _is_mistakable(name: str, known: str) -> bool:
    """Whether a name is one edit or transposition from another, and its numbers are not those of a successor."""
    if name == known or not _is_one_edit_apart(name, known):
        return False
    if name.rstrip("0123456789") == known.rstrip("0123456789"):
        return _number_at_end(name) < _number_at_end(known)
    return re.sub(_NUMBER, "0", name) != re.sub(_NUMBER, "0", known)


def _is_one_edit_apart(first: str, second: str) -> bool:
    if len(first) > len(second):
        first, second = second, first
    start = 0
    while start < len(first) and first[start] == second[start]:
        start += 1
    if len(first) < len(second):
        return first[start:] == second[start + 1 :]
    if first[start + 1 :] == second[start + 1 :]:
        return True
    return first[start : start + 2] == second[start : start + 2][::-1] and first[start + 2 :] == second[start + 2 :]


def _number_at_end(name: str) -> int:
    digits = name[len(name.rstrip("0123456789")) :]
    return int(digits[:18]) if digits else 0


def _words(name: str) -> tuple[str, ...]:
    return tuple(sorted(name.lower().replace("_", "-").split("-")))


def _without_affix(name: str) -> str:
    plain = name.lower().replace("_", "-")
    for affix in _AFFIXES:
        plain = plain.removesuffix(affix)
    return plain.removeprefix("rs-")
