"""Whether the vendored WIT matches the locks of wit-deps and wkg.

All files are read from disk, whether git tracks them or not, because a build uses them as they are.
"""

import os
import re
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import NamedTuple

from dunnage.files import shown
from dunnage.files.document import Document, Problem
from dunnage.files.source import File, SourceError, Tree, display
from dunnage.files.span import Span
from dunnage.wit import wit_deps
from dunnage.wit.lock import LockedVersion, LockedWitPackage, entries
from dunnage.wit.lock_comparison import binary_mentions, mentions, normal
from dunnage.wit.projects import VendoredWit, has_files, own_files
from dunnage.wit.wit_deps import Digests, WitDepsEntry

_SHOWN_DIGITS = 12
_MAX_LISTED = 5
"""How many file names a message lists."""
_PACKAGE = rb"(?m)^[ \t]*package[ \t]+%?([a-z][a-z0-9-]*)[ \t]*:[ \t]*%?([a-z][a-z0-9-]*)(?:@([0-9][0-9A-Za-z.+-]*))?"
_LFS_POINTER = (
    rb"version https://git-lfs\.github\.com/spec/v1\n(?:ext-[^\n]*\n)*oid (sha256:[0-9a-f]{64})\nsize [0-9]+\n"
)
_MAX_LFS_POINTER = 1024
"""A Git LFS pointer has fewer bytes than this."""


_drifted = partial(Problem, "wit-lock/drifted")


class _Contents(NamedTuple):
    """The WIT files of a vendored package."""

    files: dict[str, bytes]
    executable: frozenset[str]


# wit-deps


def compare_wit_deps(
    tree: Tree, deps: str, lock: Document, locked: Sequence[WitDepsEntry], vendored: Sequence[VendoredWit], update: str
) -> Iterator[Problem]:
    """Find differences between a `deps.lock` and the folder `deps` beside it. `update` is the command that writes both.

    Entries without well-formed digests are skipped. Without any vendored package there is no difference to report.
    """
    # A folder that holds only other files had WIT once. The folder of a submodule may well be empty.
    is_present = {entry.name: has_files(os.path.join(deps, entry.name)) for entry in locked}
    for entry in locked:
        if entry.digests is None:
            continue
        if is_present[entry.name]:
            yield from _check_folder(tree, os.path.join(deps, entry.name), lock, entry, entry.digests, update)
        elif any(is_present.values()) and entry.digests != wit_deps.digests({}):  # git keeps no empty folder
            path = display(os.path.join(deps, entry.name))
            message = f"`{entry.name}` is locked but not vendored: {path} is missing"
            yield _drifted(lock.file, message, f"{update}, and commit the changes", entry.keys)
    known = {entry.name.split("/", 1)[0] for entry in locked}
    for found in vendored:
        if found.name not in known:
            message = f"{display(found.path)} is vendored but missing from deps.lock"
            name = found.name.removesuffix(".wit")
            entry_to_add = f"{shown.toml_string(name)} = {{ path = {shown.toml_string(f'../{name}')} }}"
            help = (
                f"if it was downloaded, add its source to deps.toml and {update}, "
                f"or remove {shown.path(found.path)} if nothing uses it;\n"
                f"if it was written by hand, move it to {shown.path(os.path.join(deps, '..', '..', name))}, "
                f"and add `{entry_to_add}` to {shown.path(os.path.join(deps, '..', wit_deps.MANIFEST))}"
            )
            yield _at_top(tree, found, lock.file, message, help)


def _check_folder(
    tree: Tree, folder: str, lock: Document, entry: WitDepsEntry, expected: Digests, update: str
) -> Iterator[Problem]:
    """Compare a folder with the digests of an entry."""
    try:
        contents = _read(tree, folder)
    except SourceError as error:
        message = f"the vendored files of `{entry.name}` cannot be compared with the lock: {error.message}"
        yield Problem(
            "wit-lock/drifted", lock.file, message, "replace it with a readable file, or remove it", entry.keys
        )
        return
    found = wit_deps.digests(contents.files)
    if found == expected or any(wit_deps.digests(contents.files, names) == expected for names in _modes(contents)):
        return
    name = "sha256" if found.sha256 != expected.sha256 else "sha512"
    message = (
        f"{display(folder)} ({_listed(contents.files)}) does not match deps.lock: its {name} is "
        f"{_short(getattr(found, name))}, not {_short(getattr(expected, name))}"
    )
    help = _explain(contents.files, found, expected, folder, update) or _restore(folder, entry, update)
    help += f"\nvendored {name} {getattr(found, name)}\nlocked   {name} {getattr(expected, name)}"
    yield _drifted(lock.file, message, help, entry.keys)


def _modes(contents: _Contents) -> Iterator[frozenset[str]]:
    """The sets of files to treat as executable, because the digests of wit-deps include the mode.

    If git or the file system does not keep the mode, it may differ from that of the files that were locked.
    """
    if contents.executable:
        yield contents.executable
    if len(contents.executable) < len(contents.files):
        yield frozenset(contents.files)


def _explain(files: Mapping[str, bytes], found: Digests, expected: Digests, folder: str, update: str) -> str:
    """The cause of a difference, and how to remove it; empty if it is unknown."""
    if found.sha256 == expected.sha256 or found.sha512 == expected.sha512:
        return "one of the two digests matches, so the lock was edited by hand: restore it from the last good commit"
    plain = {name: data.replace(b"\r\n", b"\n") for name, data in files.items()}
    if wit_deps.digests(plain) == expected:
        return (
            "only line endings differ: add `**/deps/** -text` to .gitattributes, "
            f"remove {shown.path(folder)} and run `git checkout -- {shown.pathspec(folder)}`"
        )
    if wit_deps.digests({name: data.replace(b"\n", b"\r\n") for name, data in plain.items()}) == expected:
        return f"only line endings differ: the lock is for files with CRLF; {update}, and commit the changes"
    return ""


def _restore(folder: str, entry: WitDepsEntry, update: str) -> str:
    # wit-deps accepts any content for a transitive dependency, so it restores one only if the folder is missing.
    remove = "" if entry.url is not None or entry.path is not None else f"remove {shown.path(folder)}, "
    return (
        f"{remove}{update}, and review the changes before you commit them;\n"
        "exclude vendored files from formatters and whitespace fixers"
    )


# wkg


def compare_wkg(
    tree: Tree,
    lock: Document,
    locked: Iterable[LockedWitPackage],
    wanted: Mapping[str, set[str]],
    overridden: Container[str],
    vendored: Sequence[VendoredWit],
    own: Iterable[str],
    where: str,
) -> Iterator[Problem]:
    """Find differences between a `wkg.lock` and what is `vendored` in a folder `deps`, if wkg vendored it.

    `wanted` holds, for each package to which the WIT beside the folder refers, the requirements on it as locks format
    them. `overridden` are the packages that do not come from a registry, and `own` the paths of that WIT. `where` is
    the folder in which wkg runs, as help texts show it.
    """
    named = [(package, entry, _folder_name(package.name, entry.version)) for package, entry in entries(locked)]
    known = {name for _, _, name in named}
    present = {_stem(found) for found in vendored}
    if present.isdisjoint(known):  # another tool has written the folder
        return
    update = f"run `wkg fetch` in {where}"
    by_name = {found.name: found for found in vendored}
    for package, entry, name in named:
        if binary := by_name.get(f"{name}.wasm"):
            yield from _check_wasm(tree, binary.path, lock, entry, where)
        if folder := by_name.get(name):
            yield from _check_declared_version(tree, folder, lock, package, entry, update)
    required = [
        (package, entry, name)
        for package, entry, name in named
        if normal(entry.requirement) in wanted.get(package.name, ())
    ]
    # wkg vendors one version of a package, although the lock may hold more.
    vendored_packages = {package.name for package, _, name in required if name in present}
    unlocked = _Unlocked(tree, vendored, known, own)
    for package, entry, _ in required:
        if package.name not in vendored_packages:
            yield from _not_vendored(lock, package, entry, unlocked.by_package.get(package.name), update)
    for package_name, found in unlocked.by_package.items():
        if package_name not in overridden and not unlocked.is_used(package_name, found):
            message = f"{display(found.path)} is vendored but missing from wkg.lock, and no WIT refers to it"
            name = package_name.replace(":", "-")
            help = (
                f"refer to it in WIT and {update}, or remove {shown.path(found.path)} if nothing uses it;\n"
                f"if it was written by hand, move it to the folder {name} in {where}, and add to wkg.toml there:\n"
                f'[overrides]\n"{package_name}" = {{ path = "{name}" }}'
            )
            yield _at_top(tree, found, lock.file, message, help)


def _not_vendored(
    lock: Document, package: LockedWitPackage, entry: LockedVersion, other: VendoredWit | None, update: str
) -> Iterator[Problem]:
    """Report a locked package that is not vendored in its version. `other` is the package in another version."""
    if other is None:
        message = f"`{package.name}` {entry.version} is locked but not vendored"
    elif _stem(other) == _folder_name(package.name, ""):  # a package without a version
        return
    else:
        message = f"`{package.name}` is locked at {entry.version}, but {display(other.path)} is vendored"
    yield _drifted(lock.file, message, f"{update}, and commit the changes", entry.keys)


def _check_wasm(tree: Tree, path: str, lock: Document, entry: LockedVersion, where: str) -> Iterator[Problem]:
    """Compare a vendored `.wasm` file with the digest of its entry."""
    expected = entry.digest.lower()
    if not re.fullmatch("sha256:[0-9a-f]{64}", expected):
        return
    try:
        found = _content_digest(tree.read(path).data)
    except FileNotFoundError:
        return
    except SourceError as error:
        message = f"{display(path)} {error.message}, so it cannot be compared with the lock"
        yield Problem(
            "wit-lock/drifted", lock.file, message, "replace it with a readable file, or remove it", entry.keys
        )
        return
    if found != expected:
        shown = len("sha256:") + _SHOWN_DIGITS
        message = f"{display(path)} does not match wkg.lock: its digest is {found[:shown]}…, not {expected[:shown]}…"
        help = f"remove it, run `wkg fetch --type wasm` in {where}, and review the changes"
        help += f"\nvendored {found}\nlocked   {expected}"
        yield _drifted(lock.file, message, help, (*entry.keys, "digest"))


def _content_digest(data: bytes) -> str:
    """The SHA-256 of a file, or the one in a Git LFS pointer, which stands for the file.

    Source: git-lfs, docs/spec.md.
    """
    pointer = re.fullmatch(_LFS_POINTER, data) if len(data) < _MAX_LFS_POINTER else None
    if pointer:
        return pointer[1].decode()
    from hashlib import sha256

    return f"sha256:{sha256(data).hexdigest()}"


def _check_declared_version(
    tree: Tree, found: VendoredWit, lock: Document, package: LockedWitPackage, entry: LockedVersion, update: str
) -> Iterator[Problem]:
    """Compare the version that a vendored folder declares with the locked one, which is in the folder's name."""
    for path in found.files:
        try:
            file = tree.read(path)
            match = re.search(_PACKAGE, file.data)
            if match is None or match[3] in (None, entry.version.encode()):
                continue
            from dunnage.wit.syntax import parse  # the match may be in a comment

            name = parse(file).package
        except (FileNotFoundError, SourceError):
            continue
        if name and name.version and name.unversioned == package.name and name.version != entry.version:
            message = f"`{package.name}` is locked at {entry.version}, but {file.path} declares version {name.version}"
            help = f"{update}, and commit the changes"
            yield _drifted(lock.file, message, help, (*entry.keys, "version"))
            return


class _Unlocked:
    """The vendored packages that are not locked. Most of them are dependencies of locked ones."""

    def __init__(self, tree: Tree, vendored: Iterable[VendoredWit], known: Container[str], own: Iterable[str]) -> None:
        self.by_package: dict[str, VendoredWit] = {}
        """By the name that each defines. One that defines no name is left out."""
        self._users: dict[str, list[VendoredWit | None]] = {}
        """For each package, the first two that name it; None stands for the WIT beside the folder."""
        if all(_stem(found) in known for found in vendored):
            return
        self._add(None, [tree.content(path) or b"" for path in own])
        for found in vendored:
            texts = [tree.content(path) or b"" for path in found.files]
            names = self._add(found, texts)
            if _stem(found) not in known and (name := _defined_name(found, texts, names)):
                self.by_package[name] = found

    def _add(self, user: VendoredWit | None, texts: Iterable[bytes]) -> set[str]:
        is_binary = user is not None and user.name.endswith(".wasm")
        names = {name for text in texts for name, _ in (binary_mentions(text) if is_binary else mentions(text)[1])}
        for name in names:
            users = self._users.setdefault(name, [])
            if len(users) < 2:
                users.append(user)
        return names

    def is_used(self, package: str, found: VendoredWit) -> bool:
        """Whether any other WIT names the package."""
        return any(user != found for user in self._users.get(package, ()))


def _defined_name(found: VendoredWit, texts: Iterable[bytes], names: Container[str]) -> str:
    """The name that a vendored package defines; empty if it defines none. `names` are all that it names.

    A `.wasm` file holds its own name and those of its dependencies. Its own is the one after which the file is named.
    """
    if not found.name.endswith(".wasm"):
        match = next(filter(None, (re.search(_PACKAGE, text) for text in texts)), None)
        return f"{match[1].decode()}:{match[2].decode()}" if match else ""
    words = re.sub(r"-[0-9]+\..*", "", _stem(found)).split("-")
    own = ("-".join(words[:at]) + ":" + "-".join(words[at:]) for at in range(1, len(words)))
    return next((name for name in own if name in names), "")


def _folder_name(package: str, version: str) -> str:
    """The name of the folder in which wkg vendors a package; with `.wasm` appended, the name of its file."""
    return f"{package}@{version}".removesuffix("@").replace(":", "-").replace("@", "-")


def _stem(found: VendoredWit) -> str:
    return found.name.removesuffix(".wasm")


# Both


def _read(tree: Tree, folder: str) -> _Contents:
    """Read the files of a folder that wit-deps reads. Raises SourceError, whose message has the path, for a bad one."""
    files: dict[str, bytes] = {}
    executable = set()
    for path in own_files(folder):
        name = os.path.basename(path)
        if os.path.isdir(path) and not os.path.islink(path):
            continue
        try:
            files[name] = tree.read(path).data
            if os.name != "nt" and os.stat(path).st_mode & 0o100:
                executable.add(name)
        except FileNotFoundError:
            continue  # removed after the folder was listed
        except SourceError as error:
            raise SourceError(f"{display(path)} {error.message}") from None
    return _Contents(files, frozenset(executable))


def _at_top(tree: Tree, found: VendoredWit, lock: File, message: str, help: str) -> Problem:
    """Report a vendored package that is not locked: at the top of its first file, or of the lock if that is binary."""
    path = found.files[0]
    file = tree.find(path) if wit_deps.is_wit(path) else None
    return _drifted(file or lock, message, help, span=Span(0, 0))


def _listed(names: Iterable[str]) -> str:
    """List names; of many, only the first few."""
    names = sorted(names)
    rest = len(names) - _MAX_LISTED
    listed = ", ".join(names[:_MAX_LISTED]) or "no WIT"
    return f"{listed} and {rest} more" if rest > 0 else listed


def _short(digest: str) -> str:
    return f"{digest[:_SHOWN_DIGITS]}…"
