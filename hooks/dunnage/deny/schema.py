"""The schema of deny.toml, as data.

The source is cargo-deny 0.20.2, and the tests compare every key with that program. For a new release of cargo-deny,
change this file, and licences.py if the release has a new list of licences.

The type of a value is one of

- the name of a scalar: `bool`, `float`, `i32`, `u32`, `usize`, `string`, or a kind of string, each a function of
  values.py;
- a tuple of strings: one of them;
- a list of one type: an array of it;
- a TableType, a CrateType or an Either.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

Type = Any
"""See above; Python's types cannot express it."""


_NONE: Mapping[str, str] = MappingProxyType({})


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
