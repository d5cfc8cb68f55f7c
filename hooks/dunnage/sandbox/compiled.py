"""What a command compiles, itself or through the scripts, recipes and tasks of its repository that it starts."""

import posixpath
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from dunnage.cargo_cli.command_line import Aliases
from dunnage.cargo_cli.compiling import HINTS, Compilation, compilation
from dunnage.files.source import File, Tree
from dunnage.files.walk import top_folder
from dunnage.scripts.commands import commands
from dunnage.shell.model import Command, programs
from dunnage.shell.nested import is_elsewhere

if TYPE_CHECKING:
    from dunnage.ci.repository_files import RepositoryFiles
    from dunnage.ci.runs import Walk

_FILES_OF_RUNNERS = (
    *("Makefile", "makefile", "GNUmakefile", "justfile", ".justfile", "Justfile", "Makefile.toml", "Cargo.toml"),
    *("Taskfile.yml", "Taskfile.yaml", "mise.toml", ".mise.toml", "package.json"),
)
_RUNNERS = frozenset(("make", "gmake", "just", "cargo", "makers", "task", "mise", "npm", "pnpm", "yarn", "bun"))

_DOWNLOADERS = frozenset((
    *("apk", "apt", "apt-get", "aptitude", "brew", "conda", "curl", "dnf", "gem", "microdnf", "npm", "pacman", "pip"),
    *("pip3", "pnpm", "tdnf", "wget", "yarn", "yum", "zypper"),
))  # fmt: skip
"""Programs that download, whatever their arguments are."""
_DOWNLOADING = {
    "cargo": ("binstall", "install"),
    "git": ("clone", "fetch", "pull", "submodule"),
    "rustup": ("component", "default", "install", "target", "toolchain", "update"),
}
"""Programs that download with these subcommands. What `cargo fetch` downloads can be there before."""
_ALWAYS_DOWNLOADING = frozenset(("-Zbuild-std", "build-std", "tauri", "xwin"))
"""Words of calls of cargo that download more than crates: the Windows SDK, tools of bundles, the crates of `std`."""
_RUNNING = frozenset(("bench", "nextest", "run", "test"))
"""The words of calls of cargo that run programs of the repository, which may use the network."""
_MOST_INNER = 20
"""How many compilations are looked at that one command starts."""
_MOST_SEARCHES = 500
"""How often the file of a script or of a runner is searched in what an image or a container contains."""
_MOST_FOLLOWED = 10_000
"""How many commands of other files are looked at for the images and containers of a file."""
_TOO_MANY_CALLS = "this file calls more scripts and recipes than the hook follows"
_SELF = ("$0", "${0}", "$BASH_SOURCE", "${BASH_SOURCE}", "${BASH_SOURCE[0]}", '$(basename "$0")', "$(basename $0)")

Resolve = Callable[[str], "str | None"]
"""Returns the path in the repository, relative to its top, of the file at an absolute path of an image or container."""


class Compiled(NamedTuple):
    """A command that compiles."""

    outer: Command
    """The command in the image or container: `make build`."""
    inner: Compilation
    """What compiles; the same command unless that starts another one."""
    file: File
    """The file in which the inner command stands."""
    downloads: bool = False
    """Whether the outer command starts something else that needs the network."""

    @property
    def is_direct(self) -> bool:
        """Whether the command itself compiles."""
        return self.inner.call.command.words[0].span == self.outer.words[0].span and self.inner.call.command.place == (
            self.outer.place
        )


class Compilations:
    """What the commands of images and containers compile: `tree.memo(Compilations)`."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self._aliases = Aliases(tree)
        self._repositories: dict[str, tuple[RepositoryFiles, Walk, frozenset[str]]] = {}
        self._searches: dict[str, int] = {}
        self._followed: dict[str, int] = {}
        self._own: dict[str, tuple[list[tuple[File, Compilation]], bool]] = {}

    def of(self, file: File, command: Command) -> Compiled | None:
        """Return what a command compiles itself; None if it does not compile."""
        inner = compilation(command, self._aliases.of(file), self.tree, file)
        return Compiled(command, inner, file) if inner else None

    def through_calls(self, file: File, command: Command, resolve: Resolve) -> list[Compiled]:
        """Return what a command compiles through other files of the repository."""
        if command.words[0].text.strip("\"'").endswith(_SELF) and command.place.kind == "shell":
            if file.path not in self._own:
                self._own[file.path] = self._inner((file, each) for each in commands(file))
            found, downloads = self._own[file.path]
        else:
            found, downloads = self._inner(self._called(file, command, resolve))
        return [Compiled(command, inner, origin, downloads) for origin, inner in found]

    def _inner(self, called: Iterable[tuple[File, Command]]) -> tuple[list[tuple[File, Compilation]], bool]:
        """Return what compiles among commands, each with its file, and whether one of them downloads something else."""
        found: list[tuple[File, Compilation]] = []
        downloads = False
        for origin, inner in called:
            if is_elsewhere(inner):
                continue
            compiled = compilation(inner, self._aliases.of(origin), self.tree, origin)
            found += [(origin, compiled)] if compiled is not None else []
            downloads = downloads or is_download(inner)
        return found[:_MOST_INNER], downloads

    def _called(self, file: File, command: Command, resolve: Resolve) -> Iterator[tuple[File, Command]]:
        """Yield the commands that a command runs through other files, each with its file."""
        located = self._located(file, command, resolve)
        for run in self._repository(file)[1].called(file, *located) if located else ():
            if run.command is None:
                continue
            self._followed[file.path] = self._followed.get(file.path, 0) + 1
            if self._followed[file.path] > _MOST_FOLLOWED:
                file.note_unread("input/too-large", _TOO_MANY_CALLS, command.words[0].span)
                return
            yield run.file, run.command

    def _located(self, file: File, command: Command, resolve: Resolve) -> tuple[Command, list[str]] | None:
        """Locate what a command calls, as `_located` does, for a limited number of commands of a file."""
        names = self._repository(file)[2]

        def resolved(path: str) -> str | None:
            if posixpath.basename(path) not in names:
                return None
            self._searches[file.path] = self._searches.get(file.path, 0) + 1
            if self._searches[file.path] > _MOST_SEARCHES:
                file.note_unread("input/too-large", _TOO_MANY_CALLS, command.words[0].span)
                return None
            return resolve(path)

        return _located(command, resolved)

    def has_lock(self, compiled: Compiled) -> bool:
        """Return whether a committed Cargo.lock is available to a compilation, as far as its file says."""
        from dunnage.ci.committed_locks import CommittedLocks

        return self.tree.memo(CommittedLocks).has_lock(compiled.file, compiled.inner.call)

    def paths(self, file: File) -> frozenset[str]:
        """Return the paths of the files in the repository of a file, relative to its top."""
        return self._repository(file)[0].paths

    def top(self, file: File) -> str:
        """Return the topmost folder of the repository of a file."""
        return self._repository(file)[0].top

    def _repository(self, file: File) -> "tuple[RepositoryFiles, Walk, frozenset[str]]":
        """The files of the repository of a file, what their commands call, and the names of the files."""
        top = top_folder(file.folder)
        if top not in self._repositories:
            from dunnage.ci.repository_files import repository_files
            from dunnage.ci.runs import Walk

            files = repository_files(self.tree, top)
            names = frozenset(map(posixpath.basename, files.paths))
            self._repositories[top] = files, Walk(files, (*HINTS, *_DOWNLOADERS, *_DOWNLOADING)), names
        return self._repositories[top]


def needs_network(compiled: Compiled) -> bool:
    """Whether a compilation, or what starts it, downloads: cargo cannot fetch before what it installs."""
    inner = compiled.inner
    return compiled.downloads or is_download(inner.call.command) or not _ALWAYS_DOWNLOADING.isdisjoint(inner.call.words)


def fetches_crates(command: Command) -> bool:
    """Whether a command downloads crates, and compiles nothing: `cargo fetch`."""
    return "cargo" in (programs(command.words[0]) or ()) and any(word.values == ("fetch",) for word in command.words)


def runs_programs(compiled: Compiled) -> bool:
    """Whether a compilation also runs programs of the repository, such as tests, which may use the network."""
    return not _RUNNING.isdisjoint(compiled.inner.name.split())


def is_download(command: Command) -> bool:
    """Whether a command downloads something that cargo cannot fetch before."""
    names = programs(command.words[0]) or ()
    if not _DOWNLOADERS.isdisjoint(names):
        return True
    words = [word.values[0] if word.values else "" for word in command.words]
    if any(word.startswith("--path") for word in words):
        return False
    return any(not set(words).isdisjoint(_DOWNLOADING.get(name, ())) for name in names)


def _located(command: Command, resolve: Resolve) -> tuple[Command, list[str]] | None:
    """Return a command with the path of its script in the repository, and the folders in which it runs there.

    None if neither is known.
    """
    if not command.directory or len(command.directory) != 1:
        return None
    directory = command.directory[0]
    names = programs(command.words[0]) or ()
    if not _RUNNERS.isdisjoint(names):
        found = (resolve(posixpath.join(directory, name)) for name in _FILES_OF_RUNNERS)
        folders = [posixpath.dirname(path) for path in found if path]
        return (command, folders[:1]) if folders else None
    from dunnage.ci.called_scripts import script_word

    at = script_word(command.words, names)
    value = command.words[at].values if at is not None else None
    if at == 0 and "/" not in "".join(value or ()):
        return None  # a program of the PATH
    path = resolve(posixpath.normpath(posixpath.join(directory, value[0]))) if value and len(value) == 1 else None
    if at is None or path is None:
        return None
    words = list(command.words)
    words[at] = words[at]._replace(values=(path,))
    return command._replace(words=tuple(words)), [""]
