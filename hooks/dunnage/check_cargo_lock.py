"""Cargo.lock is present, committed, and exactly what the manifests require.

Decides what `cargo --locked` decides, without cargo, the network or the registry's index. Only the index knows whether
a feature that a manifest newly enables adds another transitive crate, so no finding is reported for that.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING

from dunnage.cargo import lockfile
from dunnage.cargo.comparison import compare
from dunnage.cargo.concerned import Concerned
from dunnage.cargo.config_files import config_files
from dunnage.cargo.lock_report import RESTORE_MANIFEST
from dunnage.cargo.lockfile import EMPTY
from dunnage.cargo.manifest import package_table
from dunnage.cargo.manifests import MANIFEST, Manifest, Manifests
from dunnage.cargo.workspace import LOCK, Workspace, load, path_dependencies
from dunnage.files import document, git, shown, toml
from dunnage.files.document import Keys, Refused
from dunnage.files.git import Repositories
from dunnage.files.source import File, SourceError, Tree, display
from dunnage.files.span import Span
from dunnage.files.walk import is_in_project
from dunnage.frame.finding import Finding, Rule, also_unhide, distinct, findings, untracked
from dunnage.frame.hook import Hook, run
from dunnage.frame.options import Options, flag

if TYPE_CHECKING:
    from dunnage.cargo.untracked import UntrackedPackage
    from dunnage.frame.output import Repaired

MISSING = Rule("cargo-lock/missing", "a workspace has no Cargo.lock", cuts_short=True, is_fixable=True)
UNTRACKED = Rule("cargo-lock/untracked", "Cargo.lock, or a file that the workspace needs, is not tracked by git")
UNREADABLE = Rule("cargo-lock/unreadable", "cargo cannot read Cargo.lock", cuts_short=True)
STALE = Rule("cargo-lock/stale", "Cargo.lock does not match the manifests", is_fixable=True)
FOREIGN_SOURCE = Rule(
    "cargo-lock/foreign-source", "a crate is locked from a different source than the manifests require"
)
NO_CHECKSUM = Rule("cargo-lock/no-checksum", "a crate from a registry is locked without a checksum")
NO_COMMIT = Rule("cargo-lock/no-commit", "a crate from git is locked without a full commit")
VENDORED = Rule("cargo-lock/vendored", "a vendored crate does not match Cargo.lock")
BAD_MANIFEST = Rule("cargo-lock/bad-manifest", "cargo rejects a manifest or the workspace", cuts_short=True)

LIBRARIES_MAY_OMIT = flag(
    "--libraries-may-omit",
    "do not require Cargo.lock in a workspace that contains only libraries",
)
FIX_ONLINE = flag("--fix-online", "with --fix, let cargo use the network")

_RULES = (MISSING, UNTRACKED, UNREADABLE, STALE, FOREIGN_SOURCE, NO_CHECKSUM, NO_COMMIT, VENDORED, BAD_MANIFEST)
_RESTORE_LOCK = "restore it from the last good commit, then run `cargo update --workspace`"
_MOST_NAMED = 5
_MOST_RUNS = 100
"""How often `--fix` runs cargo, once for each workspace."""
_REPAIRED = (MISSING, STALE)
"""The rules whose findings `cargo update --workspace` resolves."""
_REVIEWED = (UNREADABLE, FOREIGN_SOURCE, NO_CHECKSUM, NO_COMMIT)
"""The rules whose findings it would hide, but a person must look at them first."""
_REVIEW_FIRST = "cargo would hide this, so a person must review it first"
_REVIEW_OTHERS_FIRST = "the lock has other findings, which cargo would hide; review them first"


def check(names: Sequence[str], tree: Tree, options: Options) -> Iterator[Finding]:
    """Check every workspace that the named manifests, locks and configuration files concern, each once."""
    # An unreadable manifest may be a problem of several workspaces.
    yield from distinct(finding for _, found in _examine(names, tree, options) for finding in found)


def _examine(names: Sequence[str], tree: Tree, options: Options) -> Iterator[tuple[Workspace | None, list[Finding]]]:
    """Yield the findings of each workspace concerned, with the workspace if Cargo would load it."""
    manifests = Manifests(tree)
    repositories = Repositories(tree, f"**/{LOCK}", f"**/{MANIFEST}")
    paths = [*map(os.path.abspath, names)]
    concerned = Concerned(manifests, repositories)
    concerned.add(paths)
    concerned.add_dependents(paths, repositories)
    changed = {os.path.dirname(path) for path in paths}
    yield None, _rejected_manifests(concerned.refused)
    named: dict[str, list[Manifest]] = {}
    for manifest, root in concerned.named.values():
        named.setdefault(root.folder, []).append(manifest)
    for folder, root in sorted(concerned.roots.items()):
        if not is_in_project(tree, folder) and not tree.exists(os.path.join(folder, LOCK)):
            continue  # an example, or data of a test, which may be wrong on purpose
        workspace, refusals = concerned.loaded.get(folder) or load(manifests, root)
        found = _rejected_manifests(refusals)
        if workspace is not None:
            found += _unlisted(workspace, named.get(folder, ()), tree)
            found += _untracked_includes(folder, tree, repositories)
            found += _check_lock(workspace, manifests, repositories, options, changed)
        yield workspace, found


def _may_omit(workspace: Workspace, manifests: Manifests, repositories: Repositories, options: Options) -> bool:
    from dunnage.ci.omitted_locks import may_omit

    return may_omit(workspace, manifests, repositories, options[LIBRARIES_MAY_OMIT])


def _check_lock(
    workspace: Workspace, manifests: Manifests, repositories: Repositories, options: Options, changed: Collection[str]
) -> Iterator[Finding]:
    """Check the lock of a workspace that Cargo would load. `changed` are the folders of the named files."""
    tree = manifests.tree
    folder = workspace.root.folder
    repository = repositories.repository(folder)
    tracked = repositories.tracked_near(folder) if repository is not None else None
    lookup = partial(repositories.for_lookup, folder)
    matched: list[UntrackedPackage] = []
    if repository and tracked and any(os.path.join(each, MANIFEST) not in tracked for each in workspace.local):
        from dunnage.cargo.untracked import untracked_packages

        packages = untracked_packages(tree, workspace, repository.top, tracked)
        matched = [each for each in packages if each.is_matched]
        yield from _untracked_packages([each for each in packages if not each.is_matched], tree, lookup)
    may_omit = partial(_may_omit, workspace, manifests, repositories, options)
    try:
        parsed = document.read(tree, workspace.lock, lockfile.parse)
    except FileNotFoundError:
        problems = compare(workspace, EMPTY) if _may_be_rejected(workspace) else []
        problems = [problem for problem in problems if problem.rule == BAD_MANIFEST.id]
        yield from findings(problems, _RULES)
        if not problems and not may_omit():
            yield _missing(workspace, lookup())
        return
    except Refused as refused:
        is_link = tracked is not None and os.path.islink(workspace.lock)
        if is_link and tree.target(workspace.lock) is None and not may_omit():
            yield _outside(workspace.lock)
        else:
            yield from _rejected_lock([refused])
        return
    if tracked is not None and workspace.lock not in tracked and _without_links(workspace.lock) not in tracked:
        if may_omit():
            return
        message = "git does not track Cargo.lock, so other checkouts may build other versions"
        finding = untracked(UNTRACKED, workspace.lock, lookup(), message)
        yield finding._replace(help=finding.help + _or_omit(workspace))
    elif tracked is not None and os.path.islink(workspace.lock) and not may_omit():
        yield from _check_target(workspace.lock)
    lock, refusals = lockfile.read(parsed, {local.package.name for local in workspace.local.values()})
    if lock is None:
        yield from _rejected_lock(refusals)
        return
    problems = compare(workspace, lock, changed)
    if matched:
        cloned, _ = load(manifests, workspace.root, [each.folder for each in matched])
        as_cloned = compare(cloned, lock, changed) if cloned else []
        if as_cloned and not problems:
            yield from _untracked_packages(matched, tree, lookup)
        problems = as_cloned if problems else []
    if not problems and any("source" in found.data for _, found in config_files(tree, folder)):
        from dunnage.cargo.vendored_comparison import compare_vendored

        problems = [*compare_vendored(tree, workspace, lock, tracked, changed)]
    yield from findings(problems, _RULES)


def _may_be_rejected(workspace: Workspace) -> bool:
    """Whether Cargo may reject a workspace that it has loaded: packages lead to others, or are replaced."""
    local = workspace.local.values()
    is_linked = len(local) > 1 or any(path_dependencies(each.package) for each in local)
    return is_linked or bool(workspace.patches or workspace.replacements)


def _without_links(lock: str) -> str:
    """Return the path of a lock with the real path of its folder."""
    return os.path.join(os.path.realpath(os.path.dirname(lock)), os.path.basename(lock))


def _check_target(lock: str) -> Iterator[Finding]:
    """Check that git tracks the file to which a lock is a symbolic link."""
    from glob import escape

    target = os.path.realpath(lock)
    repository = git.repository(os.path.dirname(target))
    if repository is None:
        yield _outside(lock)
    elif not repository.lists(target):
        pattern = escape(os.path.relpath(target, repository.top).replace(os.sep, "/"))
        tracked = repository.tracked([pattern])
        if tracked is not None and target not in tracked:
            message = f"Cargo.lock is a symbolic link to {display(target)}, which git does not track, "
            yield untracked(UNTRACKED, target, repository, f"{message}so other checkouts have no lock")


def _outside(lock: str) -> Finding:
    """Report a lock that is a symbolic link to a file outside of the repository, without reading that file."""
    target = os.path.realpath(lock)
    which = "no" if git.repository(os.path.dirname(target)) is None else "another"
    message = f"Cargo.lock is a symbolic link to {display(target)}, which is in {which} repository, "
    help = "replace the link with a copy of that file"
    return Finding(UNTRACKED, display(lock), Span(0, 0), f"{message}so other checkouts have no lock", help)


def _untracked_packages(
    packages: Iterable[UntrackedPackage], tree: Tree, lookup: Callable[[], git.Repository | None]
) -> Iterator[Finding]:
    """Yield a finding at each entry that names packages that a clone of the repository lacks.

    `lookup` gives the repository, to ask what git ignores.
    """
    by_entry: dict[tuple[File, Keys], list[UntrackedPackage]] = {}
    for package in packages:
        by_entry.setdefault((package.file, package.keys), []).append(package)
    for (file, keys), (package, *others) in by_entry.items():
        path, repository = os.path.join(package.folder, MANIFEST), lookup()
        if repository is not None and repository.ignored_by(path):
            from dunnage.ci.omitted_locks import may_be_generated

            if may_be_generated(tree, repository, package.folder):
                continue
        more = f" and {len(others)} more manifest{'s' if len(others) > 1 else ''}" if others else ""
        consequence = "a clone of the repository cannot be built"
        if package.is_matched:
            consequence = "`cargo --locked` fails in a clone of the repository"
        message = f"git does not track {display(path)}{more}, so {consequence}"
        finding = untracked(UNTRACKED, path, repository, message, package.folder)
        yield finding._replace(path=file.path, span=toml.locate(file, keys))


def _untracked_includes(folder: str, tree: Tree, repositories: Repositories) -> Iterator[Finding]:
    """Yield a finding at each file that cargo's configuration includes and that a clone of the repository lacks."""
    repository = repositories.repository(folder)
    if repository is None or not any("include" in found.data for _, found in config_files(tree, folder)):
        return
    from dunnage.cargo.untracked import untracked_includes

    for file, keys, path in untracked_includes(tree, folder, repository):
        message = f"git does not track {display(path)}, so cargo cannot load its configuration in a clone"
        finding = untracked(UNTRACKED, path, repositories.for_lookup(folder), message)
        yield finding._replace(path=file.path, span=toml.locate(file, keys))


def _rejected_manifests(refusals: Iterable[Refused]) -> list[Finding]:
    return [*findings((refused.problem(BAD_MANIFEST.id, RESTORE_MANIFEST) for refused in refusals), _RULES)]


def _rejected_lock(refusals: Iterable[Refused]) -> Iterator[Finding]:
    return findings((refused.problem(UNREADABLE.id, _RESTORE_LOCK) for refused in refusals), _RULES)


def _or_omit(workspace: Workspace) -> str:
    """The continuation of a help text if a workspace contains only libraries. Else empty."""
    from dunnage.ci.omitted_locks import is_run_or_shipped

    if is_run_or_shipped(workspace):
        return ""
    return "\nor pass `--libraries-may-omit`, if workspaces with only libraries need no lock"


def _missing(workspace: Workspace, repository: git.Repository | None) -> Finding:
    root = workspace.root
    folder = "this folder" if root.folder == os.getcwd() else shown.path(root.folder)
    help = f"run `cargo generate-lockfile` in {folder} and commit {shown.path(workspace.lock)}"
    help += also_unhide(workspace.lock, repository)
    help += _or_omit(workspace)
    span = toml.locate(root.file, ("package" if "package" in root.data else "workspace",))
    message = "Cargo.lock is missing, so every build uses the newest versions of its dependencies"
    return Finding(MISSING, root.file.path, span, message, help)


def _unlisted(workspace: Workspace, named: Iterable[Manifest], tree: Tree) -> Iterator[Finding]:
    """Yield a finding if a workspace neither lists nor uses some of the named packages inside of it."""
    root = workspace.root
    groups: list[list[Manifest]] = [[]]
    for manifest in sorted(named, key=lambda manifest: manifest.file.path):
        folder = manifest.folder
        if folder in workspace.local or not package_table(manifest.data) or not is_in_project(tree, folder):
            continue
        # What may be ignored is reported by itself, because a run may be about some of the packages.
        if BAD_MANIFEST.id.encode() in manifest.file.data:
            groups.append([manifest])
        else:
            groups[0].append(manifest)
    for unlisted in filter(None, groups):
        first, *others = unlisted
        folders = [
            shown.toml_string(os.path.relpath(each.folder, root.folder).replace(os.sep, "/")) for each in unlisted
        ]
        place = f"`workspace.members` or to `workspace.exclude` in {root.file.path}"
        message = f"this package is inside the workspace of {root.file.path}, which does not list it as a member"
        help = f"add {folders[0]} to {place},\nor an empty `[workspace]` table here"
        if others:
            message = (
                f"this package and {len(others)} more are inside the workspace of {root.file.path}, "
                "which does not list them as members"
            )
            more = f" and {len(folders) - _MOST_NAMED} more" if len(folders) > _MOST_NAMED else ""
            help = f"add the folders to {place}: {', '.join(folders[:_MOST_NAMED])}{more}"
        yield Finding(BAD_MANIFEST, first.file.path, toml.locate(first.file, ("package", "name")), message, help)


def _repair(names: Sequence[str], reported: Sequence[Finding], options: Options) -> Repaired:
    """Let cargo create or update the locks that are missing or stale. Returns its changes, and why others remain."""
    from dunnage.cargo_cli.update import update
    from dunnage.frame.output import Repaired

    repairable = {finding for finding in reported if finding.rule in _REPAIRED}
    failed = {finding: _REVIEW_FIRST for finding in reported if finding.rule in _REVIEWED}
    repaired: list[str] = []
    runs = 0
    for workspace, found in _examine(names, Tree(), options):
        if workspace is None or repairable.isdisjoint(found):
            continue
        before, reason = Tree().content(workspace.lock) or b"", _REVIEW_OTHERS_FIRST
        if failed.keys().isdisjoint(finding for finding in found if finding.rule in _REVIEWED):
            runs += 1
            reason = f"it runs cargo for at most {_MOST_RUNS} workspaces; run it again, or for fewer files"
            if runs <= _MOST_RUNS:
                reason = update(workspace.root.folder, workspace.lock, online=options[FIX_ONLINE])
        after = Tree().content(workspace.lock) or b""
        if after != before:
            changes = _changes(_packages(workspace.lock, before), _packages(workspace.lock, after))
            repaired.append(f"{display(workspace.lock)}: {changes}")
        else:
            failed.update(dict.fromkeys(repairable.intersection(found), reason or "cargo found nothing to change"))
    return Repaired(repaired, failed)


def _packages(lock: str, data: bytes) -> dict[str, set[str]]:
    """Return the versions of each package in a lock, by name; nothing if the lock cannot be read."""
    try:
        file = File(lock, data)
        parsed, _ = lockfile.read(document.Document(file, toml.parse(file)), ())
    except SourceError:
        parsed = None
    versions: dict[str, set[str]] = {}
    for package in parsed.packages if parsed else ():
        versions.setdefault(package.name, set()).add(str(package.version))
    return versions


def _changes(before: dict[str, set[str]], after: dict[str, set[str]]) -> str:
    """Describe how cargo changed a lock."""
    if not before:
        count = sum(map(len, after.values()))
        return f"created by cargo with {count} package{'' if count == 1 else 's'}"
    changes = []
    for name in sorted({*before, *after}):
        old, new = before.get(name, set()), after.get(name, set())
        removed, added = " ".join(sorted(old - new)), " ".join(sorted(new - old))
        if removed and added:
            changes.append(f"{name} {removed} → {added}")
        elif removed or added:
            changes.append(f"added {name} {added}" if added else f"removed {name} {removed}")
    return f"updated by cargo: {', '.join(changes) or 'dependencies of locked packages'}"


HOOK = Hook(
    name="check-cargo-lock",
    summary="check that Cargo.lock is present, committed, and exactly what the manifests require",
    rules=_RULES,
    check=check,
    comments=toml.comments,
    fixes=True,
    options=(LIBRARIES_MAY_OMIT, FIX_ONLINE),
    repair=_repair,
    examines_vendored=True,
    examines_all=True,
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the hook and return its exit status."""
    return run(HOOK, argv)


if __name__ == "__main__":
    raise SystemExit(main())
