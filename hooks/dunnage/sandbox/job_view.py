"""A job of CI with what it compiles, and what gives secrets to it."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from dunnage.ci.job import CallSite, Job, Run
from dunnage.files.source import File
from dunnage.sandbox.github_secrets import ISSUED, Permissions
from dunnage.sandbox.job_builds import Build
from dunnage.sandbox.secret_sources import Source, credentials, passed_inputs, step_sources
from dunnage.scripts.yaml import Node


class Strictness(NamedTuple):
    """What the options of the hook ask for."""

    requires_isolation: bool = False
    has_strict_jobs: bool = False

    @property
    def is_given(self) -> bool:
        """Whether any option asks for more than the default."""
        return self.requires_isolation or self.has_strict_jobs


class JobView(NamedTuple):
    """A job, with what it may reach."""

    file: File
    job: Job
    permissions: Permissions | None = None
    """What its token may do; None if that is not known."""
    known: Mapping[str, tuple[str, ...]] = {}
    """The expressions other than `secrets.X` that hold secrets in it."""
    sources: Sequence[Source] = ()
    """What gives secrets to all of its steps, or to all from some step on."""
    step_sources: Mapping[int, Sequence[Source]] = {}
    """What gives secrets to one step, by the index of the step."""
    builds: Sequence[Build] = ()
    """What it compiles, in order."""
    runs: Sequence[Run] = ()

    @property
    def has_write(self) -> bool:
        """Whether its token is known to have a write permission."""
        return self.permissions is not None and bool(self.permissions.writes)

    def named(self, secrets: Sequence[str]) -> str:
        """Return the names of different secrets for a message; with the permission of the token that GitHub creates."""
        granted = self.permissions.writes[0] if self.permissions is not None and self.permissions.writes else ""
        names = [f"`{name}` with `{granted}`" if name == ISSUED else f"`{name}`" for name in secrets[:2]]
        return " and ".join(names) if len(secrets) <= 2 else f"{names[0]} and {len(secrets) - 1} other secrets"

    def sources_of(self, build: Build) -> Iterator[Source]:
        """Yield what gives secrets to the step of a build, also through the composite actions that contain it."""
        step = self.job.steps[build.step].node
        own = {name for name, _ in step.items("env")} if step is not None else set()
        for source in self.sources:
            # The environment of the step replaces variables.
            is_replaced = bool(source.variables) and own.issuperset(source.variables)
            if source.first_step <= build.step and not is_replaced:
                yield source
        sites = [site for site in build.run.call_stack if site.job is not None]
        yield from self.step_sources.get(build.step, ())
        known = self.known
        for outer, site in pairwise(sites):
            step, inner = _node(outer), _node(site)
            if step is None or inner is None or site.job is None:
                return
            known = credentials(site.job, passed_inputs(step, known))
            yield from step_sources(site.file, inner, known, has_write=self.has_write)


def _node(site: CallSite) -> Node | None:
    return site.job.steps[site.step].node if site.job is not None else None
