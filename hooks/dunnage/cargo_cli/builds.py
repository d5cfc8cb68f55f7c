"""The subcommands of cargo that resolve dependencies, and where `--locked` belongs in a call of one.

Source: `cargo help`, and the help and sources of the subcommands that pass options on to cargo.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from dunnage.cargo_cli.command_line import BUILTIN, GLOBAL_WITH_VALUE, LOCKING, NO_ACTION, arguments, invocation

_OPTIONS = GLOBAL_WITH_VALUE | {
    "--artifact-dir", "--bench", "--bin", "--crate-type", "--depth", "--edges", "--example", "--exclude", "--features",
    "--filter-platform", "--format", "--format-version", "--index", "--invert", "--jobs", "--lockfile-path",
    "--manifest-path", "--message-format", "--out-dir", "--package", "--prefix", "--print", "--profile", "--prune",
    "--registry", "--sync", "--target", "--target-dir", "--test", "--token",
    "-F", "-e", "-i", "-j", "-p", "-s",
}  # fmt: skip
_HACK_OPTIONS = _OPTIONS | {
        "--at-least-one-of", "--exclude-features", "--exclude-no-default-features", "--group-features",
        "--include-features", "--log-group", "--must-have-and-exclude-feature", "--mutually-exclusive-features",
        "--partition", "--skip", "--version-range", "--version-step",
    }  # fmt: skip
_LLVM_COV_OPTIONS = _OPTIONS | {
        "--cobertura-path", "--codecov-path", "--dep-coverage", "--exclude-from-report", "--exclude-from-test",
        "--fail-under-functions", "--fail-under-lines", "--fail-under-regions", "--failure-mode",
        "--fail-uncovered-functions", "--fail-uncovered-lines", "--fail-uncovered-regions",
        "--ignore-filename-regex", "--json-path", "--output-dir", "--output-path",
    }  # fmt: skip


class Subcommand(NamedTuple):
    """A subcommand that resolves dependencies, itself or through an inner subcommand."""

    compiles: bool = True
    """Whether it runs build scripts and procedural macros; of a wrapper, the inner subcommand says so."""
    options: frozenset[str] = _OPTIONS
    """The options that take a value."""
    inner: Mapping[str, str] = {}
    """The inner subcommands that resolve dependencies, by each of their spellings; empty if it takes none."""
    wraps_cargo: bool = False
    """Whether the inner subcommand is one of cargo, which may have an inner subcommand itself."""
    inner_is_optional: bool = False
    """Whether it resolves dependencies without an inner subcommand too."""
    exempt: frozenset[str] = frozenset()
    """The operands and flags with which it resolves no dependencies."""
    is_locked_before_inner: bool = False
    """Whether `--locked` precedes the inner subcommand."""


_LETTERS = {"b": "build", "c": "check", "d": "doc", "r": "run", "t": "test"}
"""Cargo's built-in aliases."""

_CARGO = {
    **dict.fromkeys(
        ("bench", "build", "check", "clippy", "doc", "fix", "package", "publish", "run", "rustc", "rustdoc", "test"),
        Subcommand(),
    ),
    **dict.fromkeys(("fetch", "metadata", "tree", "vendor"), Subcommand(compiles=False)),
}
_INNER = {**{name: name for name in _CARGO}, **_LETTERS}
_INNER_OF_WRAPPERS = {**_INNER, "llvm-cov": "llvm-cov", "miri": "miri", "nextest": "nextest"}

_SUBCOMMANDS: Mapping[str, Subcommand] = {
    **_CARGO,
    "auditable": Subcommand(inner=_INNER, wraps_cargo=True),
    "careful": Subcommand(inner=_INNER_OF_WRAPPERS, wraps_cargo=True),
    "chef": Subcommand(options=_OPTIONS | {"--recipe-path"}, inner={"cook": "cook"}),
    "component": Subcommand(inner=_INNER, wraps_cargo=True),
    "deny": Subcommand(
        compiles=False,
        options=_OPTIONS | {"--log-level", "-L", "-f", "-t"},
        inner={"check": "check", "list": "list"},
        is_locked_before_inner=True,
    ),
    "hack": Subcommand(options=_HACK_OPTIONS, inner=_INNER_OF_WRAPPERS, wraps_cargo=True),
    "lambda": Subcommand(inner={"build": "build", "b": "build"}),
    "llvm-cov": Subcommand(
        options=_LLVM_COV_OPTIONS,
        inner={name: name for name in ("nextest", "nextest-archive", "run", "test")},
        inner_is_optional=True,
        exempt=NO_ACTION | {"--no-run", "clean", "help", "report", "show-env"},
    ),
    "miri": Subcommand(inner=_INNER_OF_WRAPPERS, wraps_cargo=True),
    "ndk": Subcommand(
        options=_OPTIONS | {"--output-dir", "--platform", "-P", "-o", "-t"}, inner=_INNER, wraps_cargo=True
    ),
    "nextest": Subcommand(inner={"archive": "archive", "bench": "bench", "list": "list", "r": "run", "run": "run"}),
    "tarpaulin": Subcommand(),
    "udeps": Subcommand(),
    "xwin": Subcommand(inner=_INNER, wraps_cargo=True),
    "zigbuild": Subcommand(),
}
"""Every subcommand that resolves dependencies."""


class Build(NamedTuple):
    """A call of a subcommand that resolves dependencies."""

    name: str
    """The subcommand and its inner subcommands: `build`, `component build`, `hack check`."""
    at: int
    """The word that `--locked` must follow."""
    is_locked: bool
    unknown: tuple[int, ...]
    """Unknown words that may be a locking option."""
    is_builtin: bool
    """Whether cargo also accepts a locking option before the subcommand."""
    compiles: bool
    """Whether it runs build scripts and procedural macros."""


def build(words: Sequence[str | None]) -> Build | None:
    """Return what a call of cargo builds or otherwise resolves; None if it does neither."""
    call = invocation(words)
    if call is None:
        return None
    name = _LETTERS.get(call.name, call.name)
    chain = _chain(words, call.subcommand, name)
    if chain is None:
        return None
    names, at, compiles = chain
    subcommand = _SUBCOMMANDS[name]
    found = arguments(words, call.subcommand + 1, subcommand.options)
    if name == "run" and found.operands and words[found.operands[0]] is not None:
        # The first operand and all that follows belong to the program.
        found = arguments(words[: found.operands[0]], call.subcommand + 1, subcommand.options)
    if names[-1] == "clippy" and not (NO_ACTION - {"--list"}).isdisjoint(word or "" for word in words):
        # Clippy looks for `--help` and `--version` behind `--` too.
        return None
    if not found.flags.isdisjoint(NO_ACTION) or (name == "metadata" and "--no-deps" in found.flags):
        return None
    if names[-1] != "archive" and _uses_earlier_build(words[: found.end]):
        return None
    is_locked = any(word in LOCKING for word in words[call.subcommand + 1 : found.end])
    is_locked = is_locked or (name in BUILTIN and call.is_locked)
    unknown = tuple(index for index in found.operands if words[index] is None)
    return Build(" ".join(names), at, is_locked, unknown, name in BUILTIN, compiles)


def _chain(words: Sequence[str | None], at: int, name: str) -> tuple[tuple[str, ...], int, bool] | None:
    """Return a subcommand with its inner ones, the word that `--locked` must follow, and whether it compiles.

    It begins at the word `at`. None if it resolves nothing.
    """
    subcommand = _SUBCOMMANDS.get(name)
    if subcommand is None:
        return None
    alone = (name,), at, subcommand.compiles
    if not subcommand.inner:
        return alone
    found = arguments(words, at + 1, subcommand.options)
    index = found.operands[0] if found.operands else at
    word = words[index] if found.operands else None
    inner = subcommand.inner.get(word) if word is not None else None
    if inner is None:
        is_exempt = word in subcommand.exempt or not found.flags.isdisjoint(subcommand.exempt)
        return alone if subcommand.inner_is_optional and not is_exempt else None
    if subcommand.wraps_cargo:
        deeper = _chain(words, index, inner)
        return deeper and ((name, *deeper[0]), *deeper[1:])
    return (name, inner), at if subcommand.is_locked_before_inner else index, subcommand.compiles


def _uses_earlier_build(words: Sequence[str | None]) -> bool:
    """Whether nextest takes its tests from an archive or from an earlier build."""
    return not {"--archive-file", "--binaries-metadata"}.isdisjoint(word.partition("=")[0] for word in words if word)
