"""Whether a Cargo.lock matches the manifests of its workspace.

`cargo --locked` resolves the workspace again, prefers what the lock contains, and fails if the result differs from the
lock. For a current lock this decision does not need the index of the registry: the lock must be a fixed point. Every
dependency of every package in a folder leads to a locked package that satisfies it, and nothing else is locked.

Cargo ignores two things that look wrong, and so does this comparison: a package without a source that is in no known
folder, and a dependency of a package in a folder that nobody asks for and that leads to no package.
"""

from collections.abc import Collection

from dunnage.cargo import locked_comparison
from dunnage.cargo.local_comparison import LocalComparison
from dunnage.cargo.lock_report import LockReport
from dunnage.cargo.lockfile import Lockfile
from dunnage.cargo.patch_comparison import PatchComparison
from dunnage.cargo.resolution import Resolution
from dunnage.cargo.unneeded import Unneeded
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
    unneeded = Unneeded(resolution)
    packages = LocalComparison(resolution, report, patches, unneeded)

    patches.check_entries()
    local = [workspace.local[folder] for folder in sorted(resolution.resolved)]
    is_other_lock = packages.is_other_lock(local)
    packages.check_versions(local, is_other_lock)
    for package in local:
        packages.check(package)
    if is_other_lock:
        # Whatever else differs, differs for this reason.
        return report.problems
    locked_comparison.check_sources(resolution, report, patches, unneeded)
    locked_comparison.check_commits(resolution, report)
    report.add_noted()
    unneeded.check(report)
    locked_comparison.check_compatible_versions(resolution, report)
    patches.check_unused()
    locked_comparison.check_checksums(resolution, report)
    if not report.problems:
        locked_comparison.check_cycles(resolution, report)
    return report.problems
