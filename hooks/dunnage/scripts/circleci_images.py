"""The images of jobs and executors in CircleCI configurations: the first runs the steps, the others are services."""

from collections.abc import Iterator

from dunnage.files.source import File
from dunnage.scripts import yaml
from dunnage.scripts.circleci import executors, expanded, sequences
from dunnage.scripts.image_use import ImageUse, literal_use


def images(file: File) -> Iterator[ImageUse]:
    """Yield the images that jobs and executors name. Raises SourceError as YAML does."""
    found: dict[int, ImageUse] = {}
    for document in yaml.documents(file)[:1]:
        owners = [(sequence.node, sequence.variables) for sequence in sequences(document) if sequence.node]
        for owner, variables in (*owners, *executors(document)):
            for number, container in enumerate(owner.elements("docker")):
                kind = "service" if number else "image"
                image = container.get("image")
                if image is None or image.kind != "scalar":
                    continue
                if "<<" in image.text:
                    use = ImageUse(expanded(image, variables), image.span, None, kind)
                else:
                    use = literal_use(image.text, 0, image.span, image.offsets, kind)
                found.setdefault(image.span.start, use)
    yield from (use for _, use in sorted(found.items()))
