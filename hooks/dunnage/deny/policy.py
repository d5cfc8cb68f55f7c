"""The schema of deny.toml, as data, and the policy that a file must hold.

The source of the schema is cargo-deny 0.20.2, and the tests compare every key with that program. For a new release of
cargo-deny, change this file, and licences.py if the release has a new list of licences.

The type of a value is one of

- the name of a scalar: `bool`, `float`, `i32`, `u32`, `usize`, `string`, or a kind of string, each a function of
  values.py;
- a tuple of strings: one of them;
- a list of one type: an array of it;
- a TableType, a CrateType or an Either.

A policy is a TOML file with cargo-deny's own keys and the values that they require. The comments in policy.toml, the
built-in policy, say how a policy is read. The rules on it are `deny-toml/weak` and `deny-toml/missing-section`.
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

Type = Any
"""See above; Python's types cannot express it."""


_NONE: Mapping[str, str] = {}


class TableType(NamedTuple):
    """A table with these keys and no others."""

    keys: dict[str, Type]
    required: tuple[str, ...] = ()
    removed: Mapping[str, str] = _NONE
    """Removed keys, which cargo-deny rejects, and its behaviour without them."""
    renamed: Mapping[str, str] = _NONE
    """Renamed keys, which cargo-deny rejects, and their new names. The new value is an array of the old one."""
    moved: Mapping[str, str] = _NONE
    """Keys that cargo-deny still reads here, with a warning, and their new table, relative to this one."""


class CrateType(NamedTuple):
    """A table that names a crate, by `crate = "name@1.2.3"` or by `name` and perhaps `version`, and has other keys."""

    keys: dict[str, Type]
    required: tuple[str, ...] = ()
    """If a string is allowed too, these are required only with other keys than those that name the crate."""
    text: bool = True
    """Whether a string, as in `crate`, is allowed instead of a table."""
    lax: bool = False
    """Whether cargo-deny ignores unknown keys."""


class Either(NamedTuple):
    """A string, or a table."""

    text: Type
    table: TableType


TOOL = "cargo-deny 0.20"
"""The program, as messages name it."""

LINT = ("allow", "warn", "deny")
SCOPE = ("all", "workspace", "transitive", "none")
_HIGHLIGHT = ("simplest-path", "lowest-version", "all")
_GIT_SPEC = ("any", "branch", "tag", "rev")

_NAMED = CrateType({}, lax=True)
_EXPLAINED = CrateType({"reason": "string"}, required=("reason",), lax=True)
_GRAPH: dict[str, Type] = {
    "targets": [Either("string", TableType({"triple": "string", "features": ["string"]}, required=("triple",)))],
    "exclude": ["string"],
    "features": ["string"],
    "all-features": "bool",
    "no-default-features": "bool",
    "exclude-dev": "bool",
}

DEFAULTS: dict[str, str | bool | float] = {
    "advisories.yanked": "warn",
    "advisories.disable-yank-checking": False,
    "bans.multiple-versions": "warn",
    "bans.multiple-versions-include-dev": False,
    "bans.wildcards": "allow",
    "bans.allow-wildcard-paths": False,
    "bans.external-default-features": "allow",
    "bans.workspace-default-features": "allow",
    "licenses.confidence-threshold": 0.8,
    "licenses.unused-allowed-license": "warn",
    "licenses.include-dev": False,
    "sources.unknown-registry": "warn",
    "sources.unknown-git": "warn",
    "sources.required-git-spec": "any",
    "advisories.unmaintained": "all",
    "advisories.unsound": "workspace",
    "advisories.unused-ignored-advisory": "warn",
    "bans.allow-workspace": False,
    "licenses.unused-license-exception": "warn",
    "licenses.include-build": True,
    "sources.unused-allowed-source": "warn",
    "sources.unused-allowed-org": "warn",
}
"""The value that cargo-deny uses if a key is missing from a table that exists."""

ROOT = TableType(
    {
        "advisories": TableType(
            {
                "version": "i32",
                "db-path": "expanded-path",
                "db-urls": ["database-url"],
                "yanked": LINT,
                "ignore": ["ignored"],
                "unmaintained": SCOPE,
                "unsound": SCOPE,
                "git-fetch-with-cli": "bool",
                "disable-yank-checking": "bool",
                "maximum-db-staleness": "duration",
                "unused-ignored-advisory": LINT,
            },
            removed={
                "vulnerability": "every vulnerability that is not in `ignore` now fails the check",
                "notice": "every notice that is not in `ignore` now fails the check",
                "severity-threshold": "vulnerabilities of every severity that are not in `ignore` now fail the check",
            },
            renamed={"db-url": "db-urls"},
        ),
        "bans": TableType(
            {
                "multiple-versions": LINT,
                "multiple-versions-include-dev": "bool",
                "highlight": _HIGHLIGHT,
                "deny": [
                    CrateType(
                        {
                            "wrappers": ["string"],
                            "deny-multiple-versions": "bool",
                            "reason": "string",
                            "use-instead": "string",
                        }
                    )
                ],
                "allow": [_EXPLAINED],
                "allow-workspace": "bool",
                "features": [
                    CrateType(
                        {"allow": ["string"], "deny": ["string"], "exact": "bool", "reason": "string"}, text=False
                    )
                ],
                "external-default-features": LINT,
                "workspace-default-features": LINT,
                "skip": [_EXPLAINED],
                "skip-tree": [CrateType({"depth": "usize", "reason": "string"})],
                "wildcards": LINT,
                "allow-wildcard-paths": "bool",
                "allow-build-scripts": [_NAMED],
                "build": TableType(
                    {
                        "allow-build-scripts": [_NAMED],
                        "executables": LINT,
                        "interpreted": LINT,
                        "script-extensions": ["extension"],
                        "bypass": [
                            CrateType(
                                {
                                    "build-script": "sha256",
                                    "required-features": ["string"],
                                    "allow-globs": ["glob"],
                                    "allow": [
                                        TableType({"path": "relative-path", "checksum": "sha256"}, required=("path",))
                                    ],
                                },
                                text=False,
                            )
                        ],
                        "enable-builtin-globs": "bool",
                        "include-dependencies": "bool",
                        "include-workspace": "bool",
                        "include-archives": "bool",
                    }
                ),
                "workspace-dependencies": TableType(
                    {"duplicates": LINT, "include-path-dependencies": "bool", "unused": LINT}
                ),
                "std-replacements": TableType(
                    {
                        "scope": SCOPE,
                        "level": LINT,
                        "rust-version": "rust-version",
                        "ignore": [_EXPLAINED],
                        "ignore-rust-version": SCOPE,
                    }
                ),
            },
            moved={"allow-build-scripts": "build"},
        ),
        "licenses": TableType(
            {
                "version": "i32",
                "private": TableType({"ignore": "bool", "ignore-sources": ["url"], "registries": ["string"]}),
                "confidence-threshold": "float",
                "allow": ["licensee"],
                "unused-allowed-license": LINT,
                "clarify": [
                    CrateType(
                        {
                            "expression": "expression",
                            "license-files": [TableType({"path": "string", "hash": "u32"}, required=("path", "hash"))],
                        },
                        required=("expression", "license-files"),
                        text=False,
                    )
                ],
                "exceptions": [CrateType({"allow": ["licensee"]}, required=("allow",), text=False)],
                "unused-license-exception": LINT,
                "include-dev": "bool",
                "include-build": "bool",
            },
            removed={
                "unlicensed": "a crate without a licence now fails the check",
                "allow-osi-fsf-free": "a licence that is not in `allow` now fails the check",
                "copyleft": "a copyleft licence that is not in `allow` now fails the check",
                "default": "a licence that is not in `allow` now fails the check",
                "deny": "a licence that is not in `allow` now fails the check",
            },
        ),
        "sources": TableType(
            {
                "unknown-registry": LINT,
                "unknown-git": LINT,
                "allow-registry": ["source-url"],
                "allow-git": ["source-url"],
                "allow-org": TableType({"github": ["string"], "gitlab": ["string"], "bitbucket": ["string"]}),
                "private": ["source-url"],
                "required-git-spec": _GIT_SPEC,
                "unused-allowed-source": LINT,
                "unused-allowed-org": LINT,
            }
        ),
        "graph": TableType(_GRAPH | {"exclude-unpublished": "bool"}),
        "output": TableType({"feature-depth": "u32"}),
        **_GRAPH,
        "feature-depth": "u32",
    },
    moved=dict.fromkeys(_GRAPH, "graph") | {"feature-depth": "output"},
)


# The policy


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
