"""What a policy asks for."""

from __future__ import annotations

import pytest
import tomli

from dunnage.deny import policy, values
from dunnage.deny.policy import DEFAULTS, ROOT, CrateType, Either, TableType, Type


def test_the_shipped_policy_is_one() -> None:
    assert policy.read(policy.shipped()) == policy.default()


@pytest.mark.parametrize(
    ("asked", "given", "is_weak"),
    [
        ('bans.wildcards = "warn"', 'wildcards = "allow"', True),
        ('bans.wildcards = "warn"', 'wildcards = "warn"', False),
        ('bans.wildcards = "warn"', 'wildcards = "deny"', False),
        ('bans.wildcards = "warn"', "", True),
        ('bans.wildcards = "allow"', "", False),
        ('bans.wildcards = ["deny", "allow"]', 'wildcards = "warn"', True),
        ('bans.wildcards = ["deny", "allow"]', "", False),
        ("bans.allow-wildcard-paths = false", "allow-wildcard-paths = true", True),
        ("bans.allow-wildcard-paths = false", "", False),
        ('bans.wildcards = "warn"', "wildcards = 1", False),  # cargo-deny rejects it, which another rule reports
    ],
)
def test_levels(asked: str, given: str, is_weak: bool) -> None:
    found = list(policy.weaknesses(tomli.loads(f"[bans]\n{given}"), policy.read(asked)))
    assert bool(found) == is_weak


@pytest.mark.parametrize(
    ("asked", "given", "is_weak"),
    [
        ("workspace", "all", False),
        ("workspace", "workspace", False),
        ("workspace", "transitive", True),
        ("workspace", "none", True),
        ("all", "workspace", True),
        ("none", "none", False),
    ],
)
def test_scopes(asked: str, given: str, is_weak: bool) -> None:
    asks = policy.read(f'advisories.unsound = "{asked}"')
    assert bool(list(policy.weaknesses({"advisories": {"unsound": given}}, asks))) == is_weak


@pytest.mark.parametrize(
    "text",
    [
        'advisories.unsound = "warn"',
        'advisories.unsound = ["workspace", "warn"]',
        "advisories.unsound = []",
        "licenses.confidence-threshold = nan",
        "licenses.confidence-threshold = inf",
        "licenses.confidence-threshold = [0.9]",
        "bans.allow-wildcard-paths = [true]",
    ],
)
def test_values_that_cannot_be(text: str) -> None:
    with pytest.raises(ValueError, match="which a policy cannot require"):
        policy.read(text)


def test_numbers_are_the_least() -> None:
    asks = policy.read("licenses.confidence-threshold = 0.9")
    weak = [threshold for threshold in (0.8, 0.9, 1.0) if list(policy.weaknesses(_licenses(threshold), asks))]
    assert weak == [0.8]


def _licenses(threshold: float) -> dict[str, dict[str, float]]:
    return {"licenses": {"confidence-threshold": threshold}}


@pytest.mark.parametrize(
    ("pattern", "entry", "matches"),
    [
        ("*://*/?*", "https://example.com/a", True),
        ("*://*/?*", "https://example.com/", False),
        ("*://*/?*", "https://example.com", False),
        ("https://example.com/us/*", "https://example.com/us/a", True),
        ("https://example.com/us/*", "https://example.com/them/a", False),
        ("[a]", "a", False),
        ("[a]", "[a]", True),
    ],
)
def test_patterns(pattern: str, entry: str, matches: bool) -> None:
    weak = list(policy.weaknesses({"sources": {"private": [entry]}}, {"sources.private": [pattern]}))
    assert bool(weak) != matches


def test_a_new_section_is_never_weaker_than_none() -> None:
    asks = policy.default()
    assert policy.section("advisories", asks) == {"yanked": "deny", "unmaintained": "all", "unsound": "workspace"}
    assert policy.section("licenses", asks) == {}


# The schema

SCALARS = {"bool", "float", "i32", "u32", "usize", "string", "ignored"}


def test_every_type_is_one() -> None:
    left: list[Type] = [ROOT]
    while left:
        match left.pop():
            case TableType(keys, required, removed, renamed, moved):
                assert set(required) | set(moved) <= set(keys)
                assert not (set(removed) | set(renamed)) & set(keys)
                assert set(moved.values()) | set(renamed.values()) <= set(keys)
                left += keys.values()
            case CrateType(keys, required):
                assert set(required) <= set(keys)
                left += keys.values()
            case Either(text, table):
                left += (text, table)
            case [element]:
                left.append(element)
            case tuple(choices):
                assert all(isinstance(choice, str) for choice in choices)
            case name:
                assert name in SCALARS | set(values.KINDS)


def test_every_default_is_of_a_key() -> None:
    for name in DEFAULTS:
        table, _, key = name.partition(".")
        assert key in ROOT.keys[table].keys
