"""The rules about jobs that compile: their secrets, among them the token with which `cargo publish` compiles, and steps
on a runner without isolation from the network.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from dunnage.cargo_cli.command_line import Arguments, arguments
from dunnage.cargo_cli.compiling import Compilation
from dunnage.ci.committed_locks import CommittedLocks
from dunnage.ci.repository_files import RepositoryFiles
from dunnage.files.source import Tree
from dunnage.files.span import Edit, Span
from dunnage.sandbox import Exposure, split
from dunnage.sandbox.compiled import Compiled, lacks_network, needs_network
from dunnage.sandbox.job_view import Build, JobView, Strictness, environment_is_kept, selection
from dunnage.sandbox.secret_sources import ISSUED, Source, action_of
from dunnage.sandbox.split import expansions_after
from dunnage.shell.model import Command, insert_after, programs

_ENVIRONMENT = "build-sandbox/secret-env"
_PUBLISHING = "build-sandbox/publish-token"
_RUNNER = "build-sandbox/runner"
JOB = "build-sandbox/job"

_MOST_COMPARED = 20
"""How many earlier builds are compared with one that may have been compiled before."""

_LONGEST = 200
"""The length in characters from which the help abbreviates a command."""

_PUBLISH, _PACKAGE = "cargo publish", "cargo package"
_WITH_VALUE = frozenset(
    (
        *("--color", "--config", "--exclude", "--features", "--index", "--jobs", "--manifest-path", "--package"),
        *("--registry", "--target", "--target-dir", "--token", "-F", "-Z", "-j", "-p"),
    )
)
# Options that do not change which packages are verified, or how.
_INDIFFERENT = frozenset(
    (
        *("--allow-dirty", "--color", "--dry-run", "--index", "--jobs", "--locked", "--no-verify", "--quiet"),
        *("--registry", "--target-dir", "--token", "--verbose", "-j", "-n", "-q", "-v", "-vv"),
    )
)
_DRY = frozenset(("--dry-run", "-n"))
_ALL = frozenset(("--all", "--workspace"))
_ONE = frozenset(("--package", "-p"))

_HARDEN = "step-security/harden-runner"
_SANDBOXES = frozenset(("bwrap", "firejail", "systemd-run"))


class _Publisher(NamedTuple):
    """A call of `cargo publish` that compiles with a token."""

    build: Build
    token: str
    """What its build scripts can read."""
    verified: Build | None
    """What has verified the same package before without the token."""
    is_dry: bool
    """Whether it is a dry run, whatever the values of variables and expressions are."""


def exposures(view: JobView, repository: RepositoryFiles, strictness: Strictness) -> Iterator[Exposure]:
    """Yield what the code that a job compiles can reach."""
    view = view._replace(builds=_certain(view))
    reached = {
        id(build): [source for source in view.sources_of(build) if _reaches(source, build)] for build in view.builds
    }
    publishers = _publishers(view, reached)
    yield from _publish_token(publishers)
    yield from _secret_env(view, reached, {id(each.build) for each in publishers})
    if view.job.node is None:
        return
    if any(view.kept_tokens()):
        from dunnage.sandbox import checkouts

        yield from checkouts.exposures(view, repository)
    if strictness.requires_isolation:
        yield from _runner(view, repository.tree)
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
        yield Exposure(_ENVIRONMENT, source.file, source.span, message, _help(source, found))


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
        return f"compile in an earlier step without the secret: {_without_running(first)}"
    if first.name == "cargo run":
        return "run `cargo build` with the same options in an earlier step without the secret"
    return "compile in an earlier step without the secret, and pass it only to the step that runs the result"


def _without_running(build: Build) -> str:
    """The command of a build of tests, with the option that only compiles them."""
    option = "--no-run"
    call = build.call
    words = [word.text for word in build.run.command.words] if build.run.command is not None else []
    if call is None or any("\n" in word for word in words) or not call.is_written(build.at):
        return f"`{build.name} {option}`"
    end = words.index("--") if "--" in words else len(words)
    at = call.origin[build.at] + 1
    text = " ".join((*words[:at], option, *words[at:end]))
    return f"`{text}`" if len(text) < 100 else f"the same command with `{option}`"


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
        yield Exposure(JOB, view.file, _job_span(view), message, help)


def _job_span(view: JobView) -> Span:
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


# Publishing


def _publishers(view: JobView, reached: Mapping[int, Sequence[Source]]) -> list[_Publisher]:
    """Return the calls of `cargo publish` in a job that compile with a token.

    `reached` are the sources of the secrets that each build can read, by the identity of the build.
    """
    if not any(build.name == _PUBLISH for build in view.builds):
        return []
    login = next((number for number, run in enumerate(view.runs) if _is_login(run.command)), len(view.runs))
    place = {id(run): number for number, run in enumerate(view.runs)}
    tokens = {id(build): _token(view, build, reached[id(build)], place[id(build.run)] > login) for build in view.builds}
    uploading = {
        (run.file.path, run.command.words[0].span.start)
        for run in view.runs
        if run.command is not None and not any(_DRY.intersection(word.values or ()) for word in run.command.words)
    }
    found: list[_Publisher] = []
    preparing: list[Build] = []
    for build in view.builds:
        if build.name == _PUBLISH and tokens[id(build)]:
            earlier = [each for each in preparing if not tokens[id(each)]][-_MOST_COMPARED:]
            verified = next((each for each in earlier if _verifies(each, build)), None)
            is_dry = (build.file.path, build.span.start) not in uploading and not _DRY.isdisjoint(_words(build))
            found.append(_Publisher(build, tokens[id(build)], verified, is_dry))
        if build.name == _PACKAGE or "--dry-run" in _words(build):
            preparing.append(build)
    # A dry run in a step that publishes has the same cause and the same cure.
    publishing = {each.build.step for each in found if not each.is_dry}
    return [each for each in found if not (each.is_dry and each.build.step in publishing)]


def _publish_token(found: Sequence[_Publisher]) -> Iterator[Exposure]:
    """Report calls of `cargo publish` that compile with a token."""
    uploading = [each.build for each in found if not each.is_dry]
    folders = {build.call.directory for build in uploading if build.call is not None}
    texts = {_text(build, "publish") for build in uploading}
    for each in found:
        build, token, verified, _ = each
        name = "cargo publish --dry-run" if each.is_dry else _PUBLISH
        message = f"`{name}` compiles the crate, and its build scripts can read {token}"
        edit = None
        if each.is_dry:
            help = f"run `{name}` in a step without the token, which it does not need"
        elif verified is not None:
            help = (
                f"add `--no-verify`: `{_text(build, 'publish')} --no-verify`; `{verified.name}` has compiled the crate"
            )
            edit = _edit(build)
        elif build.call is None:
            help = (
                "compile in an earlier step without the token: `cargo package --workspace`\n"
                "then upload only: add the input `args: --no-verify`"
            )
        elif len(texts) > 1 and len(folders) == 1:
            help = (
                f"compile all packages in an earlier step without the token: `{_text(build, 'package', of_all=True)}`\n"
                f"then upload only: `{_text(build, 'publish')} --no-verify`; cargo 1.90 or newer is required"
            )
        else:
            help = (
                f"compile in an earlier step without the token: `{_text(build, 'package')}`\n"
                f"then upload only: `{_text(build, 'publish')} --no-verify`"
            )
        yield Exposure(_PUBLISHING, build.file, build.span, message, help, "inserted --no-verify", edit)


def _is_login(command: Command | None) -> bool:
    if command is None or len(command.words) < 2:
        return False
    return "cargo" in (programs(command.words[0]) or ()) and command.words[1].values == ("login",)


def _token(view: JobView, build: Build, sources: Sequence[Source], is_logged_in: bool) -> str:
    """Return what a build can read that publishes; empty if nothing is known of it."""
    # The secrets of one source are different. Those of a workflow may be many, and count in each job.
    secrets = (
        sources[0].secrets if len(sources) == 1 else [*dict.fromkeys(name for each in sources for name in each.secrets)]
    )
    if secrets:
        return view.named(secrets)
    if build.call is None:
        return "the token in the inputs of the action"
    if any(word.partition("=")[0] == "--token" for word in _words(build)):
        return "the token in its arguments"
    if is_logged_in:
        return "the token that `cargo login` has stored"
    command, script = build.call.command, build.run.call_stack[-1].script
    names = {name for name, values in command.environment if values != ("",)}
    names |= {name for name, values in (script.variables if script else {}).items() if values != ("",)}
    named = next((name for name in sorted(names) if re.fullmatch("CARGO_REGIST(?:RY|RIES_[A-Z0-9_]+)_TOKEN", name)), "")
    return f"`{named}`" if named else ""


def _words(build: Build) -> list[str]:
    return [word or "" for word in build.call.words[build.at + 1 :]] if build.call is not None else []


def _given(build: Build) -> Arguments | None:
    """Return the arguments of a call; None if it is a call of an action, or an argument is not known."""
    call = build.call
    if call is None:
        return None
    found = arguments(call.words, build.at + 1, _WITH_VALUE)
    return None if any(call.words[index] is None for index in found.operands) else found


def _certain(view: JobView) -> list[Build]:
    """Return what a job compiles without the calls of cargo that may have `--no-verify` after all.

    They may by an unknown argument, or by another value of one.
    """
    if not any(build.name in (_PUBLISH, _PACKAGE) for build in view.builds):
        return list(view.builds)
    skipping = {
        (run.file.path, run.command.words[0].span.start)
        for run in view.runs
        if run.command is not None and any("--no-verify" in (word.values or ()) for word in run.command.words)
    }
    return [
        build
        for build in view.builds
        if build.call is None
        or build.name not in (_PUBLISH, _PACKAGE)
        or ((build.file.path, build.span.start) not in skipping and _given(build) is not None)
    ]


def _verifies(earlier: Build, build: Build) -> bool:
    """Whether a call of cargo compiles what another one publishes, and the job ends if that fails."""
    given, wanted = _given(earlier), _given(build)
    run = earlier.run
    if given is None or wanted is None or earlier.call is None or build.call is None or run.command is None:
        return False
    if earlier.name != _PACKAGE and not (earlier.name == _PUBLISH and _DRY & given.flags):
        return False
    sites = [site for site in run.call_stack if site.job is not None]
    is_conditional = any(site.job.steps[site.step].is_conditional for site in sites if site.job is not None)
    is_unsure = any(len(word.values or ()) != 1 for call in (earlier.call, build.call) for word in call.command.words)
    if is_conditional or is_unsure or run.masks() or not run.command.inside <= {"and-list"}:
        return False
    folder = earlier.call.command.directory
    if folder is None or folder != build.call.command.directory:
        return False
    if _ALL & given.flags and "--exclude" not in given.options and "--manifest-path" not in wanted.options:
        return _selection(given, _ALL | _ONE) == _selection(wanted, _ALL | _ONE)
    return _selection(given) == _selection(wanted)


def _selection(given: Arguments, left_out: Collection[str] = ()) -> tuple[object, ...]:
    """Return what a call selects, by its options."""
    flags = given.flags - _INDIFFERENT - frozenset(left_out)
    values = {
        name: [value.text for value in found]
        for name, found in given.options.items()
        if name not in _INDIFFERENT and name not in left_out
    }
    return flags, values, len(given.operands)


def _text(build: Build, subcommand: str, *, of_all: bool = False) -> str:
    """Return a call of cargo with another subcommand, and without what only publishing needs, unless it publishes."""
    call, given = build.call, _given(build)
    command = build.run.command
    toolchain = call.words[1] if call is not None else ""
    short = f"cargo {toolchain} {subcommand}" if toolchain and toolchain.startswith("+") else f"cargo {subcommand}"
    if call is None or given is None or command is None or not call.is_written(build.at):
        return short
    positions = range(build.at + 1, len(call.words))
    skipped = {index for index in positions if subcommand == "package" and not _DRY.isdisjoint(call.values(index))}
    for name, values in given.options.items():
        is_for_upload = subcommand == "package" and name in ("--token", "--registry", "--index")
        for value in values:
            # A token that is no variable is not repeated.
            if (
                is_for_upload
                or (of_all and name in _ONE)
                or (name == "--token" and "$" not in call.word(value.at).text)
            ):
                skipped |= {value.at} if value.is_joined else {value.at - 1, value.at}
    words = [call.words[index] for index in positions if index not in skipped]
    texts = [call.word(index).text for index in positions if index not in skipped]
    if subcommand == "publish":
        starts = {word.span.start for word in command.words}
        texts += (text for word in command.words for text in expansions_after(build.file, word, starts))
    text = " ".join((short, *(("--workspace",) if of_all else ()), *texts))
    is_known = None not in words or subcommand == "publish"
    return text if is_known and len(text) < _LONGEST and "\n" not in text else f"{short} …"


def _edit(build: Build) -> Edit | None:
    call = build.call
    if call is None or not call.is_written(build.at):
        return None
    edit = insert_after(call.command, call.word(build.at), "--no-verify")
    return edit and Edit(build.file.path, *edit)


# Isolation on a runner


def _runner(view: JobView, tree: Tree) -> Iterator[Exposure]:
    """Report the first step of a job that compiles on the runner without isolation."""
    hardened = _hardened_from(view)
    open_builds = [
        build
        for build in view.builds
        if not build.is_in_container and not _is_isolated(build) and (hardened is None or build.step < hardened)
    ]
    if not open_builds:
        return
    first = open_builds[0]
    others = len({(build.file.path, build.span) for build in open_builds}) - 1
    rest = f", as do {others} other commands of the job" if others > 1 else ", as does another" if others else ""
    message = f"`{first.name}` compiles on the runner with network access{rest}"
    help = (
        "add this as the first step of the job, on Linux, with all hosts that the job needs:\n"
        "  - uses: step-security/harden-runner@v2\n"
        "    with:\n"
        "      egress-policy: block\n"
        "      allowed-endpoints: api.github.com:443 github.com:443 static.rust-lang.org:443\n"
        "        index.crates.io:443 static.crates.io:443" + _without_network(first, tree)
    )
    yield Exposure(_RUNNER, first.file, first.span, message, help)


def _without_network(build: Build, tree: Tree) -> str:
    """How to compile without network after a download; empty if the build needs the network, or is an action's."""
    command = build.run.command
    if command is None or build.call is None or build.name == "cargo publish":
        return ""
    compilation = Compilation(build.call, build.name, build.at)
    # Other wrappers may not work as this user, but without nix there is perhaps no cargo.
    is_nix = command.wrapper[:1] and programs(command.wrapper[0]) == ("nix",)
    compiled = Compiled(command if is_nix else command._replace(wrapper=()), compilation, build.file)
    if needs_network(compiled):
        return ""
    has_lock = tree.memo(CommittedLocks).has_lock(build.file, build.call)
    downloads = split.fetch_lines(build.file, compiled, has_lock=has_lock)
    # `cargo fetch` writes a missing lock.
    text = split.offline_command(build.file, compiled, has_lock=True)
    assigned = split.assignments(build.file, command)
    rest = f"{assigned}{text}`" if text else f"…`, the same command {split.offline_change(compiled, has_lock=True)}"
    return (
        f"\nor download with {' and '.join(f'`{line}`' for line in downloads)}, and compile with\n"
        f'`sudo unshare --net -- sudo -u "$USER" env "PATH=$PATH" {rest}'
    )


def _hardened_from(view: JobView) -> int | None:
    """Return the step from which on harden-runner blocks connections; None if it does not."""
    text = view.job.node.named("runs-on").lower() if view.job.node is not None else ""
    if "windows" in text or "macos" in text:
        return None
    for index, step in enumerate(view.job.steps):
        if step.node is None or action_of(step.node) != _HARDEN or step.action is None:
            continue
        policy = step.action.inputs.get("egress-policy")
        if policy is None or policy.values is None or "audit" not in policy.values:
            return index
    return None


def _is_isolated(build: Build) -> bool:
    command = build.run.command
    if command is None:
        return False
    names = {name for word in command.wrapper for name in programs(word) or ()}
    return not _SANDBOXES.isdisjoint(names) or lacks_network(command.wrapper)
