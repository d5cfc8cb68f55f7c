"""The manifests of a run, the workspace root that each belongs to, and the patterns that name members.

Folders are absolute and normalised by their text alone, as Cargo does it: `a/../b` is `b` even if `a` is a link.
Source of the rules: the Cargo book, "Workspaces"; Cargo expands patterns with the `glob` crate.
"""

import os
from collections.abc import Callable, Iterable, Iterator
from fnmatch import translate
from functools import cache
from itertools import islice
from re import compile as compile_pattern
from typing import Any, NamedTuple, ParamSpec, TypeVar

from dunnage.cargo import manifest
from dunnage.cargo.dependency import ManifestError
from dunnage.cargo.manifest import Package, WorkspaceTable
from dunnage.files import document, toml
from dunnage.files.document import Keys, Refused
from dunnage.files.source import File, Tree
from dunnage.files.walk import folders, repository_folder, upwards

P = ParamSpec("P")
T = TypeVar("T")
MANIFEST = "Cargo.toml"


class Manifest(NamedTuple):
    """One `Cargo.toml` that Cargo can read. What it is parsed into may be released, so keep only what is needed."""

    file: File
    folder: str

    @property
    def data(self) -> dict[str, Any]:
        """The parsed file."""
        return toml.parse(self.file)

    @property
    def workspace(self) -> WorkspaceTable | None:
        """Its `[workspace]` table."""
        return self.file.memo(_membership).workspace

    @property
    def pointer(self) -> str | None:
        """The folder that `package.workspace` names."""
        return self.file.memo(_membership).pointer

    @property
    def members(self) -> tuple[str, ...]:
        """The paths and patterns in `workspace.members`."""
        workspace = self.workspace
        return workspace.members if workspace else ()

    def excludes(self, folder: str) -> bool:
        """Whether `exclude` covers `folder`, and `members` names neither it nor a folder above it."""
        membership = self.file.memo(_membership)
        return _is_below_any(folder, membership.excluded) and not _is_below_any(folder, membership.listed)


class LocalPackage(NamedTuple):
    """A package in a folder, not from a registry or from git."""

    manifest: Manifest
    package: Package
    version_at: tuple[File, Keys]
    """The place of its version: in its own manifest, or in that of the root from which it inherits."""

    @property
    def name_keys(self) -> tuple[str, str]:
        """The place of its name in its manifest."""
        return "package" if "package" in self.manifest.data else "project", "name"


class _Membership(NamedTuple):
    """What a manifest says about the workspace that it is the root of, or that it belongs to."""

    workspace: WorkspaceTable | None
    pointer: str | None
    listed: frozenset[str]
    """The paths in `workspace.members`; patterns are not expanded."""
    excluded: frozenset[str]
    """The paths in `workspace.exclude`."""


class Manifests:
    """The manifests read so far in a run, and their workspace roots."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self._found: dict[str, Manifest | Refused | None] = {}
        self._roots: dict[str, Manifest] = {}
        self.real: Callable[[str], str] = cache(lambda folder: os.path.realpath(os.path.join(folder, MANIFEST)))
        """Returns the path of the manifest in a folder without symbolic links."""
        self.packages: dict[tuple[str, frozenset[tuple[str, str]]], LocalPackage | Refused] = tree.cache()
        """The packages read so far, or why Cargo rejects them.

        By folder, and by the registries that Cargo's configuration names for the workspace.

        Several workspaces may lead to one package. They are released with what files have been parsed into.
        """
        self.contained: dict[str, frozenset[str]] = {}
        """By folder of a workspace root, the real manifests of all packages that the workspace leads to by path."""
        self.searched = 0
        """In how many files names of packages have been looked for."""
        self.loaded = 0
        """How many packages and dependencies all workspaces that have been loaded have together."""

    def find(self, folder: str) -> Manifest | None:
        """Read the manifest in `folder`; None if there is none. Raises Refused if Cargo could not read it."""
        if folder not in self._found:
            try:
                file, _ = document.read(self.tree, os.path.join(folder, MANIFEST))
            except FileNotFoundError:
                self._found[folder] = None
            else:
                try:
                    with_file(file, file.memo, _membership)
                    self._found[folder] = Manifest(file, folder)
                except Refused as refused:
                    self._found[folder] = refused
        found = self._found[folder]
        if isinstance(found, Refused):
            raise found.with_traceback(None)
        return found

    def root_of(self, member: Manifest) -> Manifest:
        """Find the root of the workspace that a manifest belongs to: itself if it belongs to no other.

        Raises Refused if a manifest on the way cannot be read, or if `package.workspace` names no workspace root.
        """
        if member.folder not in self._roots:
            self._roots[member.folder] = self._find_root(member)
        return self._roots[member.folder]

    def _find_root(self, member: Manifest) -> Manifest:
        if member.workspace is not None:
            return member
        if member.pointer is not None:
            return self._pointed_root(member, member.pointer)
        for folder in _folders_above(member.folder):
            candidate = self.find(folder)
            if candidate is None:
                continue
            if candidate.workspace is not None and not candidate.excludes(member.folder):
                return candidate
            if candidate.pointer is not None:
                return self._pointed_root(candidate, candidate.pointer)
        return member

    def _pointed_root(self, member: Manifest, pointer: str) -> Manifest:
        root = self.find(pointer)
        if root is None or root.workspace is None:
            raise Refused(
                member.file,
                "`package.workspace` points to a folder whose Cargo.toml has no `[workspace]`",
                ("package", "workspace"),
                "write the path from here to the folder of the workspace root",
            )
        return root


def with_file(file: File, read: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Call `read` and turn its ManifestError into a Refused for `file`."""
    try:
        return read(*args, **kwargs)
    except ManifestError as error:
        refused = Refused(file, error.message, error.keys, error.help)
    raise refused  # here it has no context, which would keep what has been read so far


def _membership(file: File) -> _Membership:
    data, folder = toml.parse(file), file.folder
    if manifest.package_table(data) is None:
        manifest.check_virtual(data)
    pointer = manifest.workspace_pointer(data)
    workspace = manifest.workspace_table(data)
    return _Membership(
        workspace,
        None if pointer is None else join(folder, pointer),
        frozenset(join(folder, path) for path in (workspace.members if workspace else ())),
        frozenset(join(folder, path) for path in (workspace.exclude if workspace else ())),
    )


def _folders_above(folder: str) -> Iterator[str]:
    """Yield the folders in which Cargo looks for a workspace root, nearest first."""
    for above in upwards(os.path.dirname(folder), beyond_repository=True):
        if above == folder or above.endswith(os.path.join("target", "package")):
            return
        yield above


def _is_below_any(folder: str, paths: frozenset[str]) -> bool:
    return bool(paths) and any(above in paths for above in upwards(folder, beyond_repository=True))


# Far more than any workspace has. The bound protects against links that multiply folders.
MAX_FOLDERS = 100_000


_MOST_VISITS = 1_000_000
"""How many folders all patterns may visit."""
_MOST_NAMES = 2_000_000
"""How many names all patterns may be compared with."""
_COST_OF_RESULT = 5
"""How many folders are visited in the time that it takes to look at one that a whole pattern matches."""
_COST_OF_WILDCARDS = 200
_COST_OF_CHARACTER = 20
"""How many names are compared in the time that a part of a pattern with wildcards takes to compile."""


class UnexpandedPattern(Exception):
    """A pattern whose folders are not looked for. Its text follows the pattern in a message."""

    def __init__(self, message: str, help_text: str) -> None:
        super().__init__(message)
        self.help = help_text


class PatternFolders:
    """The folders in which patterns are expanded. Each is listed once, however many patterns there are."""

    def __init__(self, folder: str) -> None:
        """Relative patterns begin at `folder`."""
        self._folder = folder
        self._visits_left = _MOST_VISITS
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
                self._compare(_COST_OF_WILDCARDS + _COST_OF_CHARACTER * len(part))
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
        self._spend(_COST_OF_RESULT * len(found))
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
            message = f"and the patterns before it make Cargo visit more than {_MOST_VISITS:,} folders"
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
