"""The images that files name: to build in, to build from, to copy from, or to run as a service."""

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from dunnage.files.source import File
from dunnage.files.span import Span
from dunnage.scripts.commands import kind_of
from dunnage.shell.offsets import Segment, is_literal, locate

if TYPE_CHECKING:
    from dunnage.scripts import yaml
    from dunnage.scripts.dockerfile_syntax import Instruction
    from dunnage.scripts.github import Workflow

_DOCKER = "docker://"
_MOST_MATRIX_VALUES = 1000


class ImageUse(NamedTuple):
    """A place that names an image."""

    values: tuple[str, ...] | None
    """The references that it may name; None if they are unknown."""
    span: Span
    """The place of the reference."""
    literal: Span | None
    """The bytes of the reference, if the file contains it as it is."""
    kind: str = "image"
    """`image`; `service` if it only runs beside a job; `syntax` for the frontend that reads a Dockerfile."""


def _literal_use(text: str, start: int, span: Span, offsets: tuple[Segment, ...], kind: str = "image") -> ImageUse:
    """The use of the image that `text` names from its character `start` on; `offsets` are those of `text`."""
    first, last = len(text[:start].encode("utf-8")), len(text.encode("utf-8"))
    literal = locate(offsets, first, last) if is_literal(offsets, first, last) else None
    return ImageUse((text[start:],), literal or span, literal, kind)


def images(file: File) -> Iterator[ImageUse]:
    """Yield the images that a file names, except those in its commands, in the order of the file.

    Raises SourceError if the file cannot be read.
    """
    reader = _READERS.get(image_kind(file.path, file.data[:200]) or "")
    found: dict[int, ImageUse] = {}
    for use in reader(file) if reader else ():
        found.setdefault(use.span.start, use)
    yield from (use for _, use in sorted(found.items()))


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


# Dockerfiles


def _of_dockerfile(file: File) -> Iterator[ImageUse]:
    """Yield the images in `FROM`, `COPY --from`, `RUN --mount` and the directive `syntax`.

    Names of stages, which ignore case, are no images, and neither are numbers of stages after `COPY --from` and
    `RUN --mount`. BuildKit expands only the global arguments, and only in `FROM`.
    """
    from dunnage.scripts.dockerfile_syntax import read
    from dunnage.scripts.dockerfile_words import GlobalArguments
    from dunnage.shell.bounds import Budget

    dockerfile = read(file)
    if dockerfile.syntax is not None:
        value = file.data[slice(*dockerfile.syntax)].decode()
        yield ImageUse((value.split()[0],), dockerfile.syntax, dockerfile.syntax, "syntax")
    arguments = GlobalArguments(dockerfile.escape, Budget())
    stages = {name for each in dockerfile.instructions if (name := _stage_name(each))}
    earlier: set[str] = set()
    for instruction in dockerfile.instructions:
        if instruction.onbuild:
            continue
        if instruction.keyword == "ARG" and instruction.stage < 0:
            for argument in instruction.arguments:
                arguments.declare(argument.text)
        elif instruction.keyword == "FROM" and instruction.arguments:
            text, span, _ = instruction.arguments[0]
            values = arguments.expand(text)
            if not any(value.lower() in earlier for value in values or ()):
                is_written = values == (text,) and file.data[slice(*span)] == text.encode()
                yield ImageUse(values, span, span if is_written else None)
            earlier.add(_stage_name(instruction))
        elif instruction.keyword in ("COPY", "RUN"):
            for use in _sources(instruction):
                if not any(value.lower() in stages or value.isdecimal() for value in use.values or ()):
                    yield use


def _stage_name(instruction: "Instruction") -> str:
    """The name that `FROM … AS NAME` gives to its stage, in lower case; empty if there is none."""
    words = [argument.text.lower() for argument in instruction.arguments]
    return words[2] if instruction.keyword == "FROM" and len(words) == 3 and words[1] == "as" else ""


def _sources(instruction: "Instruction") -> Iterator[ImageUse]:
    """Yield what `COPY --from=NAME` and `RUN --mount=from=NAME,…` copy from. BuildKit rejects names with variables."""
    option, key = "--" if instruction.keyword == "COPY" else "--mount=", "from="
    for flag in instruction.flags:
        at = len(option)
        for part in flag.text[at:].split(",") if flag.text.startswith(option) else ():
            end = at + len(part)
            if part.startswith(key) and part != key and "$" not in part:
                yield _literal_use(flag.text[:end], at + len(key), flag.span, flag.offsets)
            at = end + 1


# CI files


def _literal(image: "yaml.Node", kind: str = "image", start: int = 0) -> ImageUse:
    return _literal_use(image.text, start, image.span, image.offsets, kind)


def _of_azure(file: File) -> Iterator[ImageUse]:
    """Yield the images of jobs and services, without those with variables.

    A job runs in its `container`: an image, or the name of one in `resources`. Its `services` name others of
    `resources`. Source: https://learn.microsoft.com/azure/devops/pipelines/yaml-schema.
    """
    from dunnage.scripts import yaml
    from dunnage.scripts.variables import limited

    for document in yaml.documents(file)[:1]:
        jobs = list(limited(file, _azure_jobs(document)))
        services = {value.text for job in jobs for _, value in job.items("services")}
        containers = [image for job in jobs for _, image in _with_services(job, "container", (), "image")]
        chosen = {node.text for node in containers}
        uses: list[tuple[yaml.Node, str]] = []
        names: set[str] = set()
        for resource in document.elements("resources", "containers"):
            name, image = resource.get("container"), resource.get("image")
            if name is not None and image is not None:
                names.add(name.text)
                uses.append((image, "service" if name.text in services - chosen else "image"))
        uses += [(node, "image") for node in containers if node.text not in names]
        yield from (_literal(*use) for use in uses if use[0].kind == "scalar" and "$" not in use[0].text)


def _azure_jobs(node: "yaml.Node") -> Iterator["yaml.Node"]:
    """The pipeline, which may itself be a job, and the jobs of its stages."""
    yield node
    for key in ("stages", "jobs"):
        for element in node.elements(key):
            yield from _azure_jobs(element)


def _of_buildkite(file: File) -> Iterator[ImageUse]:
    """Yield the images of the docker plugin of https://github.com/buildkite-plugins, without those with variables."""
    from dunnage.scripts import yaml
    from dunnage.scripts.buildkite import candidates
    from dunnage.scripts.variables import limited

    for document in yaml.documents(file)[:1]:
        for step in limited(file, candidates(document)):
            plugins = step.get("plugins")
            for listed in plugins.listed() if plugins else ():
                for plugin, settings in listed.items():
                    # Its name or its URL, with or without a version.
                    name = plugin.partition("#")[0].rpartition("/")[2].removesuffix(".git")
                    image = settings.scalar("image")
                    if name.removesuffix("-buildkite-plugin") == "docker" and image and "$" not in image.text:
                        yield _literal(image)


def _of_circleci(file: File) -> Iterator[ImageUse]:
    """Yield the images of jobs and executors: the first runs the steps, the others are services."""
    from dunnage.scripts import yaml
    from dunnage.scripts.circleci import executors, expanded, sequences

    for document in yaml.documents(file)[:1]:
        owners = [(sequence.node, sequence.variables) for sequence in sequences(document) if sequence.node]
        for owner, variables in (*owners, *executors(document)):
            for number, container in enumerate(owner.elements("docker")):
                kind = "service" if number else "image"
                if (image := container.scalar("image")) is None:
                    continue
                if "<<" in image.text:
                    yield ImageUse(expanded(image, variables), image.span, None, kind)
                else:
                    yield _literal(image, kind)


def _of_gitlab(file: File) -> Iterator[ImageUse]:
    """Yield the images of jobs, job templates and defaults, and of their services."""
    from dunnage.scripts import yaml
    from dunnage.scripts.gitlab import expanded, jobs_of, variables_everywhere, variables_of_jobs

    for document in yaml.documents(file):
        jobs = jobs_of(document)
        visible = variables_of_jobs(document, jobs)
        everywhere = variables_everywhere(document, visible)
        shared = [(owner, everywhere) for owner in (document, document.get("default")) if owner]
        for owner, variables in (*shared, *((job, visible[name]) for name, job in jobs.items())):
            for kind, image in _with_services(owner, "image", owner.elements("services"), "name"):
                if image.tag:
                    continue
                if "$" in image.text:
                    yield ImageUse(expanded(image.text, variables), image.span, None, kind)
                else:
                    yield _literal(image, kind)


def _with_services(
    owner: "yaml.Node", key: str, services: "Iterable[yaml.Node]", inner: str
) -> Iterator[tuple[str, "yaml.Node"]]:
    """Yield the image at `key` of a job and those of its services: scalars, or the scalars `inner` of mappings."""
    for kind, node in (("image", owner.get(key)), *(("service", each) for each in services)):
        image = node.get(inner) if node is not None and node.kind == "mapping" else node
        if image is not None and image.kind == "scalar":
            yield kind, image


def _of_github(file: File) -> Iterator[ImageUse]:
    """Yield the images of jobs, services and actions, and of an action that runs in a container."""
    from dunnage.scripts import yaml
    from dunnage.scripts.github import uses, workflow
    from dunnage.scripts.variables import limited

    def found() -> Iterator[ImageUse]:
        for document in yaml.documents(file)[:1]:
            image = document.path("runs", "image")
            if image is not None and image.text.startswith(_DOCKER):
                yield _literal(image, start=len(_DOCKER))
        common = workflow(file)
        if common is not None:
            for _, job in common.node.items("jobs"):
                yield from _of_github_job(common, job)
        for action in uses(file):
            if action.name.startswith(_DOCKER):
                text = f"{action.name}@{action.ref}" if action.ref else action.name
                at = file.data.find(text.encode(), *action.span)
                yield _literal_use(text, len(_DOCKER), action.span, ((0, at, len(text.encode())),) if at >= 0 else ())

    return limited(file, found())


def _of_github_job(common: "Workflow", job: "yaml.Node") -> Iterator[ImageUse]:
    from dunnage.scripts import yaml
    from dunnage.scripts.github import job_variables
    from dunnage.scripts.variables import expand_all

    for kind, image in _with_services(job, "container", (each for _, each in job.items("services")), "image"):
        if "${{" not in image.text:
            yield _literal(image, kind, len(_DOCKER) if image.text.startswith(_DOCKER) else 0)
            continue
        for value in expand_all(yaml.value(image), job_variables(common, job)) or ():
            text = value.removeprefix(_DOCKER)
            source = _written(job.path("strategy", "matrix"), value)
            if source is None:
                yield ImageUse((text,), image.span, None, kind)
            else:
                yield _literal(source, kind, len(value) - len(text))


def _written(node: "yaml.Node | None", text: str) -> "yaml.Node | None":
    """The first scalar in a matrix that is this text."""
    waiting = [node] if node is not None else []
    for _ in range(_MOST_MATRIX_VALUES):
        if not waiting:
            break
        part = waiting.pop()
        if part.kind == "scalar" and part.text == text:
            return part
        waiting += [*(value for _, value in part.items()), *part.elements()][::-1]
    return None


# Compose files and development containers


def _of_compose(file: File) -> Iterator[ImageUse]:
    """Yield the images that services run and that no service of the file builds."""
    for image in _compose_images(file, is_built=False):
        if "$" in image.text:
            yield ImageUse(_with_defaults(image.text), image.span, None, "service")
        else:
            yield _literal(image, "service")


def built(file: File) -> Iterator[str]:
    """Yield the names of the images that services of a Compose file build. Raises SourceError as YAML does."""
    for image in _compose_images(file, is_built=True):
        yield from _with_defaults(image.text) or ()


def _compose_images(file: File, is_built: bool) -> Iterator["yaml.Node"]:
    """Yield the images of services, by https://docs.docker.com/reference/compose-file/."""
    from dunnage.scripts import yaml

    for document in yaml.documents(file):
        for _, service in document.items("services"):
            image = service.scalar("image")
            if image is not None and (service.get("build") is not None) == is_built:
                yield image


def _with_defaults(text: str) -> tuple[str, ...] | None:
    """The values of a text in a Compose file: a variable may be set elsewhere, so only a default is known."""
    from dunnage.scripts.dockerfile_words import expand
    from dunnage.shell.bounds import Budget

    return expand(text, "\\", lambda _: (), Budget())


# What is not closed goes on to the end: looking for its end again and again would take quadratic time.
_TOKEN = rb'//[^\n]*|/\*.*?(?:\*/|\Z)|"(?:[^"\\\n]|\\.)*"?|[{}\[\]:,]'


def _of_devcontainer(file: File) -> Iterator[ImageUse]:
    """Yield the image that the property `image` names, in JSON with comments.

    Its syntax is that of https://containers.dev/implementors/json_reference/.
    """
    _ = file.text  # raises SourceError
    depth = 0
    before: tuple[bytes, bytes] = (b"", b"")
    for token in re.finditer(_TOKEN, file.data, re.DOTALL):
        text = token[0]
        if text.startswith((b"//", b"/*")):
            continue
        depth += (text in b"{[") - (text in b"}]")
        if depth == 1 and before == (b'"image"', b":") and len(text) > 1 and text[:1] == text[-1:] == b'"':
            span = Span(token.start() + 1, token.end() - 1)
            value = text[1:-1].decode()
            if "\\" not in value and "${" not in value:
                yield ImageUse((value,), span, span, "service")
        before = (before[1], text)


_READERS = {
    "azure": _of_azure,
    "buildkite": _of_buildkite,
    "circleci": _of_circleci,
    "compose": _of_compose,
    "devcontainer": _of_devcontainer,
    "dockerfile": _of_dockerfile,
    "github": _of_github,
    "gitlab": _of_gitlab,
}
