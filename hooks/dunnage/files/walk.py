"""Walking folders: up to the top of a repository, and down into a project. Choosing files by how they begin."""

import os
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from dunnage.files.source import File, Tree

T = TypeVar("T")

SKIPPED = frozenset({".git", ".hg", ".jj", ".svn", ".venv", "node_modules", "target"})
"""Names of folders that contain no sources of a project."""

_NO_PROJECTS = frozenset(
    (
        *("benches", "corpus", "docs", "example", "examples", "fixture", "fixtures", "fuzz", "generated", "sample"),
        *("samples", "snapshots", "template", "templates", "test", "testdata", "tests", "testsuite", "third", "ui"),
        *("vendor", "vendored"),
    )
)
"""Parts of the names of folders with examples, test data, generated files or other projects."""

MAX_FOLDERS = 20_000
"""The most folders that a walk visits."""

_FIRST_BYTES = 1024
# A file is text, as for `file` and git, if its first bytes have no control characters except these.
_TEXT = bytes({*b"\a\b\t\n\v\f\r\x1b", *range(0x20, 0x7F), *range(0x80, 0x100)})


def upwards(folder: str, *, beyond_repository: bool = False) -> Iterator[str]:
    """Yield a folder and those above it, nearest first.

    The last is the top of the repository, which contains `.git`. With `beyond_repository`, the walk goes on to the root
    of the file system, as cargo does when it looks for its files.
    """
    while True:
        yield folder
        above = os.path.dirname(folder)
        if above == folder or (not beyond_repository and os.path.lexists(os.path.join(folder, ".git"))):
            return
        folder = above


def nearest(known: dict[str, T], folder: str, look: Callable[[str], T | None], found: T) -> T:
    """What `look` finds in the nearest folder, from `folder` up; else `found`. Each folder is looked at once.

    `known` keeps what has been found from each folder.
    """
    if folder in known:
        return known[folder]
    passed = []
    for above in upwards(folder, beyond_repository=True):
        passed.append(above)
        here = known[above] if above in known else look(above)
        if here is not None:
            found = here
            break
    known.update(dict.fromkeys(passed, found))
    return found


def repository_folder(folder: str) -> str | None:
    """The top folder of the git repository of `folder`; None if there is none."""
    return RepositoryFolders().of(os.path.abspath(folder))


class RepositoryFolders:
    """The top folders of the repositories of folders. Each folder is looked at once: `tree.memo(RepositoryFolders)`."""

    def __init__(self, _tree: object = None) -> None:
        self._known: dict[str, str | None] = {}

    def of(self, folder: str) -> str | None:
        """The top folder of the git repository of `folder`, an absolute path; None if there is none."""
        return nearest(self._known, folder, lambda above: above if _is_top(above) else None, None)


def top_folder(folder: str, folders: RepositoryFolders | None = None) -> str:
    """The top folder of the repository of `folder`, an absolute path.

    Without a repository: the working directory if `folder` is inside it, else `folder` itself. `folders` are those that
    a run has looked at.
    """
    top = (folders or RepositoryFolders()).of(folder)
    if top is not None:
        return top
    here = os.getcwd()
    return here if os.path.join(folder, "").startswith(os.path.join(here, "")) else folder


def up_to_top(folder: str) -> list[str]:
    """A folder, an absolute path, and those above it up to `top_folder`, nearest first."""
    shortest = len(top_folder(folder))
    return [path for path in upwards(folder, beyond_repository=True) if len(path) >= shortest]


class Containment:
    """Follows links, and tells which lead out of a repository that contains them. Each folder is looked at once.

    The repository is that of the working directory. If this is in none, it is each one around the link.
    """

    def __init__(self) -> None:
        self._top = repository_folder(os.getcwd())
        self._around: dict[str, tuple[str, tuple[tuple[str, str], ...]]] = {}

    def target(self, path: str) -> str | None:
        """The absolute path that `path` means after following the links in such a repository.

        None if that is outside. A path in no such repository means itself.
        """
        absolute = os.path.abspath(path)
        folder, name = os.path.split(absolute)
        real_folder, tops = self._real_folder(folder)
        if not tops:
            return absolute
        real = os.path.join(real_folder, name)
        if os.path.islink(absolute):
            real = os.path.realpath(real)
        if not all(real.startswith(top) for _, top in tops):
            return None
        outermost, top = tops[0]
        return f"{outermost}{real.removeprefix(top)}"

    def _real_folder(self, folder: str) -> tuple[str, tuple[tuple[str, str], ...]]:
        """What a folder means, after following links, and the tops of the repositories that contain it, with theirs.

        The tops are outermost first, and end with a separator.
        """
        unknown = []
        while folder not in self._around and os.path.dirname(folder) != folder:
            unknown.append(folder)
            folder = os.path.dirname(folder)
        real, tops = self._around.get(folder, (folder, ()))
        for path in reversed(unknown):
            real = os.path.join(real, os.path.basename(path))
            if os.path.islink(path):
                real = os.path.realpath(real)
            if path == self._top if self._top is not None else _is_top(path):
                tops = (*tops, (os.path.join(path, ""), os.path.join(real, "")))
            self._around[path] = real, tops
        return real, tops


def project_manifest(tree: "Tree", file: "File") -> "File | None":
    """Return the Cargo.toml at the top of the repository of `file`; None if it does not configure Dunnage."""
    folder = file.folder
    manifest = tree.find(os.path.join(top_folder(folder, tree.memo(RepositoryFolders)), "Cargo.toml"))
    return manifest if manifest and b"dunnage" in manifest.data else None


def is_project(path: str) -> bool:
    """Whether no part of a path in a repository, separated by `/`, names a folder of `_NO_PROJECTS`."""
    return _NO_PROJECTS.isdisjoint(path.replace("-", "/").replace("_", "/").replace(".", "/").split("/"))


def is_in_project(tree: "Tree", folder: str) -> bool:
    """Whether an absolute path leads to a folder of the project itself, by its path in the repository."""
    top = top_folder(folder, tree.memo(RepositoryFolders))
    return is_project(folder[len(top) :].replace(os.sep, "/"))


def _is_top(folder: str) -> bool:
    """Whether a folder is the top of a git repository."""
    # A file is that of a submodule or a linked worktree. Most folders have neither.
    path = os.path.join(folder, ".git")
    return os.path.lexists(path) and (os.path.isfile(path) or os.path.lexists(os.path.join(path, "HEAD")))


def folders(
    top: str, limit: int = MAX_FOLDERS, *, skipped: Collection[str] = SKIPPED
) -> Iterator[tuple[str, list[str]]]:
    """Yield the folders from `top` down, each with the sorted names of its files.

    Symbolic links to folders, and folders with a name in `skipped`, are not entered. Unreadable folders are skipped.
    The walk ends after `limit` folders.
    """
    for count, (folder, below, names) in enumerate(os.walk(top)):
        if count >= limit:
            return
        below[:] = sorted(name for name in below if name not in skipped)
        yield folder, sorted(names)


def first_bytes(path: str) -> bytes | None:
    """Return how a regular file begins; None if it cannot be read. Never blocks."""
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
        try:
            return os.read(descriptor, _FIRST_BYTES)
        finally:
            os.close(descriptor)
    except (OSError, ValueError):
        return None


def is_text(start: bytes) -> bool:
    """Whether a file that begins with these bytes is text."""
    return not start.translate(None, _TEXT)


_OTHER_FORMATS = (
    "bash|c|cc|cpp|cs|css|dart|dockerignore|go|h|hpp|html|java|js|json|kt|lock|lua|md|mjs|php|pl|png|proto|py|rb|rs|rst|"
    "scala|sh|snap|sql|svg|swift|toml|ts|tsx|txt|vim|xml|ya?ml|zig"
)

DOCKERFILES = (
    r"(?i:(docker|container)file)",
    r"[^/]*\.(?i:(docker|container)file)",
    rf"(?i:(docker|container)file)[._-](?!([^/]*\.)?(?i:{_OTHER_FORMATS})$)[^/]*",
    r"(Docker|Container)file\.(go|py|rb|rs|zig)",
)
"""Regular expressions that match the whole name of a file.

`Dockerfile.go` is the Dockerfile of what is written in Go; a source file of these languages would be `dockerfile.go`.
"""


def is_dockerfile(name: str) -> bool:
    """Whether a file of this name is a Dockerfile."""
    lower = name.lower()
    if lower in ("containerfile", "dockerfile"):
        return True
    # The patterns are compiled only for the few names that may match.
    is_likely = "dockerfile" in lower or "containerfile" in lower
    return is_likely and any(re.fullmatch(pattern, name) for pattern in DOCKERFILES)


# Files of crates that `cargo vendor` copied. They are somebody else's, so hooks report nothing in them. In each crate,
# cargo writes `.cargo-checksum.json`, which lists the files of the crate with their digests.


CHECKSUMS = ".cargo-checksum.json"


def is_in_vendored_crate(tree: "Tree", path: str) -> bool:
    """Whether the file at `path` is part of a vendored crate: the record in a folder above lists it.

    A record at the top of a repository does not count, because a repository is no vendored crate.
    """
    absolute = os.path.abspath(path)
    shared, known = tree.memo(_crates)
    crate = nearest(known, os.path.dirname(absolute), partial(_crate_in, shared), ())
    if not crate:
        return False
    folder, files = crate
    return not files or os.path.relpath(absolute, folder).replace(os.sep, "/") in files


def recorded(file: "File") -> Mapping[str, Any]:
    """Return the content of a `.cargo-checksum.json`; nothing if it is no JSON object."""
    return file.memo(_recorded)


def _recorded(file: "File") -> Mapping[str, Any]:
    import json

    try:
        found = json.loads(file.data)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _crates(tree: "Tree") -> "tuple[Tree, dict[str, tuple[str, Mapping[str, Any]] | tuple[()]]]":
    """The files of a run, and the vendored crate around each folder that has been looked at."""
    return tree, {}


def _crate_in(tree: "Tree", folder: str) -> tuple[str, Mapping[str, Any]] | tuple[()] | None:
    """Return a vendored crate and the files that its record in a folder lists; None if there is no record.

    Without files, the record covers the whole crate. At the top of a repository there is no crate.
    """
    if os.path.lexists(os.path.join(folder, ".git")):
        return ()
    path = os.path.join(folder, CHECKSUMS)
    file = tree.find(path) if os.path.lexists(path) else None
    record = recorded(file) if file else {}
    files = record.get("files")
    # The packagers of some distributions record the checksum of the archive alone.
    return (folder, files) if isinstance(files, dict) and (files or record.get("package")) else None
