"""The command lines of cargo-deny and cargo-audit, and the actions that run them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dunnage.cargo_cli.advisory_tools import CHECKS, WARNINGS, action_run, denied_warnings, tool_run

ALL = frozenset(CHECKS)
LICENSES = ("--warn rejected", ("licenses",))


@pytest.mark.parametrize(
    ("line", "checks"),
    [
        ("cargo deny check", ALL),
        ("cargo deny check all", ALL),
        ("cargo deny check bans all", ALL),
        ("cargo deny check advisories", {"advisories"}),
        ("cargo deny check bans licenses sources", ALL - {"advisories"}),
        ("cargo +stable --locked deny --all-features --workspace check bans", {"bans"}),
        ("cargo deny --manifest-path x/Cargo.toml -L error -f json check licenses", {"licenses"}),
        ("cargo deny check -A unmatched-source -g graphs licenses --hide-inclusion-graph", {"licenses"}),
        ("cargo deny --config deny.toml check --feature-depth 1 bans", {"bans"}),
        ("cargo-deny check bans", {"bans"}),
        ("cargo-deny --all-features check", ALL),
        ("cargo audit", {"advisories"}),
        ("cargo-audit audit --json", {"advisories"}),
        ("cargo audit -f x/Cargo.lock --ignore RUSTSEC-2020-0001", {"advisories"}),
    ],
)
def test_checks(line: str, checks: set[str]) -> None:
    found = tool_run(line.split())
    assert found is not None
    assert found.checks == frozenset(checks)


@pytest.mark.parametrize(
    "line",
    [
        "cargo deny",
        "cargo deny --version",
        "cargo deny check --help",
        "cargo deny fetch all",
        "cargo deny list",
        "cargo deny init check",
        "cargo audit --version",
        "cargo audit -h",
        "cargo audit fix",
        "cargo audit bin target/release/x",
        "cargo auditable build",
        "cargo install cargo-deny",
        "cargo",
        "deny check",
    ],
)
def test_no_checks(line: str) -> None:
    assert tool_run(line.split()) is None


def test_what_is_not_known() -> None:
    assert tool_run([]) is None
    assert tool_run([None, "deny", "check"]) is None
    for words in (["cargo", "deny", "check", None], ["cargo", "deny", "check", "\0"], ["cargo", "deny", None, "check"]):
        found = tool_run(words)
        assert found is not None
        assert found.checks is None or None not in words[3:]
    assert tool_run(["cargo", "deny", None]) is None
    found = tool_run(["cargo", "audit", None])
    assert found is not None
    assert not found.tolerated


@pytest.mark.parametrize(
    ("line", "lowered"),
    [
        ("cargo deny check -A vulnerability", [("-A vulnerability", ("advisories",))]),
        ("cargo deny check -Aunsound", [("-A unsound", ("advisories",))]),
        (
            "cargo deny check --warn=rejected --allow unmaintained",
            [("--allow unmaintained", ("advisories",)), LICENSES],
        ),
        ("cargo deny check -W denied bans", [("-W denied", CHECKS)]),
        ("cargo deny check -A warnings -A unmatched-skip -A license-not-encountered -D unsound", []),
        ("cargo deny check -W duplicate", []),
        ("cargo audit -D unsound", []),
    ],
)
def test_lowered(line: str, lowered: list[tuple[str, tuple[str, ...]]]) -> None:
    found = tool_run(line.split())
    assert found is not None
    assert [(each.option, each.checks) for each in found.lowered] == lowered


@pytest.mark.parametrize(
    ("line", "is_lenient"),
    [
        ("cargo audit", True),
        ("cargo audit --deny unsound", True),
        ("cargo audit -D unmaintained -D unsound", True),
        ("cargo audit --deny unmaintained --deny=unsound -Dyanked", False),
        ("cargo audit --deny warnings", False),
        ("cargo audit --deny=warnings", False),
        ("cargo audit -D warnings", False),
        ("cargo audit -Dwarnings", False),
        ("cargo audit --deny-warnings", False),
        ("cargo deny check advisories", False),
    ],
)
def test_lenient(line: str, is_lenient: bool) -> None:
    found = tool_run(line.split())
    assert found is not None
    assert bool(found.tolerated) is is_lenient


def test_what_passes() -> None:
    found = tool_run(["cargo", "audit", "-D", "unmaintained", "-D", "unsound"])
    assert found is not None
    assert found.tolerated == frozenset({"yanked"})
    assert denied_warnings({"output": {"deny": ["warnings"]}}) == WARNINGS
    assert denied_warnings({"output": {"deny": ["yanked", 1]}}) == frozenset({"yanked"})
    for data in ({}, {"output": 1}, {"output": {"deny": "warnings"}}):
        assert not denied_warnings(data)


@pytest.mark.parametrize(
    ("name", "ref", "inputs", "checks", "is_lenient", "replaces"),
    [
        ("EmbarkStudios/cargo-deny-action", "v2", {}, ALL, False, False),
        (
            "embarkstudios/Cargo-Deny-Action",
            "v2",
            {"command": "check bans licenses"},
            {"bans", "licenses"},
            False,
            False,
        ),
        ("EmbarkStudios/cargo-deny-action", "v1", {"command-arguments": "sources"}, {"sources"}, False, False),
        ("EmbarkStudios/cargo-deny-action", "v2", {"arguments": "--workspace"}, ALL, False, False),
        ("EmbarkStudios/cargo-deny-action", "v2", {"command": "check", "command-arguments": None}, None, False, False),
        ("rustsec/audit-check", "v2.0.0", {"token": None}, {"advisories"}, True, False),
        ("rustsec/audit-check", "v1.4.1", {}, {"advisories"}, True, True),
        ("rustsec/audit-check", "69366f33c96575abad1ee0dba8212993eecbe998", {}, {"advisories"}, True, False),
        ("actions-rs/audit-check", "35b7b53b1e25b55642157ac01b4adceb5b9ebef3", {}, {"advisories"}, True, True),
        ("actions-rust-lang/audit", "v1", {}, {"advisories"}, True, False),
        ("actions-rust-lang/audit", "v1", {"denywarnings": "true"}, {"advisories"}, False, False),
        ("actions-rust-lang/audit", "v1", {"denywarnings": None}, {"advisories"}, False, False),
        ("actions-rs/cargo", "v1", {"command": "deny", "args": "check bans"}, {"bans"}, False, False),
        ("actions-rs/cargo", "v1", {"command": "audit"}, {"advisories"}, True, False),
        ("docker://ghcr.io/x/cargo-deny:1", "", {}, None, False, False),
    ],
)
def test_actions(
    name: str,
    ref: str,
    inputs: dict[str, str | None],
    checks: set[str] | None,
    is_lenient: bool,
    replaces: bool,
) -> None:
    found = action_run(name, ref, inputs)
    assert found is not None
    assert (found.checks, bool(found.tolerated), found.replaces_lock) == (checks, is_lenient, replaces)


@pytest.mark.parametrize(
    ("name", "inputs"),
    [
        ("actions/checkout", {}),
        ("EmbarkStudios/cargo-deny-action", {"command": "list"}),
        ("actions-rs/cargo", {"command": "build"}),
        ("actions-rs/cargo", {"command": None}),
        ("actions-rs/cargo", {}),
        ("taiki-e/install-action", {"tool": "cargo-deny"}),
    ],
)
def test_other_actions(name: str, inputs: dict[str, str | None]) -> None:
    assert action_run(name, "v1", inputs) is None


@given(
    st.lists(
        st.none() | st.sampled_from(["cargo", "deny", "check", "audit", "-A", "--", "-", "", "all", "\0"]) | st.text()
    )
)
def test_whatever_the_words_are(words: list[str | None]) -> None:
    tool_run(words)
    tool_run(["cargo", "deny", *words])
    tool_run(["cargo", "audit", *words])
