"""Walking folders: up to the top of a repository, and down into a project. Choosing files by how they begin."""

import os
import re
from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dunnage.files.source import File, Tree

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

FIRST_BYTES = 1024
"""How many bytes of a file show whether it is text."""
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


def repository_folder(folder: str) -> str | None:
    """The top folder of the git repository of `folder`; None if there is none."""
    return RepositoryFolders().of(os.path.abspath(folder))


class RepositoryFolders:
    """The top folders of the repositories of folders. Each folder is looked at once: `tree.memo(RepositoryFolders)`."""

    def __init__(self, _tree: object = None) -> None:
        self._known: dict[str, str | None] = {}

    def of(self, folder: str) -> str | None:
        """The top folder of the git repository of `folder`, an absolute path; None if there is none."""
        passed: list[str] = []
        found = None
        for above in upwards(folder, beyond_repository=True):
            if above in self._known:
                found = self._known[above]
                break
            passed.append(above)
            if _is_top(above):
                found = above
                break
        self._known.update(dict.fromkeys(passed, found))
        return found


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
    return is_project(os.path.relpath(folder, top).replace(os.sep, "/"))


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
            return os.read(descriptor, FIRST_BYTES)
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
    crate = tree.memo(_Crates).around(os.path.dirname(absolute))
    if crate is None:
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


class _Crates:
    """The vendored crates around the folders of a run."""

    def __init__(self, tree: "Tree") -> None:
        self._tree = tree
        self._around: dict[str, tuple[str, Mapping[str, Any]] | None] = {}

    def around(self, folder: str) -> tuple[str, Mapping[str, Any]] | None:
        """Return the folder of the vendored crate that contains a folder, and the files that its record lists.

        Without files, the record covers the whole crate.
        """
        below = []
        while folder not in self._around:
            below.append(folder)
            above = os.path.dirname(folder)
            if above == folder or os.path.lexists(os.path.join(folder, ".git")):
                self._around[folder] = None
                break
            files = self._files(folder)
            if files is not None:
                self._around[folder] = folder, files
                break
            folder = above
        found = self._around[folder]
        self._around.update(dict.fromkeys(below, found))
        return found

    def _files(self, folder: str) -> Mapping[str, Any] | None:
        """Return the files that the record in a folder lists; None if there is no record of a crate."""
        path = os.path.join(folder, CHECKSUMS)
        file = self._tree.find(path) if os.path.lexists(path) else None
        record = recorded(file) if file else {}
        files = record.get("files")
        # The packagers of some distributions record the checksum of the archive alone.
        return files if isinstance(files, dict) and (files or record.get("package")) else None
