"""What a cargo command line says: its toolchain, its subcommand, and the options that bear on locking and installing.

Arguments are given as the words of a command, None for one whose value is not known; they are named by their index.
In a word that is known in part, as `--version=$V` is, UNKNOWN stands for the rest. Source of the options: `cargo help`,
`cargo help install`, and the help of the subcommands that pass options on.
"""

from collections.abc import Callable, Collection, Sequence
from typing import NamedTuple

UNKNOWN = "\0"
"""Stands in a word for what is not known."""

LOCKING = ("--locked", "--frozen")
"""The options that make cargo refuse to change the lock."""

_GLOBAL_WITH_VALUE = frozenset({"--color", "--config", "--explain", "-C", "-Z"})
_INSTALL_WITH_VALUE = _GLOBAL_WITH_VALUE | {
    # cargo install's, most of which cargo-binstall has too
    "--bin", "--branch", "--example", "--features", "--git", "--index", "--jobs", "--message-format", "--path",
    "--profile", "--registry", "--rev", "--root", "--tag", "--target", "--target-dir", "--vers", "--version",
    "-F", "-j",
    # and those that cargo-binstall has beside them
    "--bin-dir", "--disable-strategies", "--github-token", "--install-path", "--log-level", "--manifest-path",
    "--maximum-resolution-timeout", "--min-tls-version", "--pkg-fmt", "--pkg-url", "--rate-limit",
    "--root-certificates", "--roots", "--settings", "--strategies", "--targets",
}  # fmt: skip
_BUILD_WITH_VALUE = _GLOBAL_WITH_VALUE | {
    "--artifact-dir", "--bench", "--bin", "--crate-type", "--depth", "--edges", "--example", "--exclude", "--features",
    "--filter-platform", "--format", "--format-version", "--index", "--invert", "--jobs", "--lockfile-path",
    "--manifest-path", "--message-format", "--out-dir", "--package", "--prefix", "--print", "--profile", "--prune",
    "--registry", "--sync", "--target", "--target-dir", "--test", "--token",
    "-F", "-e", "-i", "-j", "-p", "-s",
}  # fmt: skip
# cargo-hack's, cargo-ndk's and cargo-llvm-cov's own, as they stand before the subcommand that they run.
_OUTER_WITH_VALUE = {
    "hack": _BUILD_WITH_VALUE | {
        "--at-least-one-of", "--exclude-features", "--exclude-no-default-features", "--group-features",
        "--include-features", "--log-group", "--must-have-and-exclude-feature", "--mutually-exclusive-features",
        "--partition", "--skip", "--version-range", "--version-step",
    },
    "ndk": _BUILD_WITH_VALUE | {"--output-dir", "--platform", "-P", "-o", "-t"},
    "llvm-cov": _BUILD_WITH_VALUE | {
        "--cobertura-path", "--codecov-path", "--dep-coverage", "--exclude-from-report", "--exclude-from-test",
        "--fail-under-functions", "--fail-under-lines", "--fail-under-regions", "--failure-mode",
        "--fail-uncovered-functions", "--fail-uncovered-lines", "--fail-uncovered-regions",
        "--ignore-filename-regex", "--json-path", "--output-dir", "--output-path",
    },
    "deny": _BUILD_WITH_VALUE | {"--log-level", "-L", "-f", "-t"},
}  # fmt: skip

_RESOLVING = frozenset(
    {
        "bench", "build", "check", "clippy", "doc", "fetch", "fix", "metadata", "package", "publish", "run", "rustc",
        "rustdoc", "test", "tree", "vendor",
    }
)  # fmt: skip
_LETTERS = {"b": "build", "c": "check", "d": "doc", "r": "run", "t": "test"}
_BUILTIN = (_RESOLVING - {"clippy"}) | {
    "add", "clean", "config", "generate-lockfile", "help", "info", "init", "install", "locate-project", "login",
    "logout", "new", "owner", "pkgid", "read-manifest", "remove", "report", "search", "uninstall", "update",
    "verify-project", "version", "yank",
}  # fmt: skip
_NOTHING_DONE = frozenset({"--help", "--list", "--version", "-V", "-h"})
_MOST_ALIASES = 20
_MOST_WORDS = 1000

_NEXTEST = {"archive": "archive", "bench": "bench", "list": "list", "r": "run", "run": "run"}
_LLVM_COV = frozenset({"nextest", "nextest-archive", "run", "test"})
_LLVM_COV_OTHERS = frozenset({"clean", "help", "report", "show-env"})


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

    at: int
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
    end: int
    """The index of `--`, or the number of words."""

    def last(self, *names: str) -> Argument | None:
        """Find the value that counts of an option with these spellings: the last."""
        found = [argument for name in names for argument in self.options.get(name, ())]
        return max(found, default=None, key=lambda argument: argument.at)


class Build(NamedTuple):
    """A call of a subcommand that resolves dependencies."""

    name: str
    """The subcommand, and that of another that it runs: `build`, `component build`, `hack check`."""
    at: int
    """The word that `--locked` is to follow."""
    is_locked: bool
    unknown: tuple[int, ...]
    """Words that are not known, and so might be a locking option."""
    is_builtin: bool
    """Whether it is cargo's own, which heeds a locking option in front of it too."""


def invocation(words: Sequence[str | None]) -> Invocation | None:
    """Find the subcommand of a call of cargo, which is the first word; None if there is none, or none is known."""
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
        index += 2 if word in _GLOBAL_WITH_VALUE else 1
    return None


def arguments(words: Sequence[str | None], start: int, with_value: Collection[str]) -> Arguments:
    """Sort the words from `start` on into operands and options; `with_value` names the options that take a value."""
    operands: list[int] = []
    options: dict[str, tuple[Argument, ...]] = {}
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
                argument = Argument(index, None if UNKNOWN in value else value, True)
                options[name] = (*options.get(name, ()), argument)
            elif index + 1 < len(words):
                index += 1
                given = words[index]
                argument = Argument(index, None if given is None or UNKNOWN in given else given)
                options[name] = (*options.get(name, ()), argument)
        index += 1
    return Arguments(tuple(operands), options, frozenset(flags), min(index, len(words)))


def install_arguments(words: Sequence[str | None], call: Invocation) -> Arguments | None:
    """Sort the words after `cargo install` or `cargo binstall`; None if it installs nothing, as `--list` does."""
    found = arguments(words, call.subcommand + 1, _INSTALL_WITH_VALUE)
    nothing_done = not found.flags.isdisjoint({"--help", "--list", "-V", "-h", "--self-install"})
    return None if nothing_done else found


def expand(
    words: Sequence[str | None], alias: Callable[[str], Sequence[str] | None]
) -> tuple[list[str | None], list[int]]:
    """Replace aliases by what they stand for: the words, and for each the index that it had, or that the alias has.

    An alias may stand for another; cargo's own subcommands cannot be aliases.
    """
    expanded = list(words)
    origin = list(range(len(words)))
    for _ in range(_MOST_ALIASES):
        call = invocation(expanded)
        if call is None or call.name in _BUILTIN or len(expanded) > _MOST_WORDS:
            break
        meant = alias(call.name)
        if not meant or meant[0] == call.name:
            break
        at = call.subcommand
        origin[at : at + 1] = [origin[at]] * len(meant)
        expanded[at : at + 1] = meant
    return expanded, origin


def build(words: Sequence[str | None]) -> Build | None:
    """Find what a call of cargo builds, or otherwise resolves; None if it does neither."""
    call = invocation(words)
    if call is None:
        return None
    name = _LETTERS.get(call.name, call.name)
    names: tuple[str, ...] = (name,)
    at = insert = call.subcommand
    if name in _RESOLVING:
        pass
    elif name in ("component", "hack", "miri", "ndk", "lambda"):
        inner = _inner(words, at, name)
        if inner is None:
            return None
        names = (name, *inner[0])
        insert = inner[1]
    elif name in ("nextest", "llvm-cov", "deny"):
        inner = _own(words, at, name)
        if inner is None:
            return None
        names = (name, *inner[0])
        insert = at if name == "deny" else inner[1]
    elif name != "zigbuild":
        return None
    is_builtin = name in _RESOLVING and name != "clippy"
    with_value = _OUTER_WITH_VALUE.get(name, _BUILD_WITH_VALUE)
    found = arguments(words, call.subcommand + 1, with_value)
    if name == "run" and found.operands and words[found.operands[0]] is not None:
        # From the first operand on, all is the program's.
        found = arguments(words[: found.operands[0]], call.subcommand + 1, with_value)
    if not found.flags.isdisjoint(_NOTHING_DONE) or (name == "metadata" and "--no-deps" in found.flags):
        return None
    if names[-1] != "archive" and _runs_what_is_built(words[: found.end]):
        return None
    is_locked = any(word in LOCKING for word in words[at + 1 : found.end]) or (is_builtin and call.is_locked)
    unknown = tuple(index for index in found.operands if words[index] is None)
    return Build(" ".join(names), insert, is_locked, unknown, is_builtin)


def _runs_what_is_built(words: Sequence[str | None]) -> bool:
    """Whether nextest takes its tests from an earlier build."""
    return not {"--archive-file", "--binaries-metadata"}.isdisjoint(word.partition("=")[0] for word in words if word)


def _inner(words: Sequence[str | None], at: int, name: str) -> tuple[tuple[str, ...], int] | None:
    """Find the subcommand of cargo that another subcommand runs: its names, and the word for `--locked` to follow."""
    found = arguments(words, at + 1, _OUTER_WITH_VALUE.get(name, _BUILD_WITH_VALUE))
    if not found.operands:
        return None
    index = found.operands[0]
    inner = words[index]
    if inner is None:
        return None
    inner = _LETTERS.get(inner, inner)
    if name == "lambda":
        return (("build",), index) if inner == "build" else None
    if inner in ("nextest", "llvm-cov", "miri") and name in ("hack", "miri"):
        deeper = _inner(words, index, inner) if inner == "miri" else _own(words, index, inner)
        return ((inner, *deeper[0]), deeper[1]) if deeper else None
    return ((inner,), index) if inner in _RESOLVING else None


def _own(words: Sequence[str | None], at: int, name: str) -> tuple[tuple[str, ...], int] | None:
    """The same for a subcommand that has subcommands of its own."""
    found = arguments(words, at + 1, _OUTER_WITH_VALUE.get(name, _BUILD_WITH_VALUE))
    index = found.operands[0] if found.operands else None
    inner = words[index] if index is not None else None
    if name == "llvm-cov":
        if index is not None and inner is not None and inner in _LLVM_COV:
            return (inner,), index
        is_other = inner in _LLVM_COV_OTHERS or not found.flags.isdisjoint({"--no-run", *_NOTHING_DONE})
        return None if is_other else ((), at)
    if index is None or inner is None:
        return None
    if name == "nextest":
        return ((_NEXTEST[inner],), index) if inner in _NEXTEST else None
    return ((inner,), index) if inner in ("check", "list") else None
