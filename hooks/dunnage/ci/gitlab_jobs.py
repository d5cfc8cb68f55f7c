"""The jobs of GitLab's CI files.

Their syntax is that of https://docs.gitlab.com/ci/yaml/. A job inherits the keys of the jobs that it extends.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from dunnage.ci.job import Job, JobStep
from dunnage.ci.outcome import FailureMask, Shell
from dunnage.files.source import File
from dunnage.files.span import Span
from dunnage.scripts import gitlab, yaml
from dunnage.shell.model import Script

# GitLab's runner writes `set -eo pipefail` in front of the items of a script.
_SHELL = Shell(stops=True, pipefail=True)
_SCRIPTS = ("before_script", "script", "after_script")


def jobs(file: File) -> Iterator[Job]:
    """Yield each job with the scripts that it defines or inherits, then the scripts that no job of this file uses.

    The order is that of the file. Raises SourceError as YAML does.
    """
    scripts: dict[tuple[str, str], list[Script]] = {}
    for script in gitlab.scripts(file):
        (*names, key) = script.place.names
        scripts.setdefault((names[0].removeprefix("job ") if names else "", key), []).append(script)
    used: set[tuple[str, str]] = set()
    for document in yaml.documents(file):
        found = gitlab.jobs_of(document)
        for name, job in found.items():
            if name.startswith("."):
                continue
            ancestry = (gitlab.ancestry(name, found) or [name])[::-1]
            masks = tuple(_masks(file, [found[ancestor] for ancestor in ancestry]))
            inherited = [("default", document.get("default")), ("", document)] if job.get("inherit") is None else []
            steps: list[JobStep] = []
            for key in _SCRIPTS:
                definers = [*((ancestor, found[ancestor]) for ancestor in ancestry), *inherited]
                definer = next((name for name, node in definers if node and node.get(key) is not None), None)
                if definer is not None:
                    used.add((definer, key))
                    steps += (_step(file, script, masks) for script in scripts.get((definer, key), ()))
            yield Job(name, tuple(steps))
    for place, left in scripts.items():
        if place not in used:
            yield Job(place[0], tuple(_step(file, script, ()) for script in left))


def _step(file: File, script: Script, masks: tuple[FailureMask, ...]) -> JobStep:
    if script.place.names[-1] == "after_script":
        reason = "`after_script` hides the failure of %COMMAND%"
        span = Span(script.offsets[0][1], sum(script.offsets[-1][1:]))
        masks = (*masks, FailureMask(file.path, span, reason, "move the command to `script`"))
    return JobStep(script, None, _SHELL, "", partial(tuple, masks))


def _masks(file: File, ancestry: Sequence[yaml.Node]) -> Iterator[FailureMask]:
    """Yield what hides the failure of a job. `ancestry` is the job and the jobs that it extends, nearest first."""
    allowed = _get(ancestry, "allow_failure")
    rules = _get(ancestry, "rules")
    when = _get(ancestry, "when")
    if allowed is not None and allowed.text.lower() in ("true", "yes"):
        yield _allowed(file, allowed)
    elif allowed is not None and (status := _common_status(allowed)) is not None:
        reason = "`allow_failure` hides the exit status 1, with which %COMMAND% reports advisories"
        yield FailureMask(file.path, status.span, reason, "remove 1 from `exit_codes`")
    elif when is not None and rules is None and when.text == "never":
        yield FailureMask(
            file.path, when.span, "`when: never` switches off the job that runs %COMMAND%", "remove `when: never`"
        )
    elif when is not None and rules is None and when.text == "manual" and allowed is None:
        reason = "`when: manual` lets the pipeline pass before %COMMAND% has run"
        yield FailureMask(file.path, when.span, reason, "remove `when: manual`")
    elif rules is not None:
        active = [rule for rule in rules.elements() if (found := rule.get("when")) is None or found.text != "never"]
        tolerant = [found for rule in active if (found := rule.get("allow_failure")) and found.text.lower() == "true"]
        if active and len(tolerant) == len(active):
            yield _allowed(file, tolerant[0])


def _common_status(allowed: yaml.Node) -> yaml.Node | None:
    """Return the 1 in `allow_failure`, the status of cargo-audit, and of cargo-deny for advisories alone."""
    codes = allowed.get("exit_codes")
    listed = codes.elements() if codes is not None and codes.kind == "sequence" else [codes]
    return next((code for code in listed if code is not None and code.text == "1"), None)


def _allowed(file: File, node: yaml.Node) -> FailureMask:
    reason = "`allow_failure` hides the failure of %COMMAND%"
    return FailureMask(file.path, node.span, reason, "remove `allow_failure: true`")


def _get(ancestry: Sequence[yaml.Node], key: str) -> yaml.Node | None:
    return next((found for job in ancestry if (found := job.get(key)) is not None), None)
