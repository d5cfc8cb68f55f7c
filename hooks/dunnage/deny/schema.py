"""What a deny.toml may hold, as data: one schema for each generation of cargo-deny.

Taken from the source of the releases that the schemas name, and checked key by key against those very programs. A new
release of cargo-deny is a change of this file, and of spdx.py where it brings a new list of licences.

A value's type is one of

- the name of a scalar: `bool`, `float`, `number` (float or integer), `i32`, `u32`, `usize`, `string`, or a kind of
  string, each a function of values.py;
- a tuple of strings: one of them;
- a list of one type: an array of it;
- a Table, a Package, or an Either.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

Type = Any
"""See above; no type checker has a way to say it."""


_NONE: Mapping[str, str] = MappingProxyType({})


class Later(NamedTuple):
    """What is to be known of a key that came with a later release, to do without it."""

    lost: str
    """What happens without it."""
    harmless: tuple[str, ...] | None
    """The values without which no more passes than with them; None if that goes for each."""
    implied: Mapping[str, str] = MappingProxyType({})
    """The values of other keys that it stood for, where they are not what is taken if nothing is said."""


class Table(NamedTuple):
    """A table with these keys and no others."""

    keys: dict[str, Type]
    required: tuple[str, ...] = ()
    removed: Mapping[str, str] = _NONE
    """Keys that the file is refused for since they were removed, and what happens now without them."""
    renamed: Mapping[str, str] = _NONE
    """Keys that the file is refused for since they were renamed, and today's, whose value is an array of theirs."""
    moved: Mapping[str, str] = _NONE
    """Keys that are still read here, with a warning, and the table in which they are to be, seen from this one."""
    later: Mapping[str, "Later"] = MappingProxyType({})
    """Keys that the file is refused for since they came with a later release."""
    lax: bool = False
    """Other keys are allowed, and mean nothing."""


class Package(NamedTuple):
    """A table that names crates and has these keys beside: `crate = "name@1.2.3"`, or `name` with or without
    `version`.
    """

    keys: dict[str, Type]
    required: tuple[str, ...] = ()
    """Where a string would do, only required if there are other keys than those that name crates."""
    text: bool = True
    """A string, as of `crate`, will do."""
    crate: bool = True
    """`crate` may be used."""
    lax: bool = False
    """Other keys are allowed, and mean nothing."""


class Either(NamedTuple):
    """A string, or a table."""

    text: Type
    table: Table


class Schema(NamedTuple):
    """What one generation of cargo-deny accepts."""

    release: str
    """The release that it was taken from."""
    generation: str
    """As it is named in messages: `0.20`."""
    root: Table
    spdx: int
    """Which words of spdx.py are known: 1 for the first ones, 2 for the later ones too."""
    reads_toml_1_1: bool
    """Whether inline tables may span lines and end with a comma, and strings may have the escapes `\\e` and `\\x`."""
    defaults: dict[str, str | bool | float]
    """What a key that is not there means, where its table is."""


LINT = ("allow", "warn", "deny")
SCOPE = ("all", "workspace", "transitive", "none")
_HIGHLIGHT = ("simplest-path", "lowest-version", "all")
_GIT_SPEC = ("any", "branch", "tag", "rev")
_BLANKET = ("both", "either", "osi", "fsf", "osi-only", "fsf-only", "neither")

_NAMED = Package({}, lax=True)
_EXPLAINED = Package({"reason": "string"}, required=("reason",), lax=True)
_GRAPH: dict[str, Type] = {
    "targets": [Either("string", Table({"triple": "string", "features": ["string"]}, required=("triple",)))],
    "exclude": ["string"],
    "features": ["string"],
    "all-features": "bool",
    "no-default-features": "bool",
    "exclude-dev": "bool",
}

_DEFAULTS: dict[str, str | bool | float] = {
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
}

NEW = Schema(
    release="0.20.2",
    generation="0.20",
    spdx=2,
    reads_toml_1_1=True,
    defaults=_DEFAULTS
    | {
        "advisories.unmaintained": "all",
        "advisories.unsound": "workspace",
        "advisories.unused-ignored-advisory": "warn",
        "bans.allow-workspace": False,
        "licenses.unused-license-exception": "warn",
        "licenses.include-build": True,
        "sources.unused-allowed-source": "warn",
        "sources.unused-allowed-org": "warn",
    },
    root=Table(
        {
            "advisories": Table(
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
                    "vulnerability": "every vulnerability fails the check now, but those in `ignore`",
                    "notice": "every notice fails the check now, but those in `ignore`",
                    "severity-threshold": "vulnerabilities of every severity fail the check now, but those in `ignore`",
                },
                renamed={"db-url": "db-urls"},
            ),
            "bans": Table(
                {
                    "multiple-versions": LINT,
                    "multiple-versions-include-dev": "bool",
                    "highlight": _HIGHLIGHT,
                    "deny": [
                        Package(
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
                        Package(
                            {"allow": ["string"], "deny": ["string"], "exact": "bool", "reason": "string"}, text=False
                        )
                    ],
                    "external-default-features": LINT,
                    "workspace-default-features": LINT,
                    "skip": [_EXPLAINED],
                    "skip-tree": [Package({"depth": "usize", "reason": "string"})],
                    "wildcards": LINT,
                    "allow-wildcard-paths": "bool",
                    "allow-build-scripts": [_NAMED],
                    "build": Table(
                        {
                            "allow-build-scripts": [_NAMED],
                            "executables": LINT,
                            "interpreted": LINT,
                            "script-extensions": ["extension"],
                            "bypass": [
                                Package(
                                    {
                                        "build-script": "sha256",
                                        "required-features": ["string"],
                                        "allow-globs": ["glob"],
                                        "allow": [
                                            Table({"path": "relative-path", "checksum": "sha256"}, required=("path",))
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
                    "workspace-dependencies": Table(
                        {"duplicates": LINT, "include-path-dependencies": "bool", "unused": LINT}
                    ),
                    "std-replacements": Table(
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
            "licenses": Table(
                {
                    "version": "i32",
                    "private": Table({"ignore": "bool", "ignore-sources": ["url"], "registries": ["string"]}),
                    "confidence-threshold": "float",
                    "allow": ["licensee"],
                    "unused-allowed-license": LINT,
                    "clarify": [
                        Package(
                            {
                                "expression": "expression",
                                "license-files": [Table({"path": "string", "hash": "u32"}, required=("path", "hash"))],
                            },
                            required=("expression", "license-files"),
                            text=False,
                        )
                    ],
                    "exceptions": [Package({"allow": ["licensee"]}, required=("allow",), text=False)],
                    "unused-license-exception": LINT,
                    "include-dev": "bool",
                    "include-build": "bool",
                },
                removed={
                    "unlicensed": "a crate without a licence fails the check now",
                    "allow-osi-fsf-free": "a licence that is not in `allow` fails the check now",
                    "copyleft": "a copyleft licence that is not in `allow` fails the check now",
                    "default": "a licence that is not in `allow` fails the check now",
                    "deny": "a licence that is not in `allow` fails the check now",
                },
            ),
            "sources": Table(
                {
                    "unknown-registry": LINT,
                    "unknown-git": LINT,
                    "allow-registry": ["source-url"],
                    "allow-git": ["source-url"],
                    "allow-org": Table({"github": ["string"], "gitlab": ["string"], "bitbucket": ["string"]}),
                    "private": ["source-url"],
                    "required-git-spec": _GIT_SPEC,
                    "unused-allowed-source": LINT,
                    "unused-allowed-org": LINT,
                }
            ),
            "graph": Table(_GRAPH | {"exclude-unpublished": "bool"}),
            "output": Table({"feature-depth": "u32"}),
            **_GRAPH,
            "feature-depth": "u32",
        },
        moved=dict.fromkeys(_GRAPH, "graph") | {"feature-depth": "output"},
    ),
)

_OLD_NAMED = Package({}, text=False, crate=False)
_ONLY_SEEN = ("allow", "warn")

OLD = Schema(
    release="0.14.2",
    generation="0.14",
    spdx=1,
    reads_toml_1_1=False,
    defaults=_DEFAULTS
    | {
        "advisories.vulnerability": "deny",
        "advisories.unmaintained": "warn",
        "advisories.unsound": "warn",
        "advisories.notice": "warn",
        "advisories.severity-threshold": "none",
        "licenses.unlicensed": "deny",
        "licenses.copyleft": "warn",
        "licenses.default": "deny",
        "licenses.allow-osi-fsf-free": "neither",
    },
    root=Table(
        {
            "advisories": Table(
                {
                    "db-path": "string",
                    "db-urls": ["database-url"],
                    "vulnerability": LINT,
                    "unmaintained": LINT,
                    "unsound": LINT,
                    "yanked": LINT,
                    "notice": LINT,
                    "ignore": ["advisory"],
                    "severity-threshold": "severity",
                    "git-fetch-with-cli": "bool",
                    "disable-yank-checking": "bool",
                    "maximum-db-staleness": "duration",
                },
                renamed={"db-url": "db-urls"},
                later={
                    "version": Later(
                        "what it asked for is asked for by lint levels",
                        None,
                        {"unmaintained": "deny", "unsound": "deny", "notice": "deny"},
                    ),
                    "unused-ignored-advisory": Later(
                        "an entry of `ignore` that is not needed only brings a warning", _ONLY_SEEN
                    ),
                },
            ),
            "bans": Table(
                {
                    "multiple-versions": LINT,
                    "multiple-versions-include-dev": "bool",
                    "highlight": _HIGHLIGHT,
                    "deny": [
                        Package({"wrappers": ["string"], "deny-multiple-versions": "bool"}, text=False, crate=False)
                    ],
                    "allow": [_OLD_NAMED],
                    "features": [
                        Package({"allow": ["string"], "deny": ["string"], "exact": "bool"}, text=False, crate=False)
                    ],
                    "external-default-features": LINT,
                    "workspace-default-features": LINT,
                    "skip": [_OLD_NAMED],
                    "skip-tree": [Package({"depth": "usize"}, text=False, crate=False)],
                    "wildcards": LINT,
                    "allow-wildcard-paths": "bool",
                    "allow-build-scripts": [_OLD_NAMED],
                    "build": Table(
                        {
                            "allow-build-scripts": [_OLD_NAMED],
                            "executables": LINT,
                            "interpreted": LINT,
                            "script-extensions": ["extension"],
                            "bypass": [
                                Package(
                                    {
                                        "build-script": "sha256",
                                        "required-features": ["string"],
                                        "allow-globs": ["glob"],
                                        "allow": [
                                            Table({"path": "relative-path", "checksum": "sha256"}, required=("path",))
                                        ],
                                    },
                                    text=False,
                                    crate=False,
                                )
                            ],
                            "enable-builtin-globs": "bool",
                            "include-dependencies": "bool",
                            "include-workspace": "bool",
                            "include-archives": "bool",
                        }
                    ),
                },
                moved={"allow-build-scripts": "build"},
                later={
                    "allow-workspace": Later("a crate of the workspace must be in `allow` if any is", None),
                    "workspace-dependencies": Later("nothing looks at the dependencies of the workspace", ()),
                    "std-replacements": Later("nothing looks for crates that the standard library replaces", ()),
                },
            ),
            "licenses": Table(
                {
                    "private": Table({"ignore": "bool", "ignore-sources": ["url"], "registries": ["string"]}),
                    "unlicensed": LINT,
                    "allow-osi-fsf-free": _BLANKET,
                    "copyleft": LINT,
                    "default": LINT,
                    "confidence-threshold": "number",
                    "deny": ["licensee"],
                    "allow": ["licensee"],
                    "unused-allowed-license": LINT,
                    "clarify": [
                        Package(
                            {
                                "expression": "expression",
                                "license-files": [Table({"path": "string", "hash": "u32"}, required=("path", "hash"))],
                            },
                            required=("expression", "license-files"),
                            text=False,
                            crate=False,
                        )
                    ],
                    "exceptions": [Package({"allow": ["licensee"]}, required=("allow",), text=False, crate=False)],
                    "include-dev": "bool",
                },
                later={
                    "version": Later("what it asked for is asked for by lint levels", None, {"copyleft": "deny"}),
                    "unused-license-exception": Later(
                        "an exception that is not needed only brings a warning", _ONLY_SEEN
                    ),
                    "include-build": Later("the licences of build dependencies are always looked at", None),
                },
            ),
            "sources": Table(
                {
                    "unknown-registry": LINT,
                    "unknown-git": LINT,
                    "allow-registry": ["source-url"],
                    "allow-git": ["source-url"],
                    "allow-org": Table({"github": ["string"], "gitlab": ["string"], "bitbucket": ["string"]}, lax=True),
                    "private": ["source-url"],
                    "required-git-spec": _GIT_SPEC,
                },
                later={
                    "unused-allowed-source": Later("a source that is not needed only brings a warning", _ONLY_SEEN),
                    "unused-allowed-org": Later("nothing tells of an organisation that is not needed", _ONLY_SEEN),
                },
            ),
            "targets": [Table({"triple": "string", "features": ["string"]}, required=("triple",), lax=True)],
            "exclude": ["string"],
            "features": ["string"],
            "feature-depth": "u32",
            "all-features": "bool",
            "no-default-features": "bool",
            "exclude-dev": "bool",
        },
        later={"exclude-unpublished": Later("crates that are not published are looked at too", None)},
    ),
)

# Which releases have which schema. Keys were added in 0.14.2 and from 0.16 to 0.20; from 0.14.12 to 0.15 those of both
# generations were accepted.
SERVED = (
    (OLD, ("0.14", *(f"0.14.{patch}" for patch in range(2, 12)))),
    (NEW, ("0.20", *(f"0.20.{patch}" for patch in range(3)))),
)


def of(version: str) -> Schema:
    """The schema of a release, `0.20` or `0.20.2`. Raises ValueError, with a clause that says which there are."""
    for schema, releases in SERVED:
        if version in releases:
            return schema
    known = " and ".join(f"{releases[0]} ({releases[1]} to {releases[-1]})" for _, releases in SERVED)
    raise ValueError(f"{version!r} is no release whose schema is known; known are {known}")
