"""Whether the locks of wit-deps, cargo-component and wkg are what manifests and WIT ask for.

Nothing is looked up in a registry: which version a requirement should have been resolved to is not known here, only
whether it has been, and whether the version that was taken meets it.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from dunnage.files.document import Document, Keys
from dunnage.files.source import File
from dunnage.files.span import Span
from dunnage.wit import wit_deps
from dunnage.wit.lock import LockedPackage, LockedVersion
from dunnage.wit.wit_deps import Entry

STALE = "stale"
UNREADABLE = "unreadable"
BAD_DIGEST = "bad-digest"
DRIFTED = "drifted"

DEFAULT_REGISTRY = "default"

_MOST_NAMED = 5

_Place = tuple[str, str]
"""The name of a package, and a registry."""


class Problem(NamedTuple):
    """Something that is wrong with a lock."""

    kind: str
    """One of the constants above."""
    file: File
    keys: Keys
    """Where in the file it stands, if that is TOML."""
    message: str
    help: str
    span: Span | None = None
    """Where it stands in WIT."""


class Wanted(NamedTuple):
    """A version requirement on a package of a registry."""

    package: str
    """NAMESPACE:NAME."""
    registry: str
    """`default` for that one; empty for whichever the tool is configured to take."""
    requirement: str
    """As it is written; that of `wasi:io/poll@0.2.0` in WIT is `=0.2.0`, and that of `wasi:io/poll` is `*`."""
    file: File
    keys: Keys
    span: Span | None = None


# wit-deps


def compare_wit_deps(
    manifest: Document, wanted: Sequence[Entry], lock: Document, locked: Sequence[Entry], update: str
) -> Iterator[Problem]:
    """Say where a `deps.lock` is not what its `deps.toml` asks for. `update` is the command that writes it anew."""
    entries = {entry.name: entry for entry in locked}
    for entry in wanted:
        found = entries.get(entry.name)
        difference = "it is not in deps.lock" if found is None else _difference(entry, found)
        if difference:
            message = f"`{entry.name}` is asked for, but {difference}"
            yield Problem(STALE, manifest.file, entry.keys, message, f"{update}, and commit what it changes")
    names = {entry.name for entry in wanted}
    brought = {name for entry in locked for name in entry.deps}
    for entry in locked:
        is_direct = entry.url is not None or entry.path is not None
        if entry.name not in names and (is_direct or entry.name not in brought):
            message = f"nothing asks for `{entry.name}`: deps.toml does not name it"
            message += "" if is_direct else ", and it comes with nothing that is locked"
            folder = "" if entry.name in brought else f", remove the folder {wit_deps.FOLDER}/{entry.name}"
            yield Problem(STALE, lock.file, entry.keys, message, f"{update}{folder}, and commit what it changes")
        for name in entry.deps:
            if name not in entries:
                message = f"`{entry.name}` brings `{name}` with it, which is not in deps.lock"
                yield Problem(STALE, lock.file, (*entry.keys, "deps"), message, f"{update}, and commit what it changes")


def _difference(wanted: Entry, locked: Entry) -> str:
    """What is locked instead of what is wanted, as a sentence; empty if it is the same."""
    if wanted.url is not None:
        if locked.url is None:
            return _locked_as(locked)
        if not wit_deps.same_url(wanted.url, locked.url):
            return f"it is locked from {locked.url}"
        if wanted.prefix != locked.prefix:
            return f"it is locked with the prefix `{locked.prefix}`" if locked.prefix else "it is locked with no prefix"
        if wanted.subdir != locked.subdir:
            return f"it is locked with the subdir `{locked.subdir}`"
    elif wanted.path is not None:
        if locked.path is None:
            return _locked_as(locked)
        if not wit_deps.same_path(wanted.path, locked.path):
            return f"it is locked from the folder {locked.path}"
    return ""


def _locked_as(locked: Entry) -> str:
    if locked.url is not None:
        return f"it is locked from {locked.url}"
    if locked.path is not None:
        return f"it is locked from the folder {locked.path}"
    return "it is locked as what came with another dependency"


def bad_wit_deps_digests(lock: Document, locked: Iterable[Entry], update: str) -> Iterator[Problem]:
    """Say which digests in a `deps.lock` wit-deps would not read."""
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
            yield Problem(BAD_DIGEST, lock.file, (*entry.keys, key), message, help)


# cargo-component and wkg


def bad_versions(lock: Document, locked: Sequence[LockedPackage], tool: str, update: str) -> Iterator[Problem]:
    """Say which versions, requirements and digests in a lock its tool would not read, or not write."""
    from dunnage.cargo.version import Requirement, Version, VersionError

    help = f"restore the entry from the last good commit, or remove it and {update}"
    for package in locked:
        if not package.versions:
            yield Problem(STALE, lock.file, (*package.keys, "name"), f"`{package.name}` is locked in no version", help)
    for package, entry in _entries(locked):
        if not re.fullmatch("sha256:[0-9A-Fa-f]{64}", entry.digest):
            message = f"the digest of `{package.name}` {entry.version} is not `sha256:` and 64 hexadecimal digits"
            yield Problem(BAD_DIGEST, lock.file, (*entry.keys, "digest"), message, help)
        try:
            version = Version.parse(entry.version)
        except VersionError as error:
            yield Problem(UNREADABLE, lock.file, (*entry.keys, "version"), f"{tool} refuses it: {error}", help)
            continue
        try:
            requirement = Requirement.parse(entry.requirement)
        except VersionError as error:
            if tool == "wkg":  # cargo-component reads any text, and finds nobody who asks for it
                yield Problem(UNREADABLE, lock.file, (*entry.keys, "requirement"), f"wkg refuses it: {error}", help)
            continue
        if not requirement.matches(version):
            message = f"`{package.name}` is locked at {version}, which does not meet its requirement `{requirement}`"
            yield Problem(STALE, lock.file, (*entry.keys, "version"), message, help)


def compare_cargo_component(
    lock: Document, locked: Sequence[LockedPackage], wanted: Iterable[Wanted], is_all: bool, update: str
) -> Iterator[Problem]:
    """Say where a `Cargo-component.lock` is not what `cargo component build --locked` would take.

    `is_all` says that `wanted` is all that the workspace asks for.
    """
    help = f"{update}, and commit Cargo-component.lock"
    of_package = _by_package(locked)
    entries: dict[_Place, dict[str, LockedVersion]] = {}
    for package, entry in _entries(locked):
        place = (package.name, package.registry or DEFAULT_REGISTRY)
        entries.setdefault(place, {})[entry.requirement] = entry
    used: set[Keys] = set()
    reported: set[str] = set()
    for one in wanted:
        text = normal(one.requirement)
        found = entries.get((one.package, one.registry), {}).get(text)
        if found:
            used.add(found.keys)
        else:
            reported.add(one.package)
            message = f"`{one.package}` `{text}` is asked for, but {_locked_instead(one, of_package)}"
            yield Problem(STALE, one.file, one.keys, message, help)
    yield from _out_of_order(lock, locked, help)
    for package, entry in _entries(locked) if is_all else ():
        if entry.keys not in used and package.name not in reported:
            message = f"nothing asks for `{package.name}` `{entry.requirement}`{_from(package.registry)}"
            yield Problem(STALE, lock.file, (*entry.keys, "requirement"), message, help)


def _out_of_order(lock: Document, locked: Sequence[LockedPackage], help: str) -> Iterator[Problem]:
    """Say where a `Cargo-component.lock` is not sorted: it is searched by halves, and compared in its order."""
    places = [(*package.name.split(":", 1), package.registry or DEFAULT_REGISTRY) for package in locked]
    for before, place, package in zip(places, places[1:], locked[1:], strict=False):
        if place <= before:
            message = f"`{package.name}` is out of order after `{':'.join(before[:2])}`, so cargo-component misses it"
            yield Problem(STALE, lock.file, (*package.keys, "name"), message, help)
    for package in locked:
        for first, second in zip(package.versions, package.versions[1:], strict=False):
            if second.requirement <= first.requirement:
                message = (
                    f"`{second.requirement}` of `{package.name}` is out of order after `{first.requirement}`, "
                    "so cargo-component misses it"
                )
                yield Problem(STALE, lock.file, (*second.keys, "requirement"), message, help)


def compare_wkg(
    lock: Document,
    locked: Sequence[LockedPackage],
    wanted: Iterable[Wanted],
    is_mentioned: Callable[[str, str], bool],
    update: str,
) -> Iterator[Problem]:
    """Say where a `wkg.lock` is not what `wkg build` would write, as far as that can be told.

    wkg takes one version of each package only, so that of several requirements on one package one must be locked.
    `is_mentioned` tells whether some WIT below the lock names a package with this requirement on its version: then that
    may be WIT that the lock is for.
    """
    help = f"{update}, and commit wkg.lock"
    of_package = _by_package(locked)
    by_package: dict[str, list[Wanted]] = {}
    for one in wanted:
        by_package.setdefault(one.package, []).append(one)
    asked = {package: {normal(one.requirement) for one in several} for package, several in by_package.items()}
    found: dict[str, set[str]] = {}
    for package, entry in _entries(locked):
        found.setdefault(package.name, set()).add(normal(entry.requirement))
    # In the order of the WIT: only so many problems are reported, and those are to be the same in every run.
    lacking = dict.fromkeys(name for name, texts in asked.items() if texts.isdisjoint(found.get(name, ())))
    for name in lacking:
        one = by_package[name][0]
        message = f"`{name}` `{normal(one.requirement)}` is asked for, but {_locked_instead(one, of_package)}"
        yield Problem(STALE, one.file, one.keys, message, help, one.span)
    for of, entry in _entries(locked):
        text = normal(entry.requirement)
        if of.name in lacking or text in asked.get(of.name, ()) or is_mentioned(of.name, text):
            continue
        message = f"nothing asks for `{of.name}` `{text}`"
        unused = "remove the entry, which `wkg fetch` would keep"
        yield Problem(STALE, lock.file, (*entry.keys, "requirement"), message, unused)


def _by_package(locked: Iterable[LockedPackage]) -> dict[str, list[tuple[LockedPackage, LockedVersion]]]:
    found: dict[str, list[tuple[LockedPackage, LockedVersion]]] = {}
    for package, entry in _entries(locked):
        found.setdefault(package.name, []).append((package, entry))
    return found


def _locked_instead(wanted: Wanted, of_package: Mapping[str, Sequence[tuple[LockedPackage, LockedVersion]]]) -> str:
    """What the lock has of a wanted package, as a sentence."""
    text = normal(wanted.requirement)
    others = of_package.get(wanted.package, ())
    for package, entry in others:
        if entry.requirement == text:
            return f"it is locked{_from(package.registry) or ' from the default registry'}"
    if not others:
        return "it is not in the lock"
    texts = [f"`{entry.requirement}`" for _, entry in others[:_MOST_NAMED]]
    more = f" and {len(others) - _MOST_NAMED} more" if len(others) > _MOST_NAMED else ""
    return f"it is locked for {', '.join(texts)}{more} only"


def _from(registry: str | None) -> str:
    return f" from the registry `{registry}`" if registry else ""


def _entries(locked: Iterable[LockedPackage]) -> Iterator[tuple[LockedPackage, LockedVersion]]:
    for package in locked:
        for entry in package.versions:
            yield package, entry


def normal(requirement: str) -> str:
    """Spell a requirement as locks do; one that is none stays as it is."""
    from dunnage.cargo.version import Requirement, VersionError

    try:
        return str(Requirement.parse(requirement))
    except VersionError:
        return requirement
