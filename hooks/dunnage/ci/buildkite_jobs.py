"""The jobs of Buildkite pipelines, one for each step.

Their syntax is that of https://buildkite.com/docs/pipelines/configure/step-types/command-step.
"""

from collections.abc import Iterator
from functools import partial

from dunnage.ci.job import Job, JobStep
from dunnage.ci.outcome import FailureMask, Shell
from dunnage.files.source import File
from dunnage.scripts import buildkite, yaml

# The agent stops at the first command that fails.
_SHELL = Shell(stops=True, pipefail=False)


def jobs(file: File) -> Iterator[Job]:
    """Yield the steps in the order of the file, each as a job. Raises SourceError as YAML does."""
    for step in buildkite.steps(file):
        masks = partial(_masks, file, step.node)
        name = step.script.place.names[0].partition(" ")[2]
        yield Job(name, (JobStep(step.script, None, _SHELL, "", masks, step.node.get("if") is not None),))


def _masks(file: File, node: yaml.Node) -> tuple[FailureMask, ...]:
    found: list[FailureMask] = []
    tolerated, skipped = node.get("soft_fail"), node.get("skip")
    if tolerated is not None and (tolerated.text == "true" or any(map(_is_common, tolerated.elements()))):
        reason = "`soft_fail` hides the failure of %COMMAND%"
        found.append(FailureMask(file.path, tolerated.span, reason, "remove `soft_fail`"))
    if skipped is not None and skipped.text not in ("", "false"):
        reason = "`skip` switches off the step that runs %COMMAND%"
        found.append(FailureMask(file.path, skipped.span, reason, "remove `skip`"))
    return tuple(found)


def _is_common(entry: yaml.Node) -> bool:
    """Whether an exit status is 1, that of cargo-audit, and of cargo-deny for advisories alone; or any."""
    status = entry.get("exit_status")
    return status is not None and status.text in ("*", "1")
