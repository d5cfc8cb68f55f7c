"""The update bots of a repository, which of its files they can update, and which they do update."""

import os
import posixpath
import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from dunnage.bots import dependabot, renovate
from dunnage.bots.dependabot import Entry, Folders
from dunnage.bots.patterns import UnsupportedError
from dunnage.bots.renovate import Settings
from dunnage.ci.repository_files import RepositoryFiles
from dunnage.files.document import Refused
from dunnage.files.source import File, SourceError
from dunnage.files.walk import is_in_vendored_crate, is_project
from dunnage.scripts.commands import note

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
MANAGERS_OF = {
    CARGO: "cargo",
    DOCKER: "dockerfile",
    ACTIONS: "github-actions",
    TOOLCHAIN: "rust-toolchain",
    PRE_COMMIT: "pre-commit",
}
"""Renovate's manager for each kind of files."""


class Bots(NamedTuple):
    """The update bots that a repository configures."""

    repository: RepositoryFiles
    folders: Folders
    dependabot: File | None
    """Dependabot's configuration, if it can be read."""
    entries: tuple[Entry, ...]
    renovate: Settings | None
    """Renovate's configuration, if it can be read."""
    is_known: bool
    """Whether all that the bots do follows from files of the repository that can be read."""

    @property
    def exist(self) -> bool:
        """Whether any is configured, perhaps in a file that cannot be read."""
        return self.dependabot is not None or self.renovate is not None or not self.is_known


def bots(repository: RepositoryFiles) -> Bots:
    """Read the configurations. What cannot be read is noted."""
    is_known = True
    file = dependabot.find(repository)
    entries: tuple[Entry, ...] = ()
    if file is not None:
        entries = tuple(dependabot.entries(file))
    elif any(name in repository.paths for name in dependabot.NAMES):
        is_known = False
    settings = None
    try:
        found = renovate.find(repository)
    except SourceError as error:
        name = next(name for name in (*renovate.NAMES, "package.json") if name in repository.paths)
        unread = repository.find(name)
        if unread is not None:
            note(unread, error)
        is_known = False
    else:
        settings = Settings(*found) if found is not None else None
        is_known = is_known and (settings is None or settings.is_known)
    return Bots(repository, Folders(repository, file), file, entries, settings, is_known)


def unmoved(found: Bots, kind: str) -> Iterator[str]:
    """Yield the paths of the files of a kind that no bot updates. Raises UnsupportedError if that is unknown."""
    if not found.is_known:
        raise UnsupportedError("presets or files that are not read")
    covered = dependabot.covered(found.entries, found.folders, kind)
    moved = set(renovate_moves(found, kind))
    for path in pinned_files(found.repository, kind):
        if posixpath.dirname(path) not in covered and path not in moved:
            yield path


def renovate_moves(found: Bots, kind: str) -> Iterator[str]:
    """Yield the paths of the files of a kind that Renovate updates. Raises UnsupportedError if that is unknown."""
    if found.renovate is None:
        return
    if not found.renovate.is_known:
        raise UnsupportedError("presets that are not read")
    paths = found.repository.paths
    if kind != CARGO:
        yield from found.renovate.files_of(MANAGERS_OF[kind], paths)
        return
    for manifest in found.renovate.files_of("cargo", paths):
        # The lock of a manifest is the nearest one, in its folder or above.
        folder = manifest
        while folder:
            folder = posixpath.dirname(folder)
            lock = posixpath.join(folder, "Cargo.lock")
            if lock in paths:
                yield lock
                break


# Files that a bot can update


def is_of_kind(path: str, kind: str) -> bool:
    """Whether a file is of a kind, by its path in the repository."""
    return re.search(_NAMES[kind], path) is not None


def pinned_files(repository: RepositoryFiles, kind: str) -> list[str]:
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
    from dunnage.cargo_cli.toolchains import exact_version, read_file

    try:
        return bool(exact_version(read_file(file).channel))
    except SourceError:
        return False


# Scheduled CI jobs that update the dependencies or the pins, without a configuration of a bot in the repository

_UPDATES = (
    rb"cargo[ \t-]+(?:\+\S{1,100}[ \t]+)?(?:update|upgrade)\b|Cargo\.lock"
    rb"|(?:pre-commit|prek)[ \t]+auto-?update|renovate|updatecli"
)
_PROPOSES = (
    rb"create-pull-request|\bgh[ \t]+pr[ \t]+create\b|\bgit[ \t]+push\b"
    rb"|merge_request\.create|/merge_requests\b|pull-request|/pulls\b"
)
_BOT_NAMES = rb"(?i)renovate|updatecli"
_BOT_FILES = ("updatecli/", "updatecli.d/", ".updatecli", ".github/updatecli")


def may_update(repository: RepositoryFiles) -> bool:
    """Whether a job may update pins and propose the change, or may run a bot whose configuration is elsewhere."""
    return may_run_bot(repository) or any(map(_may_update, _workflows(repository)))


def may_run_bot(repository: RepositoryFiles) -> bool:
    """Whether a job may run a bot that is configured elsewhere, or in a way that is not read."""
    return (
        repository.has_more
        or any(path.startswith(_BOT_FILES) for path in repository.paths)
        or any(re.search(_BOT_NAMES, file.data) for _, file in _workflows(repository))
    )


def _workflows(repository: RepositoryFiles) -> Iterator[tuple[str, File]]:
    for path in repository.workflows:
        file = repository.find(path)
        if file is not None:
            yield path, file


def _may_update(workflow: tuple[str, File]) -> bool:
    path, file = workflow
    # Services other than GitHub keep their schedules outside of the repository.
    if "/workflows/" in path and not re.search(rb"\b(?:schedule|workflow_dispatch)\b", file.data):
        return False
    # A cache whose key depends on Cargo.lock does not update it.
    return bool(
        re.search(_PROPOSES, file.data) and re.search(_UPDATES, re.sub(rb"hashFiles\([^()\n]*\)", b"", file.data))
    )
