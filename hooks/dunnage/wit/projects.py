"""Which WIT, manifests and locks belong together.

A *WIT folder* holds one package, in the `*.wit` files directly in it. Its dependencies are vendored in its subfolder
`deps`, each package in a folder or a file of its own. Three tools may manage them:

- wit-deps, whose `deps.toml` and `deps.lock` are in the WIT folder itself;
- wkg, whose `wkg.lock` and optional `wkg.toml` are above it: the WIT folder is `wit` beside them, or their folder
  itself, or a member of the workspace whose root is the `wkg.toml`;
- cargo-component, if a `Cargo.toml` above names the folder as the WIT of its component.

All paths are absolute.

The module begins with what manifests and locks of these tools share: requirements, package names and types of TOML.
Then it reads wkg.toml, and then it finds the projects.
"""

import os
from collections.abc import Iterable, Iterator, Mapping
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from dunnage.files import document, toml
from dunnage.files.document import Keys, Problem, Refused, is_template
from dunnage.files.source import File, Tree
from dunnage.files.span import Span
from dunnage.files.walk import upwards
from dunnage.wit import root, wit_deps

if TYPE_CHECKING:
    from dunnage.cargo.manifests import Manifests

DEFAULT_REGISTRY = "default"

_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyz")
_LETTERS_AND_DIGITS = _LETTERS | frozenset("0123456789")
_KINDS = {str: "a string", bool: "a boolean", int: "an integer", dict: "a table", list: "an array"}


class WitRequirement(NamedTuple):
    """A requirement on the version of a package in a registry, and where it is written."""

    package: str
    """NAMESPACE:NAME."""
    registry: str
    """The name of the registry: `default` for the default one, empty for the one that the tool is configured to use."""
    text: str
    """As it is written. For `wasi:io/poll@0.2.0` in WIT it is `=0.2.0`, and for `wasi:io/poll` it is `*`."""
    file: File
    keys: Keys
    """Its place in a manifest. The string there may hold other text before the requirement."""
    span: Span | None = None
    """Its place in WIT."""


def wrong_types(
    table: Mapping[str, Any], types: Mapping[str, type], file: File, keys: Keys, tool: str
) -> list[Problem]:
    """Find the keys of a table that a tool does not know, and the values whose type is not the one in `types`."""
    problems = []
    for key, value in table.items():
        if key not in types:
            known = ", ".join(f"`{name}`" for name in types)
            message = f"{tool} rejects the unknown key `{key}`"
            problems.append(unreadable(file, (*keys, key), message, f"use one of {known}, or remove the key"))
        elif not isinstance(value, types[key]) or (types[key] is int and isinstance(value, bool)):
            wanted = _KINDS[types[key]]
            problems.append(unreadable(file, (*keys, key), f"{tool} requires {wanted} for `{key}`", f"write {wanted}"))
    return problems


def unreadable(file: File, keys: Keys, message: str, help: str) -> Problem:
    """Report an entry of a manifest that its tool rejects."""
    return Problem("wit-pins/unreadable", file, message, help, keys)


def not_a_package(name: str) -> str:
    """The reason why `name` is not a package name, NAMESPACE:NAME, as a clause about it; empty if it is one.

    Each part consists of words that are joined by `-`. A word consists of lowercase ASCII letters and digits, and
    begins with a letter. Source: wasm-pkg-tools, crates/wasm-pkg-common/src/label.rs.
    """
    namespace, colon, rest = name.partition(":")
    if not colon:
        return "it has no `:`"
    for part in (namespace, rest):
        if not part:
            return "one of its parts is empty"
        for word in part.split("-"):
            if not word:
                return "one of its words is empty"
            if word[0] not in _LETTERS:
                return f"a word in it begins with `{word[0]}` instead of a lowercase letter"
            if not _LETTERS_AND_DIGITS.issuperset(word):
                return "it may contain only lowercase letters, digits, `-` and one `:`"
    return ""


# wkg.toml


_WKG = "wkg"
_WKG_TYPES: Mapping[str, type] = {"workspace": dict, "overrides": dict, "metadata": dict}
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


class WkgConfig(NamedTuple):
    """One manifest. An entry that wkg rejects is left out and among the problems."""

    overrides: Mapping[str, Override]
    """By package."""
    members: tuple[str, ...] | None
    """The folders of WIT in the workspace, or patterns of such folders; None if this is not the root of a workspace."""
    problems: tuple[Problem, ...]

    def requirements(self, file: File) -> list[WitRequirement]:
        """The versions in the overrides of the manifest. wkg ignores that of an override that also has a path."""
        return [
            WitRequirement(override.package, "", override.version, file, (*override.keys, "version"))
            for override in self.overrides.values()
            if override.version is not None and override.path is None
        ]


def read_config(file: File) -> WkgConfig:
    """Read a `wkg.toml` that is TOML."""
    return file.memo(_read_config)


def _read_config(file: File) -> WkgConfig:
    data = toml.parse(file)
    problems = wrong_types(data, _WKG_TYPES, file, (), _WKG)
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
        message = f"{_WKG} rejects the package name `{package}`: {problem}"
        yield unreadable(file, keys, message, "write a name such as `wasi:http`")
    if not isinstance(entry, dict):
        message = f"{_WKG} requires a table for `{package}`"
        yield unreadable(file, keys, message, 'write `{ path = "…" }` or `{ version = "=1.2.3" }`')
        return
    yield from wrong_types(entry, _OVERRIDE_TYPES, file, keys, _WKG)


def _rejected_metadata(file: File, metadata: Any, keys: Keys) -> Iterator[Problem]:
    if not isinstance(metadata, dict):
        return
    yield from wrong_types(metadata, _METADATA_TYPES, file, keys, _WKG)
    for alias, name in _ALIASES.items():
        if alias in metadata and name in metadata:
            message = f"{_WKG} rejects both `{alias}` and `{name}`, which mean the same"
            yield unreadable(file, (*keys, alias), message, f"remove `{alias}`")


def _members(file: File, workspace: Any, problems: list[Problem], data: Mapping[str, Any]) -> tuple[str, ...] | None:
    """The members. wkg takes a `[workspace]` without readable members for that of a member if its `root` is valid."""
    if not isinstance(workspace, dict):
        return None
    for key in ("overrides", "metadata"):
        if key in data:
            message = f"{_WKG} rejects `[{key}]` beside `[workspace]`"
            help = f"move `[{key}]` to the wkg.toml of the members that need it"
            if key == "metadata":
                help = "rename it to `[workspace.metadata]`"
            problems.append(unreadable(file, (key,), message, help))
    members, metadata = workspace.get("members"), workspace.get("metadata", {})
    is_rejected = not isinstance(metadata, dict) or any(_rejected_metadata(file, metadata, ()))
    if not is_rejected and isinstance(members, list) and all(isinstance(member, str) for member in members):
        return tuple(members)
    if not isinstance(workspace.get("root", ""), str):
        message = f"{_WKG} rejects a `[workspace]` without valid `members` or `root`"
        problems.append(unreadable(file, ("workspace",), message, 'write `members = ["wit"]`'))
    return None


# Projects


DEPS = wit_deps.FOLDER
"""The subfolder of a WIT folder with the vendored packages."""
CARGO_MANIFEST = "Cargo.toml"
CARGO_COMPONENT_LOCK = "Cargo-component.lock"
WKG_MANIFEST = "wkg.toml"
WKG_LOCK = "wkg.lock"
WKG_WIT = "wit"
"""The default WIT folder, beside the manifest and the lock of wkg."""
WORKSPACE_OUT = "wkg"
"""The folder in the root of a wkg workspace whose `deps` holds the dependencies of its members."""


class VendoredWit(NamedTuple):
    """A folder or a file in `deps`."""

    name: str
    """Its name in `deps`."""
    path: str
    files: tuple[str, ...]
    """Its WIT: the `*.wit` files directly in the folder, or the `.wit` or `.wasm` file itself."""


class WkgRoot(NamedTuple):
    """A folder in which wkg runs."""

    folder: str
    manifest: File | None
    """Its `wkg.toml`; None if there is none, or it cannot be read."""
    refused: Refused | None
    """Why the manifest cannot be read."""
    wit_folders: Mapping[str, None]
    """The WIT folders that wkg is known to manage from here, as keys."""
    is_workspace: bool
    """Whether it is the root of a workspace."""

    @property
    def lock(self) -> str:
        """The path of its lock, which may be missing."""
        return os.path.join(self.folder, WKG_LOCK)

    @property
    def config(self) -> WkgConfig | None:
        """The content of the manifest."""
        return read_config(self.manifest) if self.manifest else None


def is_vendored(path: str) -> bool:
    """Whether a WIT file is in `deps/NAME/` or directly in `deps`."""
    return root(path) != os.path.dirname(path)


def own_files(folder: str) -> tuple[str, ...]:
    """The WIT files directly in a folder, sorted; none if the folder is missing or cannot be read."""
    return tuple(os.path.join(folder, name) for name in _names(folder) if wit_deps.is_wit(name))


def has_files(folder: str) -> bool:
    """Whether a folder holds anything except hidden files that are not WIT."""
    return any(not name.startswith(".") or wit_deps.is_wit(name) for name in _names(folder))


def vendored(deps: str) -> tuple[VendoredWit, ...]:
    """The folders and files with WIT in a folder `deps`, sorted by name."""
    found = []
    for name in _names(deps):
        path = os.path.join(deps, name)
        # A folder may be named like a file.
        files = own_files(path) if os.path.isdir(path) else (path,) if name.lower().endswith((".wit", ".wasm")) else ()
        if files:
            found.append(VendoredWit(name, path, files))
    return tuple(found)


def is_of_wit_deps(folder: str, tree: Tree) -> bool:
    """Whether wit-deps manages a folder: it holds a `deps.toml` or a `deps.lock`, and neither belongs to another tool.

    Other tools use these file names too, but without WIT beside them. A template of a `deps.toml` does not count, but
    no tool has written a lock for a template.
    """
    manifest, lock = (os.path.join(folder, name) for name in (wit_deps.MANIFEST, wit_deps.LOCK))
    has_lock = tree.exists(lock)
    if not tree.exists(manifest) and not has_lock:
        return False
    if not has_lock and is_template(tree.content(manifest) or b""):
        return False
    name = os.path.basename(folder)
    is_wit = name == "wit" or name.startswith("wit-")
    if is_wit or own_files(folder) or vendored(os.path.join(folder, DEPS)):
        return True
    try:
        locked = document.read(tree, lock).data
    except (FileNotFoundError, Refused):
        return False
    return bool(locked) and all(isinstance(entry, dict) and "sha256" in entry for entry in locked.values())


class Projects:
    """The projects that a run has read."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self.wkg_root = cache(self._read_root)
        """Returns the root in a folder; None if there is neither `wkg.toml` nor `wkg.lock`."""

    def wkg_roots(self, wit: str) -> tuple[WkgRoot, ...]:
        """The roots that manage a WIT folder, nearest first. A member of a workspace may have a root of its own."""
        return tuple(
            root for folder in upwards(wit) if (root := self.wkg_root(folder)) is not None and wit in root.wit_folders
        )

    @cached_property
    def manifests(self) -> "Manifests":
        """The manifests of cargo that the run has read."""
        from dunnage.cargo.manifests import Manifests

        return Manifests(self._tree)

    def _read_root(self, folder: str) -> WkgRoot | None:
        manifest = refused = None
        try:
            manifest, _ = document.read(self._tree, os.path.join(folder, WKG_MANIFEST))
        except Refused as error:
            refused = error
        except FileNotFoundError:
            if not self._tree.exists(os.path.join(folder, WKG_LOCK)):
                return None
        members = read_config(manifest).members if manifest else None
        if manifest is not None and members is not None:
            folders, refused = _member_folders(folder, manifest, members)
        else:
            inside = os.path.join(folder, WKG_WIT)
            folders = dict.fromkeys((inside,) if os.path.isdir(inside) else (folder,) if own_files(folder) else ())
        return WkgRoot(folder, manifest, refused, folders, members is not None)


def _member_folders(folder: str, file: File, members: Iterable[str]) -> tuple[dict[str, None], Refused | None]:
    """Return the WIT folders of a workspace as keys, or the reason why they are not read.

    These are the folders that it names, and those that match a pattern and hold WIT directly.
    """
    from dunnage.cargo.manifests import PatternFolders, UnexpandedPattern

    found: dict[str, None] = {}
    folders = PatternFolders(folder)
    for index, member in enumerate(members):
        try:
            paths = folders.expand(member)
        except UnexpandedPattern as error:
            message = f"`{member}` {error}".replace("Cargo", "wkg")
            return {}, Refused(file, message, ("workspace", "members", index), error.help)
        literal = os.path.normpath(os.path.join(folder, member))
        found.update(dict.fromkeys(path for path in paths if path == literal or own_files(path)))
    return found, None


def _names(folder: str) -> list[str]:
    try:
        return sorted(os.listdir(folder))
    except (OSError, ValueError):  # a ValueError is raised for a path with a null character
        return []
