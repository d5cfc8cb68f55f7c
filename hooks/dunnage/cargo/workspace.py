"""Workspaces: their members, and the other packages that their lock must contain.

Follows the Cargo book, "Workspaces", and Cargo itself where the book says nothing: path dependencies below the root
become members, `members` takes precedence over `exclude` for what it lists by name, and a nested `[workspace]` starts
a workspace of its own.

Of Cargo's configuration, only what affects locks is read; `[source]` replacement and `paths` do not. Neither
`$CARGO_HOME` nor the environment is read, because a repository cannot contain them.
"""

import os
from collections.abc import Callable, Collection, Sequence
from typing import NamedTuple, NoReturn

from dunnage.cargo import manifest
from dunnage.cargo.config_files import config_files
from dunnage.cargo.dependency import Dependency, Inherited, ManifestError
from dunnage.cargo.manifest import Package, WorkspaceTable
from dunnage.cargo.manifests import (
    MANIFEST,
    LocalPackage,
    Manifest,
    Manifests,
    PatternFolders,
    UnexpandedPattern,
    is_malformed,
    with_file,
)
from dunnage.files.document import Keys, Refused
from dunnage.files.source import File, Tree, display

LOCK = "Cargo.lock"
# Far more than any workspace has, and than anybody would read in a report.
_MAX_PACKAGES = 30_000
_MAX_DEPENDENCIES = 200_000
_MAX_LOADED = 1_000_000
_COST_OF_PACKAGE = 20
"""How many dependencies are read and compared in the time that a package itself takes."""
_MAX_REFUSED = 100
IF_SUBMODULE = "if the folder is a git submodule, run `git submodule update --init`"
_TOO_MANY_FOLDERS = "look for symbolic links that multiply folders, and for a pattern that is too broad"


class Patch(NamedTuple):
    """An entry of `[patch]`."""

    url: str
    """The location of the patched source, as `SourceId.location`."""
    dependency: Dependency
    """The replacement."""
    file: File
    """The manifest or configuration file that holds the entry."""


class Workspace(NamedTuple):
    """A workspace, or a package by itself, with all that its lock is compared with."""

    root: Manifest
    lock: str
    """The path of its Cargo.lock."""
    members: dict[str, LocalPackage]
    """By folder, in Cargo's order."""
    local: dict[str, LocalPackage]
    """By folder, the members and every package that these, `[patch]` and `[replace]` can reach by path."""
    unreadable: dict[str, Refused]
    """By folder, why a path dependency that is no member cannot be read. The resolution may not need it."""
    patches: Sequence[Patch]
    replacements: Sequence[tuple[str, str, Dependency]]
    """The entries of `[replace]`: the name and version of a package, and its replacement."""


class CargoConfig(NamedTuple):
    """The configuration in force in a folder."""

    registries: dict[str, str]
    """Index URLs by registry name."""
    patches: tuple[Patch, ...]
    lock: str | None
    """The path of the lock if `resolver.lockfile-path` sets it."""


def read_config(tree: Tree, folder: str) -> CargoConfig:
    """Read the configuration in force in `folder`; a nearer file takes precedence.

    Raises Refused if a file cannot be read or its `[patch]` is malformed.
    """
    files = list(config_files(tree, folder))
    registries: dict[str, str] = {}
    lock = None
    for above, (_, data) in reversed(files):
        named = data.get("registries", {})
        for name, registry in named.items() if isinstance(named, dict) else ():
            if isinstance(registry, dict) and isinstance(registry.get("index"), str):
                registries[name] = registry["index"]
        resolver = data.get("resolver", {})
        if isinstance(resolver, dict) and isinstance(resolver.get("lockfile-path"), str):
            lock = os.path.normpath(os.path.join(above, resolver["lockfile-path"]))
    patches: dict[tuple[str, str], Patch] = {}
    for above, (file, data) in files:
        for url, dependency in with_file(file, manifest.read_patches, data, above, registries):
            patches.setdefault((url, dependency.name), Patch(url, dependency, file))
    return CargoConfig(registries, tuple(patches.values()), lock)


def load(
    manifests: Manifests, root: Manifest, left_out: Collection[str] = ()
) -> tuple[Workspace | None, list[Refused]]:
    """Load the workspace of a root manifest. If Cargo would reject it, return None and every reason.

    `left_out` are folders that are taken for missing where a pattern in `members` matches them.
    """
    loader = _Loader(manifests, root, left_out)
    try:
        workspace = loader.load()
    except Refused as error:
        return None, [*loader.refused, error]
    return (None, loader.refused) if loader.refused else (workspace, [])


class _Loader:
    """Loads one workspace and collects the reasons for which Cargo would reject it."""

    def __init__(self, manifests: Manifests, root: Manifest, left_out: Collection[str]) -> None:
        self.manifests = manifests
        self.root = root
        self.left_out = left_out
        self.refused: list[Refused] = []
        self._folders = PatternFolders(root.folder)
        self._inherited: dict[str, Inherited] = {}
        self._dependencies = 0
        """How many entries the dependency tables of all packages have."""
        self._registries: frozenset[tuple[str, str]] = frozenset()

    def load(self) -> Workspace:
        root = self.root
        self._spend(len(root.file.path))  # what is looked for above a folder takes long for a deep one
        self._config = read_config(self.manifests.tree, root.folder)
        self._registries = frozenset(self._config.registries.items())
        self._spend(len(self._registries) + len(self._config.patches))
        members = self._find_members()
        if not members and not self.refused:
            message = "this workspace has no members, so Cargo can do nothing with it"
            raise Refused(root.file, message, ("workspace",), "list the folders of its packages in `members`")
        if root.workspace is not None:
            self._check_default_members(root.workspace, members)
        patches = self._patches()
        replacements = with_file(root.file, manifest.read_replacements, root.data, root.folder, self._config.registries)
        substitutes = [patch.dependency for patch in patches] + [dependency for _, _, dependency in replacements]
        local, unreadable = self._find_others(members, substitutes)
        lock = self._config.lock or os.path.join(root.folder, LOCK)
        return Workspace(root, lock, members, local, unreadable, patches, replacements)

    def _find_members(self) -> dict[str, LocalPackage]:
        """Find the members: the root package, those that it lists, and their path dependencies below the root."""
        root = self.root
        members: dict[str, LocalPackage] = {}
        pending = [root.folder]
        for index, pattern in enumerate(root.members):
            pending += self._listed_folders(pattern, ("workspace", "members", index))
        by_name: dict[str, LocalPackage] = {}
        seen: set[str] = set()
        while pending:
            folder = pending.pop()
            if folder in seen or folder in self.left_out or (root.workspace is not None and root.excludes(folder)):
                continue
            seen.add(folder)
            if len(seen) > _MAX_PACKAGES:
                self._give_up(f"the workspace has more than {_MAX_PACKAGES:,} members")
            if len(self.refused) > _MAX_REFUSED:
                self._give_up(f"more than {_MAX_REFUSED} members have problems; the others are not checked")
            try:
                found = self.manifests.find(folder)
                if found is None:
                    continue
                self._check_root(found)
                if manifest.package_table(found.data) is None:
                    continue
                member = self._package(found)
                self._check_name(member, by_name)
            except Refused as error:
                self.refused.append(error)
                continue
            self._count(member.package)
            members[folder] = member
            if root.workspace is not None:
                pending += filter(self._is_implicit_member, path_dependencies(member.package))
        return members

    def _count(self, package: Package) -> None:
        self._dependencies += len(package.dependencies)
        if self._dependencies > _MAX_DEPENDENCIES:
            message = f"the packages of this workspace have more than {_MAX_DEPENDENCIES:,} dependencies"
            self._give_up(message, "move some of them to workspaces of their own")
        self._spend(_COST_OF_PACKAGE + len(package.dependencies))

    def _spend(self, read: int) -> None:
        """Count what all workspaces together lead to. Raises Refused if that is too much."""
        self.manifests.loaded += read
        if self.manifests.loaded > _MAX_LOADED:
            message = "this workspace and those that are checked before it lead to too many packages by path"
            self._give_up(message, "let these packages be members of one workspace")

    def _give_up(self, message: str, help: str = _TOO_MANY_FOLDERS) -> NoReturn:
        key = "package" if self.root.workspace is None else "workspace"
        raise Refused(self.root.file, message, (key,), help)

    def _listed_folders(self, pattern: str, keys: Keys) -> list[str]:
        """Expand an entry of `members`. Each folder must contain a manifest."""
        if is_malformed(pattern):
            message = (
                f"`{pattern}` is not a pattern: `**` must be a whole component of the path, and `[` must be closed"
            )
            self.refused.append(Refused(self.root.file, message, keys, "correct the pattern"))
            return []
        found = []
        without_manifest = []
        for folder in self._expand(pattern, keys):
            if self.root.excludes(folder) or self.manifests.tree.exists(os.path.join(folder, MANIFEST)):
                found.append(folder)
            else:
                without_manifest.append(folder)
        if without_manifest:
            missing = display(os.path.join(without_manifest[0], MANIFEST))
            more = f" (and {len(without_manifest) - 1:,} more)" if len(without_manifest) > 1 else ""
            message = f"the workspace lists `{pattern}`, but there is no {missing}{more}"
            help = "remove the entry or the folder, list the folder in `workspace.exclude`, or restore its Cargo.toml"
            help += f";\n{IF_SUBMODULE}"
            self.refused.append(Refused(self.root.file, message, keys, help))
        return found

    def _is_implicit_member(self, folder: str) -> bool:
        """Whether a path dependency of a member becomes a member without being listed."""
        if os.path.join(folder, "").startswith(os.path.join(self.root.folder, "")):
            return True
        found = self.manifests.find(folder)
        return found is not None and self.manifests.root_of(found) is self.root

    def _check_root(self, found: Manifest) -> None:
        """Raise Refused if a member belongs to another workspace, or is a workspace root itself."""
        root = self.root
        if found is root:
            return
        if found.workspace is not None:
            raise Refused(
                found.file,
                f"this package is a member of the workspace at {root.file.path}, yet has a `[workspace]` of its own",
                ("workspace",),
                f"remove `[workspace]` here, or add this folder to `workspace.exclude` in {root.file.path}",
            )
        actual = self.manifests.root_of(found)
        if actual is not root:
            raise Refused(
                found.file,
                f"this package is a member of the workspace at {root.file.path}, but "
                + (f"belongs to the one at {actual.file.path}" if actual is not found else "is outside of its folder"),
                ("package", "workspace"),
                "set `package.workspace` to the path of the workspace root's folder",
            )

    def _check_name(self, member: LocalPackage, by_name: dict[str, LocalPackage]) -> None:
        """Raise Refused if another member has the same name."""
        other = by_name.setdefault(member.package.name, member)
        if other is not member:
            first, second = sorted((other.manifest, member.manifest), key=lambda found: found.file.path)
            raise Refused(
                second.file,
                f"two members of the workspace are named `{member.package.name}`: "
                f"{first.file.path} and {second.file.path}",
                ("package", "name"),
                "rename one of them",
            )

    def _check_default_members(self, table: WorkspaceTable, members: dict[str, LocalPackage]) -> None:
        if not table.default_members or self.refused:
            return
        listed = {folder for pattern in table.members for folder in self._expand(pattern, ("workspace",))}
        known = {*members, *self.left_out, self.root.folder}
        for index, pattern in enumerate(table.default_members):
            keys: Keys = ("workspace", "default-members", index)
            for folder in self._expand(pattern, keys):
                excluded = folder in listed and self.root.excludes(folder)
                if folder not in known and not excluded:
                    message = f"`{pattern}` is in `default-members` but is not a member"
                    self.refused.append(
                        Refused(self.root.file, message, keys, "add it to `members`, or remove it here")
                    )
                    break

    def _expand(self, pattern: str, keys: Keys) -> list[str]:
        try:
            return self._folders.expand(pattern)
        except UnexpandedPattern as error:
            raise Refused(self.root.file, f"`{pattern}` {error}", keys, error.help) from None

    def _patches(self) -> list[Patch]:
        """Read `[patch]` of the root and of Cargo's configuration, which takes precedence for the same name."""
        root, configured = self.root, self._config.patches
        names = {(patch.url, patch.dependency.name) for patch in configured}
        own = with_file(root.file, manifest.read_patches, root.data, root.folder, self._config.registries)
        return [
            *configured,
            *(Patch(url, dependency, root.file) for url, dependency in own if (url, dependency.name) not in names),
        ]

    def _find_others(
        self, members: dict[str, LocalPackage], substitutes: list[Dependency]
    ) -> tuple[dict[str, LocalPackage], dict[str, Refused]]:
        """Find the packages that are no members but that a path dependency, a patch or a replacement leads to."""
        local = dict(members)
        unreadable: dict[str, Refused] = {}
        pending = [path for member in members.values() for path in path_dependencies(member.package)]
        pending += [dependency.source.url for dependency in substitutes if dependency.source.kind == "path"]
        while pending:
            folder = pending.pop()
            if folder in local or folder in unreadable:
                continue
            if len(local) >= _MAX_PACKAGES:
                self._give_up(f"path dependencies lead to more than {_MAX_PACKAGES:,} folders")
            try:
                found = self.manifests.find(folder)
                if found is None:
                    continue
                other = self._package(found)
            except Refused as error:
                unreadable[folder] = error.with_traceback(None)
                continue
            self._count(other.package)
            local[folder] = other
            pending += path_dependencies(other.package)
        return local, unreadable

    def _package(self, found: Manifest) -> LocalPackage:
        """Read the package of a manifest. Raises Refused."""

        def inherit(keys: Keys) -> Inherited:
            root = self.manifests.root_of(found)
            if root.folder in self._inherited:
                return self._inherited[root.folder]
            if root.workspace is None:
                raise ManifestError(
                    f"`{keys[-1]}` is inherited, but this package is not in a workspace",
                    keys,
                    "write the value here, or make the package a member of a workspace",
                )
            self._inherited[root.folder] = manifest.inherited(root.file, root.folder, root.data)
            return self._inherited[root.folder]

        packages = self.manifests.packages
        identity = found.folder, self._registries
        if identity not in packages:
            packages[identity] = self._read_package(found, inherit)
        package = packages[identity]
        if isinstance(package, Refused):
            raise package.with_traceback(None)
        return package

    def _read_package(self, found: Manifest, inherit: Callable[[Keys], Inherited]) -> LocalPackage | Refused:
        try:
            registries = self._config.registries
            package = with_file(found.file, manifest.read_package, found.data, found.folder, inherit, registries)
            key, table = manifest.package_table(found.data) or ("package", {})
            version_at: tuple[File, Keys] = found.file, (key, "version")
            if isinstance(table.get("version"), dict):
                version_at = self.manifests.root_of(found).file, ("workspace", "package", "version")
            return LocalPackage(found, package, version_at)
        except Refused as refused:
            return refused


def path_dependencies(package: Package) -> list[str]:
    """Return the folders of the path dependencies of a package."""
    return [dependency.source.url for dependency in package.dependencies if dependency.source.kind == "path"]
