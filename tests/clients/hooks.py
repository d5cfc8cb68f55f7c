"""This checkout as a hook repository, from which the programs that run hooks install it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from demo.run import configuration, environment, hook_repository


class Hooks(NamedTuple):
    """A hook repository, and the environment in which clients use it. Each client installs it once."""

    folder: Path
    revision: str
    env: Mapping[str, str]

    def configuration(self, hooks: Mapping[str, Sequence[str]]) -> str:
        """A .pre-commit-config.yaml that runs hooks, each with its arguments."""
        return configuration(self.folder, self.revision, hooks)


def commit_hooks(home: Path) -> Hooks:
    """Commit the hooks as they stand to a repository in a folder, which also keeps what the clients install."""
    env = environment(home) | {"CARGO_HOME": str(home / "cargo")}
    folder = home / "dunnage"
    return Hooks(folder, hook_repository(folder, env), env)
