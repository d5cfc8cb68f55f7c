"""Cargo's command line - toolchain, subcommand, aliases, options, operands - and the commands that call cargo.

A command line is a sequence of words; None is a word whose value is unknown. Words are identified by their index. If
only the beginning of a word is known, as of `--version=$V`, UNKNOWN stands for the rest. Source of the options: `cargo
help` and `cargo help install`.

Aliases are in `[alias]` of `.cargo/config.toml`, and of the files that it includes. Cargo reads the configuration of
the folder in which it is called and of those above it; a nearer file takes precedence. Source: the Cargo book,
"Configuration", `[alias]`.
"""

import os
import posixpath
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cache
from typing import NamedTuple

from dunnage.files.source import File, Tree
from dunnage.files.span import Edit
from dunnage.files.walk import up_to_top
from dunnage.shell.model import Command, Values, Word, insert_after, joined_paths, programs

UNKNOWN = "\0"
"""The placeholder for unknown text in a word."""

LOCKING = ("--locked", "--frozen")
"""The options with which cargo fails instead of changing the lock."""

BUILTIN = frozenset(
    {
        "add", "bench", "build", "check", "clean", "config", "doc", "fetch", "fix", "generate-lockfile", "help", "info",
        "init", "install", "locate-project", "login", "logout", "metadata", "new", "owner", "package", "pkgid",
        "publish", "read-manifest", "remove", "report", "run", "rustc", "rustdoc", "search", "test", "tree",
        "uninstall", "update", "vendor", "verify-project", "version", "yank",
    }
)  # fmt: skip
"""The subcommands that are part of cargo. An alias cannot replace them."""

GLOBAL_WITH_VALUE = frozenset({"--color", "--config", "--explain", "-C", "-Z"})
"""The options before a subcommand that take a value."""
_MANIFEST_PATH = "--manifest-path"
NO_ACTION = frozenset({"--help", "--list", "--version", "-V", "-h"})
"""The options with which cargo only prints something."""
_INSTALL_WITH_VALUE = GLOBAL_WITH_VALUE | {
    # of cargo install, most of them also of cargo-binstall
    "--bin", "--branch", "--example", "--features", "--git", "--index", "--jobs", "--message-format", "--path",
    "--profile", "--registry", "--rev", "--root", "--tag", "--target", "--target-dir", "--vers", "--version",
    "-F", "-j",
    # only of cargo-binstall
    "--bin-dir", "--disable-strategies", "--github-token", "--install-path", "--log-level", "--manifest-path",
    "--maximum-resolution-timeout", "--min-tls-version", "--pkg-fmt", "--pkg-url", "--rate-limit",
    "--root-certificates", "--roots", "--settings", "--strategies", "--targets",
}  # fmt: skip


class Invocation(NamedTuple):
    """A call of cargo: `cargo [+TOOLCHAIN] [OPTIONS] SUBCOMMAND …`."""

    name: str
    """The subcommand."""
    subcommand: int
    """The index of the subcommand."""
    is_locked: bool
    """Whether a locking option precedes it."""


class OptionValue(NamedTuple):
    """The value of an option."""

    at: int
    """The index of the word that contains it."""
    text: str | None
    """None if it is unknown."""
    is_joined: bool = False
    """Whether the word also contains the option: `--version=1.2.3`."""


class Arguments(NamedTuple):
    """What follows a subcommand, up to `--`."""

    operands: tuple[int, ...]
    """The words that are not options. Unknown words are counted among them."""
    options: dict[str, tuple[OptionValue, ...]]
    """The values of the options that take one, by name."""
    flags: frozenset[str]
    """The options that take no value."""
    end: int
    """The index of `--`, or the number of words."""

    def last(self, *names: str) -> OptionValue | None:
        """Return the last value of an option with these spellings, which takes precedence."""
        return max(self.values(*names), default=None, key=lambda value: value.at)

    def values(self, *names: str) -> list[OptionValue]:
        """Return all values of an option with these spellings."""
        return [value for name in names for value in self.options.get(name, ())]


def invocation(words: Sequence[str | None]) -> Invocation | None:
    """Return the subcommand of a call of cargo, which is the first word; None if there is none or it is unknown."""
    index = 1
    if index < len(words) and (words[index] or "").startswith("+"):
        index += 1
    is_locked = False
    while index < len(words):
        word = words[index]
        if word is None or word == "--" or UNKNOWN in word:
            return None
        if word == "auditable" and words[index + 1 : index + 2] == ["install"]:
            index += 1  # it passes on all words
            continue
        if not word.startswith("-"):
            return Invocation(word, index, is_locked)
        is_locked = is_locked or word in LOCKING
        index += 2 if word in GLOBAL_WITH_VALUE else 1
    return None


def arguments(words: Sequence[str | None], start: int, with_value: Collection[str]) -> Arguments:
    """Sort the words from `start` on into operands and options. `with_value` are the options that take a value."""
    operands: list[int] = []
    options: dict[str, tuple[OptionValue, ...]] = {}
    flags: set[str] = set()
    index = start
    while index < len(words) and words[index] != "--":
        word = words[index]
        if word is None or not word.startswith("-") or word == "-":
            operands.append(index)
        else:
            name, equals, value = word.partition("=")
            if not word.startswith("--") and word[:2] in with_value:
                name, equals, value = word[:2], word[2:], word[2:].removeprefix("=")
            if name not in with_value:
                flags.add(name)
            elif equals:
                joined = OptionValue(index, None if UNKNOWN in value else value, True)
                options[name] = (*options.get(name, ()), joined)
            elif index + 1 < len(words):
                index += 1
                text = words[index]
                separate = OptionValue(index, None if text is None or UNKNOWN in text else text)
                options[name] = (*options.get(name, ()), separate)
        index += 1
    return Arguments(tuple(operands), options, frozenset(flags), min(index, len(words)))


def install_arguments(words: Sequence[str | None], call: Invocation) -> Arguments | None:
    """Sort the words after `cargo install` or `cargo binstall`; None if it installs nothing, as `--list` does."""
    found = arguments(words, call.subcommand + 1, _INSTALL_WITH_VALUE)
    return found if found.flags.isdisjoint({"--help", "--list", "-V", "-h", "--self-install"}) else None


def may_compile(binstall: Arguments, environment: Mapping[str, str | None]) -> bool:
    """Whether `cargo binstall` builds a tool from source if it finds no binary.

    `environment` are the environment variables that the command sets, None for an unknown value. If an option or a
    variable has an unknown value, the answer is no. Source: cargo-binstall's crates/bin/src/args.rs.
    """
    if "--dry-run" in binstall.flags:
        return False
    enabled = _strategies("--strategies", "BINSTALL_STRATEGIES", binstall, environment)
    disabled = _strategies("--disable-strategies", "BINSTALL_DISABLE_STRATEGIES", binstall, environment)
    if enabled is None or disabled is None:
        return False
    return (not enabled or "compile" in enabled) and "compile" not in disabled


def _strategies(
    option: str, variable: str, binstall: Arguments, environment: Mapping[str, str | None]
) -> frozenset[str] | None:
    """Return the strategies that an option lists, or else an environment variable; None if they are unknown."""
    values = [value.text for value in binstall.values(option)] or [environment.get(variable, "")]
    names: set[str] = set()
    for value in values:
        if value is None:
            return None
        names.update(name.strip() for name in value.split(","))
    return frozenset(names - {""})


Alias = Callable[[str], "Sequence[str] | None"]
"""Returns the words for which an alias stands; None if the name is no alias."""

_NAMES = ("config", "config.toml")
_MAX_ALIASES = 20
_MAX_WORDS = 1000
_MAX_ADDED = 50
"""How many words the aliases in a call may add. Each of thousands of calls may have one long alias."""


class Aliases:
    """The aliases in force in each folder, from the configuration files of its repository."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self.in_folder = cache(self._in_folder)
        """Returns the aliases in force in a folder, an absolute path.

        An unreadable configuration, and an alias that is neither a string nor an array of strings, are ignored.
        """

    def of(self, file: File) -> Alias:
        """Return the function that looks up an alias in a command of `file`."""
        folder = file.folder
        return lambda name: self.in_folder(folder).get(name)

    def _in_folder(self, folder: str) -> Mapping[str, tuple[str, ...]]:
        aliases: dict[str, tuple[str, ...]] = {}
        for above in up_to_top(folder):
            for name, words in _aliases_in(self._tree, above).items():
                aliases.setdefault(name, words)
        return aliases


def expand(words: Sequence[str | None], alias: Alias) -> tuple[list[str | None], list[int]]:
    """Expand the alias in the subcommand of a call of cargo, repeatedly.

    Returns the words, and for each the index of the original word that it is or replaces. Subcommands that are part
    of cargo are never aliases.
    """
    expanded = list(words)
    origin = list(range(len(words)))
    for _ in range(_MAX_ALIASES):
        call = invocation(expanded)
        if call is None or call.name in BUILTIN or len(expanded) > _MAX_WORDS:
            break
        meaning = alias(call.name)
        room = len(words) + _MAX_ADDED - len(expanded)
        if meaning and len(meaning) > room:  # what follows `--` is not for cargo, such as the lints of clippy
            meaning = meaning[: meaning.index("--", 0, room) + 1] if "--" in meaning[:room] else ()
        if not meaning or meaning[0] == call.name:
            break
        at = call.subcommand
        origin[at : at + 1] = [origin[at]] * len(meaning)
        expanded[at : at + 1] = meaning
    return expanded, origin


def _aliases_in(tree: Tree, folder: str) -> dict[str, tuple[str, ...]]:
    data = next(filter(None, (tree.content(os.path.join(folder, ".cargo", name)) for name in _NAMES)), b"")
    if b"alias" not in data and b"include" not in data:
        return {}
    from dunnage.cargo.config_files import files_in
    from dunnage.files.document import Refused

    try:
        tables = [found.data.get("alias") for _, found in files_in(tree, folder)]
    except Refused:
        return {}
    aliases: dict[str, tuple[str, ...]] = {}
    for table in tables:
        for alias, meaning in table.items() if isinstance(table, dict) else ():
            aliases.setdefault(alias, _words(meaning))
    return {alias: words for alias, words in aliases.items() if words}


def _words(meaning: object) -> tuple[str, ...]:
    if isinstance(meaning, str):
        return tuple(meaning.split())
    if isinstance(meaning, list) and all(isinstance(word, str) for word in meaning):
        return tuple(meaning)
    return ()


CARGO_ACTIONS = ("actions-rs/cargo", "clechasseur/rs-cargo")
"""Actions that call cargo with the inputs `command` and `args`."""
CARGO = frozenset({"cargo", "cross", "xx-cargo"})
"""The programs with cargo's command line. `xx-cargo` is that of tonistiigi/xx, for Dockerfiles."""


class CargoCall(NamedTuple):
    """A command that calls cargo, with aliases expanded."""

    command: Command
    program: str
    """One of CARGO, or `cargo-binstall`."""
    words: list[str | None]
    """The words of the command line."""
    origin: list[int]
    """For each of `words`, the index of the command's word that it is or replaces."""

    def word(self, index: int) -> Word:
        """Return the command's word that one of `words` is or replaces."""
        return self.command.words[self.origin[index]]

    def is_written(self, index: int) -> bool:
        """Whether one of `words` is a word of the command and does not come from an alias."""
        # The words of an alias are adjacent.
        origin = self.origin[index]
        return self.origin[max(index - 1, 0) : index + 2].count(origin) == 1

    def values(self, index: int) -> tuple[str | None, ...]:
        """Return all values that one of `words` may have."""
        word = self.word(index)
        if self.is_written(index) and word.values and len(word.values) > 1:
            return word.values
        return (self.words[index],)

    def option_values(self, option: OptionValue) -> tuple[str | None, ...]:
        """Return all values that an option may have; None for one that is unknown."""
        if option.text is None:
            return (None,)
        values = self.values(option.at)
        return tuple(value.partition("=")[2] if option.is_joined and value else value for value in values)

    @property
    def directory(self) -> Values:
        """The directories of the package or workspace that cargo works on; None if they are unknown.

        They are those of the command, changed by `-C` and `--manifest-path`.
        """
        directory = self.command.directory
        called = invocation(self.words)
        if called is None:
            return directory
        for index in range(called.subcommand - 1):
            if self.words[index] == "-C":
                directory = joined_paths(directory, _known(self.values(index + 1)))
        if not any(word and word.startswith(_MANIFEST_PATH) for word in self.words):
            return directory
        found = arguments(self.words, called.subcommand + 1, {*GLOBAL_WITH_VALUE, _MANIFEST_PATH})
        manifest = found.last(_MANIFEST_PATH)
        if manifest is not None:
            paths = _known(self.option_values(manifest))
            directory = joined_paths(directory, paths and tuple(posixpath.dirname(path) or "." for path in paths))
        return directory

    def insertion(self, path: str, index: int, text: str = "--locked") -> Edit | None:
        """Return the edit of a file that inserts an option after one of `words`; None if it is not certain."""
        edit = insert_after(self.command, self.word(index), text)
        return edit and Edit(path, *edit)


def cargo_call(command: Command, alias: Alias) -> CargoCall | None:
    """Return a command as a call of one of CARGO or of `cargo-binstall`; None if it calls none of them."""
    names = programs(command.words[0]) or ()
    program = next((name for name in names if name in CARGO or name == "cargo-binstall"), None)
    if program is None:
        return None
    words = [known_text(word) for word in command.words]
    if program == "cargo-binstall":
        origin = list(range(len(words)))
        # Cargo passes the name of the subcommand as the first argument; without cargo it may be missing.
        if words[1:2] != ["binstall"]:
            words.insert(1, "binstall")
            origin.insert(1, 0)
        return CargoCall(command, program, words, origin)
    expanded, origin = expand(words, alias)
    return CargoCall(command, program, expanded, origin)


def _known(values: tuple[str | None, ...]) -> Values:
    found = [value for value in values if value is not None and UNKNOWN not in value]
    return tuple(found) if len(found) == len(values) else None


def action_words(inputs: Mapping[str, str | None]) -> list[str | None]:
    """Return the call of cargo that one of CARGO_ACTIONS makes with these inputs; empty if it is unknown."""
    command, rest = inputs.get("command", ""), inputs.get("args", "")
    return [] if command is None else ["cargo", *command.split(), *([None] if rest is None else rest.split())]


def known_text(word: Word) -> str | None:
    """Return the first value of a word; if it is unknown, the text before its first variable, and UNKNOWN."""
    if word.values:
        return word.values[0]
    if word.values is not None:
        return ""
    known = word.text.lstrip("\"'")
    for mark in ("$", "`", "{{", "<("):
        known = known.partition(mark)[0]
    return known.strip("\"'") + UNKNOWN if known else None
