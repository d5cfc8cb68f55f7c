"""Whether the WIT that is vendored is what the locks of wit-deps and wkg say.

Everything is read from disk as it is, whether git tracks it or not: that is what is built here.
"""

import os
import re
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from dunnage.files.document import Document
from dunnage.files.source import File, SourceError, Tree, display
from dunnage.files.span import Span
from dunnage.wit import wit_deps
from dunnage.wit.lock import LockedPackage, LockedVersion
from dunnage.wit.lock_comparison import DRIFTED, Problem, normal
from dunnage.wit.projects import Vendored, has_files, own_files
from dunnage.wit.wit_deps import Digests, Entry

_SHOWN_DIGITS = 12
_MOST_NAMES = 5
# More than any project has: a bound on what is looked through again and again.
_MOST_BYTES = 1024 * 1024 * 1024
_PACKAGE = rb"(?m)^[ \t]*package[ \t]+%?([a-z][a-z0-9-]*)[ \t]*:[ \t]*%?([a-z][a-z0-9-]*)"


class _Contents(NamedTuple):
    """The WIT of a vendored package."""

    files: dict[str, bytes]
    executable: frozenset[str]


# wit-deps


def compare_wit_deps(
    tree: Tree, deps: str, lock: Document, locked: Sequence[Entry], vendored: Sequence[Vendored], update: str
) -> Iterator[Problem]:
    """Say where the folder `deps` is not what the `deps.lock` beside it says. `update` is the command that writes both.

    Entries without well-formed digests are passed over. Nothing is said if nothing is vendored.
    """
    # A folder in which something else is left had WIT once. That of a submodule may well be empty.
    there = {entry.name: has_files(os.path.join(deps, entry.name)) for entry in locked}
    for entry in locked:
        if not _has_digests(entry):
            continue
        if there[entry.name]:
            yield from _check_folder(tree, os.path.join(deps, entry.name), lock, entry, update)
        elif any(there.values()) and _expected(entry) != wit_deps.digests({}):  # git keeps no empty folder
            path = display(os.path.join(deps, entry.name))
            message = f"`{entry.name}` is not vendored, though others are: there is no {path}"
            yield Problem(DRIFTED, lock.file, entry.keys, message, f"{update}, and commit what it changes")
    known = {entry.name.split("/", 1)[0] for entry in locked}
    for found in vendored:
        if found.name not in known:
            message = f"{display(found.path)} is vendored, but deps.lock does not know it"
            help = f"add it to deps.toml and {update}, or remove {display(found.path)}"
            yield _at_top(tree, found, lock.file, message, help)


def _check_folder(tree: Tree, folder: str, lock: Document, entry: Entry, update: str) -> Iterator[Problem]:
    """Compare a folder with its entry, whose digests are well-formed."""
    try:
        contents = _read(tree, folder)
    except SourceError as error:
        message = f"what is vendored as `{entry.name}` cannot be compared with the lock: {error.message}"
        yield Problem(DRIFTED, lock.file, entry.keys, message, "make it a readable file, or remove it")
        return
    expected = _expected(entry)
    found = wit_deps.digests(contents.files)
    if found == expected or any(wit_deps.digests(contents.files, names) == expected for names in _modes(contents)):
        return
    name = "sha256" if found.sha256 != expected.sha256 else "sha512"
    message = (
        f"{display(folder)} ({_listed(contents.files)}) is not what is locked: its {name} is "
        f"{_short(getattr(found, name))}, not {_short(getattr(expected, name))}"
    )
    help = _why(contents.files, found, expected) or _restore(folder, entry, update)
    help += f"\nvendored {name} {getattr(found, name)}\nlocked   {name} {getattr(expected, name)}"
    yield Problem(DRIFTED, lock.file, entry.keys, message, help)


def _modes(contents: _Contents) -> Iterator[frozenset[str]]:
    """The sets of files to take for executable, which counts for wit-deps: where git does not track that, or the file
    system does not have it, files that were none may be, and the other way round.
    """
    if contents.executable:
        yield contents.executable
    if len(contents.executable) < len(contents.files):
        yield frozenset(contents.files)


def _why(files: Mapping[str, bytes], found: Digests, expected: Digests) -> str:
    """What made the difference, if that is easily told."""
    if found.sha256 == expected.sha256 or found.sha512 == expected.sha512:
        return "one of the two digests is right, so the lock was changed by hand: restore it from the last good commit"
    plain = {name: data.replace(b"\r\n", b"\n") for name, data in files.items()}
    if wit_deps.digests(plain) == expected:
        return "only line endings differ: write `**/deps/** -text` into .gitattributes, and check the files out again"
    if wit_deps.digests({name: data.replace(b"\n", b"\r\n") for name, data in plain.items()}) == expected:
        return "only line endings differ: the lock is of files with CRLF; write it again where they are as in git"
    return ""


def _restore(folder: str, entry: Entry, update: str) -> str:
    # For what came with another dependency, wit-deps itself would take the files as they are for right.
    remove = "" if entry.url is not None or entry.path is not None else f"remove {display(folder)}, "
    return (
        f"{remove}{update}, and look at what it changes; if that is right, commit it.\n"
        f"Keep formatters and whitespace fixers away from vendored files"
    )


# wkg


def compare_wkg(
    tree: Tree,
    deps: str,
    lock: Document,
    locked: Iterable[LockedPackage],
    wanted: Mapping[str, set[str]],
    overridden: Container[str],
    vendored: Sequence[Vendored],
    own: Iterable[str],
) -> Iterator[Problem]:
    """Say where a folder `deps` that wkg has written is not what its `wkg.lock` says.

    `wanted` has, for each package that WIT with this folder refers to, the requirements on it, as locks spell them;
    `overridden` are the packages that are not taken from a registry; `own` are the paths of that WIT.
    """
    entries = [
        (package, entry, _folder_name(package.name, entry.version)) for package in locked for entry in package.versions
    ]
    known = {name for _, _, name in entries}
    there = {_stem(found) for found in vendored}
    if there.isdisjoint(known):  # something else has put there what is there
        return
    files = {found.name for found in vendored}
    for package, entry, name in entries:
        if f"{name}.wasm" in files:
            yield from _check_wasm(tree, os.path.join(deps, f"{name}.wasm"), lock, package, entry)
    asked = [
        (package, entry, name)
        for package, entry, name in entries
        if normal(entry.requirement) in wanted.get(package.name, ())
    ]
    # wkg vendors one version of a package, though the lock may have kept more.
    settled = {package.name for package, _, name in asked if name in there}
    unlocked = _Unlocked(tree, vendored, known, own)
    for package, entry, _ in asked:
        if package.name in settled:
            continue
        other = unlocked.by_package.get(package.name)
        if other is None:
            message = f"`{package.name}` {entry.version} is locked but not vendored, though others are"
        elif _stem(other) == _folder_name(package.name, ""):  # a package that says nothing of its version
            continue
        else:
            message = f"`{package.name}` is locked at {entry.version}, but {display(other.path)} is vendored"
        yield Problem(DRIFTED, lock.file, entry.keys, message, "run `wkg fetch`, and commit what it changes")
    for package_name, found in unlocked.by_package.items():
        if package_name not in overridden and not unlocked.is_used(package_name, found):
            message = f"{display(found.path)} is vendored, but wkg.lock does not know it, and no WIT here refers to it"
            help = f"refer to it and run `wkg fetch`, or remove {display(found.path)}"
            yield _at_top(tree, found, lock.file, message, help)


def _check_wasm(
    tree: Tree, path: str, lock: Document, package: LockedPackage, entry: LockedVersion
) -> Iterator[Problem]:
    from hashlib import sha256

    expected = entry.digest.lower()
    if not re.fullmatch("sha256:[0-9a-f]{64}", expected):
        return
    try:
        found = f"sha256:{sha256(tree.read(path).data).hexdigest()}"
    except (FileNotFoundError, SourceError) as error:
        message = f"what is vendored of `{package.name}` cannot be compared with the lock: {error}"
        yield Problem(DRIFTED, lock.file, entry.keys, message, "make it a readable file, or remove it")
        return
    if found != expected:
        shown = len("sha256:") + _SHOWN_DIGITS
        message = f"{display(path)} is not what is locked: its digest is {found[:shown]}…, not {expected[:shown]}…"
        help = "remove it, run `wkg fetch --type wasm`, and look at what it changes"
        help += f"\nvendored {found}\nlocked   {expected}"
        yield Problem(DRIFTED, lock.file, (*entry.keys, "digest"), message, help)


class _Unlocked:
    """What is vendored and not locked, most of which locked packages refer to."""

    def __init__(self, tree: Tree, vendored: Iterable[Vendored], known: Container[str], own: Iterable[str]) -> None:
        self.by_package: dict[str, Vendored] = {}
        """By the name that each says it has; what says none is let pass."""
        self._tree = tree
        self._left = _MOST_BYTES
        self._texts: list[tuple[Vendored | None, bytes]] = []
        if all(_stem(found) in known for found in vendored):
            return
        self._texts.append((None, self._read(own)))
        self._texts += [(found, self._read(found.files)) for found in vendored]
        for found, text in self._texts:
            if found is not None and _stem(found) not in known and (name := _said_name(found, text)):
                self.by_package[name] = found

    def _read(self, paths: Iterable[str]) -> bytes:
        found = []
        for path in paths:
            try:
                found.append(self._tree.read(path).data)
            except (FileNotFoundError, SourceError):
                continue
        return b"\n".join(found)

    def is_used(self, package: str, found: Vendored) -> bool:
        """Whether any other WIT names the package, or there is too much WIT to say."""
        name = package.encode()
        for other, text in self._texts:
            if other != found:
                self._left -= len(text)
                if name in text or self._left < 0:
                    return True
        return False


def _said_name(found: Vendored, text: bytes) -> str:
    """The name that a vendored package says it has; empty if it says none.

    A `.wasm` spells out its own name and those of what it refers to: its own is the one that its file is named after.
    """
    if not found.name.endswith(".wasm"):
        match = re.search(_PACKAGE, text)
        return f"{match[1].decode()}:{match[2].decode()}" if match else ""
    words = re.sub(r"-[0-9]+\..*", "", _stem(found)).split("-")
    names = ("-".join(words[:at]) + ":" + "-".join(words[at:]) for at in range(1, len(words)))
    return next((name for name in names if f"{name}/".encode() in text), "")


def _folder_name(package: str, version: str) -> str:
    """What wkg calls the folder of a package, or, with `.wasm`, its file."""
    return f"{package}@{version}".removesuffix("@").replace(":", "-").replace("@", "-")


def _stem(found: Vendored) -> str:
    return found.name.removesuffix(".wasm")


# Both


def _read(tree: Tree, folder: str) -> _Contents:
    """Read what wit-deps reads of a folder. Raises SourceError, with the path in its message, for a bad file."""
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
            continue  # removed just now
        except SourceError as error:
            raise SourceError(f"{display(path)} {error.message}") from None
    return _Contents(files, frozenset(executable))


def _has_digests(entry: Entry) -> bool:
    return (
        entry.sha256 is not None
        and entry.sha512 is not None
        and wit_deps.is_hexadecimal(entry.sha256, wit_deps.SHA256_DIGITS)
        and wit_deps.is_hexadecimal(entry.sha512, wit_deps.SHA512_DIGITS)
    )


def _expected(entry: Entry) -> Digests:
    return Digests((entry.sha256 or "").lower(), (entry.sha512 or "").lower())


def _at_top(tree: Tree, found: Vendored, lock: File, message: str, help: str) -> Problem:
    """Report what is vendored and not locked: at the top of its first file, or of the lock if that is no text."""
    path = found.files[0]
    if wit_deps.is_wit(path):
        try:
            return Problem(DRIFTED, tree.read(path), (), message, help, Span(0, 0))
        except (FileNotFoundError, SourceError):
            pass
    return Problem(DRIFTED, lock, (), message, help, Span(0, 0))


def _listed(names: Iterable[str]) -> str:
    """List names, the first few if they are many."""
    names = sorted(names)
    rest = len(names) - _MOST_NAMES
    listed = ", ".join(names[:_MOST_NAMES]) or "no WIT"
    return f"{listed} and {rest} more" if rest > 0 else listed


def _short(digest: str) -> str:
    return f"{digest[:_SHOWN_DIGITS]}…"
