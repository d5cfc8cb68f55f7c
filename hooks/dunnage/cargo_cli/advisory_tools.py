"""The command lines of cargo-deny and cargo-audit, and the actions that run them: what they check, and how strictly.

Sources: `cargo deny check --help` of 0.20.2 and its src/cargo-deny/check.rs; cargo-audit's src/commands/audit.rs and
src/config.rs; each action's own repository, all its major versions.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

from dunnage.cargo_cli.command_line import UNKNOWN, Argument, arguments, invocation

CHECKS = ("advisories", "bans", "licenses", "sources")
"""What cargo-deny checks, in the order of its own help."""

DENY_ACTION = "embarkstudios/cargo-deny-action"
AUDIT_ACTIONS = ("rustsec/audit-check", "actions-rs/audit-check", "actions-rust-lang/audit")
CARGO_ACTIONS = ("actions-rs/cargo", "clechasseur/rs-cargo")
"""Actions that call cargo with a `command` and `args`."""

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
_NOTHING_DONE = frozenset({"--help", "--version", "-V", "-h"})

WARNINGS = frozenset({"unmaintained", "unsound", "yanked"})
"""The kinds of crates that cargo-audit warns of; `--deny warnings` stands for all of them."""

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
"""The codes that `-A` and `-W` of `cargo deny check` lower, by which it fails builds, and the checks they belong to."""


class Lowered(NamedTuple):
    """A lint that an option keeps from failing."""

    at: int
    """The word that the option stands in."""
    option: str
    """As it is written: `-A vulnerability`."""
    checks: tuple[str, ...]


class Gate(NamedTuple):
    """A run of cargo-deny or cargo-audit."""

    tool: str
    """`cargo-deny` or `cargo-audit`."""
    at: int
    """The word of a command that says what is run: `check`, `audit`."""
    checks: frozenset[str] | None
    """Of CHECKS, those that it makes; None if they are not known."""
    lowered: tuple[Lowered, ...] = ()
    passing: frozenset[str] = frozenset()
    """Of WARNINGS, those that do not fail it."""
    replaces_lock: bool = False
    """It makes a new Cargo.lock first."""
    is_report: bool = False
    """What it finds is written for another program, which may judge it."""


def passes_on_schedule(action: str) -> bool:
    """Whether an action opens issues for what it finds, and passes, where a schedule has started it."""
    return action.lower() in ("actions-rs/audit-check", "rustsec/audit-check")


def gate(words: Sequence[str | None]) -> Gate | None:
    """See the words of a command, as `dunnage.cargo_cli.command_line` takes them, as a run of either tool that can fail
    because of what it finds; None if they are no such run.
    """
    if not words or words[0] is None:
        return None
    if words[0] in ("cargo-deny", "cargo-audit"):
        # Called directly, cargo-audit wants its own name once more.
        name, start = words[0].removeprefix("cargo-"), 1 + (words[1:2] == ["audit"])
    else:
        call = invocation(words)
        if call is None or call.name not in ("deny", "audit"):
            return None
        name, start = call.name, call.subcommand + 1
    return _deny(words, start) if name == "deny" else _audit(words, start)


def _deny(words: Sequence[str | None], start: int) -> Gate | None:
    found = arguments(words, start, _DENY_WITH_VALUE)
    if not found.flags.isdisjoint(_NOTHING_DONE) or not found.operands:
        return None
    first, *rest = found.operands
    if words[first] != "check":
        # A word that is not known may be it, or an option in front of it.
        is_unknown = words[first] is None or UNKNOWN in (words[first] or "")
        later = next((index for index in rest if words[index] == "check"), None) if is_unknown else None
        if later is None:
            return None
        rest = [index for index in rest if index > later]
        first = later
    checks = _checks([words[index] for index in rest])
    output = found.last("--format", "-f")
    is_report = output is not None and output.value != "human"
    return Gate("cargo-deny", first, checks, _lowered(found.options), is_report=is_report)


def _checks(operands: Sequence[str | None]) -> frozenset[str] | None:
    if any(word is None or UNKNOWN in word for word in operands):
        return None
    named = {word for word in operands if word}
    return frozenset(CHECKS) if not named or "all" in named else frozenset(named & set(CHECKS))


def _lowered(options: Mapping[str, tuple[Argument, ...]]) -> tuple[Lowered, ...]:
    return tuple(
        Lowered(argument.at, f"{name} {argument.value}", LINTS[argument.value])
        for name in ("-A", "--allow", "-W", "--warn")
        for argument in options.get(name, ())
        if argument.value in LINTS
    )


def _audit(words: Sequence[str | None], start: int) -> Gate | None:
    found = arguments(words, start, _AUDIT_WITH_VALUE)
    if not found.flags.isdisjoint(_NOTHING_DONE) or any(words[index] in ("bin", "fix") for index in found.operands):
        return None
    denied: set[str | None] = {argument.value for name in ("-D", "--deny") for argument in found.options.get(name, ())}
    # What is not known may be it; `--deny-warnings` is how it was written before 0.13.
    is_strict = found.operands or None in denied or "--deny-warnings" in found.flags
    passing = frozenset() if is_strict else _passing(denied)
    is_report = "--json" in found.flags or "--format" in found.options
    return Gate("cargo-audit", start - 1, frozenset({"advisories"}), passing=passing, is_report=is_report)


def _passing(denied: Collection[str | None]) -> frozenset[str]:
    return frozenset() if "warnings" in denied else WARNINGS.difference(denied)


def denied_by(data: Mapping[str, Any]) -> frozenset[str]:
    """Of WARNINGS, those that an `audit.toml` has fail cargo-audit, by `[output] deny`."""
    output = data.get("output")
    deny = output.get("deny") if isinstance(output, dict) else None
    return WARNINGS - _passing([each for each in deny if isinstance(each, str)] if isinstance(deny, list) else [])


def action(name: str, ref: str, inputs: Mapping[str, str | None]) -> Gate | None:
    """What an action runs with these inputs, by name in lower case, of which None is one that is not known."""
    name = name.lower()
    if name == DENY_ACTION:
        given = [inputs.get("arguments", ""), inputs.get("command", "check"), inputs.get("command-arguments", "")]
        words: list[str | None] = ["cargo-deny"]
        for text in given:
            words += [None] if text is None else text.split()
        return _deny(words, 1)
    if name in CARGO_ACTIONS:
        command, args = inputs.get("command", ""), inputs.get("args", "")
        if command is None:
            return None
        return gate(["cargo", *command.split(), *([None] if args is None else args.split())])
    if name == "actions-rust-lang/audit":
        strict = inputs.get("denywarnings", "false")
        passing = WARNINGS if strict is not None and strict.strip().lower() != "true" else frozenset()
        return Gate("cargo-audit", 0, frozenset({"advisories"}), passing=passing)
    if name in AUDIT_ACTIONS:
        # rustsec's took it over from actions-rs, and still did so in 1.4.1.
        replaces = name == "actions-rs/audit-check" or ref.removeprefix("v").startswith("1")
        return Gate("cargo-audit", 0, frozenset({"advisories"}), passing=WARNINGS, replaces_lock=replaces)
    if name.startswith("docker://") and ("cargo-deny" in name or "cargo-audit" in name):
        return Gate("cargo-deny" if "deny" in name else "cargo-audit", 0, None)
    return None
