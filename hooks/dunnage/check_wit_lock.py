"""Cargo-component.lock, wkg.lock and deps.lock are there, and agree with manifests, WIT, and what is vendored.

The digests in a deps.lock are of the vendored files, which no other tool compares with them: wit-deps itself takes
another content for another download, and for what came with another dependency it takes it as it is.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from dunnage.files import document, git, toml
from dunnage.files.document import Document, Keys, Refused, is_template
from dunnage.files.git import Repositories
from dunnage.files.source import File, SourceError, Tree, display
from dunnage.files.span import Span
from dunnage.frame.finding import Finding, Rule
from dunnage.frame.hook import Hook, run
from dunnage.frame.options import Options
from dunnage.frame.untracked import also_unhide, untracked
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
    wit_folder,
)

if TYPE_CHECKING:
    from dunnage.cargo.manifests import Manifest
    from dunnage.wit.lock import LockedPackage
    from dunnage.wit.lock_comparison import Problem, Wanted

MISSING = Rule("wit-lock/missing", "there are WIT dependencies to lock, but no lock", cuts_short=True)
UNTRACKED = Rule("wit-lock/untracked", "a lock is there, but git does not track it")
UNREADABLE = Rule("wit-lock/unreadable", "a tool could not read its lock or its manifest", cuts_short=True)
STALE = Rule("wit-lock/stale", "a lock is not what manifests or WIT ask for")
BAD_DIGEST = Rule("wit-lock/bad-digest", "a digest in a lock is missing or malformed")
DRIFTED = Rule("wit-lock/drifted", "what is vendored is not what the lock says")
RULES = (MISSING, UNTRACKED, UNREADABLE, STALE, BAD_DIGEST, DRIFTED)

_LOCKS = (CARGO_COMPONENT_LOCK, WKG_LOCK, wit_deps.LOCK)
# More than anybody reads of one lock.
_MOST_PROBLEMS = 1000
_BY_KIND = {rule.id.partition("/")[2]: rule for rule in RULES}


def check(names: Sequence[str], tree: Tree, options: Options) -> Iterator[Finding]:
    """Check every project that the named manifests, locks and WIT files concern, each once."""
    del options
    manifests: dict[str, None] = {}
    roots: dict[str, None] = {}
    folders: dict[str, None] = {}
    wit_deps_folders: dict[str, None] = {}
    for name in names:
        path = os.path.abspath(name)
        folder, base = os.path.split(path)
        if base in (CARGO_MANIFEST, CARGO_COMPONENT_LOCK):
            manifests[os.path.join(folder, CARGO_MANIFEST)] = None
        elif base in (WKG_MANIFEST, WKG_LOCK):
            roots[folder] = None
        elif base in (wit_deps.MANIFEST, wit_deps.LOCK):
            wit_deps_folders[folder] = None
        else:
            folders[folder] = None
            if is_vendored(path):
                folders[wit_folder(path)] = wit_deps_folders[wit_folder(path)] = None
    checker = _Checker(tree)
    findings = [
        *checker.check_cargo_component(manifests),
        *checker.check_wkg(roots, folders),
        *checker.check_wit_deps(wit_deps_folders),
    ]
    yield from dict.fromkeys(findings)


class _Checker:
    """One run, and what it has looked at."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._projects = Projects(tree)
        self._repositories = Repositories(tree, *(f"**/{name}" for name in _LOCKS))

    # wit-deps

    def check_wit_deps(self, folders: Iterable[str]) -> Iterator[Finding]:
        """Check every `deps.lock` in these WIT folders."""
        for folder in folders:
            yield from self._check_wit_deps(folder)

    def _check_wit_deps(self, folder: str) -> Iterator[Finding]:
        """Check the `deps.lock` of a WIT folder, if it or a `deps.toml` is there."""
        if not is_of_wit_deps(folder, self._tree):
            return
        manifest, lock_path = (os.path.join(folder, name) for name in (wit_deps.MANIFEST, wit_deps.LOCK))
        from dunnage.wit import lock_comparison
        from dunnage.wit import vendored as vendored_files

        try:
            asked = self._read(manifest)
            wanted = wit_deps.read_manifest(asked) if asked else ()
            read = self._read(lock_path)
            locked = wit_deps.read_lock(read) if read else ()
        except Refused as refused:
            yield from _refusal(refused)
            return
        if read is None:
            urls = [entry for entry in wanted if entry.url is not None]
            if asked and urls:
                yield self._missing(lock_path, asked.file, urls[0].keys, _wit_deps_command(folder))
            return
        yield from self._untracked(lock_path)
        update = _wit_deps_command(folder)
        problems = list(lock_comparison.bad_wit_deps_digests(read, locked, update))
        if asked:
            problems += lock_comparison.compare_wit_deps(asked, wanted, read, locked, update)
        deps = os.path.join(folder, DEPS)
        # Where wkg looks after a folder as well, what is in no lock may be its.
        there = () if self._projects.wkg_roots(folder) else vendored(deps)
        problems += vendored_files.compare_wit_deps(self._tree, deps, read, locked, there, update)
        yield from map(_finding, problems[:_MOST_PROBLEMS])

    # wkg

    def check_wkg(self, folders: Iterable[str], wit_folders: Iterable[str]) -> Iterator[Finding]:
        """Check every `wkg.lock` in these folders, and those of the roots that look after these WIT folders."""
        found = {root.folder: root for folder in folders if (root := self._projects.wkg_root(folder)) is not None}
        for wit in (*wit_folders, *(wit for root in found.values() for wit in root.wit_folders)):
            # What the members of a workspace refer to is vendored in one folder for all.
            above = os.path.dirname(wit)
            if os.path.basename(wit) == WORKSPACE_OUT and (root := self._projects.wkg_root(above)) is not None:
                found[above] = root
            found.update({root.folder: root for root in self._projects.wkg_roots(wit)})
        for root in found.values():
            yield from self._check_wkg(root)

    def _check_wkg(self, root: WkgRoot) -> Iterator[Finding]:
        """Check the `wkg.lock` of a folder that wkg runs in."""
        if root.refused:
            yield from _refusal(root.refused)
            return
        from dunnage.wit import lock, lock_text

        try:
            read = self._read(root.lock, lock_text.parse)
            locked = lock.read(read) if read else ()
        except Refused as refused:
            yield from _refusal(refused)
            return
        from dunnage.wit import lock_comparison
        from dunnage.wit.references import references

        entries = {(of.name, lock_comparison.normal(entry.requirement)) for of in locked for entry in of.versions}
        wanted = references(root, self._tree, entries)
        if read is None:
            others = [other for wit in root.wit_folders for other in self._projects.wkg_roots(wit)]
            if wanted and others[-1:] == [root] and not any(self._tree.exists(other.lock) for other in others):
                one = wanted[0]
                yield self._missing(
                    root.lock, one.file, one.keys, f"run `wkg fetch` in {_named(root.folder)}", one.span
                )
            return
        yield from self._untracked(root.lock)
        update = f"run `wkg fetch` in {_named(root.folder)}"
        problems = list(lock_comparison.bad_versions(read, locked, "wkg", update))
        if root.wit_folders and not any(problem.kind == lock_comparison.UNREADABLE for problem in problems):
            problems += self._compare_wkg(root, read, locked, wanted, update)
        yield from map(_finding, problems[:_MOST_PROBLEMS])

    def _compare_wkg(
        self, root: WkgRoot, read: Document, locked: Sequence[LockedPackage], wanted: Sequence[Wanted], update: str
    ) -> Iterator[Problem]:
        from dunnage.wit import lock_comparison
        from dunnage.wit import vendored as vendored_files
        from dunnage.wit.references import Mentioned

        yield from lock_comparison.compare_wkg(read, locked, wanted, Mentioned(root.folder), update)
        asked: dict[str, set[str]] = {}
        for one in wanted:
            asked.setdefault(one.package, set()).add(lock_comparison.normal(one.requirement))
        overridden = root.config.overrides if root.config else {}
        own = [path for wit in root.wit_folders for path in own_files(wit)]
        folders = (os.path.join(root.folder, WORKSPACE_OUT),) if root.is_workspace else root.wit_folders
        for wit in folders:
            deps = os.path.join(wit, DEPS)
            if not is_of_wit_deps(wit, self._tree):
                yield from vendored_files.compare_wkg(
                    self._tree, deps, read, locked, asked, overridden, vendored(deps), own
                )

    # cargo-component

    def check_cargo_component(self, manifests: Iterable[str]) -> Iterator[Finding]:
        """Check the `Cargo-component.lock` of the workspaces that these manifests belong to."""
        paths = [path for path in manifests if self._may_have_components(path)]
        if not paths:
            return
        from dunnage.cargo.concerned import concerned
        from dunnage.cargo.workspace import load

        roots = concerned(paths, self._projects.manifests, lambda _: ()).roots
        for _, root in sorted(roots.items()):
            workspace, _ = load(self._projects.manifests, root)
            # What is wrong with a workspace that cargo would refuse is for check-cargo-lock to say.
            if workspace is not None:
                yield from self._check_workspace(root, [member.manifest for member in workspace.members.values()])

    def _may_have_components(self, path: str) -> bool:
        """Whether a manifest has a component's section, or its workspace a lock."""
        try:
            if b"component" in self._tree.read(path).data:
                return True
        except (FileNotFoundError, SourceError):
            return False
        folder = os.path.dirname(path)
        while not self._tree.exists(os.path.join(folder, CARGO_COMPONENT_LOCK)):
            above = os.path.dirname(folder)
            if above == folder or self._tree.exists(os.path.join(folder, ".git")):
                return False
            folder = above
        return True

    def _check_workspace(self, root: Manifest, members: Iterable[Manifest]) -> Iterator[Finding]:
        from dunnage.cargo.version import Requirement, VersionError
        from dunnage.wit import cargo_component, lock, lock_comparison, lock_text

        wanted: list[Wanted] = []
        is_all = True
        for member in members:
            component = cargo_component.read(member.data)
            is_all = is_all and not (component and component.problems)
            for one in component.registry_dependencies if component else ():
                try:
                    Requirement.parse(one.requirement or "")
                except VersionError:
                    is_all = False
                    continue
                registry = one.registry or lock_comparison.DEFAULT_REGISTRY
                keys = one.requirement_keys
                wanted.append(lock_comparison.Wanted(one.package, registry, one.requirement or "", member.file, keys))
        path = os.path.join(root.folder, CARGO_COMPONENT_LOCK)
        update = f"run `cargo component update` in {_named(root.folder)}"
        try:
            read = self._read(path, lock_text.parse)
            locked = lock.read(read) if read else ()
        except Refused as refused:
            yield from _refusal(refused)
            return
        if read is None:
            if wanted:
                yield self._missing(path, wanted[0].file, wanted[0].keys, update)
            return
        yield from self._untracked(path)
        problems = list(lock_comparison.bad_versions(read, locked, "cargo-component", update))
        if not any(problem.kind == lock_comparison.UNREADABLE for problem in problems):
            problems += lock_comparison.compare_cargo_component(read, locked, wanted, is_all, update)
        yield from map(_finding, problems[:_MOST_PROBLEMS])

    # All

    def _read(self, path: str, quick: Callable[[bytes], dict[str, Any] | None] | None = None) -> Document | None:
        """The document at `path`, None if there is none. Raises Refused."""
        try:
            return document.read(self._tree, path, quick)
        except FileNotFoundError:
            return None

    def _missing(self, path: str, file: File, keys: Keys, update: str, span: Span | None = None) -> Finding:
        help = f"{update}, and commit {display(path)}"
        help += also_unhide(path, git.repository(os.path.dirname(path)))
        message = f"there is no {os.path.basename(path)}: nothing says what this was when it was reviewed"
        return Finding(MISSING, file.path, toml.locate(file, keys) if span is None else span, message, help)

    def _untracked(self, path: str) -> Iterator[Finding]:
        if not self._repositories.is_tracked(path):
            message = "git does not track this file, so no other checkout has it"
            yield untracked(UNTRACKED, path, git.repository(os.path.dirname(path)), message)


def _finding(problem: Problem) -> Finding:
    span = toml.locate(problem.file, problem.keys) if problem.span is None else problem.span
    return Finding(_BY_KIND[problem.kind], problem.file.path, span, problem.message, problem.help)


def _refusal(refused: Refused) -> Iterator[Finding]:
    if is_template(refused.file.data):
        return
    span = toml.locate(refused.file, refused.keys) if refused.span is None else refused.span
    help = refused.help or "correct it, or restore it from the last good commit"
    yield Finding(UNREADABLE, refused.file.path, span, refused.message, help)


def _wit_deps_command(folder: str) -> str:
    above, name = os.path.split(folder)
    if name == "wit":
        return f"run `wit-deps lock` in {_named(above)}"
    return f"run `wit-deps -m deps.toml -l deps.lock -d deps lock` in {_named(folder)}"


def _named(folder: str) -> str:
    return "this folder" if folder == os.getcwd() else display(folder)


def _comments(file: File) -> Iterable[tuple[Span, str]]:
    if wit_deps.is_wit(file.path):
        from dunnage.wit.syntax import comments

        return comments(file)
    return toml.comments(file) if file.path.endswith((".toml", ".lock")) else ()


HOOK = Hook(
    name="check-wit-lock",
    summary="check that the locks of WIT packages are present, and agree with manifests and with what is vendored",
    rules=RULES,
    check=check,
    comments=_comments,
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the hook and return its exit status."""
    return run(HOOK, argv)


if __name__ == "__main__":
    raise SystemExit(main())
