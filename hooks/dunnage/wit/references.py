"""The packages to which WIT refers, which wkg fetches and locks.

wkg takes the packages to which the WIT of a folder itself refers, in the version that is written there. An override in
`wkg.toml` takes precedence. The dependencies of those packages are embedded in them, and are not locked.
"""

import os
import re
from collections.abc import Container

from dunnage.files.source import File, SourceError, Tree
from dunnage.files.walk import MAX_FOLDERS, folders, upwards
from dunnage.wit import wit_deps
from dunnage.wit.projects import WkgRoot, own_files
from dunnage.wit.values import WitRequirement

_MAX_BYTES = 1024 * 1024
"""The largest file that is searched for package names. Real WIT files have some kilobytes."""
# NAMESPACE:NAME in WIT, perhaps with an item and a version.
_MENTION = (
    rb"(?<![a-z0-9-])(package[ \t]+)?%?([a-z][a-z0-9-]*):%?([a-z][a-z0-9-]*)"
    rb"(?:/%?[A-Za-z][A-Za-z0-9-]*)?(?:@([0-9][0-9A-Za-z.+-]*))?"
)
_WASH = ("wasmcloud.toml", *(os.path.join(".wash", f"config.{ending}") for ending in ("json", "toml", "yaml", "yml")))


def references(root: WkgRoot, tree: Tree, locked: Container[tuple[str, str]]) -> list[WitRequirement]:
    """What wkg requests from a registry in a folder in which it runs.

    `locked` holds packages and requirements; a requirement among them has no position. WIT that cannot be parsed is
    skipped, and so are packages that the WIT folders define.
    """
    overrides = root.config.overrides if root.config else {}
    local = {name for name, override in overrides.items() if override.path is not None}
    versions = {name: override.version for name, override in overrides.items() if override.path is None}
    found: list[WitRequirement] = []
    for folder in root.wit_folders:
        found += [entry for entry in _read(folder, tree, local, locked) if versions.get(entry.package) is None]
    for override in overrides.values():
        if override.path is not None and root.manifest:
            # The WIT may be outside of the repository or belong to another project. The override makes it a dependency.
            path = os.path.normpath(os.path.join(root.folder, override.path))
            entries = _read(path, tree, local, locked)
            found += [entry._replace(file=root.manifest.file, keys=override.keys, span=None) for entry in entries]
    for name, version in versions.items():
        if version is not None and root.manifest:
            keys = (*overrides[name].keys, "version")
            found.append(WitRequirement(name, "", version, root.manifest.file, keys))
    found = [entry for entry in found if entry.package not in local]
    if all((entry.package, entry.text) in locked for entry in found):
        return found
    # wash runs wkg, and may take the packages that its settings name from a folder.
    paths = (os.path.join(folder, name) for folder in upwards(root.folder) for name in _WASH)
    settings = [tree.content(path) or b"" for path in paths]
    return [
        entry
        for entry in found
        if (entry.package, entry.text) in locked or not any(entry.package.encode() in data for data in settings)
    ]


def mentioned(folder: str) -> set[tuple[str, str]] | None:
    """Return all packages that WIT below a folder names, with the requirement on their version.

    None if there is no WIT, or if there is more WIT than this function reads.
    """
    found: set[tuple[str, str]] = set()
    for count, (below, names) in enumerate(folders(folder, MAX_FOLDERS + 1)):
        if count == MAX_FOLDERS:
            return None
        for name in filter(wit_deps.is_wit, names):
            # Not through the run's own tree, which would report unused ignore comments of unchecked files.
            data = Tree().content(os.path.join(below, name)) or b""
            if len(data) > _MAX_BYTES:
                return None
            found |= _mentions(data)[1]
    return found or None


def _read(path: str, tree: Tree, local: set[str], locked: Container[tuple[str, str]]) -> list[WitRequirement]:
    """The references of the WIT in a folder or file. The packages that it defines are added to `local`."""
    found = []
    for file in filter(None, map(tree.find, own_files(path) or (path,))):
        if len(file.data) <= _MAX_BYTES:
            defined, mentioned = _mentions(file.data)
            if all(entry in locked or entry[0] in local or entry[0] in defined for entry in mentioned):
                # Even if it is only mentioned in a comment, it causes no finding, so the file need not be parsed.
                local |= defined
                found += [WitRequirement(package, "", text, file, ()) for package, text in mentioned]
                continue
        found += _parsed(file, local)
    return found


def _parsed(file: File, local: set[str]) -> list[WitRequirement]:
    from dunnage.wit import syntax

    try:
        document = syntax.parse(file)
    except SourceError:
        return []
    local.update(name.unversioned for name in document.defined)
    found = []
    for package, _, span in document.references:
        requirement = "*" if package.version is None else f"={package.version}"
        found.append(WitRequirement(package.unversioned, "", requirement, file, (), span))
    return found


def _mentions(data: bytes) -> tuple[set[str], set[tuple[str, str]]]:
    """Search WIT, comments included, for text like NAMESPACE:NAME.

    Returns the packages that are defined, and all packages with the requirement that wkg derives from what follows.
    """
    defined, mentioned = set(), set()
    for match in re.finditer(_MENTION, data):
        name = f"{match[2].decode()}:{match[3].decode()}"
        if match[1]:
            defined.add(name)
        version = (match[4] or b"").decode().rstrip(".")
        mentioned.add((name, f"={version}" if version else "*"))
    return defined, mentioned
