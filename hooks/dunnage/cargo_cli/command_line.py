"""The syntax of cargo's command line: toolchain, subcommand, options and operands.

A command line is a sequence of words; None is a word whose value is unknown. Words are identified by their index. If
only the beginning of a word is known, as of `--version=$V`, UNKNOWN stands for the rest. Source of the options: `cargo
help` and `cargo help install`.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

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
        found = [value for name in names for value in self.options.get(name, ())]
        return max(found, default=None, key=lambda value: value.at)


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
    values = [value.text for value in binstall.options.get(option, ())] or [environment.get(variable, "")]
    names: set[str] = set()
    for value in values:
        if value is None:
            return None
        names.update(name.strip() for name in value.split(","))
    return frozenset(names - {""})
