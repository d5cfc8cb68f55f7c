"""The jobs of GitLab's CI files.

Their syntax is that of https://docs.gitlab.com/ci/yaml/. A job that extends others has what these say, unless it says
otherwise.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from dunnage.commands import gitlab, yaml
from dunnage.commands.job import Job, Step
from dunnage.commands.outcome import Excuse, Shell
from dunnage.finding import Span
from dunnage.source import File

# GitLab's runner writes `set -eo pipefail` in front of the items of a script.
_SHELL = Shell(stops=True, pipefail=True)


def jobs(file: File) -> Iterator[Job]:
    """What jobs run, each script where it stands, in the order of the file. Raises SourceError as YAML does.

    A failure in a script that several jobs share counts if it counts in one of them.
    """
    users: dict[tuple[str, str], list[str]] = {}
    excuses: dict[str, tuple[Excuse, ...]] = {}
    for document in yaml.documents(file):
        found = gitlab.jobs_of(document)
        for name in found:
            if name.startswith("."):
                continue
            names = (gitlab.chain(name, found) or [name])[::-1]
            excuses[name] = tuple(_excuses(file, [found[each] for each in names]))
            for key in ("before_script", "script", "after_script"):
                definer = next((each for each in names if found[each].get(key) is not None), None)
                if definer is not None:
                    users.setdefault((definer, key), []).append(name)
    steps: dict[str, list[Step]] = {}
    for script in gitlab.scripts(file):
        name = script.place.names[0].removeprefix("job ") if len(script.place.names) == 2 else ""
        key = script.place.names[-1]
        own = [excuses[user] for user in users.get((name, key), ())]
        shared = own[0] if own and all(own) else ()
        if key == "after_script":
            why = "a failure in `after_script` does not fail the job, so"
            span = Span(script.offsets[0][1], sum(script.offsets[-1][1:]))
            shared = (*shared, Excuse(file.path, span, why, "move it to `script`"))
        steps.setdefault(name, []).append(Step(script, None, _SHELL, "", partial(tuple, shared)))
    for name, each in steps.items():
        yield Job(name, tuple(each))


def included(file: File) -> tuple[list[str], bool]:
    """The files of the repository that a CI file includes, and whether it includes others too."""
    paths: list[str] = []
    has_others = False
    for document in yaml.documents(file):
        include = document.get("include")
        for entry in (include.elements() if include.kind == "sequence" else [include]) if include else ():
            if entry.kind == "scalar":
                if entry.text.startswith(("http:", "https:")):
                    has_others = True
                else:
                    paths.append(entry.text)
            elif (local := entry.get("local")) is not None:
                paths.append(local.text)
            elif entry.get("template") is None:
                has_others = True
    return paths, has_others


def _excuses(file: File, ancestry: Sequence[yaml.Node]) -> Iterator[Excuse]:
    """What keeps the failure of a job from counting; `ancestry` is the job and what it extends, nearest first."""
    allowed = _get(ancestry, "allow_failure")
    rules = _get(ancestry, "rules")
    when = _get(ancestry, "when")
    if allowed is not None and allowed.text.lower() in ("true", "yes"):
        yield _allowed(file, allowed)
    elif when is not None and rules is None and when.text == "never":
        yield Excuse(file.path, when.span, "`when: never` keeps the job from running, so", "remove `when: never`")
    elif when is not None and rules is None and when.text == "manual" and allowed is None:
        why = "`when: manual` leaves the job to be started by hand and lets the pipeline pass without it, so"
        yield Excuse(file.path, when.span, why, "remove `when: manual`")
    elif rules is not None:
        ways = [rule for rule in rules.elements() if (found := rule.get("when")) is None or found.text != "never"]
        tolerant = [found for rule in ways if (found := rule.get("allow_failure")) and found.text.lower() == "true"]
        if ways and len(tolerant) == len(ways):
            yield _allowed(file, tolerant[0])


def _allowed(file: File, node: yaml.Node) -> Excuse:
    why = "`allow_failure` lets the pipeline pass where the job fails, so"
    return Excuse(file.path, node.span, why, "remove `allow_failure: true`")


def _get(ancestry: Sequence[yaml.Node], key: str) -> yaml.Node | None:
    return next((found for job in ancestry if (found := job.get(key)) is not None), None)
