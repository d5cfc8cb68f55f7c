"""The services in Compose files: the images that they run, and the names of those that are built.

The syntax is that of https://docs.docker.com/reference/compose-file/.
"""

from collections.abc import Iterator

from dunnage.files.source import File
from dunnage.scripts import yaml
from dunnage.scripts.dockerfile_words import expand
from dunnage.scripts.image_use import ImageUse, literal_use
from dunnage.shell.bounds import Budget


def images(file: File) -> Iterator[ImageUse]:
    """Yield the images that services run and that no service of the file builds. Raises SourceError as YAML does."""
    for image in _images(file, is_built=False):
        if "$" not in image.text:
            yield literal_use(image.text, 0, image.span, image.offsets, "service")
        else:
            yield ImageUse(_expanded(image.text), image.span, None, "service")


def built(file: File) -> Iterator[str]:
    """Yield the names of the images that services build. Raises SourceError as YAML does."""
    for image in _images(file, is_built=True):
        yield from _expanded(image.text) or ()


def _images(file: File, is_built: bool) -> Iterator[yaml.Node]:
    for document in yaml.documents(file):
        for _, service in document.items("services"):
            image = service.get("image")
            if image is not None and image.kind == "scalar" and (service.get("build") is not None) == is_built:
                yield image


def _expanded(text: str) -> tuple[str, ...] | None:
    # A variable may be set in `.env` or in the environment, so only a default is known.
    return expand(text, "\\", lambda _: (), Budget())
