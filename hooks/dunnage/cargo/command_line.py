"""What a cargo command line says: its toolchain, its subcommand, and the options that bear on locking and installing.

Arguments are given as the words of a command, None for one whose value is not known; they are named by their index.
Source of the options: `cargo help`, `cargo help install`, and the help of the subcommands that pass options on.
"""

from collections.abc import Collection, Sequence
from typing import NamedTuple

_GLOBAL_WITH_VALUE = frozenset({"--color", "--config", "--explain", "-C", "-Z"})
_INSTALL_WITH_VALUE = _GLOBAL_WITH_VALUE | {
    "--bin", "--branch", "--example", "--features", "--git", "--index", "--jobs", "--message-format", "--path",
    "--profile", "--registry", "--rev", "--root", "--tag", "--target", "--target-dir", "--vers", "--version",
    "-F", "-j",
}  # fmt: skip
_BINSTALL_WITH_VALUE = _INSTALL_WITH_VALUE | {
    "--bin-dir", "--disable-strategies", "--github-token", "--install-path", "--log-level", "--manifest-path",
    "--maximum-resolution-timeout", "--min-tls-version", "--pkg-fmt", "--pkg-url", "--rate-limit",
    "--root-certificates", "--settings", "--strategies", "--targets",
}  # fmt: skip
LOCKING = ("--locked", "--frozen")
"""The options that make cargo refuse to change the lock."""


class Invocation(NamedTuple):
    """A call of cargo: `cargo [+TOOLCHAIN] [OPTIONS] SUBCOMMAND …`."""

    name: str
    """The subcommand."""
    subcommand: int
    """Its index."""
    is_locked: bool
    """Whether a locking option stands in front of it."""


class Argument(NamedTuple):
    """An option's value: the word it is in, what it is there, and whether the option stands in the same word."""

    index: int
    value: str | None
    """None if it is not known."""
    is_joined: bool = False
    """`--version=1.2.3` and not `--version 1.2.3`."""


class Arguments(NamedTuple):
    """What follows a subcommand, up to `--`."""

    operands: tuple[int, ...]
    """Words that are no options; those that are not known are taken for such."""
    options: dict[str, tuple[Argument, ...]]
    """Options that take a value, by name."""
    flags: frozenset[str]
    """Options that take none."""
    has_unknown: bool
    """Whether a word is not known, and so might be any option."""
    end: int
    """The index of `--`, or the number of words."""

    def last(self, *names: str) -> Argument | None:
        """Find the value that counts of an option with these spellings: the last."""
        found = [argument for name in names for argument in self.options.get(name, ())]
        return max(found, default=None, key=lambda argument: argument.index)


def invocation(words: Sequence[str | None]) -> Invocation | None:
    """Find the subcommand of a call of cargo, whose own name is the first word; None if there is none, or none known."""
    index = 1
    if index < len(words) and (words[index] or "").startswith("+"):
        index += 1
    is_locked = False
    while index < len(words):
        word = words[index]
        if word is None or word == "--":
            return None
        if not word.startswith("-"):
            return Invocation(word, index, is_locked)
        is_locked = is_locked or word in LOCKING
        index += 2 if word in _GLOBAL_WITH_VALUE else 1
    return None


def arguments(words: Sequence[str | None], start: int, with_value: Collection[str]) -> Arguments:
    """Sort the words from `start` on into operands and options; `with_value` names the options that take a value."""
    operands: list[int] = []
    options: dict[str, tuple[Argument, ...]] = {}
    flags: set[str] = set()
    has_unknown = False
    index = start
    while index < len(words) and words[index] != "--":
        word = words[index]
        if word is None:
            has_unknown = True
            operands.append(index)
        elif not word.startswith("-") or word == "-":
            operands.append(index)
        else:
            name, equals, value = word.partition("=")
            if not word.startswith("--") and word[:2] in with_value:
                name, equals, value = word[:2], word[2:], word[2:].removeprefix("=")
            if name not in with_value:
                flags.add(name)
            elif equals:
                options[name] = (*options.get(name, ()), Argument(index, value, True))
            elif index + 1 < len(words):
                index += 1
                options[name] = (*options.get(name, ()), Argument(index, words[index]))
                has_unknown = has_unknown or words[index] is None
        index += 1
    return Arguments(tuple(operands), options, frozenset(flags), has_unknown, index)


def install_arguments(words: Sequence[str | None], call: Invocation) -> Arguments:
    """Sort the words after `cargo install` or `cargo binstall`."""
    return arguments(
        words, call.subcommand + 1, _BINSTALL_WITH_VALUE if call.name == "binstall" else _INSTALL_WITH_VALUE
    )
