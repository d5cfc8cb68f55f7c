"""Runs of cargo-deny and cargo-audit, by a command or by an action: what they check, and what fails them.

Sources: `cargo deny check --help` of 0.20.2 and its src/cargo-deny/check.rs; cargo-audit's src/commands/audit.rs and
src/config.rs; each action's own repository, all its major versions.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

from dunnage.cargo_cli.command_line import CARGO_ACTIONS, UNKNOWN, OptionValue, action_words, arguments, invocation

CHECKS = ("advisories", "bans", "licenses", "sources")
"""The checks of cargo-deny, in the order of its own help."""

_DENY_ACTION = "embarkstudios/cargo-deny-action"
_AUDIT_ACTIONS = ("rustsec/audit-check", "actions-rs/audit-check", "actions-rust-lang/audit")

_DENY_WITH_VALUE = frozenset(
    {
        "--allow", "--color", "--config", "--deny", "--exclude", "--feature-depth", "--features", "--format", "--graph",
        "--log-level", "--manifest-path", "--metadata-path", "--target", "--warn",
        "-A", "-D", "-L", "-W", "-c", "-f", "-g", "-t",
    }
)  # fmt: skip
_AUDIT_WITH_VALUE = frozenset(
    {
        "--color", "--db", "--deny", "--file", "--format", "--ignore", "--target-arch", "--target-os", "--url",
        "-D", "-c", "-d", "-f", "-u",
    }
)  # fmt: skip
_NO_ACTION = frozenset({"--help", "--version", "-V", "-h"})

WARNINGS = frozenset({"unmaintained", "unsound", "yanked"})
"""The kinds of crates that cargo-audit only warns about; `--deny warnings` makes all of them fail it."""

LINTS = {
    "denied": CHECKS,
    "vulnerability": ("advisories",),
    "unmaintained": ("advisories",),
    "unsound": ("advisories",),
    "yanked": ("advisories",),
    "banned": ("bans",),
    "not-allowed": ("bans",),
    "build-script-not-allowed": ("bans",),
    "checksum-mismatch": ("bans",),
    "denied-by-extension": ("bans",),
    "detected-executable": ("bans",),
    "wildcard": ("bans",),
    "rejected": ("licenses",),
    "unlicensed": ("licenses",),
    "git-source-underspecified": ("sources",),
    "source-not-allowed": ("sources",),
}
"""The lints that fail `cargo deny check` and that `-A` and `-W` can lower, each with its checks."""


class LoweredLint(NamedTuple):
    """A lint that an option keeps from failing a run."""

    at: int
    """The word that contains the lint."""
    option: str
    """As it is written: `-A vulnerability`."""
    checks: tuple[str, ...]


class ToolRun(NamedTuple):
    """A run of cargo-deny or cargo-audit."""

    tool: str
    """`cargo-deny` or `cargo-audit`."""
    at: int
    """The word of the command that names the subcommand: `check`, `audit`."""
    checks: frozenset[str] | None
    """The subset of CHECKS that it makes; None if it is unknown."""
    lowered: tuple[LoweredLint, ...] = ()
    tolerated: frozenset[str] = frozenset()
    """The subset of WARNINGS that does not fail it."""
    replaces_lock: bool = False
    """Whether it writes a new Cargo.lock first."""
    is_report: bool = False
    """Whether it writes its results for another program, which may fail the build."""


def passes_on_schedule(action: str) -> bool:
    """Whether an action, started by a schedule, opens issues for its results and never fails."""
    return action.lower() in ("actions-rs/audit-check", "rustsec/audit-check")


def tool_run(words: Sequence[str | None]) -> ToolRun | None:
    """Return the run of either tool that a command makes; None if it makes none that can fail for its results.

    The words are those that `dunnage.cargo_cli.command_line` takes.
    """
    if not words or words[0] is None:
        return None
    if words[0] in ("cargo-deny", "cargo-audit"):
        # Called without cargo, cargo-audit still expects its own name as an argument.
        name, start = words[0].removeprefix("cargo-"), 1 + (words[1:2] == ["audit"])
    else:
        call = invocation(words)
        if call is None or call.name not in ("deny", "audit"):
            return None
        name, start = call.name, call.subcommand + 1
    return _deny(words, start) if name == "deny" else _audit(words, start)


def _deny(words: Sequence[str | None], start: int) -> ToolRun | None:
    found = arguments(words, start, _DENY_WITH_VALUE)
    if not found.flags.isdisjoint(_NO_ACTION) or not found.operands:
        return None
    first, *rest = found.operands
    if words[first] != "check":
        # An unknown word may be `check`, or an option before it.
        is_unknown = words[first] is None or UNKNOWN in (words[first] or "")
        later = next((index for index in rest if words[index] == "check"), None) if is_unknown else None
        if later is None:
            return None
        rest = [index for index in rest if index > later]
        first = later
    checks = _checks([words[index] for index in rest])
    output = found.last("--format", "-f")
    is_report = output is not None and output.text != "human"
    return ToolRun("cargo-deny", first, checks, _lowered(found.options), is_report=is_report)


def _checks(operands: Sequence[str | None]) -> frozenset[str] | None:
    if any(word is None or UNKNOWN in word for word in operands):
        return None
    named = {word for word in operands if word}
    return frozenset(CHECKS) if not named or "all" in named else frozenset(named & set(CHECKS))


def _lowered(options: Mapping[str, tuple[OptionValue, ...]]) -> tuple[LoweredLint, ...]:
    return tuple(
        LoweredLint(lint.at, f"{name} {lint.text}", LINTS[lint.text])
        for name in ("-A", "--allow", "-W", "--warn")
        for lint in options.get(name, ())
        if lint.text in LINTS
    )


def _audit(words: Sequence[str | None], start: int) -> ToolRun | None:
    found = arguments(words, start, _AUDIT_WITH_VALUE)
    if not found.flags.isdisjoint(_NO_ACTION) or any(words[index] in ("bin", "fix") for index in found.operands):
        return None
    denied = {kind.text for kind in found.values("-D", "--deny")}
    # An unknown word may be `--deny`. `--deny-warnings` is the spelling before 0.13.
    is_strict = found.operands or None in denied or "--deny-warnings" in found.flags
    tolerated = frozenset() if is_strict else _tolerated(denied)
    is_report = "--json" in found.flags or "--format" in found.options
    return ToolRun("cargo-audit", start - 1, frozenset({"advisories"}), tolerated=tolerated, is_report=is_report)


def _tolerated(denied: Collection[str | None]) -> frozenset[str]:
    return frozenset() if "warnings" in denied else WARNINGS.difference(denied)


def denied_warnings(data: Mapping[str, Any]) -> frozenset[str]:
    """Return the subset of WARNINGS that fails cargo-audit because of `[output] deny` in its `audit.toml`."""
    output = data.get("output")
    deny = output.get("deny") if isinstance(output, dict) else None
    return WARNINGS - _tolerated([kind for kind in deny if isinstance(kind, str)] if isinstance(deny, list) else [])


def action_run(name: str, ref: str, inputs: Mapping[str, str | None]) -> ToolRun | None:
    """Return the run that an action makes with these inputs, by name in lower case. None is an unknown value."""
    name = name.lower()
    if name == _DENY_ACTION:
        given = [inputs.get("arguments", ""), inputs.get("command", "check"), inputs.get("command-arguments", "")]
        words: list[str | None] = ["cargo-deny"]
        for text in given:
            words += [None] if text is None else text.split()
        return _deny(words, 1)
    if name in CARGO_ACTIONS:
        return tool_run(action_words(inputs))
    if name == "actions-rust-lang/audit":
        strict = inputs.get("denywarnings", "false")
        tolerated = WARNINGS if strict is not None and strict.strip().lower() != "true" else frozenset()
        return ToolRun("cargo-audit", 0, frozenset({"advisories"}), tolerated=tolerated)
    if name in _AUDIT_ACTIONS:
        # rustsec/audit-check inherited this from actions-rs, at least up to 1.4.1.
        replaces = name == "actions-rs/audit-check" or re.fullmatch(r"v?1(?:\.\d+)*", ref) is not None
        return ToolRun("cargo-audit", 0, frozenset({"advisories"}), tolerated=WARNINGS, replaces_lock=replaces)
    if name.startswith("docker://") and ("cargo-deny" in name or "cargo-audit" in name):
        return ToolRun("cargo-deny" if "deny" in name else "cargo-audit", 0, None)
    return None
