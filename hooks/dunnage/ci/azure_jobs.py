"""The jobs of Azure Pipelines.

Their syntax is that of https://learn.microsoft.com/azure/devops/pipelines/yaml-schema.
"""

from collections.abc import Iterator
from functools import partial

from dunnage.ci.job import Job, JobStep
from dunnage.ci.outcome import FailureMask, Shell
from dunnage.files.source import File
from dunnage.scripts import azure, yaml
from dunnage.shell.model import DIRECTORY


def jobs(file: File) -> Iterator[Job]:
    """Yield the jobs in the order of the file. Raises SourceError as YAML does."""
    found: dict[tuple[str, ...], list[JobStep]] = {}
    for step in azure.steps(file):
        # Bash runs a program without `-e`, so only its last command counts.
        shell = Shell(stops=step.is_strict, pipefail=step.is_strict)
        directory = step.script.variables.get(DIRECTORY)
        folder = directory[0] if directory is not None and len(directory) == 1 else None
        masks = partial(_masks, file, step.nodes)
        is_conditional = step.nodes[0].get("condition") is not None
        found.setdefault(step.script.place.names[:-1], []).append(
            JobStep(step.script, None, shell, folder, masks, is_conditional)
        )
    for names, steps in found.items():
        yield Job(names[0].partition(" ")[2] if names else "", tuple(steps))


def _masks(file: File, nodes: tuple[yaml.Node, ...]) -> tuple[FailureMask, ...]:
    found: list[FailureMask] = []
    for node in nodes:
        tolerated, condition, enabled = node.get("continueOnError"), node.get("condition"), node.get("enabled")
        if tolerated is not None and tolerated.text.lower() == "true":
            reason = "`continueOnError` hides the failure of %COMMAND%"
            found.append(FailureMask(file.path, tolerated.span, reason, "remove `continueOnError`"))
        if condition is not None and condition.text.strip().lower() == "false":
            reason = "the `condition` of the step or job that runs %COMMAND% is never true"
            found.append(FailureMask(file.path, condition.span, reason, "remove the condition"))
        if enabled is not None and enabled.text.lower() == "false":
            reason = "`enabled: false` switches off the step that runs %COMMAND%"
            found.append(FailureMask(file.path, enabled.span, reason, "remove `enabled: false`"))
    return tuple(found)
