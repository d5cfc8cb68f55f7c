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
        self._by_length: dict[int, list[tuple[str, str]]] = defaultdict(list)
        self._by_words: dict[tuple[str, ...], str] = {}
        for name in sorted(self._common.union(locked)):
            plain = _plain(name)
            self._by_length[len(plain)].append((plain, name))
            self._by_words.setdefault(_words(plain), name)

    def resembled_by(self, name: str) -> str | None:
        """The first known name that `name` could be taken for; None if there is none, or if it is common itself."""
        if name in self._common:
            return None
        plain = _plain(name)
        found = self._by_words.get(_words(plain)) or self._by_words.get(_words(_without_affix(plain)))
        if found is not None:
            return found if found != name else None
        for length in (len(plain), len(plain) + 1, len(plain) - 1):
            if min(length, len(plain)) < _SHORTEST:
                continue
            for known, spelled in self._by_length.get(length, ()):
                # Two names that are one edit apart share their first or their last character.
                if (known[0] == plain[0] or known[-1] == plain[-1]) and _is_mistakable(plain, known):
                    return spelled
        return None


def well_known() -> frozenset[str]:
    """The names in the list of common crates."""
    with open(_LIST, encoding="ascii") as stream:
        return frozenset(line.strip() for line in stream if not line.startswith("#"))


def _is_mistakable(name: str, known: str) -> bool:
    """Whether a name is one edit or transposition from another, and its numbers are not those of a successor."""
    if not _is_one_edit_apart(name, known):
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


def _plain(name: str) -> str:
    return name.lower().replace("_", "-")


def _words(plain: str) -> tuple[str, ...]:
    return tuple(sorted(plain.split("-")))


def _without_affix(plain: str) -> str:
    for affix in _AFFIXES:
        plain = plain.removesuffix(affix)
    return plain.removeprefix("rs-")
