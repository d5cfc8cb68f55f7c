"""Dependencies on WIT packages name one exact version, or one immutable source.

The dependencies are in `[package.metadata.component]` of `Cargo.toml` for cargo-component, in `deps.toml` for wit-deps,
and for wkg in `wkg.toml` and in the WIT itself.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import chain, islice
from typing import TYPE_CHECKING

from dunnage.files import document, shown, toml
from dunnage.files.document import Keys, Problem, Refused, is_template
from dunnage.files.source import File, SourceError, Tree
from dunnage.files.span import Span
from dunnage.files.walk import top_folder
from dunnage.frame.finding import MOST_FINDINGS, Finding, Fix, Rule, distinct, findings
from dunnage.frame.hook import Hook, run
from dunnage.frame.options import Options, flag

if TYPE_CHECKING:
    from dunnage.cargo.manifests import Manifests
    from dunnage.wit.cargo_component import Component
    from dunnage.wit.projects import WitRequirement
    from dunnage.wit.requirements import WitPin
    from dunnage.wit.wit_deps import WitDepsEntry

RANGE = Rule("wit-pins/range", "a version requirement on a WIT package allows more than one version", is_fixable=True)
MOVING_URL = Rule("wit-pins/moving-url", "the content behind the URL of a WIT dependency can change")
UNVERSIONED = Rule(
    "wit-pins/unversioned", "WIT refers to a foreign package without a version, so wkg fetches the latest"
)
CONFLICT = Rule("wit-pins/conflict", "a component requires two conflicting versions of a WIT package")
UNREADABLE = Rule("wit-pins/unreadable", "cargo-component, wkg or wit-deps rejects a manifest", cuts_short=True)
RULES = (RANGE, MOVING_URL, UNVERSIONED, CONFLICT, UNREADABLE)

ALLOW_TAGS = flag(
    "--allow-tags", "accept URLs that name a tag, a release or a short commit, although their content can change"
)

_CARGO, _WIT_DEPS, _WKG = "Cargo.toml", "deps.toml", "wkg.toml"
_MANIFEST_OF = {"Cargo-component.lock": _CARGO, "deps.lock": _WIT_DEPS, "wkg.lock": _WKG}
"""For the name of each lock, the name of the manifest beside it."""
_RESTORE = "correct the file, or restore it from the last good commit"


def check(names: Sequence[str], tree: Tree, options: Options) -> Iterator[Finding]:
    """Check the named manifests, the manifests of the named locks, and the WIT that is named or belongs to these."""
    manifests: dict[str, dict[str, None]] = {_CARGO: {}, _WKG: {}, _WIT_DEPS: {}}
    texts: dict[str, None] = {}
    for path in map(os.path.abspath, names):
        folder, name = os.path.split(path)
        name = _MANIFEST_OF.get(name, name)
        if name in manifests:
            manifests[name][os.path.join(folder, name)] = None
        elif name.endswith(".wit"):
            texts[path] = None
    folders: dict[str, None] = {}
    found = (
        _check_components(manifests[_CARGO], folders, tree),
        _check_wkg(manifests[_WKG], tree),
        _check_wit_deps(manifests[_WIT_DEPS], tree, options[ALLOW_TAGS]),
        findings(_check_wit(texts, manifests[_WKG], folders, tree), RULES),
    )
    yield from distinct(chain.from_iterable(found))


# cargo-component


def _component(path: str, tree: Tree) -> tuple[File, Component] | None:
    """Read a manifest and its section; None if it has none, or is in a vendored crate. Raises Refused."""
    from dunnage.cargo.config_files import is_vendored_crate

    try:
        if b"component" not in tree.read(path).data or is_vendored_crate(tree, os.path.dirname(path)):
            return None
        file, _ = document.read(tree, path)
    except (FileNotFoundError, SourceError):
        return None
    except Refused as refused:
        if is_template(refused.file.data) or b"metadata.component" not in refused.file.data:
            return None
        raise
    from dunnage.wit import cargo_component

    component = cargo_component.component(file)
    return component and (file, component)


def _check_components(paths: Iterable[str], folders: dict[str, None], tree: Tree) -> Iterator[Finding]:
    """Check manifests for cargo-component. `folders` receives the folders of WIT for which they have dependencies."""
    with_ranges: list[File] = []
    for path in paths:
        try:
            found = _component(path, tree)
        except Refused as refused:
            yield from findings([refused.problem(UNREADABLE.id, _RESTORE)], RULES)
            continue
        if found is None:
            continue
        from dunnage.wit import cargo_component, conflicts

        file, component = found
        requirements = cargo_component.requirements(component.all_dependencies)
        yield from _rejected_entries(file, component.problems)
        yield from findings(_malformed("cargo-component", requirements), RULES)
        yield from findings(conflicts.check_section(component), RULES)
        if any(_ranges(requirements)):
            with_ranges.append(file)
        if component.wit_path and (component.target_dependencies or component.dependencies):
            wit = os.path.normpath(os.path.join(os.path.dirname(path), component.wit_path))
            folders[wit if os.path.isdir(wit) else os.path.dirname(wit)] = None
    if with_ranges:
        yield from _component_ranges(with_ranges, tree)


def _component_ranges(files: Iterable[File], tree: Tree) -> Iterator[Finding]:
    """Report the ranges in manifests. Each workspace has one lock for all of its ranges."""
    from dunnage.cargo.manifests import Manifests

    manifests = Manifests(tree)
    by_root: dict[str | None, list[File]] = {}
    for file in files:
        by_root.setdefault(_root(manifests, file.folder), []).append(file)
    for root, members in by_root.items():
        lock = root and os.path.join(root, "Cargo-component.lock")
        read_all = partial(_workspace_requirements, manifests, root)
        yield from _report_ranges("cargo-component", _ranges(_requirements(members)), lock, read_all, tree)


def _requirements(files: Iterable[File]) -> Iterator[WitRequirement]:
    """The requirements in manifests for cargo-component."""
    from dunnage.wit import cargo_component

    for file in files:
        if component := cargo_component.component(file):
            yield from cargo_component.requirements(component.all_dependencies)


def _root(manifests: Manifests, folder: str) -> str | None:
    """The root folder of the workspace of a manifest; None if cargo would reject it."""
    try:
        manifest = manifests.find(folder)
        return manifests.root_of(manifest).folder if manifest else None
    except Refused:
        return None


def _workspace_requirements(manifests: Manifests, root: str | None) -> Iterator[WitRequirement] | None:
    """The requirements of all members of a workspace; None if cargo would reject it."""
    from dunnage.cargo.workspace import load

    manifest = manifests.find(root) if root else None
    workspace = load(manifests, manifest)[0] if manifest else None
    if workspace is None:
        return None
    return _requirements([member.manifest.file for member in workspace.members.values()])


# wkg


def _check_wkg(paths: Iterable[str], tree: Tree) -> Iterator[Finding]:
    """Check manifests of wkg."""
    for path in paths:
        from dunnage.wit import projects

        try:
            file, _ = document.read(tree, path)
        except FileNotFoundError:
            continue
        except Refused as refused:
            yield from findings([refused.problem(UNREADABLE.id, _RESTORE)], RULES)
            continue
        config = projects.read_config(file)
        requirements = config.requirements(file)
        yield from _rejected_entries(file, config.problems)
        yield from findings(_malformed("wkg", requirements), RULES)
        lock = os.path.join(os.path.dirname(path), "wkg.lock")
        yield from _report_ranges("wkg", _ranges(requirements), lock, partial(iter, requirements), tree)


# Requirements


def _rejected_entries(file: File, problems: Sequence[Problem]) -> Iterator[Finding]:
    """Report the entries that a tool rejects, unless the manifest is a template."""
    return findings(() if is_template(file.data) else problems, RULES)


def _malformed(tool: str, requirements: Iterable[WitRequirement]) -> Iterator[Problem]:
    from dunnage.wit.requirements import problem

    for requirement in requirements:
        if reason := problem(requirement.text):
            message = f"{tool} rejects the version of `{requirement.package}`: {reason}"
            yield Problem(
                UNREADABLE.id, requirement.file, message, _write_exact(requirement), requirement.keys, about_value=True
            )


def _ranges(requirements: Iterable[WitRequirement]) -> Iterator[WitRequirement]:
    """Yield the valid requirements that more than one version meets."""
    from dunnage.wit.requirements import exact_version, problem

    return (entry for entry in requirements if not problem(entry.text) and not exact_version(entry.text))


def _report_ranges(
    tool: str,
    ranges: Iterable[WitRequirement],
    lock: str | None,
    read_all: Callable[[], Iterable[WitRequirement] | None],
    tree: Tree,
) -> Iterator[Finding]:
    """Report ranges that share a lock, with a fix for each that is known to stand for one version.

    `read_all` returns all requirements for which the lock is, or None if they cannot be read.
    """
    from dunnage.wit.requirements import exact_text, full_version

    found = {}
    for entry in islice(ranges, MOST_FINDINGS + 1):
        text = entry.text.strip(" ")
        message = f"`{text}` allows more than one version of `{entry.package}`"
        if full_version(text):
            message = f"{tool} reads `{text}` as `^{text}`, which also allows newer versions of `{entry.package}`"
        span = toml.locate_value(entry.file, entry.keys)
        found[entry] = Finding(RANGE, entry.file.path, span, message, _write_exact(entry))
    pinned: Mapping[WitRequirement, WitPin] = {}
    obstacle = ""
    if found and lock:
        pinned, obstacle = _pins(found, lock, read_all, tree)
    for entry, finding in found.items():
        pin = pinned.get(entry)
        if pin is None:
            yield finding._replace(obstacle=obstacle)
        else:
            source = f", the version in {os.path.basename(lock or '')}" if pin.is_locked else ""
            fix = Fix(f"pinned {entry.package} to ={pin.version}{source}", pin.edits)
            yield finding._replace(help=f'write `"{exact_text(entry, pin.version)}"`{source}', fix=fix)


def _write_exact(requirement: WitRequirement) -> str:
    from dunnage.wit.requirements import exact_text

    return f'write `"{exact_text(requirement, "1.2.3")}"`, with the reviewed version in place of 1.2.3'


def _pins(
    found: Mapping[WitRequirement, Finding],
    path: str,
    read_all: Callable[[], Iterable[WitRequirement] | None],
    tree: Tree,
) -> tuple[Mapping[WitRequirement, WitPin], str]:
    """The pins for the ranges of findings, except those that an ignore comment silences. `path` is that of the lock.

    Without pins because of the lock, also the reason, which begins with a path.
    """
    from dunnage.frame import ignore
    from dunnage.wit import lock
    from dunnage.wit.requirements import Lock, pins

    try:
        locked = document.read(tree, path)
        known = Lock(locked.file, lock.read(locked))
    except FileNotFoundError:
        return pins(found, found, None), ""
    except Refused as refused:
        return {}, f"{refused.file.path} {_hindrance(path)}"
    requirements = read_all()
    if requirements is None:
        return {}, ""
    manifests = tree.view()  # only of what it reads, the comments are looked at
    for entry in found:
        manifests.read(entry.file.path)
    reported = set(ignore.silence(found.values(), manifests, RULES, toml.comments).findings)
    fixable = dict.fromkeys(entry for entry, finding in found.items() if finding in reported)
    return pins(requirements, fixable, known), ""


def _hindrance(lock: str) -> str:
    """Why a lock that cannot be read is not changed, as a clause whose subject is the lock."""
    from dunnage.files.writing import writable

    try:
        writable(lock, top_folder(os.getcwd()))
    except SourceError as error:
        return error.message
    return "cannot be read"


# wit-deps


def _check_wit_deps(paths: Iterable[str], tree: Tree, allow_tags: bool) -> Iterator[Finding]:
    """Check the URLs in manifests of wit-deps."""
    for path in paths:
        from dunnage.wit import wit_deps
        from dunnage.wit.projects import is_of_wit_deps

        if not is_of_wit_deps(os.path.dirname(path), tree):
            continue
        try:
            manifest = document.read(tree, path)
            entries = wit_deps.read_manifest(manifest)
        except FileNotFoundError:
            continue
        except Refused as refused:
            yield from findings([refused.problem(UNREADABLE.id, _RESTORE)], RULES)
            continue
        yield from findings(_moving_urls(manifest.file, entries, allow_tags), RULES)


def _moving_urls(file: File, entries: Iterable[WitDepsEntry], allow_tags: bool) -> Iterator[Problem]:
    """Find URLs whose content can change. The first one with a tag gets the advice on how to accept all of them."""
    from dunnage.wit import wit_deps

    advice = f"\nto accept tags and releases everywhere: pass `{ALLOW_TAGS.name}`"
    for entry in entries:
        if entry.url is None or entry.sha256 or entry.sha512:
            continue
        kind, ref = wit_deps.classify(entry.url)
        if kind == wit_deps.COMMIT or (kind == wit_deps.OTHER and re.search("[0-9a-f]{40}", entry.url)):
            continue
        problem = _moving_url(file, entry, kind, ref)
        if kind not in (wit_deps.TAG, wit_deps.RELEASE_ASSET, wit_deps.SHORT_COMMIT):
            yield problem
        elif not allow_tags:
            yield problem._replace(help=problem.help + advice)
            advice = ""


def _moving_url(file: File, entry: WitDepsEntry, kind: str, ref: str) -> Problem:
    from dunnage.wit import wit_deps

    has_commit = kind not in (wit_deps.LATEST_RELEASE, wit_deps.RELEASE_ASSET, wit_deps.OTHER)
    commit = "write the full commit in the URL, or " if has_commit else ""
    url = entry.url or ""
    is_string = isinstance(toml.parse(file)[entry.name], str)
    digest = 'sha256 = "DIGEST"'
    if is_string:
        digest = f"{shown.toml_key(entry.name)} = {{ url = {shown.toml_string(url)}, {digest} }}"
    help = f"{commit}write the digest that this command prints:\n{wit_deps.digest_command(url)}\n{digest}"
    keys: Keys = entry.keys if is_string else (*entry.keys, "url")
    message = f"`{entry.name}` is downloaded from {wit_deps.MOVING[kind].format(ref)}"
    return Problem(MOVING_URL.id, file, message, help, keys, about_value=True)


# WIT


def _check_wit(
    texts: Iterable[str], manifests: Iterable[str], folders: Mapping[str, None], tree: Tree
) -> Iterator[Problem]:
    """Check the named WIT, its folders, those of the named manifests of wkg, and the named folders."""
    if not (texts or manifests or folders):
        return
    from dunnage.wit import conflicts
    from dunnage.wit.projects import Projects, is_vendored

    projects = Projects(tree)
    own = [path for path in texts if not is_vendored(path)]
    every = dict.fromkeys(os.path.dirname(path) for path in own)
    for manifest in manifests:
        root = projects.wkg_root(os.path.dirname(manifest))
        every.update(dict.fromkeys(root.wit_folders if root else ()))
    every.update(folders)
    for path in own:
        yield from conflicts.check_worlds(path, tree)
    for folder in every:
        yield from conflicts.check_folder(folder, projects, tree)


def _comments(file: File) -> Iterable[tuple[Span, str]]:
    if file.path.endswith(".wit"):
        from dunnage.wit.lexer import comments

        return comments(file)
    return toml.comments(file)


HOOK = Hook(
    name="check-wit-pins",
    summary="check that dependencies on WIT packages have one exact version or one immutable source",
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
