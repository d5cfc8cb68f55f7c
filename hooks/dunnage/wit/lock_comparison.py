"""Whether the locks of wit-deps, cargo-component and wkg match the manifests and the WIT.

No registry is used. So the comparison shows whether a requirement is locked, and whether the locked version meets it,
but not whether it is the version to which the tool would resolve the requirement.
"""

import os
import re
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from functools import partial

from dunnage.files import shown
from dunnage.files.document import Document, Keys, Problem
from dunnage.files.source import File, SourceError, Tree
from dunnage.files.walk import MAX_FOLDERS, folders, upwards
from dunnage.wit import wit_deps
from dunnage.wit.lock import LockedVersion, LockedWitPackage, entries
from dunnage.wit.projects import DEFAULT_REGISTRY, WitRequirement, WkgRoot, own_files
from dunnage.wit.wit_deps import WitDepsEntry

_stale = partial(Problem, "wit-lock/stale")
_bad_digest = partial(Problem, "wit-lock/bad-digest")
_unreadable = partial(Problem, "wit-lock/unreadable")
_MAX_LISTED = 5
"""How many locked requirements a message lists."""


# wit-deps


def compare_wit_deps(
    manifest: Document, wanted: Sequence[WitDepsEntry], lock: Document, locked: Sequence[WitDepsEntry], update: str
) -> Iterator[Problem]:
    """Find differences between a `deps.lock` and its `deps.toml`. `update` is the command that rewrites the lock."""
    by_name = {entry.name: entry for entry in locked}
    for entry in wanted:
        found = by_name.get(entry.name)
        difference = "it is missing from deps.lock" if found is None else _difference(entry, found)
        if difference:
            message = f"deps.toml requires `{entry.name}`, but {difference}"
            yield _stale(manifest.file, message, f"{update}, and commit the changes", entry.keys)
    names = {entry.name for entry in wanted}
    brought = {name for entry in locked for name in entry.deps}
    for entry in locked:
        is_direct = entry.url is not None or entry.path is not None
        if entry.name not in names and (is_direct or entry.name not in brought):
            message = f"`{entry.name}` is locked, but deps.toml does not require it"
            message += "" if is_direct else ", and no locked package depends on it"
            folder = (
                ""
                if entry.name in brought
                else f", remove the folder {shown.argument(f'{wit_deps.FOLDER}/{entry.name}')}"
            )
            yield _stale(lock.file, message, f"{update}{folder}, and commit the changes", entry.keys)
        for name in entry.deps:
            if name not in by_name:
                message = f"`{entry.name}` depends on `{name}`, which is missing from deps.lock"
                yield _stale(lock.file, message, f"{update}, and commit the changes", (*entry.keys, "deps"))


def _difference(wanted: WitDepsEntry, locked: WitDepsEntry) -> str:
    """How a locked dependency differs from the wanted one, as a clause; empty if it does not."""
    if wanted.url is not None:
        if locked.url is None:
            return _locked_as(locked)
        if not wit_deps.same_url(wanted.url, locked.url):
            return f"it is locked from {locked.url}"
        if wanted.prefix != locked.prefix:
            return (
                f"it is locked with the prefix `{locked.prefix}`" if locked.prefix else "it is locked without a prefix"
            )
        if wanted.subdir != locked.subdir:
            return f"it is locked with the subdir `{locked.subdir}`"
    elif wanted.path is not None:
        if locked.path is None:
            return _locked_as(locked)
        if not wit_deps.same_path(wanted.path, locked.path):
            return f"it is locked from the folder {locked.path}"
    return ""


def _locked_as(locked: WitDepsEntry) -> str:
    if locked.url is not None:
        return f"it is locked from {locked.url}"
    if locked.path is not None:
        return f"it is locked from the folder {locked.path}"
    return "it is locked as a dependency of another package"


def bad_wit_deps_digests(lock: Document, locked: Iterable[WitDepsEntry], update: str) -> Iterator[Problem]:
    """Find digests in a `deps.lock` that wit-deps would reject."""
    for entry in locked:
        for key, digits in (("sha256", wit_deps.SHA256_DIGITS), ("sha512", wit_deps.SHA512_DIGITS)):
            digest = entry.sha256 if key == "sha256" else entry.sha512
            if digest is not None and wit_deps.is_hexadecimal(digest, digits):
                continue
            message = (
                f"`{entry.name}` has no `{key}`"
                if digest is None
                else f"the `{key}` of `{entry.name}` is not {digits} hexadecimal digits"
            )
            help = f"restore the entry from the last good commit, or remove it and {update}"
            yield _bad_digest(lock.file, message, help, (*entry.keys, key))


# cargo-component and wkg


def bad_versions(lock: Document, locked: Sequence[LockedWitPackage], tool: str, update: str) -> Iterator[Problem]:
    """Find versions, requirements and digests in a lock that its tool would reject, or would not write."""
    from dunnage.cargo.version import Requirement, Version, VersionError

    help = f"restore the entry from the last good commit, or remove it and {update}"
    for package in locked:
        if not package.versions:
            yield _stale(lock.file, f"`{package.name}` has no locked version", help, (*package.keys, "name"))
    for package, entry in entries(locked):
        if not re.fullmatch("sha256:[0-9A-Fa-f]{64}", entry.digest):
            message = f"the digest of `{package.name}` {entry.version} is not `sha256:` and 64 hexadecimal digits"
            yield _bad_digest(lock.file, message, help, (*entry.keys, "digest"))
        try:
            version = Version.parse(entry.version)
        except VersionError as error:
            yield _unreadable(
                lock.file,
                f"{tool} rejects this version: {error}",
                help,
                (*entry.keys, "version"),
            )
            continue
        try:
            requirement = Requirement.parse(entry.requirement)
        except VersionError as error:
            if tool == "wkg":  # cargo-component accepts any text, and no dependency ever matches it
                yield _unreadable(
                    lock.file,
                    f"wkg rejects this requirement: {error}",
                    help,
                    (*entry.keys, "requirement"),
                )
            continue
        if not requirement.matches(version):
            message = f"`{package.name}` is locked at {version}, which does not meet its requirement `{requirement}`"
            yield _stale(lock.file, message, help, (*entry.keys, "version"))


def compare_cargo_component(
    lock: Document,
    locked: Sequence[LockedWitPackage],
    wanted: Iterable[WitRequirement | None],
    update: str,
) -> Iterator[Problem]:
    """Find reasons why `cargo component build --locked` would reject a `Cargo-component.lock`.

    `wanted` are the requirements of the workspace; None stands for one that is not known.
    """
    help = f"{update}, and commit Cargo-component.lock"
    by_package = _by_package(locked)
    by_requirement = {
        (package.name, package.registry or DEFAULT_REGISTRY, entry.requirement): entry
        for package, entry in entries(locked)
    }
    used: set[Keys] = set()
    reported: set[str] = set()
    is_complete = True
    for requirement in wanted:
        if requirement is None:
            is_complete = False
            continue
        text = normal(requirement.text)
        found = by_requirement.get((requirement.package, requirement.registry, text))
        if found:
            used.add(found.keys)
        else:
            reported.add(requirement.package)
            yield _not_locked(requirement, by_package, help)
    yield from _out_of_order(lock, locked, help)
    for package, entry in entries(locked) if is_complete else ():
        if entry.keys not in used and package.name not in reported:
            subject = f"`{package.name}` `{entry.requirement}`{_from(package.registry)}"
            message = f"{subject} is locked, but no manifest requires it"
            yield _stale(lock.file, message, help, (*entry.keys, "requirement"))


def _out_of_order(lock: Document, locked: Sequence[LockedWitPackage], help: str) -> Iterator[Problem]:
    """Find entries of a `Cargo-component.lock` that are not sorted. cargo-component uses binary search in it."""
    places = [(*package.name.split(":", 1), package.registry or DEFAULT_REGISTRY) for package in locked]
    for before, place, package in zip(places, places[1:], locked[1:], strict=False):
        if place <= before:
            message = f"`{package.name}` is out of order after `{':'.join(before[:2])}`: cargo-component cannot find it"
            yield _stale(lock.file, message, help, (*package.keys, "name"))
    for package in locked:
        for first, second in zip(package.versions, package.versions[1:], strict=False):
            if second.requirement <= first.requirement:
                message = (
                    f"`{second.requirement}` of `{package.name}` is out of order after `{first.requirement}`: "
                    "cargo-component cannot find it"
                )
                yield _stale(lock.file, message, help, (*second.keys, "requirement"))


def compare_wkg(
    lock: Document,
    locked: Sequence[LockedWitPackage],
    wanted: Iterable[WitRequirement],
    folder: str,
    update: str,
) -> Iterator[Problem]:
    """Find differences between a `wkg.lock` and the lock that `wkg build` would write.

    wkg resolves one version of each package, so one of several requirements on a package must be locked.
    `folder` is that of the lock, which may be for any WIT below it.
    """
    help = f"{update}, and commit wkg.lock"
    wanted_of: dict[str, list[WitRequirement]] = {}
    for requirement in wanted:
        wanted_of.setdefault(requirement.package, []).append(requirement)
    texts_of = {package: {normal(entry.text) for entry in several} for package, several in wanted_of.items()}
    by_package = _by_package(locked)
    # In the order of the WIT, so that every run reports the same problems if there are too many.
    missing = dict.fromkeys(
        name
        for name, texts in texts_of.items()
        if texts.isdisjoint(normal(entry.requirement) for _, entry in by_package.get(name, ()))
    )
    for name in missing:
        yield _not_locked(wanted_of[name][0], by_package, help)
    unwanted = [
        (package, entry, text)
        for package, entry in entries(locked)
        if package.name not in missing and (text := normal(entry.requirement)) not in texts_of.get(package.name, ())
    ]
    known = mentioned(folder) if unwanted else None
    for package, entry, text in unwanted:
        if known is not None and (package.name, text) not in known:
            message = f"`{package.name}` `{text}` is locked, but no WIT refers to it"
            unused = "remove the entry, because `wkg fetch` keeps it"
            yield _stale(lock.file, message, unused, (*entry.keys, "requirement"))


_ByPackage = Mapping[str, Sequence[tuple[LockedWitPackage, LockedVersion]]]


def _by_package(locked: Iterable[LockedWitPackage]) -> _ByPackage:
    found: dict[str, list[tuple[LockedWitPackage, LockedVersion]]] = {}
    for package, entry in entries(locked):
        found.setdefault(package.name, []).append((package, entry))
    return found


def _not_locked(wanted: WitRequirement, by_package: _ByPackage, help: str) -> Problem:
    """Report a requirement that is not in the lock, and the entries that the lock has for the package instead."""
    text = normal(wanted.text)
    others = by_package.get(wanted.package, ())
    texts = [f"`{entry.requirement}`" for _, entry in others[:_MAX_LISTED]]
    more = f" and {len(others) - _MAX_LISTED} more" if len(others) > _MAX_LISTED else ""
    locked = f"the lock has only {', '.join(texts)}{more}" if others else "it is missing from the lock"
    for package, entry in others:
        if entry.requirement == text:
            locked = f"it is locked{_from(package.registry) or ' from the default registry'}"
            break
    return _stale(
        wanted.file, f"`{wanted.package}` `{text}` is required, but {locked}", help, wanted.keys, span=wanted.span
    )


def _from(registry: str | None) -> str:
    return f" from the registry `{registry}`" if registry else ""


def normal(requirement: str) -> str:
    """Format a requirement as locks do. Text that is no requirement is returned unchanged."""
    from dunnage.cargo.version import Requirement, VersionError

    try:
        return str(Requirement.parse(requirement))
    except VersionError:
        return requirement


# What wkg locks: the packages to which the WIT of a folder itself refers, in the version that is written there. An
# override in `wkg.toml` takes precedence. The dependencies of those packages are embedded in them, and are not locked.


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
    config = root.config
    overrides = config.overrides if config else {}
    local = {name for name, override in overrides.items() if override.path is not None}
    versions = config.requirements(root.manifest) if config and root.manifest else []
    versioned = {entry.package for entry in versions}
    found: list[WitRequirement] = []
    for folder in root.wit_folders:
        found += [entry for entry in _read(folder, tree, local, locked) if entry.package not in versioned]
    by_path: dict[str, tuple[File, Keys]] = {}  # many overrides may name one path
    for override in overrides.values():
        if override.path is not None and root.manifest:
            path = os.path.normpath(os.path.join(root.folder, override.path))
            by_path.setdefault(path, (root.manifest, override.keys))
    for path, (file, keys) in by_path.items():
        # The WIT may be outside of the repository or belong to another project. The override makes it a dependency.
        found += [entry._replace(file=file, keys=keys, span=None) for entry in _read(path, tree, local, locked)]
    found = [entry for entry in (*found, *versions) if entry.package not in local]
    if all((entry.package, entry.text) in locked for entry in found):
        return found
    # wash runs wkg, and may take the packages that its settings name from a folder.
    paths = (os.path.join(folder, name) for folder in upwards(root.folder) for name in _WASH)
    named = {package for path in paths for package, _ in mentions(tree.content(path) or b"")[1]}
    return [entry for entry in found if (entry.package, entry.text) in locked or entry.package not in named]


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
            found |= mentions(data)[1]
    return found or None


def binary_mentions(data: bytes) -> set[tuple[str, str]]:
    """Return the packages to whose interfaces a component in a `.wasm` file refers, as `mentions` does."""
    # A byte that is 0 or 1, perhaps after more of them, and one or two with the length precede each name.
    return mentions(re.sub(rb"(?s)[\0\1]+[\x80-\xff]?.", b" ", data))[1]


def _read(path: str, tree: Tree, local: set[str], locked: Container[tuple[str, str]]) -> list[WitRequirement]:
    """The references of the WIT in a folder or file. The packages that it defines are added to `local`."""
    found = []
    for file in filter(None, map(tree.find, own_files(path) or (path,))):
        if len(file.data) <= _MAX_BYTES:
            defined, mentioned = mentions(file.data)
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


def mentions(data: bytes) -> tuple[set[str], set[tuple[str, str]]]:
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
