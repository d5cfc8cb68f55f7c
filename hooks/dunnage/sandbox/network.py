"""Which compilations are offline, and whether their wrappers take the network away."""

import re
from collections.abc import Sequence
from functools import cache, partial

from dunnage.cargo_cli.builds import build
from dunnage.cargo_cli.compiling import Compilation
from dunnage.files.source import File, Tree
from dunnage.files.span import Span
from dunnage.files.walk import upwards
from dunnage.sandbox.compiled import Compiled
from dunnage.shell.model import Command, Word, programs
from dunnage.shell.wrapper_options import SIMPLE, skip_options, written

OFFLINE_OPTIONS = ("--offline", "--frozen")
OFFLINE_VARIABLE = "CARGO_NET_OFFLINE"
_CONFIGURED = "net.offline=true"
"""The value of `--config` that makes cargo offline, without its blanks."""

_SANDBOXES = frozenset(("bwrap", "firejail", "systemd-run", "unshare"))


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
    return not is_component(compiled.inner) and tree.memo(_Configurations).has_vendored(file.folder)


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
    return _sets_offline(call.command) or tree.memo(_Configurations).is_offline(file.folder)


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
