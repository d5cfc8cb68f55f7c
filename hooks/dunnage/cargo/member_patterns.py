"""The patterns in `workspace.members` and `workspace.default-members`.

Source of the rules: Cargo expands them with the `glob` crate.
"""

import os
from collections.abc import Iterable
from fnmatch import translate
from itertools import islice
from re import compile as compile_pattern

from dunnage.files.walk import folders, repository_folder

# Far more than any workspace has. The bound protects against links that multiply folders.
MAX_FOLDERS = 100_000


_MOST_VISITS = 1_000_000
_MOST_NAMES = 2_000_000
"""How many names all patterns may be compared with."""
_COST_OF_WILDCARDS = 200
"""How many names are compared in the time that a part of a pattern with wildcards takes to compile."""


class UnexpandedPattern(Exception):
    """A pattern whose folders are not looked for. Its text follows the pattern in a message."""

    def __init__(self, message: str, help_text: str) -> None:
        super().__init__(message)
        self.help = help_text


class PatternFolders:
    """The folders in which patterns are expanded. Each is listed once, however many patterns there are."""

    def __init__(self, folder: str, most_visits: int = _MOST_VISITS) -> None:
        """Relative patterns begin at `folder`. All patterns together may visit `most_visits` folders."""
        self._folder = folder
        self._visits_left = most_visits
        self._most_visits = most_visits
        self._names_left = _MOST_NAMES
        self._names: dict[str, list[str]] = {}
        self._below: dict[str, list[str]] = {}

    def expand(self, pattern: str) -> list[str]:
        """Return the folders that a pattern matches; the pattern itself if none matches.

        `*`, `?` and `[…]` match within a name, hidden names included. `**` matches folders at any depth, except through
        symbolic links. Raises UnexpandedPattern if more than MAX_FOLDERS folders match a part of the pattern, if the
        visits are used up, or if the pattern searches outside of the repository.
        """
        if not is_magic(pattern):
            return [join(self._folder, pattern)]
        found = [os.path.join(os.path.splitdrive(pattern)[0], os.sep) if os.path.isabs(pattern) else self._folder]
        was_path = True
        for part in pattern.replace(os.sep, "/").split("/"):
            if not part:
                continue
            self._spend(len(found))
            if is_magic(part):
                if was_path:
                    self._check_inside(found)
                self._compare(_COST_OF_WILDCARDS)
                matches = compile_pattern(translate(part)).match
                found = self._bounded(
                    (below for above in found for below in self._at_any_depth(above))
                    if part == "**"
                    else (os.path.join(above, name) for above in found for name in self._list(above) if matches(name))
                )
            else:
                found = [path for above in found if os.path.exists(path := os.path.join(above, part))]
            was_path = not is_magic(part)
        if not found:
            return [join(self._folder, pattern)]
        return sorted(os.path.normpath(path) for path in found if os.path.isdir(path))

    def _check_inside(self, found: list[str]) -> None:
        """Raises UnexpandedPattern if a folder is outside of the repository, also by a symbolic link."""
        top = repository_folder(self._folder)
        if top is None:
            return
        inside = os.path.join(os.path.realpath(top), "")
        if not all(os.path.join(os.path.realpath(folder), "").startswith(inside) for folder in found):
            message = "searches folders outside of the repository, which Dunnage does not do"
            raise UnexpandedPattern(message, "list these folders by their paths")

    def _at_any_depth(self, above: str) -> list[str]:
        if above not in self._below:
            walk = folders(above, MAX_FOLDERS + 1, skipped=frozenset())
            self._below[above] = self._bounded(below for below, _ in walk)
        self._spend(len(self._below[above]))
        return self._below[above]

    def _list(self, folder: str) -> list[str]:
        if folder not in self._names:
            try:
                self._names[folder] = os.listdir(folder)
            except OSError:
                self._names[folder] = []
        self._names_left -= len(self._names[folder])
        return self._names[folder]

    def _spend(self, visits: int) -> None:
        self._visits_left -= visits
        if self._visits_left < 0:
            message = f"and the patterns before it make Cargo visit more than {self._most_visits:,} folders"
            raise UnexpandedPattern(message, "write fewer patterns, or patterns that match fewer folders")

    def _compare(self, names: int) -> None:
        self._names_left -= names
        if self._names_left < 0:
            message = f"and the patterns before it make Cargo compare more than {_MOST_NAMES:,} names of files"
            raise UnexpandedPattern(message, "write fewer patterns")

    def _bounded(self, paths: Iterable[str]) -> list[str]:
        found = dict.fromkeys(islice(paths, MAX_FOLDERS + 1))
        if len(found) > MAX_FOLDERS:
            message = f"makes Cargo search more than {MAX_FOLDERS:,} folders"
            raise UnexpandedPattern(message, "write a pattern that matches fewer folders")
        return list(found)


def is_malformed(pattern: str) -> bool:
    """Whether `**` is only a part of a name, or a `[` is not closed."""
    parts = pattern.split("/")
    return any("**" in part and part != "**" for part in parts) or any(
        "[" in part and "]" not in part[part.index("[") + 2 :] for part in parts
    )


def join(folder: str, path: str) -> str:
    """Join two paths and normalise the result by its text alone, as Cargo does."""
    return os.path.normpath(os.path.join(folder, path))


def is_magic(pattern: str) -> bool:
    """Whether a pattern is more than a path."""
    return any(character in pattern for character in "*?[")
