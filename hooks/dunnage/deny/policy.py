"""The policy that a deny.toml must hold: a TOML file with cargo-deny's own keys and the values that they require.

The comments in policy.toml, the built-in policy, say how a policy is read. The rules on it are `deny-toml/weak` and
`deny-toml/missing-section`.
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from dunnage.deny.schema import DEFAULTS, LINT, ROOT, SCOPE, TableType, Type

Policy = dict[str, Any]
"""The required value of each key, by its name with the table: `advisories.yanked`."""

# If one of these arrays is empty, cargo-deny rejects everything.
_MUST_HOLD_SOMETHING = ("licenses.allow", "sources.allow-registry")
_NUMBERS = ("float", "i32", "u32", "usize")


class Weakness(NamedTuple):
    """A key whose value is weaker than the policy requires."""

    table: str
    key: str
    entry: int | None
    """The index of the entry, if the value is an entry of an array."""
    given: Any
    """The value; None if the key is missing."""
    effective: Any
    """The value that cargo-deny uses."""
    wanted: Any
    """The value to write; None if the user must decide."""


def shipped() -> str:
    """Return the text of the built-in policy."""
    import os

    with open(os.path.join(os.path.dirname(__file__), "policy.toml"), encoding="utf-8") as stream:
        return stream.read()


def default() -> Policy:
    """Return the built-in policy."""
    import tomli

    return _flat(tomli.loads(shipped()))


def read(text: str) -> Policy:
    """Parse a policy file. Raises ValueError with a clause whose subject is the file."""
    import tomli

    policy = _flat(tomli.loads(text))
    for name, value in policy.items():
        if not _is_known(name):
            raise ValueError(f"has the key {name!r}, for which a policy cannot require a value")
        if not _fits(value, _type(name)):
            raise ValueError(f"has the value {value!r} for {name}, which a policy cannot require")
    return policy


def _is_known(name: str) -> bool:
    table, _, key = name.partition(".")
    rows = ROOT.keys.get(table)
    # A key that is itself a table, or that has no default, cannot be compared.
    type_ = rows.keys.get(key) if isinstance(rows, TableType) else None
    return name in DEFAULTS or (isinstance(type_, list) and isinstance(type_[0], str) and type_[0] != "ignored")


def _type(name: str) -> Type:
    table, _, key = name.partition(".")
    return ROOT.keys[table].keys[key]


def _fits(value: Any, type_: Type) -> bool:
    """Whether a policy can require this value of a key, or any value of this array."""
    is_array = isinstance(type_, list)
    if isinstance(value, list):
        entry_type = "string" if is_array else type_
        return bool(value) and entry_type not in (*_NUMBERS, "bool") and all(_is_of(each, entry_type) for each in value)
    is_endless = isinstance(value, float) and not value < float("inf")
    return not is_array and not is_endless and _is_of(value, type_)


def _flat(tables: Mapping[str, Any]) -> Policy:
    return {
        f"{table}.{key}" if isinstance(rows, dict) else table: value
        for table, rows in tables.items()
        for key, value in (rows.items() if isinstance(rows, dict) else [("", rows)])
    }


def section(table: str, policy: Policy) -> dict[str, Any]:
    """Return the values for a table that is missing: those of the policy, or stricter defaults of cargo-deny."""
    values = {}
    for name, required in policy.items():
        home, _, key = name.partition(".")
        default = DEFAULTS.get(name)
        if home != table or default is None or (isinstance(default, bool) and _meets(default, required)):
            continue
        wanted = required[0] if isinstance(required, list) else required
        values[key] = default if _meets(default, required) and not _meets(wanted, default) else wanted
    return values


def weaknesses(data: Mapping[str, Any], policy: Policy) -> Iterator[Weakness]:
    """Yield the keys, in tables that a file has, whose values are weaker than the policy requires."""
    for name, required in policy.items():
        table, _, key = name.partition(".")
        rows = data.get(table)
        if not isinstance(rows, dict):
            continue
        given = rows.get(key)
        type_ = _type(name)
        if isinstance(type_, list):
            yield from _in_array(table, key, given, required)
            continue
        effective = DEFAULTS.get(name) if given is None else given
        if effective is not None and _is_of(effective, type_) and not _meets(effective, required):
            wanted = required[0] if isinstance(required, list) else required
            yield Weakness(table, key, None, given, effective, wanted)


def _in_array(table: str, key: str, given: Any, required: list[str]) -> Iterator[Weakness]:
    if not isinstance(given, list):
        if given is None and key == "allow":
            yield Weakness(table, key, None, None, [], None)
        return
    if not given and f"{table}.{key}" in _MUST_HOLD_SOMETHING:
        yield Weakness(table, key, None, given, given, None)
    for index, entry in enumerate(given):
        if isinstance(entry, str) and entry not in required and not _matches(entry, required):
            yield Weakness(table, key, index, entry, entry, None)


def _matches(entry: str, patterns: list[str]) -> bool:
    if "*" in patterns:
        return True
    from fnmatch import fnmatchcase

    # Patterns have no character classes.
    return any(fnmatchcase(entry, pattern.replace("[", "[[]")) for pattern in patterns)


def _is_of(value: Any, type_: Any) -> bool:
    """Whether a value has a type that can be compared."""
    if isinstance(type_, tuple):
        return value in type_
    if type_ == "bool":
        return isinstance(value, bool)
    if type_ in _NUMBERS:
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    return isinstance(value, str)


def _meets(value: Any, required: Any) -> bool:
    if isinstance(required, list):
        return value in required
    if required in LINT and value in LINT:
        return LINT.index(value) >= LINT.index(required)
    if required in SCOPE and value in SCOPE:
        return required == "none" or value in ("all", required)
    if isinstance(required, (bool, str)):
        return bool(value == required)
    return bool(value >= required)
