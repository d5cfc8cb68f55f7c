"""`cargo publish` that compiles while it has the token of a registry."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import NamedTuple

from dunnage.cargo_cli.command_line import Arguments, arguments
from dunnage.files.span import Edit
from dunnage.sandbox.exposure import Exposure
from dunnage.sandbox.job_builds import Build
from dunnage.sandbox.job_view import JobView
from dunnage.sandbox.secret_sources import Source
from dunnage.shell.model import Command, insert_after, programs

RULE = "build-sandbox/publish-token"

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
_MOST_COMPARED = 20
"""How many earlier calls are compared with one of `cargo publish`."""
_ALL = frozenset(("--all", "--workspace"))
_ONE = frozenset(("--package", "-p"))


class Publisher(NamedTuple):
    """A call of `cargo publish` that compiles with a token."""

    build: Build
    token: str
    """What its build scripts can read."""
    verified: Build | None
    """What has verified the same package before without the token."""

    @property
    def is_dry(self) -> bool:
        """Whether it is a dry run."""
        return not {"--dry-run", "-n"}.isdisjoint(_words(self.build))


def publishers(view: JobView, reached: Mapping[int, Sequence[Source]]) -> list[Publisher]:
    """Return the calls of `cargo publish` in a job that compile with a token.

    `reached` are the sources of the secrets that each build can read, by the identity of the build.
    """
    if not any(build.name == _PUBLISH for build in view.builds):
        return []
    login = next((number for number, run in enumerate(view.runs) if _is_login(run.command)), len(view.runs))
    place = {id(run): number for number, run in enumerate(view.runs)}
    tokens = {id(build): _token(view, build, reached[id(build)], place[id(build.run)] > login) for build in view.builds}
    found: list[Publisher] = []
    preparing: list[Build] = []
    for build in view.builds:
        if build.name == _PUBLISH and tokens[id(build)]:
            earlier = [each for each in preparing if not tokens[id(each)]][-_MOST_COMPARED:]
            verified = next((each for each in earlier if _verifies(each, build)), None)
            found.append(Publisher(build, tokens[id(build)], verified))
        if build.name == _PACKAGE or "--dry-run" in _words(build):
            preparing.append(build)
    # A dry run in a step that publishes has the same cause and the same cure.
    publishing = {each.build.step for each in found if not each.is_dry}
    return [each for each in found if not (each.is_dry and each.build.step in publishing)]


def exposures(found: Sequence[Publisher]) -> Iterator[Exposure]:
    """Report calls of `cargo publish` that compile with a token."""
    no_edits: tuple[Edit, ...] = ()
    folders = {each.build.call.directory for each in found if each.build.call is not None}
    texts = {_text(each.build, "publish") for each in found}
    for each in found:
        build, token, verified = each
        name = "cargo publish --dry-run" if each.is_dry else _PUBLISH
        message = f"`{name}` compiles the crate, and its build scripts can read {token}"
        fixed, edits = "", no_edits
        if each.is_dry:
            help = f"run `{name}` in a step without the token, which it does not need"
        elif verified is not None:
            help = (
                f"add `--no-verify`: `{_text(build, 'publish')} --no-verify`; `{verified.name}` has compiled the crate"
            )
            edit = _edit(build)
            fixed, edits = ("inserted --no-verify", (edit,)) if edit else (fixed, edits)
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
        yield Exposure(RULE, build.file, build.span, message, help, fixed, edits)


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


def certain(view: JobView) -> list[Build]:
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
    if earlier.name != _PACKAGE and not (earlier.name == _PUBLISH and {"--dry-run", "-n"} & given.flags):
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
    """Return a call of cargo with another subcommand, and without what only publishing needs."""
    call, given = build.call, _given(build)
    command = build.run.command
    short = f"cargo {subcommand}"
    if call is None or given is None or command is None or not call.is_written(build.at):
        return short
    skipped: set[int] = set()
    for name, values in given.options.items():
        is_for_upload = name == "--token" or (subcommand == "package" and name in ("--registry", "--index"))
        if is_for_upload or (of_all and name in _ONE):
            for value in values:
                skipped |= {value.at} if value.is_joined else {value.at - 1, value.at}
    words = [word for index, word in enumerate(call.words[build.at + 1 :], build.at + 1) if index not in skipped]
    texts = [call.word(index).text for index in range(build.at + 1, len(call.words)) if index not in skipped]
    text = " ".join((short, *(("--workspace",) if of_all else ()), *texts))
    return text if None not in words and len(text) < 80 and "\n" not in text else short


def _edit(build: Build) -> Edit | None:
    call = build.call
    if call is None or not call.is_written(build.at):
        return None
    edit = insert_after(call.command, call.word(build.at), "--no-verify")
    return edit and Edit(build.file.path, *edit)
