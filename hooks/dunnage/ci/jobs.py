"""Reads the jobs of a CI file: what each runs, in order, and what hides its failure.

The syntax of CI files is that of https://learn.microsoft.com/azure/devops/pipelines/yaml-schema,
https://buildkite.com/docs/pipelines/configure/step-types/command-step and https://docs.gitlab.com/ci/yaml/.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING

from dunnage.ci.job import Job, JobStep
from dunnage.ci.outcome import FailureMask, Shell
from dunnage.files.span import Span
from dunnage.scripts.commands import kind_of
from dunnage.shell.model import DIRECTORY

if TYPE_CHECKING:
    from dunnage.files.source import File
    from dunnage.scripts import yaml
    from dunnage.scripts.variables import Variables
    from dunnage.shell.model import Script


def jobs(file: File, inputs: Variables | None = None) -> Iterator[Job]:
    """Yield the jobs of a CI file in its order. A composite action has one, without a name.

    `inputs` are those that the caller of an action or of a reusable workflow passes, by `inputs.NAME`. Raises
    SourceError as YAML does.
    """
    kind = kind_of(file.path, b"")
    if kind == "github":
        from dunnage.ci import github_jobs

        yield from github_jobs.jobs(file, inputs)
    elif kind in _READERS:
        yield from _READERS[kind](file)


# CircleCI and GitLab: https://circleci.com/docs/reference/configuration-reference/#default-shell-options. GitLab's
# runner writes `set -eo pipefail` in front of the items of a script.
_STRICT = Shell(stops=True, pipefail=True)


def _circleci(file: File) -> Iterator[Job]:
    from dunnage.scripts import circleci

    steps: dict[str, list[JobStep]] = {}
    for script in circleci.scripts(file):
        steps.setdefault(script.place.names[0], []).append(JobStep(script, None, _STRICT))
    for name, found in steps.items():
        yield Job(name.partition(" ")[2], tuple(found))


# Azure Pipelines


def _azure(file: File) -> Iterator[Job]:
    from dunnage.scripts import azure

    found: dict[tuple[str, ...], list[JobStep]] = {}
    for step in azure.steps(file):
        # Bash runs a program without `-e`, so only its last command counts.
        shell = Shell(stops=step.is_strict, pipefail=step.is_strict)
        directory = step.script.variables.get(DIRECTORY)
        folder = directory[0] if directory is not None and len(directory) == 1 else None
        masks = partial(_azure_masks, file, step.nodes)
        is_conditional = step.nodes[0].get("condition") is not None
        found.setdefault(step.script.place.names[:-1], []).append(
            JobStep(step.script, None, shell, folder, masks, is_conditional)
        )
    for names, steps in found.items():
        yield Job(names[0].partition(" ")[2] if names else "", tuple(steps))


_AZURE_MASKS = (
    ("continueOnError", "true", "`continueOnError` hides the failure of %COMMAND%", "remove `continueOnError`"),
    (
        "condition",
        "false",
        "the `condition` of the step or job that runs %COMMAND% is never true",
        "remove the condition",
    ),
    ("enabled", "false", "`enabled: false` switches off the step that runs %COMMAND%", "remove `enabled: false`"),
)
"""The keys and values that hide a failure, each with the reason and the remedy."""


def _azure_masks(file: File, nodes: Iterable[yaml.Node]) -> tuple[FailureMask, ...]:
    return tuple(
        FailureMask(file.path, value.span, reason, help)
        for node in nodes
        for key, text, reason, help in _AZURE_MASKS
        if (value := node.get(key)) is not None and value.text.strip().lower() == text
    )


# Buildkite


def _buildkite(file: File) -> Iterator[Job]:
    """Yield each step as a job."""
    from dunnage.scripts import buildkite

    # The agent stops at the first command that fails.
    shell = Shell(stops=True, pipefail=False)
    for step in buildkite.steps(file):
        masks = partial(_buildkite_masks, file, step.node)
        name = step.script.place.names[0].partition(" ")[2]
        yield Job(name, (JobStep(step.script, None, shell, "", masks, step.node.get("if") is not None),))


def _buildkite_masks(file: File, node: yaml.Node) -> tuple[FailureMask, ...]:
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
    return entry.named("exit_status") in ("*", "1")


# GitLab


def gitlab_jobs(file: File) -> Iterator[Job]:
    """Yield each job of a file with the scripts that it defines or inherits, then the scripts that no job uses.

    A job inherits the keys of the jobs that it extends.
    """
    from dunnage.scripts import gitlab, yaml

    for document in yaml.documents(file):
        scripts: dict[tuple[str, str], list[Script]] = {}
        for script in sorted(gitlab.document_scripts(document), key=lambda script: script.offsets[:1]):
            (*names, key) = script.place.names
            scripts.setdefault((names[0].removeprefix("job ") if names else "", key), []).append(script)
        used: set[tuple[str, str]] = set()
        found = gitlab.jobs_of(document)
        for name, job in found.items():
            if name.startswith("."):
                continue
            ancestors = {ancestor: found[ancestor] for ancestor in (gitlab.ancestry(name, found) or [name])[::-1]}
            masks = tuple(_gitlab_masks(file, [*ancestors.values()]))
            definers: list[tuple[str, yaml.Node | None]] = [*ancestors.items()]
            if job.get("inherit") is None:
                definers += [("default", document.get("default")), ("", document)]
            steps: list[JobStep] = []
            for key in ("before_script", "script", "after_script"):
                place = next(((each, key) for each, node in definers if node and node.get(key) is not None), None)
                if place is not None:
                    used.add(place)
                    steps += (_gitlab_step(file, script, masks) for script in scripts.get(place, ()))
            yield Job(name, tuple(steps))
        for place, left in scripts.items():
            if place not in used:
                yield Job(place[0], tuple(_gitlab_step(file, script, ()) for script in left))


def _gitlab_step(file: File, script: Script, masks: tuple[FailureMask, ...]) -> JobStep:
    if script.place.names[-1] == "after_script":
        reason = "`after_script` hides the failure of %COMMAND%"
        span = Span(script.offsets[0][1], sum(script.offsets[-1][1:]))
        masks = (*masks, FailureMask(file.path, span, reason, "move the command to `script`"))
    return JobStep(script, None, _STRICT, "", partial(tuple, masks))


def _gitlab_masks(file: File, ancestry: Sequence[yaml.Node]) -> Iterator[FailureMask]:
    """Yield what hides the failure of a job. `ancestry` is the job and the jobs that it extends, nearest first."""
    allowed, rules, when = (
        next((found for job in ancestry if (found := job.get(key)) is not None), None)
        for key in ("allow_failure", "rules", "when")
    )
    if allowed is not None and allowed.text.lower() in ("true", "yes"):
        yield _allowed(file, allowed)
    elif allowed is not None and (status := _common_status(allowed)) is not None:
        reason = "`allow_failure` hides the exit status 1, with which %COMMAND% reports advisories"
        yield FailureMask(file.path, status.span, reason, "remove 1 from `exit_codes`")
    elif rules is not None:
        active = [rule for rule in rules.elements() if rule.named("when") != "never"]
        tolerant = [found for rule in active if (found := rule.get("allow_failure")) and found.text.lower() == "true"]
        if active and len(tolerant) == len(active):
            yield _allowed(file, tolerant[0])
    elif when is not None and when.text == "never":
        reason = "`when: never` switches off the job that runs %COMMAND%"
        yield FailureMask(file.path, when.span, reason, "remove `when: never`")
    elif when is not None and when.text == "manual" and allowed is None:
        reason = "`when: manual` lets the pipeline pass before %COMMAND% has run"
        yield FailureMask(file.path, when.span, reason, "remove `when: manual`")


def _common_status(allowed: yaml.Node) -> yaml.Node | None:
    """Return the 1 in `allow_failure`, the status of cargo-audit, and of cargo-deny for advisories alone."""
    codes = allowed.get("exit_codes")
    return next((code for code in (codes.listed() if codes is not None else ()) if code.text == "1"), None)


def _allowed(file: File, node: yaml.Node) -> FailureMask:
    reason = "`allow_failure` hides the failure of %COMMAND%"
    return FailureMask(file.path, node.span, reason, "remove `allow_failure: true`")


_READERS = {"azure": _azure, "buildkite": _buildkite, "circleci": _circleci, "gitlab": gitlab_jobs}
