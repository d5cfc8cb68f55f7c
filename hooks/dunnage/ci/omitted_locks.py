"""Workspaces that need no Cargo.lock."""

import os
from functools import partial

from dunnage.cargo.containment import is_part_of_others
from dunnage.cargo.manifest import has_binary_or_component, has_target
from dunnage.cargo.manifests import Manifests
from dunnage.cargo.workspace import Workspace
from dunnage.files.git import Repositories
from dunnage.files.walk import is_in_project


def may_omit(workspace: Workspace, manifests: Manifests, repositories: Repositories, libraries_may_omit: bool) -> bool:
    """Whether a workspace needs no lock: examples, test data, libraries of others, and libraries with an option."""
    own = [member.manifest for folder, member in workspace.members.items() if is_in_project(folder)]
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
    from dunnage.ci.built_folders import BuiltFolders

    return not manifests.tree.memo(BuiltFolders).may_contain(folder)


def _exists(folder: str, path: str) -> bool:
    return os.path.exists(os.path.join(folder, path))
