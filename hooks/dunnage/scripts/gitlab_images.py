"""The images of jobs and services in GitLab CI files."""

from collections.abc import Iterator

from dunnage.files.source import File
from dunnage.scripts import yaml
from dunnage.scripts.gitlab import expanded, jobs_of, variables_everywhere, variables_of_jobs
from dunnage.scripts.image_use import ImageUse, literal_use
from dunnage.scripts.variables import Variables


def images(file: File) -> Iterator[ImageUse]:
    """Yield the images that jobs, job templates and defaults name. Raises SourceError as YAML does."""
    found: dict[int, ImageUse] = {}
    for document in yaml.documents(file):
        jobs = jobs_of(document)
        visible = variables_of_jobs(document, jobs)
        everywhere = variables_everywhere(document, visible)
        default = document.get("default")
        owners = [(document, everywhere), *((default, everywhere) for _ in (default,) if default)]
        for owner, variables in (*owners, *((job, visible[name]) for name, job in jobs.items())):
            for use in _images(owner, variables):
                found.setdefault(use.span.start, use)
    yield from (use for _, use in sorted(found.items()))


def _images(owner: yaml.Node, variables: Variables) -> Iterator[ImageUse]:
    for kind, node in (("image", owner.get("image")), *(("service", each) for each in owner.elements("services"))):
        image = node.get("name") if node is not None and node.kind == "mapping" else node
        if image is None or image.kind != "scalar" or image.tag:
            continue
        if "$" not in image.text:
            yield literal_use(image.text, 0, image.span, image.offsets, kind)
        else:
            yield ImageUse(expanded(image.text, variables), image.span, None, kind)
