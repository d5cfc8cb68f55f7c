"""What the code that CI jobs compile can reach: secrets, tokens, and with options the network and all of the job."""

import os
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import NamedTuple

from dunnage.cargo_cli.command_line import Aliases
from dunnage.cargo_cli.compiling import ACTION_HINTS, HINTS
from dunnage.ci.job import Job
from dunnage.ci.jobs import jobs
from dunnage.ci.repository_files import Steps, is_workflow, repository_files
from dunnage.ci.runs import Walk, local_path
from dunnage.files.source import File, SourceError, Tree
from dunnage.files.walk import RepositoryFolders, top_folder
from dunnage.sandbox import Exposure
from dunnage.sandbox.job_view import JobView, Strictness, builds
from dunnage.sandbox.secret_sources import (
    Permissions,
    Source,
    credentials,
    job_sources,
    permissions,
    step_sources,
    workflow_source,
)
from dunnage.scripts import yaml
from dunnage.scripts.commands import kind_of, may_read, note, with_text
from dunnage.scripts.github import LOCAL

_HINTS = (*HINTS, *ACTION_HINTS)
# A workflow with a credential has one of these.
_CREDENTIALS = (
    *(b"secrets", b"write", b"/login", b"aws-actions/", b"vault-action", b"auth-action", b"app-token", b"octo-sts/"),
    b"-actions/auth",
)
_MOST_CALLED = 50
"""How many workflows one may call, directly or not. GitHub has the same limit."""


def exposures(files: Iterable[File], tree: Tree, strictness: Strictness) -> Iterator[Exposure]:
    """Yield what the code that the jobs of CI files compile can reach, each place once."""
    found: dict[tuple[object, ...], Exposure] = {}
    known = tree.memo(RepositoryFolders)
    by_top: dict[str, list[File]] = {}
    for file in files:
        by_top.setdefault(top_folder(file.folder, known), []).append(file)
    for top, inside in by_top.items():
        for exposure in _of_repository(tree, top, inside, strictness):
            found.setdefault((exposure.rule, exposure.file.path, exposure.span), exposure)
    yield from found.values()


def exposures_in(
    called: Sequence[File], files: Iterable[File], tree: Tree, strictness: Strictness
) -> Iterator[Exposure]:
    """Yield what is reported in files that jobs call, for the jobs of all CI files except `files`."""
    paths = {file.path for file in called}
    known = {file.path for file in files}
    for top in sorted({top_folder(file.folder, tree.memo(RepositoryFolders)) for file in called}):
        repository = repository_files(tree, top)
        found = (repository.find(path) for path in repository.workflows)
        others = [file for file in found if file is not None and file.path not in known]
        yield from (exposure for exposure in exposures(others, tree, strictness) if exposure.file.path in paths)


def _of_repository(tree: Tree, top: str, files: Iterable[File], strictness: Strictness) -> Iterator[Exposure]:
    workflows = _Workflows(tree, top)
    files = (file for file in files if kind_of(file.path, b"") != "github" or is_workflow(_below(file, top)))
    views = (view for file in files for view in _views(workflows, file, strictness) if _may_matter(view, strictness))
    first = next(views, None)
    if first is None:
        return
    from dunnage.sandbox import ci_rules

    repository = repository_files(tree, top, tree.own(Steps))
    aliases = Aliases(tree)
    walk = Walk(repository, _HINTS)
    for view in chain((first,), views):
        runs = list(walk.job(view.file, view.job))
        found = list(builds(runs, aliases, tree))
        yield from ci_rules.exposures(view._replace(builds=found, runs=runs), repository, strictness)


def _below(file: File, top: str) -> str:
    """The path of a file below a folder, separated by `/`."""
    path = os.path.join(file.folder, os.path.basename(file.path))
    return path[len(os.path.join(top, "")) :].replace(os.sep, "/")


# Jobs


def _views(workflows: "_Workflows", file: File, strictness: Strictness) -> Iterator[JobView]:
    file = with_text(file)
    is_github = kind_of(file.path, b"") == "github"
    words = _CREDENTIALS if is_github else (b"publish",)
    if not (strictness.is_given or any(word in file.data for word in words)) or not may_read(file):
        return
    try:
        if is_github:
            yield from workflows.views(file, None, set())
        else:
            yield from (JobView(file, job) for job in jobs(file))
    except SourceError as error:
        note(file, error)


class _Call(NamedTuple):
    """A call of a workflow of the repository."""

    file: File
    granted: Permissions
    """What the job that calls it may do."""


_Key = tuple[str, tuple[bool, bool] | None]
"""The path of a workflow, and what the places of findings in it depend on of the permissions of a caller."""


def _key(file: File, inherited: Permissions | None) -> _Key:
    return file.path, None if inherited is None else (bool(inherited.writes), inherited.has_identity)


class _Workflows:
    """The workflows of a repository, each read once for all workflows that call it with permissions of one kind."""

    def __init__(self, tree: Tree, top: str) -> None:
        self._tree = tree
        self._top = top
        self._parts: dict[_Key, list[JobView | _Call]] = {}

    def views(self, file: File, inherited: Permissions | None, visited: set[_Key]) -> Iterator[JobView]:
        """Yield the jobs of a workflow, and of those that it calls with known permissions, unless they are known.

        `visited` are the workflows that have been looked at for the one with which this began.
        """
        key = _key(file, inherited)
        if key in visited:
            return
        visited.add(key)
        is_new = key not in self._parts
        if is_new:
            self._parts[key] = list(self._read(file, inherited))
        for part in self._parts[key]:
            if isinstance(part, JobView):
                if is_new:
                    yield part
            elif len(visited) < _MOST_CALLED:
                yield from self.views(part.file, part.granted, visited)

    def _read(self, file: File, inherited: Permissions | None) -> Iterator[JobView | _Call]:
        document = next(iter(yaml.documents(file)), None)
        if document is None or document.get("jobs") is None:
            return
        default = document.get("permissions")
        seen: set[tuple[object, ...]] = set()
        shared: dict[bool, Source | None] = {}
        calls: set[_Key] = set()
        for job in jobs(file):
            if job.node is None:
                continue
            own = job.node.get("permissions") or default
            # By an alias, several jobs may be the same.
            key = tuple(id(node) for node in (job.node.get("steps"), job.node.get("env"), own))
            if not job.calls and key in seen:
                continue
            seen.add(key)
            granted = inherited if own is None else permissions(own)
            if not job.calls:
                has_write = granted is not None and bool(granted.writes)
                if has_write not in shared:
                    shared[has_write] = workflow_source(file, document, has_write=has_write)
                yield _view(file, shared[has_write], job, granted)
            elif job.calls.startswith(LOCAL) and granted is not None:
                called = _local_workflow(self._tree, self._top, local_path(job.calls))
                if called is not None and _key(called, granted) not in calls:
                    calls.add(_key(called, granted))
                    yield _Call(called, granted)


def _view(file: File, of_workflow: Source | None, job: Job, granted: Permissions | None) -> JobView:
    has_write = granted is not None and bool(granted.writes)
    known = credentials(job)
    own = {
        index: tuple(step_sources(file, step.node, known, has_write=has_write))
        for index, step in enumerate(job.steps)
        if step.node is not None
    }
    sources = job_sources(file, of_workflow, job, known, has_write=has_write)
    return JobView(file, job, granted, known, sources, own)


def _local_workflow(tree: Tree, top: str, path: str) -> File | None:
    found = tree.find(os.path.join(top, path))
    file = found and with_text(found)
    try:
        return file if file and yaml.documents(file) else None
    except SourceError:
        return None


def _may_matter(view: JobView, strictness: Strictness) -> bool:
    """Whether a rule may apply to a job if it compiles."""
    if not view.job.steps:
        return False
    if strictness.is_given or view.job.node is None or view.sources or any(view.step_sources.values()):
        return True
    return any(view.kept_tokens())
