"""The images of jobs and services in Azure Pipelines, by https://learn.microsoft.com/azure/devops/pipelines/yaml-schema.

A job runs in its `container`: an image, or the name of one in `resources`. Its `services` name others of `resources`.
"""

from collections.abc import Iterator

from dunnage.files.source import File
from dunnage.scripts import yaml
from dunnage.scripts.image_use import ImageUse, literal_use
from dunnage.scripts.variables import limited

_JOBS = ("stages", "jobs")


def images(file: File) -> Iterator[ImageUse]:
    """Yield the images that jobs and resources name, without those with variables. Raises SourceError as YAML does."""
    for document in yaml.documents(file)[:1]:
        jobs = list(limited(file, _jobs(document), lambda node: node.span.start))
        services = {value.text for job in jobs for _, value in job.items("services")}
        inner = [
            node.get("image") if node.kind == "mapping" else node for job in jobs if (node := job.get("container"))
        ]
        containers = [node for node in inner if node is not None]
        chosen = {node.text for node in containers}
        uses: list[tuple[yaml.Node, str]] = []
        names: set[str] = set()
        for resource in document.elements("resources", "containers"):
            name, image = resource.get("container"), resource.get("image")
            if name is not None and image is not None:
                names.add(name.text)
                uses.append((image, "service" if name.text in services - chosen else "image"))
        uses += [(node, "image") for node in containers if node.text not in names]
        for image, kind in sorted(uses, key=lambda use: use[0].span.start):
            if image.kind == "scalar" and "$" not in image.text:
                yield literal_use(image.text, 0, image.span, image.offsets, kind)


def _jobs(node: yaml.Node) -> Iterator[yaml.Node]:
    """The pipeline, which may itself be a job, and the jobs of its stages."""
    yield node
    for key in _JOBS:
        for element in node.elements(key):
            yield from _jobs(element)
