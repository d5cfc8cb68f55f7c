"""Workspaces that need no Cargo.lock, and folders that a build may generate."""

import os
import re
from functools import partial

from dunnage.cargo.concerned import is_part_of_others
from dunnage.cargo.manifest import has_binary_or_component, has_target
from dunnage.cargo.manifests import Manifests
from dunnage.cargo.workspace import Workspace
from dunnage.files.git import Repositories, Repository
from dunnage.files.source import Tree
from dunnage.files.walk import SKIPPED, is_in_project, top_folder

_ENTERS = rb"cargo|\bcd\b|pushd|manifest|directory|\s-C\b|(?i:workdir)"
"""What a line contains that builds with cargo, or that changes the working directory."""
_GENERATED = SKIPPED | {"build", "dist", "gen", "generated", "out"}
_MANIFESTS = ("Cargo.toml", "Cargo.lock", ".gitignore", ".dockerignore")


def may_omit(workspace: Workspace, manifests: Manifests, repositories: Repositories, libraries_may_omit: bool) -> bool:
    """Whether a workspace needs no lock: examples, test data, libraries of others, and libraries with an option."""
    own = [member.manifest for folder, member in workspace.members.items() if is_in_project(manifests.tree, folder)]
    if not any(has_target(member.data, partial(_exists, member.folder)) for member in own):
        return True
    if is_run_or_shipped(workspace):
        return False
    return libraries_may_omit or _is_only_part_of_others(workspace, manifests, repositories)


def is_run_or_shipped(workspace: Workspace) -> bool:
    """Whether a member is more than a library. The users of a library do not get its lock."""
    members = [member.manifest for member in workspace.members.values()]
    return any(has_binary_or_component(member.data, partial(_exists, member.folder)) for member in members)


def _is_only_part_of_others(workspace: Workspace, manifests: Manifests, repositories: Repositories) -> bool:
    """Whether other workspaces contain the packages of a workspace, and no command builds it by itself."""
    folder = workspace.root.folder
    if not is_part_of_others(workspace, manifests, repositories.tracked_near(folder)):
        return False
    return not _may_be_built(manifests.tree, folder)


def _exists(folder: str, path: str) -> bool:
    return os.path.exists(os.path.join(folder, path))


def _may_be_built(tree: Tree, folder: str) -> bool:
    """Whether CI, an image, a script or a recipe of a repository may build what is in a folder.

    A line in a file with commands then enters the folder, or passes its path to cargo. The topmost one is always built.
    """
    top = top_folder(folder)
    path = os.path.relpath(folder, top).replace(os.sep, "/")
    if path == ".":
        return True
    lines = tree.memo(_lines_by_top)
    if top not in lines:
        lines[top] = _entering_lines(tree, top)
    pattern = _path_pattern(path)
    return any(pattern.search(line) for line in lines[top])


def _lines_by_top(_: Tree) -> dict[str, list[bytes]]:
    return {}


def _entering_lines(tree: Tree, top: str) -> list[bytes]:
    """The lines that build or change the working directory, in files with commands, as far as their names tell."""
    from dunnage.ci.repository_files import repository_files
    from dunnage.scripts.commands import kind_of

    repository = repository_files(tree, top)
    enters = re.compile(_ENTERS)
    files = (repository.find(path) for path in repository.known.ordered if kind_of(path, b"") is not None)
    return [line for file in files if file is not None for line in file.data.splitlines() if enters.search(line)]


def _path_pattern(path: str) -> re.Pattern[bytes]:
    """The pattern of a path in a program. It goes on with `/`, and a name with the other characters."""
    return re.compile(rb"(?<![\w.-])%b(?![\w.-])" % re.escape(path.encode("utf-8", "surrogateescape")))


def may_be_generated(tree: Tree, repository: Repository, folder: str) -> bool:
    """Whether a folder has the name of one with generated files, or a tracked file that may run programs names it.

    Documents, manifests and lists of ignored files do not count.
    """
    from dunnage.scripts.commands import kind_of

    path = os.path.relpath(folder, repository.top).replace(os.sep, "/")
    if not _GENERATED.isdisjoint(path.split("/")):
        return True
    pattern = _path_pattern(path)
    for found in repository.mentioning([path]) or ():
        name = os.path.basename(found)
        # A path of one part may be any word of a program.
        may_run = kind_of(found.replace(os.sep, "/"), b"") is not None or "/" in path
        is_other = name in _MANIFESTS or name.endswith(".md")
        if may_run and not is_other and pattern.search(tree.content(found) or b""):
            return True
    return False
