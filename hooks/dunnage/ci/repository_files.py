"""The files of a repository, by their paths in it, and the shell scripts that commands call by their paths."""

import os
import posixpath
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from dunnage.files import git
from dunnage.files.source import File, SourceError, Tree
from dunnage.files.walk import folders, top_folder
from dunnage.scripts.commands import kind_of, note, with_text
from dunnage.shell.model import Command, Values, Word, is_outside, programs
from dunnage.shell.wrappers import SHELLS, shell_input

if TYPE_CHECKING:
    from dunnage.ci.recipes import Runner

_MOST_STEPS = 4_500_000
"""How many steps may be spent on following what CI calls; the largest real repository seen takes 3,450,000."""


class RepositoryPaths:
    """The paths of the files of a repository, relative to its topmost folder and separated by `/`."""

    def __init__(self, paths: frozenset[str]) -> None:
        self.all = paths

    @cached_property
    def ordered(self) -> list[str]:
        """The paths in order."""
        return sorted(self.all)

    @cached_property
    def by_name(self) -> Mapping[str, list[str]]:
        """The paths by the names of the files."""
        found: dict[str, list[str]] = {}
        for path in self.all:
            found.setdefault(path.rpartition("/")[2], []).append(path)
        return found

    @cached_property
    def workflows(self) -> list[str]:
        """The paths of all CI files that events start, in order."""
        return [path for path in self.ordered if path.endswith((".yml", ".yaml")) and is_workflow(path)]


class Steps:
    """The steps that are left for following what CI calls: `tree.own(Steps)` for several parts of one hook."""

    def __init__(self, _tree: Tree) -> None:
        self.left = _MOST_STEPS


class RepositoryFiles:
    """The files of a repository."""

    def __init__(self, tree: Tree, top: str, known: RepositoryPaths, steps: Steps | None = None) -> None:
        self.tree = tree
        self.top = top
        """The topmost folder, an absolute path."""
        self.known = known
        self.paths = known.all
        self.recipes: dict[tuple[str, str], Runner] = {}
        """What runners of recipes and tasks run, by the runner and the path of its file."""
        self._steps = steps or Steps(tree)

    @cached_property
    def workflows(self) -> list[str]:
        """The paths of the CI files that events start, as opposed to other files, in order: as many as are checked."""
        return self.tree.few(self.known.workflows, self.top)

    @property
    def has_more(self) -> bool:
        """Whether there are more of these, so that it is unknown what CI runs."""
        return len(self.workflows) < len(self.known.workflows)

    def afford(self, steps: int) -> bool:
        """Spend steps on following what CI calls; False if too few are left."""
        self._steps.left -= steps
        return self._steps.left >= 0

    def find(self, path: str) -> File | None:
        """Return the file at a path relative to the top; None if the repository has no such file, or it is empty."""
        file = self.tree.find(os.path.join(self.top, path)) if path in self.paths else None
        return file if file is not None and file.data else None

    def read(self, path: str) -> File | None:
        """Return the file at a path as `find` does; None also if it is not UTF-8."""
        file = self.find(path)
        try:
            return file if file is not None and file.text else None
        except SourceError:
            return None

    def program(self, path: str) -> File | None:
        """Return the file at a path as `find` does; `?` replaces each byte that is not UTF-8, which is noted."""
        file = self.find(path)
        return None if file is None else with_text(file)

    def yaml(self, path: str) -> File | None:
        """Return the file at a path as `program` does; None, which is noted, if it is over the bounds of YAML."""
        file = self.program(path)
        if file is None:
            return None
        from dunnage.scripts import yaml

        try:
            yaml.documents(file)
        except SourceError as error:
            note(file, error)
            return None
        return file

    def matching(self, pattern: str) -> list[str]:
        """Return the paths that match a pattern in which `*` means any characters."""
        if "*" not in pattern:
            return [pattern] if pattern in self.paths else []
        from fnmatch import fnmatchcase

        return sorted(path for path in self.paths if fnmatchcase(path, pattern))

    def folder(self, file: File) -> str:
        """Return the folder of a file, relative to the top."""
        return file.folder[len(os.path.join(self.top, "")) :].replace(os.sep, "/")


def repository_files(tree: Tree, top: str, steps: Steps | None = None) -> RepositoryFiles:
    """Return the files that git tracks below the folder `top`, or all of them if git cannot say."""
    known = tree.memo(_known_paths)
    if top not in known:
        found = git.Repositories(tree, git.EVERYTHING).tracked_near(top) or [
            os.path.join(folder, name) for folder, names in folders(top) for name in names
        ]
        start = len(os.path.join(top, ""))
        known[top] = RepositoryPaths(frozenset(path[start:].replace(os.sep, "/") for path in found))
    return RepositoryFiles(tree, top, known[top], steps)


def _known_paths(_: Tree) -> dict[str, RepositoryPaths]:
    return {}


def is_workflow(path: str) -> bool:
    """Whether events start the CI file at a path below the top. GitHub reads no workflows of other folders."""
    kind = kind_of(path, b"")
    if kind == "github":
        return path.startswith((".github/workflows/", ".gitea/workflows/", ".forgejo/workflows/"))
    return kind == "circleci" if path.startswith(".circleci/") else kind in ("azure", "buildkite", "gitlab")


# Scripts

_MOST_SCRIPTS = 100
SOURCING = (".", "source")
"""Programs of a shell that run a script in the same shell."""


def called_scripts(tree: Tree, file: File, commands: Iterable[Command]) -> Iterator[tuple[str, Values]]:
    """Yield the paths of the scripts that the commands of a file call, and the directories in which they run."""
    top = top_folder(file.folder)
    seen: set[str] = set()
    for command in commands:
        name = _script(command.words)
        for folder in dict.fromkeys((*(command.directory or ()), ".")) if name else ():
            path = posixpath.normpath(posixpath.join(folder, name))
            if is_outside(path) or path in seen or len(seen) >= _MOST_SCRIPTS:
                continue
            seen.add(path)
            found = tree.find(os.path.join(top, path))
            if found is None:
                continue
            if kind_of(path, found.data[:200]) == "shell":
                yield found.path, command.directory
            break


def _script(words: Sequence[Word]) -> str:
    """Return the path of the script that a command calls directly or through a shell; empty if there is none."""
    names = programs(words[0]) or ()
    at = script_word(words, names)
    values = words[at].values if at is not None else None
    if not values or len(values) != 1 or (names and names[0] in SOURCING) or (at == 0 and "/" not in values[0]):
        return ""
    return values[0]


def script_word(words: Sequence[Word], names: Sequence[str]) -> int | None:
    """Return the word that names the script that a command may run, by the `names` of its program; None if none does.

    It is the program itself, or the argument of a shell or of `source`.
    """
    if names and names[0] in SHELLS:
        kind, at = shell_input([word.values[0] if word.values else word.text for word in words])
        return at if kind == "file" else None
    return 1 if names and names[0] in SOURCING and len(words) > 1 else 0
