"""The images of jobs, services and actions in GitHub workflows and of actions that run in a container."""

from collections.abc import Iterator

from dunnage.files.source import File
from dunnage.scripts import yaml
from dunnage.scripts.github import Workflow, job_variables, uses, workflow
from dunnage.scripts.image_use import ImageUse, literal_use
from dunnage.scripts.variables import expand_all, limited

_PREFIX = "docker://"
_MOST_IMAGES = 1000


def images(file: File) -> Iterator[ImageUse]:
    """Yield the images that a workflow or an action names. Raises SourceError as YAML does."""
    found: dict[int, ImageUse] = {}
    for use in limited(file, _images(file), lambda use: use.span.start):
        found.setdefault(use.span.start, use)
    yield from (use for _, use in sorted(found.items()))


def _images(file: File) -> Iterator[ImageUse]:
    for document in yaml.documents(file)[:1]:
        image = document.path("runs", "image")
        if image is not None and image.text.startswith(_PREFIX):
            yield literal_use(image.text, len(_PREFIX), image.span, image.offsets)
    common = workflow(file)
    if common is not None:
        for _, job in common.node.items("jobs"):
            yield from _of_job(common, job)
    for action in uses(file):
        if action.name.startswith(_PREFIX):
            text = f"{action.name}@{action.ref}" if action.ref else action.name
            at = file.data.find(text.encode(), *action.span)
            yield literal_use(text, len(_PREFIX), action.span, ((0, at, len(text.encode())),) if at >= 0 else ())


def _of_job(common: Workflow, job: yaml.Node) -> Iterator[ImageUse]:
    for kind, owner in (("image", job.get("container")), *(("service", each) for _, each in job.items("services"))):
        image = owner.get("image") if owner is not None and owner.kind == "mapping" else owner
        if image is None or image.kind != "scalar":
            continue
        start = len(_PREFIX) if image.text.startswith(_PREFIX) else 0
        if "${{" not in image.text:
            yield literal_use(image.text, start, image.span, image.offsets, kind)
            continue
        values = expand_all(yaml.value(image), job_variables(common, job))
        for value in values or ():
            text = value.removeprefix(_PREFIX)
            source = _written(job.path("strategy", "matrix"), value)
            if source is None:
                yield ImageUse((text,), image.span, None, kind)
            else:
                yield literal_use(value, len(value) - len(text), source.span, source.offsets, kind)


def _written(node: yaml.Node | None, text: str) -> yaml.Node | None:
    """The first scalar in a matrix that is this text."""
    waiting = [node] if node is not None else []
    for _ in range(_MOST_IMAGES):
        if not waiting:
            break
        part = waiting.pop()
        if part.kind == "scalar" and part.text == text:
            return part
        waiting += [*(value for _, value in part.items()), *part.elements()][::-1]
    return None
