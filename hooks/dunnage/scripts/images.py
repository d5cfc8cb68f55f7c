"""The images that files name: to build in, to build from, to copy from, or to run as a service."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from dunnage.scripts.commands import kind_of

if TYPE_CHECKING:
    from dunnage.files.source import File
    from dunnage.scripts.image_use import ImageUse


def images(file: File) -> Iterator[ImageUse]:
    """Yield the images that a file names, except those in its commands, in the order of the file.

    Raises SourceError if the file cannot be read.
    """
    kind = image_kind(file.path, file.data[:200])
    if kind == "dockerfile":
        from dunnage.scripts import dockerfile_images

        return dockerfile_images.images(file)
    if kind == "github":
        from dunnage.scripts import github_images

        return github_images.images(file)
    if kind == "gitlab":
        from dunnage.scripts import gitlab_images

        return gitlab_images.images(file)
    if kind == "circleci":
        from dunnage.scripts import circleci_images

        return circleci_images.images(file)
    if kind == "azure":
        from dunnage.scripts import azure_images

        return azure_images.images(file)
    if kind == "buildkite":
        from dunnage.scripts import buildkite_images

        return buildkite_images.images(file)
    if kind == "compose":
        from dunnage.scripts import compose

        return compose.images(file)
    if kind == "devcontainer":
        from dunnage.scripts import devcontainer

        return devcontainer.images(file)
    return iter(())


def image_kind(path: str, head: bytes) -> str | None:
    """Which kind of file that may name images a file is: one of `Place`'s kinds, `compose` or `devcontainer`.

    The arguments are those of `kind_of`.
    """
    name = path.rpartition("/")[2].lower()
    if name in ("devcontainer.json", ".devcontainer.json"):
        return "devcontainer"
    if name.endswith((".yml", ".yaml")) and name.startswith(("compose.", "compose-", "docker-compose")):
        return "compose"
    return kind_of(path, head)
