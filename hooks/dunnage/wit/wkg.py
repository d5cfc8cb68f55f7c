"""`wkg.toml`, the manifest of wkg: overrides of packages, the members of a workspace, and metadata.

It is optional: what wkg fetches is what the WIT itself refers to. Sources: wasm-pkg-tools, docs/manifest.md and
crates/wasm-pkg-core/src/manifest.rs and manifest/workspace.rs. Version requirements are Cargo's; they are handed on as
they are written.
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from dunnage.files.document import Document, Keys
from dunnage.wit.values import Problem, not_a_package, wrong_types

MANIFEST = "wkg.toml"
DEFAULT_WIT = "wit"
"""Where wkg looks for WIT, below the folder of its manifest."""

_TOOL = "wkg"
_TYPES: Mapping[str, type] = {"workspace": dict, "overrides": dict, "metadata": dict}
_OVERRIDE_TYPES: Mapping[str, type] = {"path": str, "version": str}
_METADATA_TYPES: Mapping[str, type] = dict.fromkeys(
    ("authors", "author", "description", "licenses", "license", "source", "repository", "homepage", "revision"), str
)
_ALIASES = {"author": "authors", "license": "licenses", "repository": "source"}


class Override(NamedTuple):
    """Where a package is taken from, whatever the WIT says: a folder or a file, or another version."""

    package: str
    """NAMESPACE:NAME."""
    path: str | None
    """Relative to the folder that wkg runs in, which is meant to be the manifest's. Goes before `version`."""
    version: str | None
    """A requirement."""
    keys: Keys
    """Where the entry stands in the manifest."""


class Member(NamedTuple):
    """An entry of `workspace.members`: a folder of WIT, or a pattern of such folders."""

    pattern: str
    keys: Keys


class Config(NamedTuple):
    """One manifest. What is refused is left out and among the problems."""

    overrides: Mapping[str, Override]
    """By package."""
    members: tuple[Member, ...] | None
    """None if this is not the root of a workspace."""
    problems: tuple[Problem, ...]


def read_config(document: Document) -> Config:
    """Read a parsed `wkg.toml`."""
    data = document.data
    problems = wrong_types(data, _TYPES, (), _TOOL)
    overrides = {}
    table = data.get("overrides")
    for package, entry in table.items() if isinstance(table, dict) else ():
        keys = ("overrides", package)
        wrong = list(_refused_override(package, entry, keys))
        problems += wrong
        if not wrong:
            overrides[package] = Override(package, entry.get("path"), entry.get("version"), keys)
    problems += _refused_metadata(data.get("metadata"), ("metadata",))
    return Config(overrides, _members(data.get("workspace"), problems, data), tuple(problems))


def _refused_override(package: str, entry: Any, keys: Keys) -> Iterator[Problem]:
    if problem := not_a_package(package):
        message = f"{_TOOL} refuses the package name `{package}`: {problem}"
        yield Problem(keys, message, "write a name as `wasi:http`")
    if not isinstance(entry, dict):
        yield Problem(
            keys, f"{_TOOL} wants a table for `{package}`", 'write `{ path = "…" }` or `{ version = "=1.2.3" }`'
        )
        return
    yield from wrong_types(entry, _OVERRIDE_TYPES, keys, _TOOL)


def _refused_metadata(metadata: Any, keys: Keys) -> Iterator[Problem]:
    if not isinstance(metadata, dict):
        return
    yield from wrong_types(metadata, _METADATA_TYPES, keys, _TOOL)
    for alias, name in _ALIASES.items():
        if alias in metadata and name in metadata:
            message = f"{_TOOL} refuses both `{alias}` and `{name}`, which mean the same"
            yield Problem((*keys, alias), message, "remove one of the two")


def _members(workspace: Any, problems: list[Problem], data: Mapping[str, Any]) -> tuple[Member, ...] | None:
    """The members. A `[workspace]` in which they cannot be read is that of a member to wkg, if `root` is in order."""
    if not isinstance(workspace, dict):
        return None
    for key in ("overrides", "metadata"):
        if key in data:
            message = f"{_TOOL} refuses `[{key}]` beside `[workspace]`"
            help = f"move `[{key}]` to the wkg.toml of the members it is for"
            if key == "metadata":
                help = "write `[workspace.metadata]`"
            problems.append(Problem((key,), message, help))
    members, metadata = workspace.get("members"), workspace.get("metadata", {})
    is_refused = not isinstance(metadata, dict) or any(_refused_metadata(metadata, ()))
    if not is_refused and isinstance(members, list) and all(isinstance(member, str) for member in members):
        return tuple(Member(member, ("workspace", "members", index)) for index, member in enumerate(members))
    if not isinstance(workspace.get("root", ""), str):
        message = f"{_TOOL} refuses a `[workspace]` in which neither `members` nor `root` can be read"
        problems.append(Problem(("workspace",), message, 'write `members = ["wit"]`'))
    return None
