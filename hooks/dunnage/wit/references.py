"""What WIT refers to, and so what wkg fetches and locks.

wkg takes the packages that the WIT of a folder itself refers to, in the version that is written there; an override in
`wkg.toml` goes before it. What those packages refer to in turn is in them, and is not locked.
"""

import os
import re
from collections.abc import Container, Iterator
from typing import TYPE_CHECKING

from dunnage.files.source import File, SourceError, Tree
from dunnage.files.span import Span
from dunnage.wit import wit_deps
from dunnage.wit.lock_comparison import Wanted
from dunnage.wit.projects import WkgRoot, own_files, upwards

if TYPE_CHECKING:
    from dunnage.wit.syntax import PackageName

# More than any repository has below a lock; bounds against links and against folders of other people's files.
_MOST_FOLDERS = 20_000
# The largest file in which names are picked out one by one: real WIT is of some kilobytes.
_MOST_BYTES = 1024 * 1024
# NAMESPACE:NAME, as in WIT, perhaps with an item and a version.
_MENTION = (
    rb"(?<![a-z0-9-])(package[ \t]+)?%?([a-z][a-z0-9-]*):%?([a-z][a-z0-9-]*)"
    rb"(?:/%?[A-Za-z][A-Za-z0-9-]*)?(?:@([0-9][0-9A-Za-z.+-]*))?"
)
_WASH = ("wasmcloud.toml", *(os.path.join(".wash", f"config.{ending}") for ending in ("json", "toml", "yaml", "yml")))
_NOT_LOOKED_INTO = frozenset((".git", "node_modules", "target", ".venv"))


def references(root: WkgRoot, tree: Tree, locked: Container[tuple[str, str]]) -> list[Wanted]:
    """What wkg would ask a registry for, in a folder that it runs in; the place of what is `locked` is not given.

    `locked` are packages and requirements. WIT that is not well-formed is passed over, as are packages of the WIT
    folders themselves.
    """
    overrides = root.config.overrides if root.config else {}
    local = {name for name, override in overrides.items() if override.path is not None}
    versions = {name: override.version for name, override in overrides.items() if override.path is None}
    found: list[Wanted] = []
    for folder in root.wit_folders:
        found += [one for one in _read(folder, tree, local, locked) if versions.get(one.package) is None]
    for override in overrides.values():
        if override.path is not None and root.manifest:
            # The WIT may be outside of this repository, or be another's; the override is what makes it wanted here.
            path = os.path.normpath(os.path.join(root.folder, override.path))
            wanted = _read(path, tree, local, locked)
            found += [one._replace(file=root.manifest.file, keys=override.keys, span=None) for one in wanted]
    for name, version in versions.items():
        if version is not None and root.manifest:
            keys = (*overrides[name].keys, "version")
            found.append(Wanted(name, "", version, root.manifest.file, keys))
    elsewhere = _Wash(root.folder, tree)
    return [
        one
        for one in found
        if one.package not in local and ((one.package, one.requirement) in locked or one.package not in elsewhere)
    ]


class _Wash:
    """The packages that the settings of wash name, which calls wkg: it may take them from a folder."""

    def __init__(self, folder: str, tree: Tree) -> None:
        self._folder = folder
        self._tree = tree
        self._settings: list[bytes] | None = None

    def __contains__(self, package: str) -> bool:
        if self._settings is None:
            paths = (os.path.join(folder, name) for folder in upwards(self._folder) for name in _WASH)
            self._settings = [file.data for path in paths if (file := _file(path, self._tree)) is not None]
        return any(package.encode() in data for data in self._settings)


class Mentioned:
    """Tells whether any WIT below a folder names a package in a version; all of it is read when first asked."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._found: set[tuple[str, str]] | None = None
        self._is_known = True

    def __call__(self, package: str, requirement: str) -> bool:
        """Whether `package` is named with this requirement on its version, or that cannot be told: there is no WIT to
        ask, or too much of it.
        """
        if self._found is None:
            self._found = set()
            for data in self._wit():
                self._is_known = self._is_known and len(data) <= _MOST_BYTES
                self._found.update(_mentions(data[:_MOST_BYTES])[1])
        return not self._is_known or not self._found or (package, requirement) in self._found

    def _wit(self) -> Iterator[bytes]:
        for count, (folder, below, names) in enumerate(os.walk(self._folder)):
            below[:] = [name for name in below if name not in _NOT_LOOKED_INTO]
            if count > _MOST_FOLDERS:
                self._is_known = False
                return
            for name in names:
                if wit_deps.is_wit(name):
                    # Not through the run's own tree: comments in what is not checked are not about findings here.
                    file = _file(os.path.join(folder, name), Tree())
                    if file is not None:
                        yield file.data


def _read(path: str, tree: Tree, local: set[str], locked: Container[tuple[str, str]]) -> list[Wanted]:
    """What the WIT in a folder or file refers to; the packages that it declares are added to `local`."""
    found = []
    for file in _files(path, tree):
        if len(file.data) <= _MOST_BYTES:
            declared, mentioned = _mentions(file.data)
            if all(one in locked or one[0] in local or one[0] in declared for one in mentioned):
                # Whether it is in a comment or not, there will be nothing to say of it, and so no need to parse.
                local |= declared
                found += [Wanted(package, "", requirement, file, ()) for package, requirement in mentioned]
                continue
        found += _parsed(file, local)
    return found


def _parsed(file: File, local: set[str]) -> list[Wanted]:
    from dunnage.wit import syntax

    try:
        read = syntax.parse(file)
    except SourceError:
        return []
    packages = (read.package, *(nested.name for nested in read.nested))
    local.update(_name(package) for package in packages if package is not None)
    return [_wanted(reference.package, file, reference.span) for reference in read.references]


def _files(path: str, tree: Tree) -> Iterator[File]:
    """The WIT files of a folder, or the one at `path` itself."""
    for name in own_files(path) or (path,):
        file = _file(name, tree)
        if file is not None:
            yield file


def _file(path: str, tree: Tree) -> File | None:
    try:
        return tree.read(path)
    except (FileNotFoundError, SourceError):
        return None


def _wanted(package: "PackageName", file: File, span: Span) -> Wanted:
    requirement = f"={package.version}" if package.version is not None else "*"
    return Wanted(_name(package), "", requirement, file, (), span)


def _name(package: "PackageName") -> str:
    return f"{package.namespace}:{package.name}"


def _mentions(data: bytes) -> tuple[set[str], set[tuple[str, str]]]:
    """All that looks like NAMESPACE:NAME in WIT, in comments as well: the packages that are declared, and the others
    with the requirement that wkg makes of what follows.
    """
    declared, mentioned = set(), set()
    for match in re.finditer(_MENTION, data):
        name = f"{match[2].decode()}:{match[3].decode()}"
        if match[1]:
            declared.add(name)
        version = (match[4] or b"").decode().rstrip(".")
        mentioned.add((name, f"={version}" if version else "*"))
    return declared, mentioned
