"""Whether a Cargo.lock matches the manifests of its workspace.

`cargo --locked` resolves the workspace again, prefers what the lock contains, and fails if the result differs from the
lock. For a current lock this decision does not need the index of the registry: the lock must be a fixed point. Every
dependency of every package in a folder leads to a locked package that satisfies it, and nothing else is locked.

Cargo ignores two things that look wrong, and so does this comparison: a package without a source that is in no known
folder, and a dependency of a package in a folder that nobody asks for and that leads to no package.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator

from dunnage.cargo.local_comparison import LocalComparison, PatchComparison
from dunnage.cargo.lock_report import LockReport
from dunnage.cargo.lockfile import LockedPackage, Lockfile
from dunnage.cargo.resolution import Node, Resolution
from dunnage.cargo.source_id import CRATES_IO, SourceId, is_full_hash
from dunnage.cargo.workspace import Workspace
from dunnage.files.document import Problem


def compare(workspace: Workspace, lock: Lockfile, changed: Collection[str] = ()) -> list[Problem]:
    """Find every reason for which `cargo --locked` would fail; none if the lock is current.

    If Cargo could not even load the workspace, only the reasons for that are returned, since the others may be their
    consequences. A difference that several manifests show is reported once, if possible in a `changed` folder.
    """
    problems = _compare(workspace, lock, changed)
    return [problem for problem in problems if problem.rule == "cargo-lock/bad-manifest"] or problems


def _compare(workspace: Workspace, lock: Lockfile, changed: Collection[str]) -> list[Problem]:
    resolution = Resolution(workspace, lock)
    report = LockReport(workspace, lock, changed)
    patches = PatchComparison(resolution, report)
    packages = LocalComparison(resolution, report, patches)

    patches.check_entries()
    local = [workspace.local[folder] for folder in sorted(resolution.resolved)]
    is_other_lock = packages.is_other_lock(local)
    packages.check_versions(local, is_other_lock)
    for package in local:
        packages.check(package)
    if is_other_lock:
        # Whatever else differs, differs for this reason.
        return report.problems
    _check_sources(resolution, report, patches)
    _check_commits(resolution, report)
    report.add_noted()
    _check_unneeded(resolution, report)
    _check_compatible_versions(resolution, report)
    patches.check_unused()
    _check_checksums(resolution, report)
    if not report.problems:
        _check_cycles(resolution, report)
    return report.problems


_SHA256_DIGITS = 64
_HEXADECIMAL = frozenset("0123456789abcdef")


def _check_sources(resolution: Resolution, report: LockReport, patches: PatchComparison) -> None:
    """Check what each needed package outside of folders depends on: that it is locked, and from which source."""
    replaced = {(name, version) for name, version, _ in resolution.workspace.replacements}
    replacements = {index for url in resolution.patches for index in resolution.provided(url)}
    for_crates_io = resolution.provided(CRATES_IO.url)
    for index in sorted(resolution.reached):
        package = resolution.packages[index]
        if index in resolution.folders or package.source is None:
            continue
        for position, reason in resolution.dangling[index].items():
            report.missed_names.add(package.edges[position].name)
            report.dangling(package, position, reason)
        is_replaced = (package.name, str(package.version)) in replaced
        if is_replaced != (index in resolution.replaced) and not _has_drifted_replacement(resolution, index):
            if is_replaced:
                message = f"`[replace]` replaces `{package}`, but {report.lock_name} does not"
            else:
                message = f"{report.lock_name} replaces `{package}`, but `[replace]` does not"
            report.stale(resolution.lock.file, package.keys, message)
        for target in resolution.edges[index]:
            source = resolution.packages[target].source
            is_patched = target in (for_crates_io if package.source == CRATES_IO else replacements)
            if not is_patched and not _may_depend(package.source, source):
                kind = "crates of crates.io" if package.source == CRATES_IO else "crates of a registry"
                expected = f"`{package}`, a crate of {package.source}, can only depend on {kind}"
                report.foreign_source(resolution.packages[target], expected)
            elif source is not None and resolution.patches:
                patches.check_not_superseded(source.url, target)


def _check_commits(resolution: Resolution, report: LockReport) -> None:
    """Report git packages that are locked without a full commit, or at another commit than the one in their `rev`.

    Cargo accepts both. The packages of one repository at one commit are reported together.
    """
    groups: dict[tuple[SourceId, str], list[LockedPackage]] = defaultdict(list)
    for index in sorted(resolution.reached):
        package = resolution.packages[index]
        if package.source is not None and package.source.kind == "git" and not report.is_foreign(package):
            groups[package.source, package.commit].append(package)
    for (source, commit), packages in groups.items():
        kind, _, revision = source.reference.partition("=")
        if source in resolution.misread:
            report.ignored_commit(packages)
        elif not is_full_hash(commit):
            report.no_commit(packages)
        elif kind == "rev" and is_full_hash(revision) and revision.lower() != commit.lower():
            report.other_commit(packages, revision)


def _check_unneeded(resolution: Resolution, report: LockReport) -> None:
    """Report the packages that nothing needs: of each connected group, the one on which no other depends.

    Those that a problem that has been reported already explains are left out.
    """
    packages, edges = resolution.packages, resolution.edges
    settled = set(resolution.reached)

    def settle(indices: Iterable[int]) -> list[int]:
        """Mark packages, and those that only they need, as settled. Returns the newly marked ones."""
        pending, marked = [*indices], []
        while pending:
            index = pending.pop()
            if index not in settled:
                settled.add(index)
                marked.append(index)
                pending += edges[index]
        return marked

    settle(report.unwanted)
    settle(index for index, package in enumerate(packages) if package.name in report.missed_names)
    unneeded = [index for index in range(len(packages)) if index not in settled]
    dependencies = {target for index in unneeded for target in edges[index] if target != index}
    # Of packages that depend on each other in a cycle, the first in the lock is reported.
    for index in sorted(unneeded, key=lambda index: (index in dependencies, index)):
        if not resolution.ghosts.issuperset(settle([index])):
            package = packages[index]
            is_ghost = index in resolution.ghosts
            reason = f"no manifest here defines `{package}`" if is_ghost else f"nothing depends on `{package}`"
            report.stale(resolution.lock.file, package.keys, f"{reason}, but it is in {report.lock_name}")


def _check_compatible_versions(resolution: Resolution, report: LockReport) -> None:
    """Report two semver-compatible versions of one package: Cargo always unites them."""
    seen: dict[tuple[str, SourceId, tuple[int, ...]], int] = {}
    for index in sorted(resolution.reached):
        package = resolution.packages[index]
        if package.source is None:
            continue
        other = seen.setdefault((package.name, package.source, package.version.compatible_range), index)
        if other != index:
            report.stale(
                resolution.lock.file,
                (*package.keys, "version"),
                f"`{package}` and `{resolution.packages[other]}` are both in {report.lock_name}, "
                "but cargo never locks two compatible versions of one package",
            )


def _check_checksums(resolution: Resolution, report: LockReport) -> None:
    """Report registry crates without a well-formed checksum, and other packages with one."""
    reached = [resolution.packages[index] for index in sorted(resolution.reached)]
    crates = [package for package in reached if package.source is not None and package.source.is_registry]
    without = [package for package in crates if package.checksum is None]
    if len(without) > 1 and len(without) == len(crates):
        first = without[0]
        message = f"no crate in {report.lock_name} has a checksum: `{first}` and {len(without) - 1} more have none"
        report.bad_lock("cargo-lock/no-checksum", first.keys, message)
    else:
        for package in without:
            message = f"`{package}` has no checksum, so cargo cannot verify its content"
            report.bad_lock("cargo-lock/no-checksum", package.keys, message)
    for package in reached:
        if package.checksum is None:
            continue
        if package.source is None or not package.source.is_registry:
            message = f"`{package}` has a checksum, but only crates of registries can have one"
        elif len(package.checksum) != _SHA256_DIGITS or not _HEXADECIMAL.issuperset(package.checksum):
            message = f"the checksum of `{package}` is not a SHA-256 of 64 hexadecimal digits in lower case"
        else:
            continue
        report.bad_lock("cargo-lock/unreadable", (*package.keys, "checksum"), message)


def _check_cycles(resolution: Resolution, report: LockReport) -> None:
    """Report the first cycle of packages that depend on each other. Cargo permits cycles of dev-dependencies."""
    finished: set[Node] = set()
    for start in resolution.resolved:
        path: dict[Node, None] = {}
        pending: list[tuple[Node, bool]] = [(start, True)]
        while pending:
            node, is_entered = pending.pop()
            if not is_entered:
                del path[node]
            elif node in path:
                _report_cycle(resolution, report, [*path][[*path].index(node) :])
                return
            elif node not in finished:
                finished.add(node)
                path[node] = None
                pending.append((node, False))
                pending += ((target, True) for target in _build_dependencies(resolution, node))


def _has_drifted_replacement(resolution: Resolution, index: int) -> bool:
    """Whether a locked package is replaced by one in a folder whose version is not the locked one, as is reported."""
    replacement = resolution.replaced.get(index, -1)
    folder = resolution.folders.get(replacement)
    if folder is None:
        return False
    return resolution.workspace.local[folder].package.version != resolution.packages[replacement].version


def _may_depend(dependent: SourceId, dependency: SourceId | None) -> bool:
    """Whether a package of one source may depend on a package of another. None is the source of local packages."""
    if dependent == CRATES_IO:
        return dependency == CRATES_IO
    return not dependent.is_registry or (dependency is not None and dependency.is_registry)


def _build_dependencies(resolution: Resolution, node: Node) -> Iterator[Node]:
    """Yield the packages that must be built before a package."""
    if isinstance(node, int):
        for index in resolution.targets(node):
            yield resolution.folders.get(index, index)
        return
    for resolved in resolution.resolved[node]:
        found = resolved.locked if resolved.folder is None else resolved.folder
        if resolved.dependency.kind != "dev" and found is not None:
            yield found


def _report_cycle(resolution: Resolution, report: LockReport, cycle: list[Node]) -> None:
    """Report a cycle at the dependency of its first package in a folder, or else at its last package in the lock."""
    local, packages = resolution.workspace.local, resolution.packages
    names = [local[node].package.name if isinstance(node, str) else packages[node].name for node in cycle]
    message = f"packages depend on each other in a cycle: {' → '.join([*names, names[0]])}"
    for node, following in zip(cycle, [*cycle[1:], cycle[0]], strict=True):
        if isinstance(node, str):
            dependency = next(
                resolved.dependency
                for resolved in resolution.resolved[node]
                if following in (resolved.folder, resolved.locked) and resolved.dependency.kind != "dev"
            )
            report.bad_manifest(local[node].manifest.file, dependency.keys, message, "remove one of these dependencies")
            return
        keys = packages[node].keys
    report.bad_lock("cargo-lock/unreadable", keys, message)
