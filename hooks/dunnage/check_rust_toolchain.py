"""The compiler is pinned: every build of one commit uses the same toolchain.

A channel such as `stable` means another compiler every six weeks, with other lints, other code and other bugs.
"""

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from sys import intern
from typing import NamedTuple

from dunnage.cargo_cli.command_line import Alias, Aliases
from dunnage.cargo_cli.compiling import compilation
from dunnage.cargo_cli.toolchains import (
    ACTION_HINTS,
    TOOLCHAIN_FILES,
    ToolchainFile,
    ToolchainFiles,
    exact_version,
    installed_by_action,
    is_floating,
    read_file,
    selections,
)
from dunnage.files import toml
from dunnage.files.document import is_template
from dunnage.files.source import File, SourceError, Tree
from dunnage.files.span import Edit, Span
from dunnage.files.walk import RepositoryFolders, is_in_project, top_folder, upwards
from dunnage.frame.finding import Finding, Fix, Rule, distinct, with_advice
from dunnage.frame.hook import Hook, run
from dunnage.frame.options import Options, flag
from dunnage.scripts import commands
from dunnage.scripts.comments import comments
from dunnage.shell.model import Command, Values

FLOATING = Rule("rust-toolchain/floating", "a toolchain file names a channel instead of one version or date")
FLOATING_INSTALL = Rule("rust-toolchain/floating-install", "an image or a CI job builds with a floating toolchain")
DISAGREES = Rule(
    "rust-toolchain/disagrees",
    "an image or a CI job builds with a different version than the toolchain file or another build",
    is_fixable=True,
)
MISSING = Rule("rust-toolchain/missing", "nothing pins the compiler, and --require-file is given")

REQUIRE_FILE = flag("--require-file", "also report a workspace without a toolchain file")

_HINTS = ("cargo", "rustup", "rust:", *ACTION_HINTS)
_CI_KINDS = ("azure", "buildkite", "circleci", "dockerfile", "github", "gitlab")
_RUST_VERSION = (("package", "rust-version"), ("workspace", "package", "rust-version"))
# The pattern is text until it is needed.
_OTHER_CHANNEL = (
    "(?i)bench|beta|bloat|canary|clippy|cover|cross[-_ ]?version|doc|features|fmt|format|fuzz|latest|lint|loom|matrix"
    "|min(imal)?[-_ ]?ver|miri|msrv|nightly|rustfmt|sanitiz|semver|stable|toolchain|udeps|unstable|upstream"
)


class ToolchainInstall(NamedTuple):
    """A toolchain that a job or an image installs or selects."""

    toolchain: str
    span: Span
    literal: Span | None
    """The bytes of its name, if the file contains it as it is."""
    is_override: bool
    is_exempt: bool
    """Whether it comes from a variable or from a matrix."""
    place: tuple[str, ...] = ()
    """The step or the instruction."""


class _Job(NamedTuple):
    """What a job, or the image of a Dockerfile, installs, and whether it builds."""

    installs: list[ToolchainInstall]
    builds: bool
    names: tuple[str, ...]
    """Its key and title, and the name of the file."""
    folder: str
    """Where it builds; empty if that is unknown."""


class _Place(NamedTuple):
    """A place that builds a workspace with one version, which no toolchain file selects. A run may keep very many."""

    version: str
    path: str
    start: int
    end: int


def check(names: Sequence[str], tree: Tree, options: Options) -> Iterator[Finding]:
    """Check every toolchain that the named files install or select."""
    named = {os.path.basename(name) for name in names}
    toolchains = ToolchainFiles(tree)
    for file in commands.readable(tree, names):
        name = os.path.basename(file.path)
        if name in TOOLCHAIN_FILES:
            yield from _check_toolchain_file(file)
        elif name == "Cargo.toml":
            yield from _check_manifest(file, tree, toolchains, options)
    if named <= {"Cargo.toml", *TOOLCHAIN_FILES}:
        return
    aliases = Aliases(tree)
    places: dict[str, list[_Place]] = {}
    for file in commands.files(tree, names, _HINTS):
        kind = commands.kind_of(file.path, file.data[:200])
        if kind in _CI_KINDS:
            found = distinct(_check_jobs(file, tree, aliases, toolchains, kind, places))
            yield from with_advice(found, _advice)
    yield from _check_places(places, tree)


def _advice(finding: Finding) -> str:
    if finding.rule is not FLOATING_INSTALL:
        return ""
    return f"to accept this everywhere: pass `--ignore {finding.rule.id}`"


def _check_toolchain_file(file: File) -> Iterator[Finding]:
    try:
        found = read_file(file)
    except SourceError as error:
        if not is_template(file.data):
            commands.note(file, error)
        return
    is_fuzzing = "nightly" in found.channel and re.search(_OTHER_CHANNEL, os.path.dirname(file.path)) is not None
    if is_floating(found.channel) and not is_fuzzing:
        releases, version = _releases(found.channel)
        message = f"`{found.channel}` selects a different toolchain after every {releases}"
        help = f'write one version, such as `channel = "{version}"`'
        if releases == "release":
            help += ', or a date, such as `channel = "nightly-2026-08-01"`'
        yield Finding(FLOATING, file.path, found.span, message, help)


def _releases(channel: str) -> tuple[str, str]:
    """Return which releases change what a floating channel selects, and an example of a version."""
    number = channel.partition("-")[0]
    example = "1.97.1"
    if "." not in number:
        return "release", example
    return "patch release", example if example.startswith(f"{number}.") else f"{number}.0"


# Manifests


def _check_manifest(file: File, tree: Tree, toolchains: ToolchainFiles, options: Options) -> Iterator[Finding]:
    folder = file.folder
    selected = toolchains.of(folder)
    if not options[REQUIRE_FILE] and (selected is None or b"rust-version" not in file.data):
        return
    try:
        data = toml.parse(file)
    except SourceError:
        return  # a finding of check-cargo-lock
    is_root = tree.exists(os.path.join(folder, "Cargo.lock")) or "workspace" in data
    if selected is None and is_root and options[REQUIRE_FILE]:
        message = "no rust-toolchain.toml pins the compiler of this workspace"
        help = 'add a rust-toolchain.toml with `[toolchain]` and, below it, `channel = "1.97.1"`'
        yield Finding(MISSING, file.path, Span(0, 0), message, help)
    version = exact_version(selected.channel) if selected else ""
    for keys in _RUST_VERSION:
        required = toml.lookup(data, keys)
        if selected and version and isinstance(required, str) and _is_above(required, version):
            message = f"rust-version requires Rust {required}, but {selected.file.path} selects {version}"
            help = f'write `channel = "{required}"` in {selected.file.path}, with three numbers, or lower rust-version'
            yield Finding(DISAGREES, file.path, toml.locate_value(file, keys), message, help)


def _is_above(required: str, version: str) -> bool:
    numbers = [part for part in required.split(".") if part.isdecimal()]
    return [int(number[:20]) for number in numbers] > _key(version)[: len(numbers)]


# Images and jobs


def _check_jobs(
    file: File, tree: Tree, aliases: Aliases, toolchains: ToolchainFiles, kind: str, places: dict[str, list[_Place]]
) -> Iterator[Finding]:
    """Check the jobs of a file. What no toolchain file selects is added to `places`, by the folder of its manifest."""
    folder = file.folder
    top = top_folder(folder, tree.memo(RepositoryFolders))
    selected = toolchains.of(folder if kind == "dockerfile" else top)
    read = _dockerfile_jobs(file, tree, aliases) if kind == "dockerfile" else _ci_jobs(file, tree, aliases, kind, top)
    jobs = list(read)
    # A version in the name of a job is there on purpose, and other jobs may use it for the same reason.
    named = {number for job in jobs for name in job.names for number in _numbers(name)}
    for job in jobs:
        if not job.builds or any(re.search(_OTHER_CHANNEL, name) for name in job.names):
            continue
        seen: set[tuple[object, ...]] = set()
        for install in job.installs:
            # `rustup update stable && rustup default stable` has one cause. CI uses nightly and beta on purpose.
            is_chosen = kind != "dockerfile" and install.toolchain.startswith(("beta", "nightly"))
            key = (install.toolchain, install.place)
            if not install.is_exempt and not is_chosen and not _is_named(install, named) and key not in seen:
                seen.add(key)
                yield from _check_install(file, install, selected)
        versions = {exact_version(install.toolchain) for install in job.installs}
        is_exempt = any(install.is_exempt or _is_named(install, named) for install in job.installs)
        workspace = _workspace(tree, job.folder) if selected is None and len(versions) == 1 and not is_exempt else ""
        if workspace:
            found = (_Place(intern(version), file.path, *job.installs[0].span) for version in versions if version)
            places.setdefault(workspace, []).extend(found)


def _numbers(name: str) -> list[str]:
    """The versions in the name of a job: `1.97.0` in `stable 1.97.0`, `1.97` in `rust-1-97`."""
    return [found.strip(".") for found in re.split("[^0-9.]+", name.replace("-", ".").replace("_", "."))]


def _is_named(install: ToolchainInstall, named: set[str]) -> bool:
    version = exact_version(install.toolchain)
    return not named.isdisjoint({version, version.rpartition(".")[0]} - {""})


def _check_install(file: File, install: ToolchainInstall, selected: ToolchainFile | None) -> Iterator[Finding]:
    version = exact_version(selected.channel) if selected else ""
    if is_floating(install.toolchain):
        if selected is not None and not install.is_override:
            return  # the toolchain file decides, and rustup installs what it names
        releases, example = _releases(install.toolchain)
        message = f"the toolchain `{install.toolchain}` changes with every {releases}"
        help = f"write one version, such as `{example}`, or pin the toolchain in rust-toolchain.toml"
        if selected is not None and version:
            help = f"write `{version}`, which {selected.file.path} selects"
        yield Finding(FLOATING_INSTALL, file.path, install.span, message, help)
        return
    other = exact_version(install.toolchain)
    if selected is not None and version and other and other != version:
        message = f"this uses Rust {other}, but {selected.file.path} selects {version}"
        fix = None
        if install.literal is not None:
            edit = Edit(file.path, *install.literal, install.toolchain.replace(other, version, 1))
            fix = Fix(f"changed Rust {other} to {version}", (edit,))
        yield Finding(DISAGREES, file.path, install.span, message, f"write `{version}` in both places", fix)


def _workspace(tree: Tree, folder: str) -> str:
    """The nearest folder with a manifest, from a folder up to the top of its repository; empty if there is none."""
    if not folder or not is_in_project(tree, folder):
        return ""
    return next((above for above in upwards(folder) if tree.exists(os.path.join(above, "Cargo.toml"))), "")


def _check_places(places: Mapping[str, Iterable[_Place]], tree: Tree) -> Iterator[Finding]:
    """Report the places that build a workspace with another version than most, or than the newest of as many."""
    from collections import Counter

    for workspace, found in places.items():
        required = _required(tree, workspace)
        # Some job builds with the oldest supported version on purpose.
        same = [place for place in found if not required or not f"{place.version}.".startswith(f"{required}.")]
        counts = Counter(place.version for place in same)
        common = max(same, key=lambda place: (counts[place.version], _key(place.version)), default=None)
        for place in same:
            if common is not None and place.version != common.version:
                line = tree.position(common.path, common.start)[0]
                message = (
                    f"this uses Rust {place.version}, but {common.path}:{line} builds the same workspace with "
                    f"{common.version}"
                )
                help = (
                    f"write `{common.version}` in both places, or select it for all builds in a rust-toolchain.toml: "
                    f'`[toolchain]` and, below it, `channel = "{common.version}"`'
                )
                yield Finding(DISAGREES, place.path, Span(place.start, place.end), message, help)


def _required(tree: Tree, workspace: str) -> str:
    """The rust-version of a workspace; empty if it has none."""
    try:
        data = toml.parse(tree.read(os.path.join(workspace, "Cargo.toml")))
    except (FileNotFoundError, SourceError):
        return ""
    found = (toml.lookup(data, keys) for keys in _RUST_VERSION)
    return next((each for each in found if isinstance(each, str)), "")


def _key(version: str) -> list[int]:
    return [int(number) for number in version.split(".")]


def _span(start: int, text: str) -> Span:
    """The place of a text that begins at a byte."""
    return Span(start, start + len(text.encode()))


def _command_installs(file: File, command: Command) -> Iterator[ToolchainInstall]:
    for selection in selections(command):
        word = selection.word
        text = file.data[slice(*word.span)]
        at = text.find(selection.toolchain.encode())
        is_written = at >= 0 and len(word.values or ()) == 1 and set(b"$`").isdisjoint(text)
        literal = _span(word.span.start + at, selection.toolchain) if is_written else None
        is_exempt = literal is None and (selection.toolchain != "stable" or b"$" in text or b"{{" in text)
        place = command.place.names
        yield ToolchainInstall(selection.toolchain, word.span, literal, selection.is_override, is_exempt, place)


def _builds(command: Command, alias: Alias, tree: Tree, file: File) -> bool:
    """Whether a command compiles code of the repository, and not only a tool that it installs."""
    words = [word.values[0] for word in command.words if word.values]
    is_tool = "install" in words and not any(word.startswith("--path") for word in words)
    return not is_tool and compilation(command, alias, tree, file) is not None


def _dockerfile_jobs(file: File, tree: Tree, aliases: Aliases) -> Iterator[_Job]:
    """The whole of a Dockerfile, since one stage may build with what another one installs."""
    from dunnage.containers.reference import parse
    from dunnage.scripts.images import images

    found = list(commands.commands(file, _HINTS))
    alias = aliases.of(file)
    installs = [install for command in found for install in _command_installs(file, command)]
    has_rustup = any(install.toolchain for install in installs)
    for use in images(file) if not has_rustup else ():
        reference = parse(use.values[0]) if use.values else None
        version = exact_version(reference.tag.partition("-")[0]) if reference else ""
        if reference is not None and reference.official == "rust" and version:
            literal = None
            if use.literal is not None and not reference.digest:
                literal = _span(file.data.index(version.encode(), use.literal.start), version)
            installs.append(ToolchainInstall(version, use.span, literal, is_override=False, is_exempt=False))
    builds = any(_builds(command, alias, tree, file) for command in found)
    yield _Job(installs, builds, (), file.folder)


def _ci_jobs(file: File, tree: Tree, aliases: Aliases, kind: str, top: str) -> Iterator[_Job]:
    alias = aliases.of(file)
    installs: dict[str, list[ToolchainInstall]] = {}
    building: dict[str, set[Values]] = {}
    labels: dict[str, tuple[str, ...]] = {}
    for command in commands.commands(file, _HINTS):
        job = "".join(command.place.names[:1])
        labels[job] = (job,)
        installs.setdefault(job, []).extend(_command_installs(file, command))
        if _builds(command, alias, tree, file):
            building.setdefault(job, set()).add(command.directory)
    if kind == "github":
        for job, install in _action_installs(file):
            labels[job] = (job,)
            installs.setdefault(job, []).append(install)
        for job in _describe_jobs(file, labels):
            building.pop(job, None)
    stem = os.path.basename(file.path)
    for job, found in installs.items():
        folder = top if building.get(job) == {(".",)} else ""
        yield _Job(found, job in building, (*labels[job], stem), folder)


def _action_installs(file: File) -> Iterator[tuple[str, ToolchainInstall]]:
    """Yield the toolchains that actions install, each with the job."""
    if not any(hint.encode() in file.data for hint in ACTION_HINTS):
        return
    from dunnage.scripts import github

    for action in github.uses(file):
        inputs = {name: given.values[0] if given.values else None for name, given in action.inputs.items()}
        found = installed_by_action(action.name, action.ref, inputs)
        if found is None:
            continue
        toolchain = found.name
        given = action.inputs.get(found.input)
        span = given.span if given else action.span
        place = file.data.find(toolchain.encode(), *span)
        is_exempt = given is not None and given.values != (given.text,)
        literal = _span(place, toolchain) if place >= 0 and not is_exempt else None
        job = "".join(action.place.names[:1])
        yield job, ToolchainInstall(toolchain, literal or span, literal, found.is_override, is_exempt)


def _describe_jobs(file: File, labels: dict[str, tuple[str, ...]]) -> set[str]:
    """Add the display names of jobs to `labels`; return the jobs whose failure does not count."""
    from dunnage.scripts import github

    workflow = github.workflow(file)
    lenient: set[str] = set()
    for name, job in workflow.node.items("jobs") if workflow else ():
        key = f"job {name}"
        title, tolerant = job.get("name"), job.get("continue-on-error")
        if key in labels and title is not None:
            labels[key] = (key, title.text)
        if tolerant is not None and tolerant.text != "false":
            lenient.add(key)
    return lenient


HOOK = Hook(
    name="check-rust-toolchain",
    summary="check that the compiler is pinned",
    rules=(FLOATING, FLOATING_INSTALL, DISAGREES, MISSING),
    check=check,
    comments=comments,
    fixes=True,
    options=(REQUIRE_FILE,),
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the hook and return its exit status."""
    return run(HOOK, argv)


if __name__ == "__main__":
    raise SystemExit(main())
