"""Cargo-component.lock, wkg.lock and deps.lock are present, and match the manifests, the WIT and the vendored files.

The digests in a deps.lock are of the vendored files. No other tool verifies them: wit-deps itself downloads a direct
dependency again if its content differs, and accepts any content for a transitive one.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

from dunnage.files import document, shown, toml
from dunnage.files.document import Document, Keys, Problem, Refused, is_template
from dunnage.files.git import Repositories
from dunnage.files.source import File, Tree
from dunnage.files.span import Span
from dunnage.files.walk import upwards
from dunnage.frame.finding import Finding, Rule, also_unhide, distinct, findings, untracked
from dunnage.frame.hook import Hook, run
from dunnage.frame.options import Options
from dunnage.wit import root as package_root
from dunnage.wit import wit_deps
from dunnage.wit.projects import (
    CARGO_COMPONENT_LOCK,
    CARGO_MANIFEST,
    DEPS,
    WKG_LOCK,
    WKG_MANIFEST,
    WORKSPACE_OUT,
    Projects,
    WkgRoot,
    is_of_wit_deps,
    is_vendored,
    own_files,
    vendored,
)

if TYPE_CHECKING:
    from dunnage.cargo.manifests import Manifest
    from dunnage.wit.lock import LockedWitPackage
    from dunnage.wit.projects import WitRequirement

MISSING = Rule("wit-lock/missing", "WIT dependencies have no lock", cuts_short=True)
UNTRACKED = Rule("wit-lock/untracked", "git does not track a lock")
UNREADABLE = Rule("wit-lock/unreadable", "a tool rejects its lock or its manifest", cuts_short=True)
STALE = Rule("wit-lock/stale", "a lock does not match the manifests or the WIT")
BAD_DIGEST = Rule("wit-lock/bad-digest", "a digest in a lock is missing or malformed")
DRIFTED = Rule("wit-lock/drifted", "vendored files do not match the lock")
RULES = (MISSING, UNTRACKED, UNREADABLE, STALE, BAD_DIGEST, DRIFTED)

_LOCKS = (CARGO_COMPONENT_LOCK, WKG_LOCK, wit_deps.LOCK)
_MAX_PROBLEMS = 1000
"""How many problems of one lock are reported."""


def check(names: Sequence[str], tree: Tree, options: Options) -> Iterator[Finding]:
    """Check, once each, all projects to which the named manifests, locks and WIT files belong."""
    del options
    manifests: dict[str, None] = {}
    roots: dict[str, None] = {}
    wit_folders: dict[str, None] = {}
    wit_deps_folders: dict[str, None] = {}
    for path in map(os.path.abspath, names):
        folder, base = os.path.split(path)
        if base in (CARGO_MANIFEST, CARGO_COMPONENT_LOCK):
            manifests[os.path.join(folder, CARGO_MANIFEST)] = None
        elif base in (WKG_MANIFEST, WKG_LOCK):
            roots[folder] = None
        elif base in (wit_deps.MANIFEST, wit_deps.LOCK):
            wit_deps_folders[folder] = None
        else:
            wit_folders[folder] = None
            if is_vendored(path):
                wit_folders[package_root(path)] = wit_deps_folders[package_root(path)] = None
    checker = _Checker(tree)
    found = chain(
        checker.check_cargo_component(manifests),
        checker.check_wkg(roots, wit_folders),
        (finding for folder in wit_deps_folders for finding in checker.check_wit_deps(folder)),
    )
    yield from distinct(found)


class _Checker:
    """The checks of one run, and the projects and repositories that it has read."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._projects = Projects(tree)
        self._repositories = Repositories(tree, *(f"**/{name}" for name in _LOCKS))

    # wit-deps

    def check_wit_deps(self, folder: str) -> Iterator[Finding]:
        """Check the `deps.lock` of a WIT folder, if wit-deps manages the folder."""
        if not is_of_wit_deps(folder, self._tree):
            return
        manifest_path, lock_path = (os.path.join(folder, name) for name in (wit_deps.MANIFEST, wit_deps.LOCK))
        try:
            manifest = self._read(manifest_path)
            wanted = wit_deps.read_manifest(manifest) if manifest else ()
            lock = self._read(lock_path)
            locked = wit_deps.read_lock(lock) if lock else ()
        except Refused as refused:
            yield from _unreadable(refused)
            return
        above, name = os.path.split(folder)
        update = f"run `wit-deps lock` in {_named(above)}"
        if name != "wit":
            update = f"run `wit-deps -m deps.toml -l deps.lock -d deps lock` in {_named(folder)}"
        if lock is None:
            entry = next((entry for entry in wanted if entry.url is not None), None)
            if manifest and entry:
                yield self._missing(lock_path, manifest.file, entry.keys, update)
            return
        from dunnage.wit import lock_comparison
        from dunnage.wit import vendored as vendored_files

        yield from self._untracked(lock_path)
        deps = os.path.join(folder, DEPS)
        # If wkg manages the folder as well, a vendored package that deps.lock does not hold may be wkg's.
        present = () if self._projects.wkg_roots(folder) else vendored(deps)
        problems = chain(
            lock_comparison.bad_wit_deps_digests(lock, locked, update),
            lock_comparison.compare_wit_deps(manifest, wanted, lock, locked, update) if manifest else (),
            vendored_files.compare_wit_deps(self._tree, deps, lock, locked, present, update),
        )
        yield from findings(islice(problems, _MAX_PROBLEMS), RULES)

    # wkg

    def check_wkg(self, folders: Iterable[str], wit_folders: Iterable[str]) -> Iterator[Finding]:
        """Check every `wkg.lock` in these folders, and those for these WIT folders."""
        roots = {root.folder: root for folder in folders if (root := self._projects.wkg_root(folder)) is not None}
        for wit in (*wit_folders, *(wit for root in roots.values() for wit in root.wit_folders)):
            # The dependencies of all members of a workspace are vendored in one folder.
            above = os.path.dirname(wit)
            if os.path.basename(wit) == WORKSPACE_OUT and (root := self._projects.wkg_root(above)) is not None:
                roots[above] = root
            roots.update({root.folder: root for root in self._projects.wkg_roots(wit)})
        for root in roots.values():
            yield from self._check_wkg(root)

    def _check_wkg(self, root: WkgRoot) -> Iterator[Finding]:
        """Check the `wkg.lock` of a folder in which wkg runs."""
        from dunnage.wit import lock as lock_reader
        from dunnage.wit import lock_comparison

        if root.refused:
            yield from _unreadable(root.refused)
            return
        try:
            lock = self._read(root.lock, lock_reader.parse)
            locked = lock_reader.read(lock) if lock else ()
        except Refused as refused:
            yield from _unreadable(refused)
            return
        known = {(of.name, lock_comparison.normal(entry.requirement)) for of, entry in lock_reader.entries(locked)}
        wanted = lock_comparison.references(root, self._tree, known)
        update = f"run `wkg fetch` in {_named(root.folder)}"
        if lock is None:
            roots = [other for wit in root.wit_folders for other in self._projects.wkg_roots(wit)]
            # The topmost root of its WIT folders has the lock, unless another root of them has it.
            if wanted and roots[-1:] == [root] and not any(self._tree.exists(other.lock) for other in roots):
                file, keys, span = wanted[0].file, wanted[0].keys, wanted[0].span
                yield self._missing(root.lock, file, keys, update, span)
            return
        yield from self._untracked(root.lock)
        problems = self._compare_wkg(root, lock, locked, wanted, update)
        yield from findings(islice(problems, _MAX_PROBLEMS), RULES)

    def _compare_wkg(
        self,
        root: WkgRoot,
        lock: Document,
        locked: Sequence[LockedWitPackage],
        wanted: Sequence[WitRequirement],
        update: str,
    ) -> Iterator[Problem]:
        from dunnage.wit import lock_comparison
        from dunnage.wit import vendored as vendored_files

        invalid = list(lock_comparison.bad_versions(lock, locked, "wkg", update))
        yield from invalid
        if not root.wit_folders or _has_unreadable(invalid):
            return
        leftover = ""
        if any(is_of_wit_deps(wit, self._tree) for wit in root.wit_folders):
            leftover = f";\nif wit-deps manages the packages now, remove {shown.path(root.lock)} instead"
        for problem in lock_comparison.compare_wkg(lock, locked, wanted, root.folder, update):
            yield problem._replace(help=problem.help + leftover)
        texts: dict[str, set[str]] = {}
        for requirement in wanted:
            texts.setdefault(requirement.package, set()).add(lock_comparison.normal(requirement.text))
        overridden = root.config.overrides if root.config else {}
        own = [path for wit in root.wit_folders for path in own_files(wit)]
        folders = (os.path.join(root.folder, WORKSPACE_OUT),) if root.is_workspace else root.wit_folders
        for wit in folders:
            if not is_of_wit_deps(wit, self._tree):
                present = vendored(os.path.join(wit, DEPS))
                yield from vendored_files.compare_wkg(
                    self._tree, lock, locked, texts, overridden, present, own, _named(root.folder)
                )

    # cargo-component

    def check_cargo_component(self, manifests: Iterable[str]) -> Iterator[Finding]:
        """Check the `Cargo-component.lock` of the workspaces to which these manifests belong."""
        paths = [path for path in manifests if self._may_have_components(path)]
        if not paths:
            return
        from dunnage.cargo.concerned import Concerned
        from dunnage.cargo.workspace import load

        concerned = Concerned(self._projects.manifests)
        concerned.add(paths)
        for _, root in sorted(concerned.roots.items()):
            workspace, _ = load(self._projects.manifests, root)
            # check-cargo-lock reports a workspace that cargo rejects.
            if workspace is not None:
                yield from self._check_workspace(root, [member.manifest for member in workspace.members.values()])

    def _may_have_components(self, path: str) -> bool:
        """Whether a manifest may have a component's section, or its workspace a lock."""
        data = self._tree.content(path)
        if data is None or b"component" in data:
            return data is not None
        locks = (os.path.join(folder, CARGO_COMPONENT_LOCK) for folder in upwards(os.path.dirname(path)))
        return any(map(self._tree.exists, locks))

    def _check_workspace(self, root: Manifest, members: Iterable[Manifest]) -> Iterator[Finding]:
        """Check the `Cargo-component.lock` of a workspace."""
        from dunnage.wit import lock as lock_reader
        from dunnage.wit import lock_comparison

        wanted = _component_requirements(members)
        path = os.path.join(root.folder, CARGO_COMPONENT_LOCK)
        update = f"run `cargo component update` in {_named(root.folder)}"
        try:
            lock = self._read(path, lock_reader.parse)
            locked = lock_reader.read(lock) if lock else ()
        except Refused as refused:
            yield from _unreadable(refused)
            return
        if lock is None:
            if first := next(filter(None, wanted), None):
                yield self._missing(path, first.file, first.keys, update)
            return
        yield from self._untracked(path)
        invalid = list(lock_comparison.bad_versions(lock, locked, "cargo-component", update))
        others = lock_comparison.compare_cargo_component(lock, locked, wanted, update)
        problems = chain(invalid, () if _has_unreadable(invalid) else others)
        yield from findings(islice(problems, _MAX_PROBLEMS), RULES)

    # All tools

    def _read(self, path: str, quick: Callable[[bytes], dict[str, Any] | None] | None = None) -> Document | None:
        """The document at `path`, None if there is none. Raises Refused."""
        try:
            return document.read(self._tree, path, quick)
        except FileNotFoundError:
            return None

    def _missing(self, path: str, file: File, keys: Keys, update: str, span: Span | None = None) -> Finding:
        """Report that there is no lock at `path`, at a dependency that it should hold."""
        help = f"{update}, and commit {shown.path(path)}"
        help += also_unhide(path, self._repositories.for_lookup(os.path.dirname(path)))
        message = f"{os.path.basename(path)} is missing, so no reviewed version is recorded"
        return Finding(MISSING, file.path, toml.locate(file, keys) if span is None else span, message, help)

    def _untracked(self, path: str) -> Iterator[Finding]:
        if not self._repositories.is_tracked(path):
            message = "git does not track this file, so other checkouts lack it"
            yield untracked(UNTRACKED, path, self._repositories.for_lookup(os.path.dirname(path)), message)


def _component_requirements(members: Iterable[Manifest]) -> Iterator[WitRequirement | None]:
    """The requirements of all components of a workspace; None in place of each that cargo-component rejects."""
    from dunnage.cargo.version import requirement_of
    from dunnage.wit import cargo_component

    for member in members:
        component = cargo_component.component(member.file)
        if component is None:
            continue
        yield from (None for _ in component.problems)
        for requirement in cargo_component.requirements(component.all_dependencies):
            yield requirement if requirement_of(requirement.text) else None


def _has_unreadable(problems: Iterable[Problem]) -> bool:
    return any(problem.rule == UNREADABLE.id for problem in problems)


def _unreadable(refused: Refused) -> Iterator[Finding]:
    """Report a file that its tool rejects, unless it is a template."""
    if not is_template(refused.file.data):
        yield from findings(
            [refused.problem(UNREADABLE.id, "correct the file, or restore it from the last good commit")], RULES
        )


def _named(folder: str) -> str:
    """A folder as help texts show it."""
    return "this folder" if folder == os.getcwd() else shown.path(folder)


def _comments(file: File) -> Iterable[tuple[Span, str]]:
    if wit_deps.is_wit(file.path):
        from dunnage.wit.lexer import comments

        return comments(file)
    return toml.comments(file) if file.path.endswith((".toml", ".lock")) else ()


HOOK = Hook(
    name="check-wit-lock",
    summary="check that the locks of WIT packages match the manifests, the WIT and the vendored files",
    rules=RULES,
    check=check,
    comments=_comments,
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the hook and return its exit status."""
    return run(HOOK, argv)


if __name__ == "__main__":
    raise SystemExit(main())
