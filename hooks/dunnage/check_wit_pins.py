"""Dependencies on WIT packages name one exact version, or one source that cannot change.

Reads what cargo-component, wkg and wit-deps take their dependencies from: `[package.metadata.component]` in
`Cargo.toml`, `wkg.toml`, `deps.toml`, and WIT itself, where `wkg` finds the packages that it fetches.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from dunnage.files import document, toml
from dunnage.files.document import Keys, Refused, is_template
from dunnage.files.source import File, SourceError, Tree
from dunnage.files.span import Span
from dunnage.frame.finding import Finding, Fix, Rule
from dunnage.frame.hook import Hook, run
from dunnage.frame.options import Options, flag

if TYPE_CHECKING:
    from dunnage.cargo.manifests import Manifest, Manifests
    from dunnage.wit.cargo_component import Component, Dependency
    from dunnage.wit.package_folder import Reference
    from dunnage.wit.projects import Projects
    from dunnage.wit.requirements import Asked, Pin
    from dunnage.wit.values import Problem
    from dunnage.wit.wit_deps import Entry
    from dunnage.wit.wkg import Config

RANGE = Rule("wit-pins/range", "a requirement that more than one version of a WIT package meets", is_fixable=True)
MOVING_URL = Rule("wit-pins/moving-url", "a WIT dependency is taken from where another thing may be tomorrow")
UNVERSIONED = Rule("wit-pins/unversioned", "a foreign WIT package is referred to in no version, so wkg takes any")
CONFLICT = Rule("wit-pins/conflict", "one component wants a WIT package in versions of which it cannot have both")
UNREADABLE = Rule("wit-pins/unreadable", "cargo-component, wkg or wit-deps would refuse a manifest", cuts_short=True)
RULES = (RANGE, MOVING_URL, UNVERSIONED, CONFLICT, UNREADABLE)

ALLOW_TAGS = flag("--allow-tags", "let URLs name tags and releases, although these can be moved")

_CARGO, _WIT_DEPS, _WKG = "Cargo.toml", "deps.toml", "wkg.toml"
_BESIDE = {"Cargo-component.lock": _CARGO, "deps.lock": _WIT_DEPS, "wkg.lock": _WKG}
"""By the name of a lock, that of the manifest beside it."""


def check(names: Sequence[str], tree: Tree, options: Options) -> Iterator[Finding]:
    """Check the named manifests, those beside the named locks, and what the WIT refers to that is named or theirs."""
    manifests: dict[str, dict[str, None]] = {_CARGO: {}, _WKG: {}, _WIT_DEPS: {}}
    texts: dict[str, None] = {}
    for path in map(os.path.abspath, names):
        folder, name = os.path.split(path)
        name = _BESIDE.get(name, name)
        if name in manifests:
            manifests[name][os.path.join(folder, name)] = None
        elif name.endswith(".wit"):
            texts[path] = None
    components, refused = _components(manifests[_CARGO], tree)
    findings = [
        *map(_refusal, refused),
        *_check_components(components, tree),
        *_check_wkg(manifests[_WKG], tree),
        *_check_wit_deps(manifests[_WIT_DEPS], tree, options),
        *_check_wit(texts, manifests[_WKG], components, tree),
    ]
    yield from dict.fromkeys(findings)


# cargo-component


def _components(paths: Iterable[str], tree: Tree) -> tuple[dict[str, tuple[File, Component]], list[Refused]]:
    """The manifests with a section of cargo-component, by folder, each with the section; and what is refused."""
    found = {}
    refusals = []
    for path in paths:
        try:
            component = _component(path, tree)
        except Refused as refused:
            refusals.append(refused)
        else:
            if component is not None:
                found[os.path.dirname(path)] = component
    return found, refusals


def _component(path: str, tree: Tree) -> tuple[File, Component] | None:
    """Read the section in a manifest; None if it has none, or nobody builds there. Raises Refused."""
    vendored = os.path.join(os.path.dirname(path), ".cargo-checksum.json")
    try:
        if b"component" not in tree.read(path).data or tree.exists(vendored):
            return None
        file, data = document.read(tree, path)
    except (FileNotFoundError, SourceError):
        return None
    except Refused as refused:
        if is_template(refused.file.data) or b"metadata.component" not in refused.file.data:
            return None
        raise
    from dunnage.wit import cargo_component

    component = cargo_component.read(data)
    return component and (file, component)


def _check_components(components: Mapping[str, tuple[File, Component]], tree: Tree) -> Iterator[Finding]:
    """Check sections of cargo-component, given by the folder of the manifest."""
    ranges: dict[str, list[Asked]] = {}
    for folder, (file, component) in components.items():
        yield from _problems(file, component.problems)
        asked = _requirements(file, component.registry_dependencies)
        yield from _malformed("cargo-component", asked)
        yield from _check_sections(file, component)
        if some := _ranges(asked):
            ranges[folder] = some
    if ranges:
        yield from _component_ranges(ranges, tree)


def _requirements(file: File, dependencies: Iterable[Dependency]) -> list[Asked]:
    """What a manifest asks registries for."""
    from dunnage.wit.requirements import Asked

    return [
        Asked(file, it.package, it.registry or "default", it.requirement, it.requirement_keys)
        for it in dependencies
        if it.requirement is not None
    ]


def _check_sections(file: File, component: Component) -> Iterator[Finding]:
    """Find packages that the target and the imports of a component have in versions that are one to whoever runs it.

    Under another name a second version is meant to be there.
    """
    from dunnage.wit import package_folder
    from dunnage.wit.requirements import exact_version

    seen: dict[tuple[str, tuple[int, ...]], str] = {}
    plain = (it for it in component.registry_dependencies if it.name == it.package)
    for one in _requirements(file, plain):
        version = exact_version(one.text)
        track = package_folder.track(version)
        first = seen.setdefault((one.package, track), version)
        if track and first != version:
            message = f"`{one.package}` is given here in version {version}, and elsewhere in this manifest in {first}"
            span = toml.locate_value(file, one.keys)
            yield Finding(CONFLICT, file.path, span, message, "write the same version in both places")


def _component_ranges(ranges: Mapping[str, list[Asked]], tree: Tree) -> Iterator[Finding]:
    """Report the ranges in manifests, given by folder, workspace by workspace, since each has one lock."""
    from dunnage.cargo.manifests import Manifests

    manifests = Manifests(tree)
    shared: dict[str | None, list[Asked]] = {}
    for folder, asked in ranges.items():
        shared.setdefault(_root(manifests, folder), []).extend(asked)
    for root, asked in shared.items():
        lock = root and os.path.join(root, "Cargo-component.lock")
        yield from _report_ranges("cargo-component", asked, lock, partial(_all_asked, manifests, root), tree)


def _root(manifests: Manifests, folder: str) -> str | None:
    """The folder of the root of the workspace that a manifest belongs to; None if cargo would refuse it."""
    try:
        found = manifests.find(folder)
        return manifests.root_of(found).folder if found else None
    except Refused:
        return None


def _all_asked(manifests: Manifests, root: str | None) -> list[Asked] | None:
    """All that the members of a workspace ask for; None if cargo would refuse it."""
    from dunnage.cargo.workspace import load
    from dunnage.wit import cargo_component

    found = manifests.find(root) if root else None
    workspace = load(manifests, found)[0] if found else None
    if workspace is None:
        return None
    asked = []
    for member in workspace.members.values():
        component = cargo_component.read(member.manifest.data)
        if component:
            asked += _requirements(member.manifest.file, component.registry_dependencies)
    return asked


# wkg


def _check_wkg(paths: Iterable[str], tree: Tree) -> Iterator[Finding]:
    """Check manifests of wkg."""
    from dunnage.wit import wkg

    for path in paths:
        try:
            found = document.read(tree, path)
        except FileNotFoundError:
            continue
        except Refused as refused:
            yield _refusal(refused)
            continue
        config = wkg.read_config(found)
        yield from _problems(found.file, config.problems)
        asked = _overridden(found.file, config)
        yield from _malformed("wkg", asked)
        lock = os.path.join(os.path.dirname(path), "wkg.lock")
        yield from _report_ranges("wkg", _ranges(asked), lock, partial(list, asked), tree)


def _overridden(file: File, config: Config) -> list[Asked]:
    """The versions of overrides; wkg ignores one that is beside a path."""
    from dunnage.wit.requirements import Asked

    return [
        Asked(file, override.package, "", override.version, (*override.keys, "version"))
        for override in config.overrides.values()
        if override.version is not None and override.path is None
    ]


# Requirements


def _malformed(tool: str, asked: list[Asked]) -> Iterator[Finding]:
    from dunnage.wit.requirements import problem

    for one in asked:
        if reason := problem(one.text):
            span = toml.locate_value(one.file, one.keys)
            message = f"{tool} refuses the version of `{one.package}`: {reason}"
            yield Finding(UNREADABLE, one.file.path, span, message, _WRITE_EXACT)


def _ranges(asked: list[Asked]) -> list[Asked]:
    from dunnage.wit.requirements import exact_version, problem

    return [one for one in asked if not problem(one.text) and not exact_version(one.text)]


def _report_ranges(
    tool: str, ranges: list[Asked], lock: str | None, all_asked: Callable[[], list[Asked] | None], tree: Tree
) -> Iterator[Finding]:
    """Report ranges that share a lock, with the fix of those that are known to mean one version.

    `all_asked` gives everything that the lock is for, None if that cannot be told.
    """
    found = {}
    for one in ranges:
        span = toml.locate_value(one.file, one.keys)
        found[one] = Finding(RANGE, one.file.path, span, _why_a_range(tool, one), _WRITE_EXACT)
    pinned = _pins(found, lock, all_asked, tree) if found and lock else {}
    for one, finding in found.items():
        pin = pinned.get(one)
        if pin is None:
            yield finding
        else:
            source = f", the version in {os.path.basename(lock or '')}" if pin.is_locked else ""
            fix = Fix(f"pinned {one.package} to ={pin.version}{source}", pin.edits)
            yield finding._replace(help=f'write `"={pin.version}"`{source}', fix=fix)


def _why_a_range(tool: str, asked: Asked) -> str:
    from dunnage.wit.requirements import full_version

    text = asked.text.strip(" ")
    if full_version(text):
        return f"`{text}` is a range to {tool}, `^{text}`: a newer version of `{asked.package}` will do as well"
    return f"`{text}` is a range: any version of `{asked.package}` in it will do"


def _pins(
    found: Mapping[Asked, Finding], path: str, all_asked: Callable[[], list[Asked] | None], tree: Tree
) -> Mapping[Asked, Pin]:
    from dunnage.frame import ignore
    from dunnage.wit import lock
    from dunnage.wit.requirements import Lock, pins, problem

    try:
        read = document.read(tree, path)
        known = Lock(read.file, lock.read(read))
    except FileNotFoundError:
        return pins(found, found, None)
    except Refused:
        return {}
    asked = all_asked()
    if asked is None:
        return {}
    left = set(ignore.silence(found.values(), tree, RULES, toml.comments).findings)
    free = {one for one, finding in found.items() if finding in left}
    return pins([one for one in asked if not problem(one.text)], free, known)


# wit-deps


def _check_wit_deps(paths: Iterable[str], tree: Tree, options: Options) -> Iterator[Finding]:
    """Check the URLs in manifests of wit-deps."""
    from dunnage.wit import wit_deps
    from dunnage.wit.projects import is_of_wit_deps

    for path in paths:
        if not is_of_wit_deps(os.path.dirname(path), tree):
            continue
        try:
            found = document.read(tree, path)
            entries = wit_deps.read_manifest(found)
        except FileNotFoundError:
            continue
        except Refused as refused:
            yield _refusal(refused)
            continue
        for entry in entries:
            if entry.url is not None and not entry.sha256 and not entry.sha512:
                yield from _moving(found.file, entry, options[ALLOW_TAGS])


def _moving(file: File, entry: Entry, allow_tags: bool) -> Iterator[Finding]:
    from dunnage.wit import archive_url
    from dunnage.wit.archive_url import BRANCH, COMMIT, HEAD, LATEST_RELEASE, OTHER, RELEASE_ASSET, SHORT_COMMIT, TAG

    kind, ref = archive_url.classify(entry.url or "")
    if kind == COMMIT or (allow_tags and kind in (TAG, RELEASE_ASSET, SHORT_COMMIT)):
        return
    if kind == OTHER and re.search("[0-9a-f]{40}", entry.url or ""):
        return
    why = {
        BRANCH: f"is taken from the branch `{ref}`, which moves with every commit",
        HEAD: "is taken from the newest commit, whatever it is",
        LATEST_RELEASE: "is taken from the newest release, whatever it is",
        TAG: f"is taken from the tag `{ref}`, which can be moved to another commit",
        SHORT_COMMIT: f"is taken from `{ref}`, which is no full commit: a branch or a tag may be named so",
        RELEASE_ASSET: f"is taken from a file of the release `{ref}`, which can be replaced",
        OTHER: "is taken from a URL that may serve another thing tomorrow",
    }[kind]
    commit = "" if kind in (LATEST_RELEASE, RELEASE_ASSET, OTHER) else "name the full commit in the URL, or "
    help = f'{commit}write `sha256 = "…"` of the archive beside `url`:\ncurl -L {entry.url} | sha256sum'
    value: object = toml.parse(file)[entry.name]
    keys: Keys = entry.keys if isinstance(value, str) else (*entry.keys, "url")
    yield Finding(MOVING_URL, file.path, toml.locate_value(file, keys), f"`{entry.name}` {why}", help)


# WIT


def _check_wit(
    texts: Iterable[str],
    manifests: Iterable[str],
    components: Mapping[str, tuple[File, Component]],
    tree: Tree,
) -> Iterator[Finding]:
    """Check the named WIT, and all that wkg or cargo-component reads together with it or with a named manifest."""
    if not (texts or manifests or components):
        return
    from dunnage.wit.projects import Projects, is_vendored

    projects = Projects(tree)
    own = [path for path in texts if not is_vendored(path)]
    folders = dict.fromkeys(os.path.dirname(path) for path in own)
    for manifest in manifests:
        root = projects.wkg_root(os.path.dirname(manifest))
        folders.update(dict.fromkeys(root.wit_folders if root else ()))
    for folder, (_, component) in components.items():
        if component.wit_path and (component.target_dependencies or component.dependencies):
            path = os.path.normpath(os.path.join(folder, component.wit_path))
            folders[path if os.path.isdir(path) else os.path.dirname(path)] = None
    for path in own:
        yield from _check_worlds(path, tree)
    for folder in folders:
        yield from _check_folder(folder, projects, tree)


def _check_worlds(path: str, tree: Tree) -> Iterator[Finding]:
    """Find versions in one world that are one to whoever runs it."""
    from dunnage.wit import package_folder

    for world in package_folder.worlds(path, tree):
        for package, versions in package_folder.by_version(world).items():
            seen: dict[tuple[int, ...], str] = {}
            for version, reference in versions.items():
                track = package_folder.track(version)
                first = seen.setdefault(track, version)
                if track and first != version:
                    where = versions[first].place
                    message = (
                        f"this world wants `{package}` in version {version}, and in {first} in {where}, but whoever "
                        "runs it has one version for both"
                    )
                    yield _conflict(reference, message)


def _check_folder(folder: str, projects: Projects, tree: Tree) -> Iterator[Finding]:
    """Check what a WIT folder refers to beside what wkg or cargo-component is told to take for it."""
    from dunnage.wit import package_folder

    roots, component = projects.wkg_roots(folder), projects.component(folder)
    told = [_overridden(root.manifest.file, root.config) for root in roots if root.manifest and root.config]
    if component:
        told.append(_requirements(component[0].file, component[1].target_dependencies))
    imported = _imported(*component) if component else []
    if not roots and not any(told) and not imported:
        return
    wit = package_folder.read(folder, tree)
    versions = package_folder.by_version(wit.references)
    yield from _check_told(_in_the_place_of(imported, versions), versions)
    for asked in told:
        yield from _check_told(asked, versions)
    if not roots:
        return
    sources = package_folder.Sources(folder, projects, tree)
    for it in wit.references:
        if it.version is None and not sources.is_settled(it.package):
            message = f"`{it.text}` names no version: wkg takes whatever version of `{it.package}` is newest"
            help = f"write `{it.text}@1.2.3`, with the version that was reviewed"
            yield Finding(UNVERSIONED, it.file.path, it.span, message, help)
    for package, wanted in versions.items():
        first, *others = wanted
        if others and (sources.has_folder(package) or all(sources.has_vendored(package, it) for it in wanted)):
            continue
        for other in others:
            message = (
                f"`{package}` is wanted in version {other} here, and in {first} in {wanted[first].place}, but wkg "
                "fetches one version of a package"
            )
            yield _conflict(wanted[other], message)


def _check_told(asked: list[Asked], versions: Mapping[str, Mapping[str, Reference]]) -> Iterator[Finding]:
    """Find the exact versions in a manifest of packages that the WIT wants in other versions only."""
    from dunnage.wit.requirements import exact_version

    exact: dict[str, dict[Asked, str]] = {}
    for one in asked:
        if version := exact_version(one.text):
            exact.setdefault(one.package, {})[one] = version
    for package, pinned in exact.items():
        wanted = versions.get(package, {})
        if wanted and {version.partition("+")[0] for version in wanted}.isdisjoint(pinned.values()):
            version, reference = next(iter(wanted.items()))
            for one, pin in pinned.items():
                message = f"`{package}` is given here in version {pin}, but wanted in {version} in {reference.place}"
                span = toml.locate_value(one.file, one.keys)
                yield Finding(CONFLICT, one.file.path, span, message, "write the same version in both places")


def _imported(manifest: Manifest, component: Component) -> list[Asked]:
    """The components that a component imports, but for what it also gives its WIT, with which they are compared."""
    others = {it.package for it in component.target_dependencies}
    return _requirements(manifest.file, (it for it in component.dependencies if it.package not in others))


def _in_the_place_of(imported: list[Asked], versions: Mapping[str, Mapping[str, Reference]]) -> list[Asked]:
    """The components that a component imports in versions that are one with those its WIT wants to whoever runs it."""
    from dunnage.wit import package_folder
    from dunnage.wit.requirements import exact_version

    found = []
    for one in imported:
        track = package_folder.track(exact_version(one.text))
        if track and track in map(package_folder.track, versions.get(one.package, ())):
            found.append(one)
    return found


def _conflict(reference: Reference, message: str) -> Finding:
    return Finding(CONFLICT, reference.file.path, reference.span, message, "write one version everywhere")


# Findings


def _problems(file: File, problems: Sequence[Problem]) -> Iterator[Finding]:
    for problem in problems if not is_template(file.data) else ():
        yield Finding(UNREADABLE, file.path, toml.locate(file, problem.keys), problem.message, problem.help)


def _refusal(refused: Refused) -> Finding:
    span = toml.locate(refused.file, refused.keys) if refused.span is None else refused.span
    help = refused.help or "correct it, or restore it from the last good commit"
    return Finding(UNREADABLE, refused.file.path, span, refused.message, help)


_WRITE_EXACT = 'write `"=1.2.3"`, with the version that was reviewed'


def _comments(file: File) -> Iterable[tuple[Span, str]]:
    if file.path.endswith(".wit"):
        from dunnage.wit.syntax import comments

        return comments(file)
    return toml.comments(file)


HOOK = Hook(
    name="check-wit-pins",
    summary="check that dependencies on WIT packages name one exact version or one immutable source",
    rules=RULES,
    check=check,
    comments=_comments,
    fixes=True,
    options=(ALLOW_TAGS,),
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the hook and return its exit status."""
    return run(HOOK, argv)


if __name__ == "__main__":
    raise SystemExit(main())
