"""The files of a repository with something that an update bot can update."""

import os
import posixpath
import re
from collections.abc import Iterable, Iterator

from dunnage.ci.repository_files import RepositoryFiles
from dunnage.files.document import Refused
from dunnage.files.source import SourceError
from dunnage.files.vendored import is_in_vendored_crate
from dunnage.files.walk import is_project

CARGO, DOCKER, ACTIONS, TOOLCHAIN, PRE_COMMIT = "cargo", "docker", "github-actions", "rust-toolchain", "pre-commit"
"""The kinds of files, by the names of Dependabot's ecosystems."""

_NAMES = {
    CARGO: r"(?:^|/)Cargo\.lock$",
    DOCKER: r"(?i)(?:dockerfile|containerfile)[^/]*$",
    ACTIONS: r"^\.github/workflows/[^/]+\.ya?ml$|(?:^|/)action\.ya?ml$",
    TOOLCHAIN: r"(?:^|/)rust-toolchain(?:\.toml)?$",
    PRE_COMMIT: r"^\.pre-commit-config\.ya?ml$",
}
_FROM = rb"(?im)^FROM[ \t]+(?:--platform=\S+[ \t]+)?[^\s$#@:]+[:@][^\s$]+(?=\s|\Z)"
_USES = rb"(?m)^(?![ \t]*#).*\buses:[ \t]*[\"']?[\w.-]+/[\w./-]+@"


def is_of_kind(path: str, kind: str) -> bool:
    """Whether a file is of a kind, by its path in the repository."""
    return re.search(_NAMES[kind], path) is not None


def files(repository: RepositoryFiles, kind: str) -> list[str]:
    """Return the paths of the files of a kind that hold a pin.

    Vendored files are left out, and files in folders of tests, examples and the like.
    """
    paths = sorted(path for path in repository.paths if is_of_kind(path, kind) and is_project(posixpath.dirname(path)))
    if kind == CARGO:
        roots = {*workspace_roots(repository, map(posixpath.dirname, paths))}
        return [path for path in paths if posixpath.dirname(path) in roots]
    return [path for path in paths if _holds_pin(repository, path, kind)]


def workspace_roots(repository: RepositoryFiles, folders: Iterable[str]) -> Iterator[str]:
    """Yield the folders of workspaces and of packages in no workspace, without those of vendored crates."""
    from dunnage.cargo.manifests import Manifests

    manifests = Manifests(repository.tree)
    for folder in folders:
        path = os.path.join(repository.top, folder).rstrip(os.sep)
        if is_in_vendored_crate(repository.tree, os.path.join(path, "Cargo.toml")):
            continue
        try:
            found = manifests.find(path)
            if found is not None and manifests.root_of(found) is found:
                yield folder
        except Refused:  # a finding of check-cargo-lock
            continue


def _holds_pin(repository: RepositoryFiles, path: str, kind: str) -> bool:
    file = repository.find(path)
    if file is None:
        return False
    if kind == DOCKER:
        return re.search(_FROM, file.data) is not None
    if kind == ACTIONS:
        return re.search(_USES, file.data) is not None
    if kind == PRE_COMMIT:
        # pre-commit.ci, which `ci:` configures, updates the hooks by itself.
        has_service = re.search(rb"(?m)^ci:", file.data) is not None
        return not has_service and re.search(rb"(?m)^[ \t-]*rev:", file.data) is not None
    from dunnage.cargo import toolchain_file
    from dunnage.cargo_cli.toolchains import exact_version

    try:
        return bool(exact_version(toolchain_file.read(file).channel))
    except SourceError:
        return False
