"""The images of steps in Buildkite pipelines that run in a container, by https://github.com/buildkite-plugins."""

from collections.abc import Iterator

from dunnage.files.source import File
from dunnage.scripts import yaml
from dunnage.scripts.buildkite import candidates
from dunnage.scripts.image_use import ImageUse, literal_use
from dunnage.scripts.variables import limited


def images(file: File) -> Iterator[ImageUse]:
    """Yield the images of the docker plugin, without those with variables. Raises SourceError as YAML does."""
    for document in yaml.documents(file)[:1]:
        for step in limited(file, candidates(document), lambda node: node.span.start):
            plugins = step.get("plugins")
            for listed in plugins.listed() if plugins else ():
                for name, settings in listed.items():
                    image = settings.get("image") if _is_docker(name) else None
                    if image is not None and image.kind == "scalar" and "$" not in image.text:
                        yield literal_use(image.text, 0, image.span, image.offsets)


def _is_docker(plugin: str) -> bool:
    """Whether a plugin, by its name or its URL, with or without a version, is the docker plugin."""
    name = plugin.partition("#")[0].rpartition("/")[2].removesuffix(".git").removesuffix("-buildkite-plugin")
    return name == "docker"
