"""Asking git which files are tracked, changed or ignored, and running programs.

The answer is None, for unknown, if git is not installed or fails.
"""

import os
import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import NamedTuple

from dunnage.files.source import Tree, display
from dunnage.files.walk import RepositoryFolders, first_bytes, repository_folder

# git sets these for its hooks. They are about the repository of the commit, and the folder in which git was called.
_ABOUT_ONE_REPOSITORY = (
    "GIT_COMMON_DIR",
    "GIT_DIR",
    "GIT_INDEX_FILE",
    "GIT_NAMESPACE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_PREFIX",
    "GIT_WORK_TREE",
)
# Neither a repository's configuration nor a file of attributes may have git run a program.
_RUN_NO_PROGRAM = ("-c", "core.fsmonitor=false", "-c", f"core.hooksPath={os.devnull}")
_NAMES_ONLY = ("--name-only", "-z", "--no-renames", "--no-ext-diff", "--no-textconv")
_NAMES_OF_CHANGED = (*_NAMES_ONLY, "--diff-filter=d")
CREDENTIALS = ("GH_TOKEN", "GITHUB_TOKEN", "GIT_ASKPASS")
"""What no git process gets: reading needs no credentials, and what is fetched is public."""
_ABOUT_PATTERNS = ("GIT_GLOB_PATHSPECS", "GIT_ICASE_PATHSPECS", "GIT_LITERAL_PATHSPECS", "GIT_NOGLOB_PATHSPECS")

# git waits for ever for somebody to write to a named pipe in place of a file.
_OWN_FILES = ("HEAD", "MERGE_HEAD", "config", "config.worktree", "index", "packed-refs", "shallow")
_OWN_FILES_BELOW = ("info/attributes", "info/exclude", "info/grafts", "objects/info/alternates")
_FILES_AT_TOP = (".gitattributes", ".gitignore")

_SECONDS = 60
_LONGEST_INDEX = 64 * 1024 * 1024
_LONGEST_PATH = 4096
_LONGEST_LIST = 512 * 1024
"""In bytes. git compares each commit of such a list with all others."""


class IgnoredBy(NamedTuple):
    """The pattern that makes git ignore a path."""

    file: str
    """The file with the pattern, as it is printed: relative to the working directory if it is inside."""
    line: int
    pattern: str


class Repository(NamedTuple):
    """A git repository with a work tree."""

    top: str
    """The absolute path of its top folder."""

    def tracked(self, patterns: Sequence[str]) -> frozenset[str] | None:
        """The absolute paths of the tracked files, including staged files, that match one of git's glob patterns.

        A pattern is relative to `top`: `**/Cargo.lock` is such a file in any folder.
        """
        return self._paths(self._git("ls-files", "-z", "--", *(f":(glob,top){pattern}" for pattern in patterns)))

    def staged(self) -> frozenset[str] | None:
        """The absolute paths of the files that are staged for the next commit, without deleted files."""
        return self._staged(*_NAMES_OF_CHANGED, "--")

    def deleted(self, pattern: str) -> frozenset[str] | None:
        """The absolute paths of the files that match one of git's glob patterns and that the next commit deletes."""
        return self._staged(*_NAMES_ONLY, "--diff-filter=D", "--", f":(glob,top){pattern}")

    def _staged(self, *arguments: str) -> frozenset[str] | None:
        head = self.head()
        return self._paths(self._git("diff", "--staged", *arguments)) if not head or self._is_listed(head) else None

    def _is_listed(self, commit: str) -> bool:
        """Whether git can list a commit. If not, it would compare folders in folders for ever, and print nothing."""
        options = ("-r", "-t", "-z", "--name-only", "--full-tree", "--end-of-options")
        return self._git("ls-tree", *options, commit) is not None

    def changed(self, base: str, head: str) -> frozenset[str] | None:
        """The absolute paths of the files that changed between the common ancestor with `base` and the commit `head`.

        Deleted files are left out. None also if either is not a commit, or if they have no common ancestor.
        """
        common = self.merge_base(base, head)
        if common is None or not self._is_listed(common) or not self._is_listed(head):
            return None
        return self._paths(self._git("diff", *_NAMES_OF_CHANGED, "--end-of-options", common, head, "--"))

    def head(self) -> str | None:
        """The full hash of the current commit."""
        answer = self._git("rev-parse", "--verify", "HEAD")
        return answer and answer.strip()

    def remote(self) -> str | None:
        """The URL of the remote `origin`, without a password."""
        answer = self._git("remote", "get-url", "origin")
        return answer and re.sub(r"(?<=^https://)[^/@]*@", "", answer.strip())

    def _paths(self, names: str | None) -> frozenset[str] | None:
        """The absolute paths for the NUL-separated names that git prints."""
        if names is None:
            return None
        folder = os.path.join(self.top, "")
        return frozenset(folder + name.replace("/", os.sep) for name in names.split("\0") if name)

    def lists(self, path: str) -> bool:
        """Whether git's index lists the file at an absolute path. It is read without calling git.

        False does not mean that the file is untracked, because some forms of the index are not read.
        """
        name = os.fsencode(os.path.relpath(path, self.top).replace(os.sep, "/"))
        if _hinders(self):
            return False
        try:
            with open(self._index(), "rb") as stream:
                index = stream.read(_LONGEST_INDEX)
        except (OSError, ValueError):  # such as a NUL in the path
            return False
        # In an entry, two bytes of flags precede the name, and a NUL follows it. The flags contain the length of the
        # name. All other bits are zero if the entry has no conflict and nothing unusual, except the first, which says
        # that git assumes the file to be unchanged.
        if index[:4] != b"DIRC" or index[4:8] not in (b"\0\0\0\2", b"\0\0\0\3") or len(name) >= 0xFFF:
            return False
        flags = len(name).to_bytes(2, "big")
        return flags + name + b"\0" in index or bytes((flags[0] | 0x80, flags[1])) + name + b"\0" in index

    def _index(self) -> str:
        """The path of the index, which may not exist."""
        return self.environment().get("GIT_INDEX_FILE") or os.path.join(self.git_folder(), "index")

    def git_folder(self) -> str:
        """The folder with git's data about this work tree. Raises OSError or ValueError."""
        folder = os.path.join(self.top, ".git")
        if os.path.isfile(folder):  # of a submodule or a linked worktree
            with open(folder, encoding="utf-8") as stream:
                folder = os.path.join(self.top, stream.read(_LONGEST_PATH).removeprefix("gitdir:").strip())
        return folder

    def mentioning(self, texts: Sequence[str], endings: Sequence[str] = ()) -> frozenset[str] | None:
        """The absolute paths of the tracked text files that contain one of `texts`, in upper or lower case.

        A file is text if it begins without NUL, whatever `.gitattributes` say. If `endings` are given, only files whose
        names have one of them are searched.
        """
        patterns = [part for text in texts for part in ("-e", text)]
        paths = [f":(top,glob)**/*{ending}" for ending in endings] or [":(top)"]
        # Several threads would wait for each other: together they compute twice as long.
        options = ("--threads=1", "--no-color", "--no-recurse-submodules", "-l", "-z", "-a", "-i", "-F")
        # git exits with 1 if no file matches, but also after wrong usage.
        found = self._paths(self._git("grep", *options, *patterns, "--", *paths, may_be=1))
        return found and frozenset(path for path in found if b"\0" not in (first_bytes(path) or b""))

    def ignored_by(self, path: str) -> IgnoredBy | None:
        """The pattern that makes git ignore `path`, tracked or not; None if there is none, or if that is unknown."""
        if "\0" in path:
            return None
        answer = self._git("check-ignore", "-v", "-z", "--no-index", "--stdin", stdin=f"{os.path.abspath(path)}\0")
        if answer is None:
            return None
        file, line, pattern = answer.split("\0")[:3]
        if pattern.startswith("!"):
            return None
        return IgnoredBy(display(os.path.join(self.top, file)), int(line), pattern)

    def differing(self, commit: str, patterns: Sequence[str]) -> frozenset[str] | None:
        """The absolute paths of the tracked files that may differ from a commit, deleted files included.

        `patterns` are those of `tracked`. git reads the files that are as new as its index, without filters.
        """
        wanted = (f":(glob,top){pattern}" for pattern in patterns)
        filters = self._git("config", "-z", "--name-only", "--get-regexp", r"^filter\.", may_be=1)
        if filters is None:
            return None
        # The environment may have settings of its own, such as `safe.directory`.
        given = int(os.environ.get("GIT_CONFIG_COUNT") or 0)
        settings = {"GIT_CONFIG_COUNT": str(given + filters.count("\0"))}
        for number, name in enumerate(filters.split("\0")[:-1], given):
            settings[f"GIT_CONFIG_KEY_{number}"] = name
            settings[f"GIT_CONFIG_VALUE_{number}"] = "false" if name.endswith(".required") else ""
        # git would run `git status` in a submodule with changes, and so the filters of the submodule.
        options = (*_NAMES_ONLY, "--ignore-submodules=dirty")
        return self._paths(self._git("diff-index", *options, commit, "--", *wanted, settings=settings))

    def merge_base(self, first: str, second: str) -> str | None:
        """The best common ancestor of two commits; None if there is none."""
        found = self._git("merge-base", "--end-of-options", first, second)
        return found.strip() if found else None

    def files_of(self, commit: str) -> dict[str, str] | None:
        """The paths, relative to `top` and with `/` as separator, of all files in a commit, and the hash of each."""
        # Folders are listed too: without them, git could walk folders in folders for ever and print nothing.
        output = self._git("ls-tree", "-r", "-t", "-z", "--full-tree", commit)
        if output is None:
            return None
        entries = (entry.partition("\t") for entry in output.split("\0") if entry)
        kinds = ((about.split(" "), path) for about, _, path in entries)
        return {path: about[2] for about, path in kinds if about[1] != "tree"}

    def _git(
        self, *arguments: str, stdin: str = "", may_be: int = 0, settings: Mapping[str, str] | None = None
    ) -> str | None:
        """The output of git; None if its exit status is neither 0 nor `may_be`. `settings` join its environment."""
        command = self.command(*arguments)
        if command is None:
            return None
        environment = {**self.environment(), **(settings or {})}
        try:
            answer = run_program(command, environment, os.fsencode(stdin), _SECONDS)
        except TimeoutError:
            _LATE.add(self.top)
            return None
        return os.fsdecode(answer[1]) if answer and answer[0] in (0, may_be) else None

    def command(self, *arguments: str) -> list[str] | None:
        """The command that calls git for this repository; None if git is not on PATH, or would not end.

        The repository's own configuration makes git run no program.
        """
        git = find_program("git")
        if git is None or self.top in _LATE or _hinders(self):
            return None
        return [git, "-C", self.top, *_RUN_NO_PROGRAM, *arguments]

    def environment(self) -> dict[str, str]:
        """The environment in which git reads this repository and does not fetch."""
        dropped = _ABOUT_ONE_REPOSITORY + _ABOUT_PATTERNS + CREDENTIALS
        environment = {name: value for name, value in os.environ.items() if name not in dropped}
        # `git commit FILE` commits from a temporary index, and its hooks must read the same index.
        index = os.path.join(self.top, os.environ.get("GIT_INDEX_FILE", ""))
        if os.path.isfile(index) and repository(os.getcwd()) == self:
            environment["GIT_INDEX_FILE"] = index
        # Otherwise git would fetch objects that are missing in a partial clone.
        environment.update(PATH=search_path(), GIT_NO_LAZY_FETCH="1", GIT_ALLOW_PROTOCOL="none", GIT_OPTIONAL_LOCKS="0")
        return environment


def _size(path: str) -> int:
    """The size of a file; 0 if it is not there."""
    try:
        return os.stat(path).st_size
    except (OSError, ValueError):
        return 0


_LATE: set[str] = set()
"""The tops of the repositories in which git has not ended in time in this run. It is not called there again."""


@cache
def _hinders(repository: Repository) -> bool:
    """Whether one of the files that git reads first is a named pipe or a device, or names too many commits."""
    try:
        folder = repository.git_folder()
    except (OSError, ValueError):
        return False
    if any(_size(os.path.join(folder, name)) > _LONGEST_LIST for name in ("shallow", "info/grafts")):
        return True
    paths = [os.path.join(folder, name) for name in (*_OWN_FILES, *_OWN_FILES_BELOW)]
    paths += [os.path.join(repository.top, name) for name in _FILES_AT_TOP]
    return any(not os.path.isfile(path) and not os.path.isdir(path) and os.path.exists(path) for path in paths)


class _Listings:
    """The tracked files, as git listed them in this run. Each question is asked once."""

    def __init__(self, _tree: Tree) -> None:
        self._known: dict[tuple[str, tuple[str, ...]], frozenset[str] | None] = {}

    def tracked(self, repository: Repository, patterns: tuple[str, ...]) -> frozenset[str] | None:
        """As `Repository.tracked`."""
        key = (repository.top, patterns)
        if key not in self._known:
            everything = self._known.get((repository.top, (EVERYTHING,)))
            if everything is not None and all(re.fullmatch(_A_NAME_ANYWHERE, pattern) for pattern in patterns):
                names = {pattern.removeprefix("**/") for pattern in patterns}
                self._known[key] = frozenset(path for path in everything if os.path.basename(path) in names)
            else:
                self._known[key] = repository.tracked(patterns)
        return self._known[key]


EVERYTHING = "**"
"""The pattern of all files."""
_MOST_READ_INDICES = 8
_MOST_LOOKUPS = 100
"""For how many files git looks up the pattern that ignores them."""
_A_NAME_ANYWHERE = r"\*\*/[^/*?[\\]+"


class Repositories:
    """The repositories of a run, and the tracked files of some patterns in each."""

    def __init__(self, tree: Tree, *patterns: str) -> None:
        """`patterns` are the patterns for `Repository.tracked`."""
        self._listings = tree.memo(_Listings)
        self._folders = tree.memo(RepositoryFolders)
        self._patterns = patterns
        self._tracked: dict[str, frozenset[str] | None] = {}
        self._read_indices = 0
        self._lookups = 0

    def repository(self, folder: str) -> Repository | None:
        """The repository of `folder`; None if there is none, or if its tracked files are unknown."""
        top = self._folders.of(os.path.abspath(folder))
        if top is None:
            return None
        if top not in self._tracked:
            self._tracked[top] = self._listings.tracked(Repository(top), self._patterns)
        return None if self._tracked[top] is None else Repository(top)

    def is_tracked(self, path: str) -> bool:
        """Whether the file at an absolute path, which matches a pattern, is tracked. True if that is unknown."""
        top = self._folders.of(os.path.dirname(path))
        if top is None:
            return True
        # For a few files, reading the index is faster than git. For each, all of it is read.
        self._read_indices += 1
        if self._read_indices <= _MOST_READ_INDICES and Repository(top).lists(path):
            return True
        return self.repository(os.path.dirname(path)) is None or path in self.tracked_near(os.path.dirname(path))

    def for_lookup(self, folder: str) -> Repository | None:
        """The repository of `folder`, to ask why git ignores a file; None if that has been asked often enough."""
        self._lookups += 1
        return repository(folder) if self._lookups <= _MOST_LOOKUPS else None

    def tracked_near(self, folder: str) -> frozenset[str]:
        """The absolute paths of the tracked files of the patterns, in the repository of `folder`."""
        found = self.repository(folder)
        return (found and self._tracked[found.top]) or frozenset()


def repository(folder: str) -> Repository | None:
    """The repository of `folder`, found without calling git; None if there is none."""
    top = repository_folder(folder)
    return None if top is None else Repository(top)


# Programs: found on PATH, and nowhere else. A repository can contain a program of any name. So neither the working
# directory counts, in which Windows looks first, nor an entry of PATH that is empty or relative, which means a folder
# below the working directory.


_KILL = 9
"""The signal that ends a process at once, on every system that has `posix_spawn`."""
LONGEST_OUTPUT = 128 * 1024 * 1024
"""In bytes. git lists half a million files of a commit in less."""


def search_path() -> str:
    """PATH with its absolute entries only."""
    entries = os.environ.get("PATH", os.defpath).split(os.pathsep)
    return os.pathsep.join(entry for entry in entries if os.path.isabs(entry))


def find_program(name: str) -> str | None:
    """The absolute path of a program on PATH; None if there is none."""
    file = f"{name}.exe" if os.name == "nt" else name
    for folder in search_path().split(os.pathsep):
        path = os.path.join(folder, file)
        if folder and os.path.isfile(path) and os.access(path, os.X_OK):
            return path
    return None


def run_program(
    command: list[str], environment: Mapping[str, str], stdin: bytes, seconds: float
) -> tuple[int, bytes] | None:
    """Run a program, given by its path and arguments, and return its exit status and its output.

    None if it cannot be started, or prints more than `LONGEST_OUTPUT`. Raises TimeoutError after so many seconds.
    """
    if not stdin and hasattr(os, "posix_spawn"):
        return _spawn(command, environment, seconds)
    import subprocess

    try:
        ended = subprocess.run(
            command,
            env=environment,
            input=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise TimeoutError from None
    except (OSError, ValueError):
        return None
    return (ended.returncode, ended.stdout) if len(ended.stdout) <= LONGEST_OUTPUT else None


def _spawn(command: list[str], environment: Mapping[str, str], seconds: float) -> tuple[int, bytes] | None:
    """Run a program that reads no input without `subprocess`, whose import takes a tenth of a check."""
    from select import select
    from time import monotonic

    deadline = monotonic() + seconds
    reader, writer = os.pipe()
    with open(reader, "rb", buffering=0) as stream:
        try:
            # The pipe's end comes first: without standard streams, its number may be one of theirs.
            actions = (
                (os.POSIX_SPAWN_DUP2, writer, 1),
                (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0),
            )
            process = os.posix_spawn(command[0], command, environment, file_actions=actions)
        except (OSError, ValueError):
            return None
        finally:
            os.close(writer)
        pieces: list[bytes] = []
        size = 0
        while size <= LONGEST_OUTPUT and select([stream], [], [], max(deadline - monotonic(), 0))[0]:
            piece = stream.read(1 << 20)
            if not piece:
                return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]), b"".join(pieces)
            pieces.append(piece)
            size += len(piece)
        os.kill(process, _KILL)
        os.waitpid(process, 0)
        if size <= LONGEST_OUTPUT:
            raise TimeoutError
        return None
