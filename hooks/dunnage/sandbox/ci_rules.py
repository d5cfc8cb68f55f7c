"""The rules about secrets in jobs that compile."""

from collections.abc import Collection, Iterable, Iterator, Sequence

from dunnage.ci.repository_files import RepositoryFiles
from dunnage.files.span import Span
from dunnage.sandbox import checkouts, publishing
from dunnage.sandbox.exposure import Exposure
from dunnage.sandbox.github_secrets import ISSUED
from dunnage.sandbox.job_builds import Build, environment_is_kept, selection
from dunnage.sandbox.job_view import JobView, Strictness
from dunnage.sandbox.secret_sources import Source

ENVIRONMENT = "build-sandbox/secret-env"
JOB = "build-sandbox/job"

_MOST_COMPARED = 20
"""How many earlier builds are compared with one that may have been compiled before."""


def exposures(view: JobView, repository: RepositoryFiles, strictness: Strictness) -> Iterator[Exposure]:
    """Yield what the code that a job compiles can reach."""
    view = view._replace(builds=publishing.certain(view))
    reached = {
        id(build): [source for source in view.sources_of(build) if _reaches(source, build)] for build in view.builds
    }
    publishers = publishing.publishers(view, reached)
    yield from publishing.exposures(publishers)
    yield from _secret_env(view, reached, {id(each.build) for each in publishers})
    if view.job.node is None:
        return
    yield from checkouts.exposures(view, repository)
    if strictness.requires_isolation:
        from dunnage.sandbox import runner_isolation

        yield from runner_isolation.exposures(view, repository.tree)
    if strictness.has_strict_jobs:
        yield from _job(view)


def _reaches(source: Source, build: Build) -> bool:
    """Whether the code that a build compiles gets a secret of its step."""
    command = build.run.command
    if build.is_in_container:
        return False
    if build.action is not None:
        return build.action.reads_inputs if source.is_input else build.action.reads_environment
    if source.is_input or command is None:
        return False
    return not source.variables or environment_is_kept(command, source.variables)


def _secret_env(view: JobView, reached: dict[int, list[Source]], published: Collection[int]) -> Iterator[Exposure]:
    """Report each place that gives secrets to builds, except to those that publish, which have a rule of their own."""
    # A step that publishes with a token of its own has one cause and one cure.
    published_with = {source.place for number in published for source in reached[number] if not source.is_shared}
    places = {number: {source.place for source in sources} for number, sources in reached.items()}
    prepared: dict[tuple[object, ...], list[Build]] = {}
    readers: dict[tuple[str, Span], tuple[Source, list[Build]]] = {}
    for build in view.builds:
        own = selection(build)
        # `cargo test` compiles nothing after `cargo test --no-run`.
        earlier = prepared.get(own, [])[:_MOST_COMPARED] if own is not None else []
        for source in reached[id(build)]:
            is_built = any(source.place not in places[id(each)] for each in earlier)
            if source.place not in published_with and id(build) not in published and not is_built:
                readers.setdefault(source.place, (source, []))[1].append(build)
        preparation = selection(build, is_preparation=True)
        if preparation is not None:
            prepared.setdefault(preparation, []).append(build)
    for source, found in readers.values():
        verb = "exports" if source.is_export else "contains"
        secrets = source.what or view.named(source.secrets)
        message = f"{_names(found)} can read {secrets}, which {source.where} {verb}"
        yield Exposure(ENVIRONMENT, source.file, source.span, message, _help(source, found))


def _names(found: Sequence[Build]) -> str:
    names = list(dict.fromkeys(build.name for build in found))
    shown = " and ".join(f"`{name}`" for name in names[:2])
    left = len(names) - 2
    return shown if left <= 0 else f"`{names[0]}` and {left + 1} other commands"


def _help(source: Source, found: Sequence[Build]) -> str:
    if source.is_export:
        return "compile before this step, or in another job, and pass the result with `actions/upload-artifact`"
    if source.is_shared:
        names = " and ".join(f"`{name}`" for name in source.variables[:2])
        names = names if len(source.variables) <= 2 else "the secrets"
        return f"write {names} in the `env` of the steps that need the value, and compile in other steps"
    first = found[0]
    if first.name in ("cargo test", "cargo bench", "cargo nextest run") and first.call is not None:
        return f"compile in an earlier step without the secret: `{_with_option(first, '--no-run')}`"
    if first.name == "cargo run":
        return "run `cargo build` with the same options in an earlier step without the secret"
    return "compile in an earlier step without the secret, and pass it only to the step that runs the result"


def _with_option(build: Build, option: str) -> str:
    call = build.call
    words = [word.text for word in build.run.command.words] if build.run.command is not None else []
    if call is None or any("\n" in word for word in words) or not call.is_written(build.at):
        return f"{build.name} {option}"
    end = words.index("--") if "--" in words else len(words)
    at = call.origin[build.at] + 1
    text = " ".join((*words[:at], option, *words[at:end]))
    return text if len(text) < 100 else f"{build.name} {option}"


def _job(view: JobView) -> Iterator[Exposure]:
    """Report a job that compiles and holds anything that is worth stealing."""
    first = next((build for build in view.builds), None)
    node = view.job.node
    if first is None or node is None:
        return
    held: list[str] = []
    if view.permissions is not None:
        held += view.permissions.writes
        held += ["id-token: write"] if view.permissions.has_identity and "write-all" not in held else []
    held += _some_secrets(view)
    if held:
        message = f"code that `{first.name}` compiles can take over the job `{view.job.name}`, which has {_held(held)}"
        help = (
            "compile in a job with `permissions: {contents: read}` and no secrets; pass the result to this job with\n"
            "`actions/upload-artifact` and `actions/download-artifact`"
        )
        yield Exposure(JOB, view.file, job_span(view), message, help)


def job_span(view: JobView) -> Span:
    """Return the place of the first step that compiles in the file of a job."""
    step = view.job.steps[view.builds[0].step].node
    start = step.span.start if step is not None else 0
    return Span(start, start)


def _held(names: Sequence[str]) -> str:
    shown = ", ".join(f"`{name}`" for name in names[:3])
    return shown if len(names) <= 3 else f"{shown} and more"


def _some_secrets(view: JobView) -> Iterable[str]:
    """Return the secrets of a job, of each place the first few."""
    found: list[str] = []
    for source in (*view.sources, *(each for each_step in view.step_sources.values() for each in each_step)):
        found += source.secrets[:5] or (source.what,)
    return (name for name in dict.fromkeys(found) if name != ISSUED)
