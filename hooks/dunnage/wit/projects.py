"""Which WIT, manifests and locks belong together.

A *WIT folder* holds one package, in the `*.wit` files directly in it. Its dependencies are vendored in its subfolder
`deps`, each package in a folder or a file of its own. Three tools may manage them:

- wit-deps, whose `deps.toml` and `deps.lock` are in the WIT folder itself;
- wkg, whose `wkg.lock` and optional `wkg.toml` are above it: the WIT folder is `wit` beside them, or their folder
  itself, or a member of the workspace whose root is the `wkg.toml`;
- cargo-component, if a `Cargo.toml` above names the folder as the WIT of its component.

All paths are absolute.
"""

import os
from typing import TYPE_CHECKING, NamedTuple

from dunnage.files import document
from dunnage.files.document import Document, Refused, is_template
from dunnage.files.source import File, SourceError, Tree
from dunnage.files.walk import upwards
from dunnage.wit import wit_deps
from dunnage.wit.wkg import WkgConfig

if TYPE_CHECKING:
    from dunnage.cargo.manifests import Manifest, Manifests
    from dunnage.wit.cargo_component import Component

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
    manifest: Document | None
    """Its `wkg.toml`; None if there is none, or it cannot be read."""
    config: WkgConfig | None
    """The content of the manifest."""
    refused: Refused | None
    """Why the manifest cannot be read."""
    wit_folders: tuple[str, ...]
    """The WIT folders that wkg is known to manage from here."""

    @property
    def lock(self) -> str:
        """The path of its lock, which may be missing."""
        return os.path.join(self.folder, WKG_LOCK)

    @property
    def is_workspace(self) -> bool:
        """Whether it is the root of a workspace."""
        return self.config is not None and self.config.members is not None


def is_vendored(path: str) -> bool:
    """Whether a WIT file is in `deps/NAME/` or directly in `deps`."""
    return _folder_above_deps(path) is not None


def wit_folder(path: str) -> str:
    """The WIT folder of a WIT file: the one in whose `deps` the file is vendored, or else the folder of the file."""
    return _folder_above_deps(path) or os.path.dirname(path)


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
        self._roots: dict[str, WkgRoot | None] = {}
        self._manifests: Manifests | None = None

    def wkg_root(self, folder: str) -> WkgRoot | None:
        """The root in `folder`; None if there is neither `wkg.toml` nor `wkg.lock`."""
        if folder not in self._roots:
            self._roots[folder] = self._read_root(folder)
        return self._roots[folder]

    def wkg_roots(self, wit: str) -> tuple[WkgRoot, ...]:
        """The roots that manage a WIT folder, nearest first. A member of a workspace may have a root of its own."""
        return tuple(
            root for folder in upwards(wit) if (root := self.wkg_root(folder)) is not None and wit in root.wit_folders
        )

    def component(self, wit: str) -> "tuple[Manifest, Component] | None":
        """The manifest of the component whose WIT is in a WIT folder, and its section; None if there is none.

        Only the nearest `Cargo.toml` is read. One that cannot be read has no component.
        """
        for folder in upwards(wit):
            if self._tree.exists(os.path.join(folder, CARGO_MANIFEST)):
                found = self.component_in(folder)
                return found if found and wit == _wit_folder_of(*found) else None
        return None

    def component_in(self, folder: str) -> "tuple[Manifest, Component] | None":
        """The manifest in a folder and its section for cargo-component; None if it has no such section."""
        from dunnage.wit import cargo_component

        try:
            if b"component" not in self._tree.read(os.path.join(folder, CARGO_MANIFEST)).data:
                return None
            manifest = self.manifests.find(folder)
        except (FileNotFoundError, Refused, SourceError):
            return None
        component = cargo_component.read(manifest.file, manifest.data) if manifest else None
        return (manifest, component) if manifest and component else None

    @property
    def manifests(self) -> "Manifests":
        """The manifests of cargo that the run has read."""
        if self._manifests is None:
            from dunnage.cargo.manifests import Manifests

            self._manifests = Manifests(self._tree)
        return self._manifests

    def _read_root(self, folder: str) -> WkgRoot | None:
        manifest = refused = config = None
        try:
            manifest = document.read(self._tree, os.path.join(folder, WKG_MANIFEST))
        except Refused as error:
            refused = error
        except FileNotFoundError:
            if not self._tree.exists(os.path.join(folder, WKG_LOCK)):
                return None
        if manifest is not None:
            from dunnage.wit import wkg

            config = wkg.read_config(manifest)
        if manifest is not None and config is not None and config.members is not None:
            folders, refused = _members(folder, manifest.file, config)
        else:
            inside = os.path.join(folder, WKG_WIT)
            folders = (inside,) if os.path.isdir(inside) else (folder,) if own_files(folder) else ()
        return WkgRoot(folder, manifest, config, refused, folders)


def _members(folder: str, file: File, config: "WkgConfig") -> tuple[tuple[str, ...], Refused | None]:
    """Return the WIT folders of a workspace, or the reason why they are not read.

    These are the folders that it names, and those that match a pattern and hold WIT directly.
    """
    from dunnage.cargo.member_patterns import PatternFolders, UnexpandedPattern

    found: dict[str, None] = {}
    folders = PatternFolders(folder)
    for member in config.members or ():
        try:
            paths = folders.expand(member.pattern)
        except UnexpandedPattern as error:
            message = f"`{member.pattern}` {error}".replace("Cargo", "wkg")
            return (), Refused(file, message, member.keys, error.help)
        literal = os.path.normpath(os.path.join(folder, member.pattern))
        found.update(dict.fromkeys(path for path in paths if path == literal or own_files(path)))
    return tuple(found), None


def _wit_folder_of(manifest: "Manifest", component: "Component") -> str | None:
    """The WIT folder of a component, or the folder of its WIT file; None if it has no WIT of its own."""
    if component.wit_path is None:
        return None
    path = os.path.normpath(os.path.join(manifest.folder, component.wit_path))
    return os.path.dirname(path) if wit_deps.is_wit(path) and not os.path.isdir(path) else path


def _folder_above_deps(path: str) -> str | None:
    folder = os.path.dirname(path)
    for _ in range(2):
        above, name = os.path.split(folder)
        if name == DEPS:
            return above
        folder = above
    return None


def _names(folder: str) -> list[str]:
    try:
        return sorted(os.listdir(folder))
    except (OSError, ValueError):  # a ValueError is raised for a path with a null character
        return []
