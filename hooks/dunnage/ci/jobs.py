"""Reads the jobs of a CI file: what each runs, in order, and what hides its failure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from dunnage.ci.job import Job, JobStep
from dunnage.ci.outcome import Shell
from dunnage.scripts.commands import kind_of

if TYPE_CHECKING:
    from dunnage.files.source import File
    from dunnage.scripts.variables import Variables


def jobs(file: File, inputs: Variables | None = None) -> Iterator[Job]:
    """Yield the jobs of a CI file in its order. A composite action has one, without a name.

    `inputs` are those that the caller of an action or of a reusable workflow passes, by `inputs.NAME`. Raises
    SourceError as YAML does.
    """
    kind = kind_of(file.path, b"")
    if kind == "github":
        from dunnage.ci import github_jobs

        yield from github_jobs.jobs(file, inputs)
    elif kind == "gitlab":
        from dunnage.ci import gitlab_jobs

        yield from gitlab_jobs.jobs(file)
    elif kind == "circleci":
        yield from _circleci(file)
    elif kind == "azure":
        from dunnage.ci import azure_jobs

        yield from azure_jobs.jobs(file)
    elif kind == "buildkite":
        from dunnage.ci import buildkite_jobs

        yield from buildkite_jobs.jobs(file)


# https://circleci.com/docs/reference/configuration-reference/#default-shell-options
_CIRCLECI_SHELL = Shell(stops=True, pipefail=True)


def _circleci(file: File) -> Iterator[Job]:
    from dunnage.scripts import circleci

    steps: dict[str, list[JobStep]] = {}
    for script in circleci.scripts(file):
        steps.setdefault(script.place.names[0], []).append(JobStep(script, None, _CIRCLECI_SHELL))
    for name, found in steps.items():
        yield Job(name.partition(" ")[2], tuple(found))
