"""What a command compiles, itself or through the scripts, recipes and tasks of its repository that it starts.

Also which compilations are offline, and whether their wrappers take the network away.
"""

import posixpath
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache, partial
from typing import TYPE_CHECKING, NamedTuple

from dunnage.cargo_cli.builds import build
from dunnage.cargo_cli.command_line import Aliases
from dunnage.cargo_cli.compiling import HINTS, Compilation, compilation
from dunnage.files.source import File, Tree
from dunnage.files.span import Span
from dunnage.files.walk import RepositoryFolders, top_folder, upwards
from dunnage.scripts.commands import commands
from dunnage.shell.model import Command, Word, programs
from dunnage.shell.nested import is_elsewhere
from dunnage.shell.wrapper_options import SIMPLE, skip_options, written

if TYPE_CHECKING:
    from dunnage.ci.repository_files import RepositoryFiles
    from dunnage.ci.runs import Walk

OFFLINE_OPTIONS = ("--offline", "--frozen")
OFFLINE_VARIABLE = "CARGO_NET_OFFLINE"
_CONFIGURED = "net.offline=true"
"""The value of `--config` that makes cargo offline, without its blanks."""

_SANDBOXES = frozenset(("bwrap", "firejail", "systemd-run", "unshare"))

_FILES_OF_RUNNERS = (
    *("Makefile", "makefile", "GNUmakefile", "justfile", ".justfile", "Justfile", "Makefile.toml", "Cargo.toml"),
    *("Taskfile.yml", "Taskfile.yaml", "mise.toml", ".mise.toml", "package.json"),
)

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
    """What the commands of images and containers compile: `tree.own(Compilations)`."""

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

        return _located(command, resolved, names)

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
        top = top_folder(file.folder, self.tree.memo(RepositoryFolders))
        if top not in self._repositories:
            from dunnage.ci.repository_files import Steps, repository_files
            from dunnage.ci.runs import Walk

            files = repository_files(self.tree, top, self.tree.own(Steps))
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


def _located(command: Command, resolve: Resolve, known: frozenset[str]) -> tuple[Command, list[str]] | None:
    """Return a command with the path of its script in the repository, and the folders in which it runs there.

    `known` are the names of the files of the repository. None if neither is known.
    """
    if not command.directory or len(command.directory) != 1:
        return None
    directory = command.directory[0]
    names = programs(command.words[0]) or ()
    from dunnage.ci.runs import RUNNERS

    if not RUNNERS.isdisjoint(names):
        found = (resolve(posixpath.join(directory, name)) for name in _FILES_OF_RUNNERS if name in known)
        path = next(filter(None, found), None)
        return (command, [posixpath.dirname(path)]) if path else None
    from dunnage.ci.repository_files import script_word

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


def without_offline(compiled: Sequence[Compiled], tree: Tree) -> list[Compiled]:
    """Return the compilations without `--offline` among those that have no network where they run."""
    found: dict[Span, Compiled] = {}
    offline: set[Span] = set()
    for each in compiled:
        # A command is there once for each of its values.
        span = each.outer.words[0].span
        if _is_offline_there(each, tree):
            offline.add(span)
        found.setdefault(span, each)
    return [each for span, each in found.items() if span not in offline]


def _is_offline_there(compiled: Compiled, tree: Tree) -> bool:
    """Whether a compilation is offline by itself, by a variable around it, or since its crates are vendored."""
    if _sets_offline(compiled.outer) and not is_component(compiled.inner):
        return True
    file = compiled.file
    if is_offline(compiled.inner, tree, file):
        return True
    return not is_component(compiled.inner) and tree.own(_Configurations).has_vendored(file.folder)


def is_offline(compilation: Compilation, tree: Tree, file: File) -> bool:
    """Whether cargo is told to use no network, or may be, as far as unknown words can say.

    The client of cargo-component for WIT packages is offline only with a literal `--offline`.
    """
    call = compilation.call
    found = build(call.words)
    if found.unknown if found else None in call.words:
        return True
    if is_component(compilation):
        return "--offline" in call.words
    known = [word.replace(" ", "") for word in call.words if word is not None]
    if any(word.startswith(OFFLINE_OPTIONS) or word.removeprefix("--config=") == _CONFIGURED for word in known):
        return True
    return _sets_offline(call.command) or tree.own(_Configurations).is_offline(file.folder)


def _sets_offline(command: Command) -> bool:
    """Whether the environment of a command makes cargo offline, or may do so."""
    values = dict(command.environment).get(OFFLINE_VARIABLE, ())
    return values is None or "true" in values


def takes_offline(compilation: Compilation) -> bool:
    """Whether what compiles takes the options `--offline` and `--frozen` of cargo."""
    words = compilation.call.words
    return compilation.call.program in ("cargo", "xx-cargo") and (build(words) is not None or "install" in words[1:3])


def is_component(compilation: Compilation) -> bool:
    """Whether cargo-component compiles."""
    return "component" in compilation.name.split()[1:2]


def lacks_network(words: Sequence[Word]) -> bool:
    """Whether one of the wrappers among the words around a command runs it without network."""
    for at, word in enumerate(words):
        for name in _SANDBOXES.intersection(programs(word) or ()):
            # A word for the command: a variable before it may hold options.
            end = skip_options((*words, word), at + 1, SIMPLE[name])
            if _takes_network(name, words[at + 1 : end]):
                return True
    return False


def _takes_network(name: str, options: Sequence[Word]) -> bool:
    """Whether a program runs another without network, by its options."""
    texts = [written(option) for option in options]
    if name == "unshare":
        return any(text.startswith("--net") or re.match(r"-[a-zA-Z]*n", text) for text in texts)
    if name == "firejail":
        return "--net=none" in texts
    if name == "systemd-run":
        return any(re.search("PrivateNetwork=(1|on|true|yes)$", text) for text in texts)
    if {"--unshare-net", "--unshare-all"}.isdisjoint(texts):
        return False
    # Unknown options, or those in a file, may give the network back.
    return {"--share-net", "--args"}.isdisjoint(texts) and all(option.values for option in options if option.splits)


class _Configurations:
    """What cargo's configuration says in each folder, which is asked for each command."""

    def __init__(self, tree: Tree) -> None:
        self.is_offline = cache(partial(_is_configured, tree))
        """Whether `.cargo/config.toml` in a folder or above it sets `net.offline`."""
        self.has_vendored = cache(partial(_has_vendored, tree))
        """Whether cargo, in a folder, reads the crates of crates.io from a folder of the repository."""


def _has_vendored(tree: Tree, folder: str) -> bool:
    from dunnage.cargo.config_files import directory_sources
    from dunnage.cargo.source_id import CRATES_IO

    return CRATES_IO in directory_sources(tree, folder)


def _is_configured(tree: Tree, folder: str) -> bool:
    from dunnage.cargo.config_files import files_in
    from dunnage.files.document import Refused

    for above in upwards(folder):
        try:
            tables = [found.data.get("net") for _, found in files_in(tree, above)]
        except Refused:
            continue
        if any(isinstance(table, dict) and table.get("offline") is True for table in tables):
            return True
    return False
