"""Which WIT, manifests and locks belong together.

A *WIT folder* holds one package, in the `*.wit` files that are directly in it; what it refers to is vendored in the
folder `deps` below it, each package in a folder or a file of its own. Three tools may look after it:

- wit-deps, whose `deps.toml` and `deps.lock` stand in the WIT folder itself;
- wkg, whose `wkg.lock`, and `wkg.toml` if there is one, stand above it: the WIT folder is `wit` beside them, or that
  folder itself, or a member of the workspace that the `wkg.toml` is the root of;
- cargo-component, if a `Cargo.toml` above says that the WIT of its component is here.

All paths are absolute.
"""

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from dunnage.files import document
from dunnage.files.document import Document, Refused, is_template
from dunnage.files.source import SourceError, Tree
from dunnage.wit import wit_deps

if TYPE_CHECKING:
    from dunnage.cargo.manifests import Manifest, Manifests
    from dunnage.wit.cargo_component import Component
    from dunnage.wit.wkg import Config

DEPS = wit_deps.FOLDER
"""The folder of what is vendored, below a WIT folder."""
CARGO_MANIFEST = "Cargo.toml"
CARGO_COMPONENT_LOCK = "Cargo-component.lock"
WKG_MANIFEST = "wkg.toml"
WKG_LOCK = "wkg.lock"
WKG_WIT = "wit"
"""The WIT folder beside them, unless told otherwise."""
WORKSPACE_OUT = "wkg"
"""The folder below the root of a wkg workspace in which is `deps`, with what its members refer to."""


class Vendored(NamedTuple):
    """What is vendored in `deps`: a folder, or a file."""

    name: str
    """That of the folder or file."""
    path: str
    files: tuple[str, ...]
    """Its WIT: the `*.wit` files directly in the folder, or the `.wit` or `.wasm` file itself."""


class WkgRoot(NamedTuple):
    """A folder that wkg runs in."""

    folder: str
    manifest: Document | None
    """Its `wkg.toml`; None if there is none, or it cannot be read."""
    config: "Config | None"
    """What that says."""
    refused: Refused | None
    """Why it cannot be read."""
    wit_folders: tuple[str, ...]
    """The WIT folders that it is known to look after."""

    @property
    def lock(self) -> str:
        """The path of its lock, which may not be there."""
        return os.path.join(self.folder, WKG_LOCK)

    @property
    def is_workspace(self) -> bool:
        """Whether it is the root of a workspace."""
        return self.config is not None and self.config.members is not None


def is_vendored(path: str) -> bool:
    """Whether a WIT file is where vendored ones are: in `deps/NAME/`, or directly in `deps`."""
    return _folder_above_deps(path) is not None


def wit_folder(path: str) -> str:
    """The WIT folder that a WIT file belongs to: the one whose `deps` it is vendored in, or else the one it is in."""
    return _folder_above_deps(path) or os.path.dirname(path)


def own_files(folder: str) -> tuple[str, ...]:
    """The WIT files directly in a folder, sorted; none if it is no folder, or cannot be read."""
    return tuple(os.path.join(folder, name) for name in _names(folder) if wit_deps.is_wit(name))


def has_files(folder: str) -> bool:
    """Whether there is a file or folder in a folder, but for hidden ones that are no WIT."""
    return any(not name.startswith(".") or wit_deps.is_wit(name) for name in _names(folder))


def vendored(deps: str) -> tuple[Vendored, ...]:
    """What is vendored in a folder `deps`, sorted by name, as far as there is WIT in it."""
    found = []
    for name in _names(deps):
        path = os.path.join(deps, name)
        # A folder may well be named like a file.
        files = own_files(path) if os.path.isdir(path) else (path,) if name.lower().endswith((".wit", ".wasm")) else ()
        if files:
            found.append(Vendored(name, path, files))
    return tuple(found)


def is_of_wit_deps(folder: str, tree: Tree) -> bool:
    """Whether wit-deps looks after a folder: there is a `deps.toml` or `deps.lock`, and not of another tool.

    Other tools have files of these names as well, but no WIT beside them. A template of a `deps.toml` is none yet.
    """
    manifest, lock = (os.path.join(folder, name) for name in (wit_deps.MANIFEST, wit_deps.LOCK))
    if not tree.exists(manifest) and not tree.exists(lock):
        return False
    try:
        if is_template(tree.read(manifest).data):
            return False
    except (FileNotFoundError, SourceError):
        pass
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
    """The projects that have been looked at in a run."""

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
        """The roots that look after a WIT folder, nearest first: a member of a workspace may have one of its own."""
        return tuple(
            root for folder in upwards(wit) if (root := self.wkg_root(folder)) is not None and wit in root.wit_folders
        )

    def component(self, wit: str) -> "tuple[Manifest, Component] | None":
        """The manifest, and what it says, of the component whose WIT is in a WIT folder; None if it is of none.

        Only the nearest `Cargo.toml` above is asked. One that cannot be read counts as none.
        """
        for folder in upwards(wit):
            if self._tree.exists(os.path.join(folder, CARGO_MANIFEST)):
                found = self.component_in(folder)
                return found if found and wit == _wit_folder_of(*found) else None
        return None

    def component_in(self, folder: str) -> "tuple[Manifest, Component] | None":
        """The manifest in a folder, if it has a component's section, and that."""
        from dunnage.wit import cargo_component

        try:
            if b"component" not in self._tree.read(os.path.join(folder, CARGO_MANIFEST)).data:
                return None
            manifest = self.manifests.find(folder)
        except (FileNotFoundError, Refused, SourceError):
            return None
        component = cargo_component.read(manifest.data) if manifest else None
        return (manifest, component) if manifest and component else None

    @property
    def manifests(self) -> "Manifests":
        """The manifests of cargo that have been read."""
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
        if config is not None and config.members is not None:
            folders = _members(folder, config)
        else:
            inside = os.path.join(folder, WKG_WIT)
            folders = (inside,) if os.path.isdir(inside) else (folder,) if own_files(folder) else ()
        return WkgRoot(folder, manifest, config, refused, folders)


def _members(folder: str, config: "Config") -> tuple[str, ...]:
    """The WIT folders of a workspace: those it names, and those a pattern matches if WIT is directly in them."""
    from dunnage.cargo.member_patterns import expand

    found: dict[str, None] = {}
    for member in config.members or ():
        try:
            paths = expand(folder, member.pattern)
        except OverflowError:  # a pattern that leads through more folders than there can be members
            continue
        literal = os.path.normpath(os.path.join(folder, member.pattern))
        found.update(dict.fromkeys(path for path in paths if path == literal or own_files(path)))
    return tuple(found)


def _wit_folder_of(manifest: "Manifest", component: "Component") -> str | None:
    """The WIT folder of a component; where its WIT is one file, the folder of that; None if it has none."""
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


def upwards(folder: str) -> Iterator[str]:
    """Yield a folder and those above it, up to the topmost of its repository."""
    while True:
        yield folder
        above = os.path.dirname(folder)
        if above == folder or os.path.lexists(os.path.join(folder, ".git")):
            return
        folder = above


def _names(folder: str) -> list[str]:
    try:
        return sorted(os.listdir(folder))
    except (OSError, ValueError):  # a path that no file can have
        return []
