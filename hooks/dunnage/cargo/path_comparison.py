"""Path dependencies: whether the folder that one names contains its package."""

from dunnage.cargo.dependency import Dependency
from dunnage.cargo.lock_report import LockReport
from dunnage.cargo.workspace import LocalPackage, Workspace
from dunnage.files.source import File, display


def find_package(workspace: Workspace, dependency: Dependency, file: File, report: LockReport) -> LocalPackage | None:
    """Return the package in the folder that an entry in `file` names. If it is not there, report that."""
    folder = dependency.source.url
    found = workspace.local.get(folder)
    if found is not None and found.package.name == dependency.package:
        return found
    if folder in workspace.unreadable:
        report.rejected_manifest(workspace.unreadable[folder])
    elif found is not None:
        report.bad_manifest(
            file,
            dependency.keys,
            f"`{dependency.package}` is expected in {display(folder)}, but there is `{found.package.name}`",
            f'add `package = "{found.package.name}"` to the dependency, or correct its `path`',
        )
    else:
        report.bad_manifest(
            file,
            dependency.keys,
            f"there is no Cargo.toml in {display(folder)}, where `{dependency.package}` is expected",
            "correct the `path`; if the folder is a git submodule, run `git submodule update --init`",
        )
    return None
