"""Cargo workspaces: which manifests belong together, and which packages a lock must know.

Follows the Cargo book, "Workspaces", and what `cargo` itself does where the book is silent: path dependencies inside
the root become members, `exclude` gives way to members that are listed by name, a nested `[workspace]` starts its
own. All folders are absolute and normalised by text alone, as Cargo does it (`a/../b` is `b` even if `a` is a link).
"""

import os
from collections.abc import Callable, Iterable, Iterator
from fnmatch import translate
from functools import partial
from itertools import islice
from re import compile as compile_pattern
from typing import Any, NamedTuple, NoReturn, TypeVar

from dunnage.cargo import manifest
from dunnage.cargo.config import read_config
from dunnage.cargo.manifest import Dependency, Inherited, ManifestError, Package, WorkspaceTable
from dunnage.files import document
from dunnage.files.document import Keys, Refused
from dunnage.files.source import File, Tree, display

T = TypeVar("T")
MANIFEST = "Cargo.toml"
LOCK = "Cargo.lock"
# More than any workspace has: bounds against links that multiply folders, and against a report nobody could read.
_MOST_FOLDERS = 100_000
_MOST_PACKAGES = 30_000
_MOST_REFUSED = 100


class Manifest(NamedTuple):
    """One parsed `Cargo.toml`."""

    file: File
    folder: str
    data: dict[str, Any]
    workspace: WorkspaceTable | None
    pointer: str | None
    """The folder that `package.workspace` leads to."""
    listed: frozenset[str]
    """The paths that `workspace.members` names, patterns as they are."""
    excluded: frozenset[str]
    """The paths that `workspace.exclude` names."""


class Local(NamedTuple):
    """A package in a folder."""

    manifest: Manifest
    package: Package
    version_at: tuple[File, Keys]
    """Where its version is written: in its own manifest, or in that of the root it inherits from."""


class Patch(NamedTuple):
    """An entry of `[patch]`: the canonical URL of the source patched, what is put there, and the file that says so."""

    url: str
    dependency: Dependency
    file: File


class Workspace(NamedTuple):
    """A workspace, or a package by itself, ready to be compared with its lock."""

    root: Manifest
    lock: str
    """The path of its Cargo.lock."""
    members: dict[str, Local]
    """By folder, in Cargo's order."""
    local: dict[str, Local]
    """Every package in a folder, by folder: members, and what they, `[patch]` and `[replace]` can reach by path."""
    unreadable: dict[str, Refused]
    """Folders that only packages outside the workspace lead to, and why they cannot be read: perhaps nobody needs
    them.
    """
    patches: tuple[Patch, ...]
    replacements: tuple[tuple[str, str, Dependency], ...]
    """The name and the version replaced, and what is put there."""


class Manifests:
    """The manifests read so far in a run, and the workspace roots they lead to."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self._read: dict[str, Manifest | None] = {}
        self._roots: dict[str, Manifest] = {}

    def find(self, folder: str) -> Manifest | None:
        """Read the manifest in `folder`; None if there is none. Raises Refused if it cannot be read."""
        if folder not in self._read:
            try:
                file, data = document.read(self.tree, os.path.join(folder, MANIFEST))
            except FileNotFoundError:
                self._read[folder] = None
            else:
                self._read[folder] = _manifest(file, folder, data)
        return self._read[folder]

    def root_of(self, found: Manifest) -> Manifest:
        """Find the root of the workspace this manifest belongs to: itself, where it belongs to no other.

        Raises Refused if a manifest on the way cannot be read, or `package.workspace` leads nowhere.
        """
        if found.folder not in self._roots:
            self._roots[found.folder] = self._find_root(found)
        return self._roots[found.folder]

    def _find_root(self, found: Manifest) -> Manifest:
        if found.workspace is not None:
            return found
        if found.pointer is not None:
            return self._pointed(found, found.pointer)
        for folder in _above(found.folder):
            candidate = self.find(folder)
            if candidate is None:
                continue
            if candidate.workspace is not None and not is_excluded(candidate, found.folder):
                return candidate
            if candidate.pointer is not None:
                return self._pointed(candidate, candidate.pointer)
        return found

    def _pointed(self, found: Manifest, pointer: str) -> Manifest:
        root = self.find(pointer)
        if root is None or root.workspace is None:
            raise Refused(
                found.file,
                "`package.workspace` leads to a folder whose Cargo.toml has no `[workspace]`",
                ("package", "workspace"),
                "give the path from here to the folder of the workspace root",
            )
        return root


def is_excluded(root: Manifest, folder: str) -> bool:
    """Whether the root's `exclude` covers `folder`, and no entry of `members` names it or a folder above it."""
    return _is_within_any(folder, root.excluded) and not _is_within_any(folder, root.listed)


def load(manifests: Manifests, root: Manifest) -> tuple[Workspace | None, list[Refused]]:
    """Load the workspace of a root manifest; None, and every reason, if Cargo would refuse to."""
    loader = _Loader(manifests, root)
    try:
        workspace = loader.load()
    except Refused as error:
        return None, [*loader.refused, error]
    return (None, loader.refused) if loader.refused else (workspace, [])


class _Loader:
    """The loading of one workspace: what is known so far, and what was refused."""

    def __init__(self, manifests: Manifests, root: Manifest) -> None:
        self.manifests = manifests
        self.root = root
        self.refused: list[Refused] = []
        self._inherited: dict[str, Inherited] = {}

    def load(self) -> Workspace:
        root = self.root
        self._config = read_config(self.manifests.tree, root.folder)
        members = self._find_members()
        if not members and not self.refused:
            message = "this workspace has no members, so Cargo can do nothing with it"
            raise Refused(root.file, message, ("workspace",), "list the folders of its packages in `members`")
        if root.workspace is not None:
            self._check_default_members(root.workspace, members)
        patches = tuple(self._patches())
        read = partial(manifest.read_replacements, root.data, root.folder, self._config.registries)
        replacements = tuple(_refusing(root.file, lambda: list(read())))
        wanted = [patch.dependency for patch in patches] + [dependency for _, _, dependency in replacements]
        local, unreadable = self._find_others(members, wanted)
        return Workspace(
            root,
            self._config.lock or os.path.join(root.folder, LOCK),
            members,
            local,
            unreadable,
            patches,
            replacements,
        )

    def _find_members(self) -> dict[str, Local]:
        """Find the members: the root, those it lists, and what they depend on by path inside the root."""
        root = self.root
        members: dict[str, Local] = {}
        pending = [root.folder]
        for index, pattern in enumerate(root.workspace.members or () if root.workspace else ()):
            pending += self._listed(pattern, ("workspace", "members", index))
        named: dict[str, Local] = {}
        seen: set[str] = set()
        while pending:
            folder = pending.pop()
            if folder in seen or (root.workspace is not None and is_excluded(root, folder)):
                continue
            seen.add(folder)
            if len(seen) > _MOST_PACKAGES:
                self._give_up(f"the workspace has more than {_MOST_PACKAGES:,} members")
            if len(self.refused) > _MOST_REFUSED:
                self._give_up(
                    f"more than {_MOST_REFUSED} things are wrong with the members; the others are not looked at"
                )
            try:
                found = self.manifests.find(folder)
                if found is None:
                    continue
                self._check_root(found)
                if manifest.package_table(found.data) is None:
                    continue
                member = self._package(found)
                self._check_name(member, named)
            except Refused as error:
                self.refused.append(error)
                continue
            members[folder] = member
            if root.workspace is not None:
                pending += filter(self._joins, _paths(member.package))
        return members

    def _give_up(self, message: str) -> NoReturn:
        key = "package" if self.root.workspace is None else "workspace"
        raise Refused(
            self.root.file, message, (key,), "look for links that multiply folders, and for a pattern too wide"
        )

    def _listed(self, pattern: str, keys: Keys) -> list[str]:
        """Expand an entry of `members`; each folder that it names must hold a manifest."""
        if _is_malformed(pattern):
            message = f"`{pattern}` is not a pattern: `**` must be a whole part of a path, and `[` must be closed"
            self.refused.append(Refused(self.root.file, message, keys, "correct the pattern"))
            return []
        found = []
        bare = []
        for folder in self._expand(pattern, keys):
            if is_excluded(self.root, folder) or self.manifests.tree.exists(os.path.join(folder, MANIFEST)):
                found.append(folder)
            else:
                bare.append(folder)
        if bare:
            lacking = display(os.path.join(bare[0], MANIFEST))
            more = f" (and {len(bare) - 1:,} more)" if len(bare) > 1 else ""
            self.refused.append(
                Refused(
                    self.root.file,
                    f"the workspace lists `{pattern}`, but there is no {lacking}{more}",
                    keys,
                    "remove the entry or the folder, list the folder in `workspace.exclude`, or restore its Cargo.toml",
                )
            )
        return found

    def _joins(self, folder: str) -> bool:
        """Whether a member's path dependency becomes a member by itself."""
        if _is_within(folder, self.root.folder):
            return True
        found = self.manifests.find(folder)
        return found is not None and self.manifests.root_of(found) is self.root

    def _check_root(self, found: Manifest) -> None:
        """Raise Refused if a member says that it belongs to another workspace, or is one itself."""
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
                f"this package is a member of the workspace at {root.file.path}, but belongs to "
                + (f"the one at {actual.file.path}" if actual is not found else "none, standing outside of its folder"),
                ("package", "workspace"),
                "set `package.workspace` to the path of the workspace root's folder",
            )

    def _check_name(self, member: Local, named: dict[str, Local]) -> None:
        """Raise Refused if another member has the same name."""
        other = named.setdefault(member.package.name, member)
        if other is not member:
            first, second = sorted((other.manifest, member.manifest), key=lambda found: found.file.path)
            raise Refused(
                second.file,
                f"two members of the workspace are named `{member.package.name}`: "
                f"{first.file.path} and {second.file.path}",
                ("package", "name"),
                "rename one of them",
            )

    def _check_default_members(self, table: WorkspaceTable, members: dict[str, Local]) -> None:
        if not table.default_members or self.refused:
            return
        listed = {folder for pattern in table.members or () for folder in self._expand(pattern, ("workspace",))}
        for index, pattern in enumerate(table.default_members):
            keys: Keys = ("workspace", "default-members", index)
            for folder in self._expand(pattern, keys):
                excluded = folder in listed and is_excluded(self.root, folder)
                if folder not in members and folder != self.root.folder and not excluded:
                    message = f"`{pattern}` is in `default-members` but is not a member"
                    self.refused.append(
                        Refused(self.root.file, message, keys, "add it to `members`, or remove it here")
                    )
                    break

    def _expand(self, pattern: str, keys: Keys) -> list[str]:
        try:
            return expand(self.root.folder, pattern)
        except OverflowError:
            message = f"`{pattern}` makes Cargo look through more than {_MOST_FOLDERS:,} folders"
            raise Refused(self.root.file, message, keys, "name fewer folders") from None

    def _patches(self) -> Iterator[Patch]:
        """Read `[patch]` of the root and of Cargo's configuration, which wins for a name that both patch."""
        taken = set()
        for url, dependency, file in self._config.patches:
            taken.add((url, dependency.name))
            yield Patch(url, dependency, file)
        root = self.root
        read = partial(manifest.read_patches, root.data, root.folder, self._config.registries)
        for url, dependency in _refusing(root.file, lambda: list(read())):
            if (url, dependency.name) not in taken:
                yield Patch(url, dependency, root.file)

    def _find_others(
        self, members: dict[str, Local], wanted: list[Dependency]
    ) -> tuple[dict[str, Local], dict[str, Refused]]:
        """Find the packages that are no members but can be reached by path, whether anybody needs them or not."""
        local = dict(members)
        unreadable: dict[str, Refused] = {}
        pending = [path for member in members.values() for path in _paths(member.package)]
        pending += [dependency.source.url for dependency in wanted if dependency.source.kind == "path"]
        while pending:
            folder = pending.pop()
            if folder in local or folder in unreadable:
                continue
            if len(local) >= _MOST_PACKAGES:
                self._give_up(f"path dependencies lead to more than {_MOST_PACKAGES:,} folders")
            try:
                found = self.manifests.find(folder)
                if found is not None:
                    local[folder] = self._package(found)
                    pending += _paths(local[folder].package)
            except Refused as error:
                unreadable[folder] = error
        return local, unreadable

    def _package(self, found: Manifest) -> Local:
        """Read the package of a manifest. Raises Refused."""

        def inherit(keys: Keys) -> Inherited:
            root = self.manifests.root_of(found)
            if root.folder in self._inherited:
                return self._inherited[root.folder]
            if root.workspace is None:
                raise ManifestError(
                    f"`{keys[-1]}` is inherited, but this package is in no workspace",
                    keys,
                    "write the value here, or make the package a member of a workspace",
                )
            self._inherited[root.folder] = manifest.inherited(root.file, root.folder, root.data)
            return self._inherited[root.folder]

        read = partial(manifest.read_package, found.data, found.folder, inherit, self._config.registries)
        package = _refusing(found.file, read)
        key, table = manifest.package_table(found.data) or ("package", {})
        if isinstance(table.get("version"), dict):
            return Local(found, package, (self.manifests.root_of(found).file, ("workspace", "package", "version")))
        return Local(found, package, (found.file, (key, "version")))


def expand(folder: str, pattern: str) -> list[str]:
    """Expand an entry of `members` to the folders it matches; if nothing matches, to itself.

    `*`, `?` and `[…]` match within a name, hidden names included; `**` matches folders at any depth, and follows no
    links.

    Raises OverflowError if more folders would have to be looked at than any workspace has.
    """
    if not _is_magic(pattern):
        return [_join(folder, pattern)]
    found = [os.path.join(os.path.splitdrive(pattern)[0], os.sep) if os.path.isabs(pattern) else folder]
    for part in pattern.replace(os.sep, "/").split("/"):
        if part == "**":
            found = _bounded(below for above in found for below in _walk(above))
        elif _is_magic(part):
            matches = compile_pattern(translate(part)).match
            found = _bounded(os.path.join(above, name) for above in found for name in _names(above) if matches(name))
        elif part:
            found = [path for above in found if os.path.exists(path := os.path.join(above, part))]
    if not found:
        return [_join(folder, pattern)]
    return sorted(os.path.normpath(path) for path in found if os.path.isdir(path))


def _bounded(paths: Iterable[str]) -> list[str]:
    found = dict.fromkeys(islice(paths, _MOST_FOLDERS + 1))
    if len(found) > _MOST_FOLDERS:
        raise OverflowError
    return list(found)


def _is_magic(pattern: str) -> bool:
    return any(character in pattern for character in "*?[")


def _is_malformed(pattern: str) -> bool:
    parts = pattern.split("/")
    return any("**" in part and part != "**" for part in parts) or any(
        "[" in part and "]" not in part[part.index("[") + 2 :] for part in parts
    )


def _names(folder: str) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:
        return []


def _walk(folder: str) -> Iterator[str]:
    """Yield `folder` and every folder below it."""
    pending = [folder]
    while pending:
        above = pending.pop()
        yield above
        try:
            with os.scandir(above) as entries:
                pending += [entry.path for entry in entries if entry.is_dir(follow_symlinks=False)]
        except OSError:
            continue


def _manifest(file: File, folder: str, data: dict[str, Any]) -> Manifest:
    if _refusing(file, partial(manifest.package_table, data)) is None:
        _refusing(file, partial(manifest.check_virtual, data))
    pointer = _refusing(file, partial(manifest.workspace_pointer, data))
    table = _refusing(file, partial(manifest.workspace_table, data))
    listed, excluded = (table.members or (), table.exclude) if table else ((), ())
    return Manifest(
        file,
        folder,
        data,
        table,
        None if pointer is None else _join(folder, pointer),
        frozenset(_join(folder, path) for path in listed),
        frozenset(_join(folder, path) for path in excluded),
    )


def _refusing(file: File, read: Callable[[], T]) -> T:
    """Call `read`, and name the file in what it refuses."""
    try:
        return read()
    except ManifestError as error:
        raise Refused(file, error.message, error.keys, error.help) from None


def _paths(package: Package) -> list[str]:
    return [dependency.source.url for dependency in package.dependencies if dependency.source.kind == "path"]


def _join(folder: str, path: str) -> str:
    return os.path.normpath(os.path.join(folder, path))


def _is_within(folder: str, above: str) -> bool:
    return folder == above or folder.startswith(os.path.join(above, ""))


def _is_within_any(folder: str, paths: frozenset[str]) -> bool:
    while paths and folder not in paths:
        above = os.path.dirname(folder)
        if above == folder:
            return False
        folder = above
    return bool(paths)


def _above(folder: str) -> Iterator[str]:
    """Yield the folders above `folder` in which a workspace root is looked for, nearest first."""
    while (above := os.path.dirname(folder)) != folder:
        folder = above
        if folder.endswith(os.path.join("target", "package")):
            return
        yield folder
