"""The hooks in a `.pre-commit-config.yaml`, which pre-commit and prek run.

Its syntax is that of https://pre-commit.com/#adding-pre-commit-plugins-to-your-project.
"""

from collections.abc import Iterator
from shlex import quote
from typing import NamedTuple

from dunnage.files.source import File
from dunnage.files.span import Span
from dunnage.scripts import yaml
from dunnage.shell.model import Place, Script
from dunnage.shell.offsets import Segment

NAMES = (".pre-commit-config.yaml", ".pre-commit-config.yml", "prek.yaml")


class ConfiguredHook(NamedTuple):
    """A hook, as the file configures it."""

    repository: str
    """Where it comes from: a URL, `local` or `meta`."""
    id: str
    span: Span
    """The bytes of its id."""
    program: Script | None
    """Its entry with its arguments, if the file contains them."""
    arguments: tuple[str, ...] | None
    """The arguments that replace the hook's own; None if there are none in the file."""
    is_run: bool
    """Whether `pre-commit run` runs it; it does not run hooks for other stages."""


def hooks(file: File) -> Iterator[ConfiguredHook]:
    """Yield the hooks in the order of the file. Raises SourceError as YAML does."""
    for document in yaml.documents(file)[:1]:
        stages = document.get("default_stages")
        for repository in document.elements("repos"):
            location = repository.get("repo")
            for hook in repository.elements("hooks"):
                name = hook.scalar("id")
                if location is None or name is None:
                    continue
                values = hook.get("args")
                arguments = tuple(value.text for value in values.elements()) if values else None
                program = _program(hook, name.text, arguments)
                is_run = _is_run(hook.get("stages") or stages)
                yield ConfiguredHook(location.text, name.text, name.span, program, arguments, is_run)


def _program(hook: yaml.Node, name: str, arguments: tuple[str, ...] | None) -> Script | None:
    entry = hook.get("entry")
    if entry is None or not entry.text:
        return None
    added = "".join(f" {quote(argument)}" for argument in arguments or ())
    offsets: tuple[Segment, ...] = entry.offsets
    if added:
        offsets = (*offsets, (len((entry.text + added).encode("utf-8")), entry.span.end, 0))
    return Script(entry.text + added, offsets, Place("pre-commit", (f"hook {name}",)))


def _is_run(stages: yaml.Node | None) -> bool:
    names = {stage.text for stage in stages.elements()} if stages is not None else set()
    return not names or not names.isdisjoint(("pre-commit", "commit"))
