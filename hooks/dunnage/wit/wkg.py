"""`wkg.toml`, the manifest of wkg: overrides of packages, the members of a workspace, and metadata.

It is optional, because wkg fetches the packages to which the WIT itself refers. Version requirements are Cargo's, and
are returned as they are written. Sources: wasm-pkg-tools, docs/manifest.md, crates/wasm-pkg-core/src/manifest.rs and
manifest/workspace.rs.
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from dunnage.files.document import Document, Keys, Problem
from dunnage.files.source import File
from dunnage.wit.values import not_a_package, unreadable, wrong_types

_TOOL = "wkg"
_TYPES: Mapping[str, type] = {"workspace": dict, "overrides": dict, "metadata": dict}
_OVERRIDE_TYPES: Mapping[str, type] = {"path": str, "version": str}
_METADATA_TYPES: Mapping[str, type] = dict.fromkeys(
    ("authors", "author", "description", "licenses", "license", "source", "repository", "homepage", "revision"), str
)
_ALIASES = {"author": "authors", "license": "licenses", "repository": "source"}


class Override(NamedTuple):
    """The folder, the file or the version that replaces the version of a package in the WIT."""

    package: str
    """NAMESPACE:NAME."""
    path: str | None
    """Relative to the folder in which wkg runs, normally the manifest's. Takes precedence over `version`."""
    version: str | None
    """A requirement on the version."""
    keys: Keys
    """The place of the entry in the manifest."""


class Member(NamedTuple):
    """An entry of `workspace.members`: a folder of WIT, or a pattern of such folders."""

    pattern: str
    keys: Keys


class WkgConfig(NamedTuple):
    """One manifest. An entry that wkg rejects is left out and among the problems."""

    overrides: Mapping[str, Override]
    """By package."""
    members: tuple[Member, ...] | None
    """None if this is not the root of a workspace."""
    problems: tuple[Problem, ...]


def read_config(document: Document) -> WkgConfig:
    """Read a parsed `wkg.toml`."""
    file, data = document
    problems = wrong_types(data, _TYPES, file, (), _TOOL)
    overrides = {}
    table = data.get("overrides")
    for package, entry in table.items() if isinstance(table, dict) else ():
        keys = ("overrides", package)
        rejected = list(_rejected_override(file, package, entry, keys))
        problems += rejected
        if not rejected:
            overrides[package] = Override(package, entry.get("path"), entry.get("version"), keys)
    problems += _rejected_metadata(file, data.get("metadata"), ("metadata",))
    return WkgConfig(overrides, _members(file, data.get("workspace"), problems, data), tuple(problems))


def _rejected_override(file: File, package: str, entry: Any, keys: Keys) -> Iterator[Problem]:
    if problem := not_a_package(package):
        message = f"{_TOOL} rejects the package name `{package}`: {problem}"
        yield unreadable(file, keys, message, "write a name such as `wasi:http`")
    if not isinstance(entry, dict):
        message = f"{_TOOL} requires a table for `{package}`"
        yield unreadable(file, keys, message, 'write `{ path = "…" }` or `{ version = "=1.2.3" }`')
        return
    yield from wrong_types(entry, _OVERRIDE_TYPES, file, keys, _TOOL)


def _rejected_metadata(file: File, metadata: Any, keys: Keys) -> Iterator[Problem]:
    if not isinstance(metadata, dict):
        return
    yield from wrong_types(metadata, _METADATA_TYPES, file, keys, _TOOL)
    for alias, name in _ALIASES.items():
        if alias in metadata and name in metadata:
            message = f"{_TOOL} rejects both `{alias}` and `{name}`, which mean the same"
            yield unreadable(file, (*keys, alias), message, f"remove `{alias}`")


def _members(file: File, workspace: Any, problems: list[Problem], data: Mapping[str, Any]) -> tuple[Member, ...] | None:
    """The members. wkg takes a `[workspace]` without readable members for that of a member if its `root` is valid."""
    if not isinstance(workspace, dict):
        return None
    for key in ("overrides", "metadata"):
        if key in data:
            message = f"{_TOOL} rejects `[{key}]` beside `[workspace]`"
            help = f"move `[{key}]` to the wkg.toml of the members that need it"
            if key == "metadata":
                help = "rename it to `[workspace.metadata]`"
            problems.append(unreadable(file, (key,), message, help))
    members, metadata = workspace.get("members"), workspace.get("metadata", {})
    is_rejected = not isinstance(metadata, dict) or any(_rejected_metadata(file, metadata, ()))
    if not is_rejected and isinstance(members, list) and all(isinstance(member, str) for member in members):
        return tuple(Member(member, ("workspace", "members", index)) for index, member in enumerate(members))
    if not isinstance(workspace.get("root", ""), str):
        message = f"{_TOOL} rejects a `[workspace]` without valid `members` or `root`"
        problems.append(unreadable(file, ("workspace",), message, 'write `members = ["wit"]`'))
    return None
