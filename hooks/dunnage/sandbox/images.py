"""The steps of Dockerfiles that compile, and what the code in them can reach."""

import os
import posixpath
import re
from bisect import bisect_left
from collections.abc import Iterator
from functools import partial
from typing import NamedTuple

from dunnage.files.source import File, Tree
from dunnage.files.span import Edit
from dunnage.sandbox import EXPOSED_HOST, NETWORK, SECRET_MOUNT, Exposure
from dunnage.sandbox.compiled import (
    Compilations,
    Compiled,
    fetches_crates,
    is_component,
    is_offline,
    lacks_network,
    needs_network,
    runs_programs,
    without_offline,
)
from dunnage.scripts.commands import commands
from dunnage.scripts.dockerfile import instructions
from dunnage.scripts.dockerfile_instruction import InstructionArgument
from dunnage.scripts.dockerfile_syntax import Instruction
from dunnage.shell.model import Command, programs

_LONGEST_FLAGS = 200
_LOCAL = (
    "[ [[ : cat cd chmod chown cp du echo exit export false file find install ls ln mkdir mv printf pwd rm rmdir "
    "set sha256sum strip test touch true"
)
"""Programs that use no network."""
_HOME = r"CARGO_HOME|[./]cargo(?:/|$)"
"""A path in an image that has this may be in the home folder of cargo, or in a folder `.cargo`."""


class Step(NamedTuple):
    """A `RUN` of a Dockerfile that compiles."""

    instruction: Instruction
    commands: tuple[Command, ...]
    compiled: tuple[Compiled, ...]

    @property
    def network(self) -> str:
        """The value of its flag `--network`; empty if it has none."""
        return flag(self.instruction, "--network")


def flag(instruction: Instruction, name: str) -> str:
    """Return the value of a flag; empty if it is not given."""
    found = [each.text.partition("=")[2] for each in instruction.flags if each.text.startswith(f"{name}=")]
    return found[-1] if found else ""


def exposures(file: File, compilations: Compilations) -> Iterator[Exposure]:
    """Yield what the steps of a Dockerfile expose to the code that compiles in them."""
    # For each stage that downloads crates, whether they stay in the image.
    fetched: dict[int, bool] = {}
    configured: int | None = None
    for step in _steps(file, compilations):
        if not step.compiled:
            stage = step.instruction.stage
            if not step.instruction.onbuild and any(map(fetches_crates, step.commands)):
                fetched[stage] = fetched.get(stage, True) and not any(map(_is_download_cache, step.instruction.flags))
            continue
        yield from _network(file, step, fetched, compilations)
        without_network = [
            each for each in step.compiled if step.network == "none" or lacks_network(each.outer.wrapper)
        ]
        for each in without_offline(without_network, compilations.tree):
            from dunnage.sandbox import split

            configured = _offline_from(file, compilations.tree) if configured is None else configured
            if step.instruction.span.start < configured or is_component(each.inner):
                yield split.no_offline_option(file, each, compilations)
        yield from _secrets(file, step, compilations)
        if flag(step.instruction, "--security") == "insecure":
            from dunnage.sandbox import split

            span = next(each.span for each in step.instruction.flags if each.text.startswith("--security"))
            message = f"{split.shown(step.compiled[0])} with all privileges of the host"
            yield Exposure(EXPOSED_HOST, file, span, message, "remove `--security=insecure`")


def _steps(file: File, compilations: Compilations) -> Iterator[Step]:
    """Yield the steps of a Dockerfile, with their commands and what these compile."""
    found = list(commands(file))
    starts = [command.words[0].span.start for command in found]
    for instruction in instructions(file):
        if instruction.keyword == "RUN":
            first, last = (bisect_left(starts, offset) for offset in instruction.span)
            if first == last:
                continue
            inside = tuple(found[first:last])
            compiled = [each for command in inside for each in _compiled(file, command, compilations)]
            yield Step(instruction, inside, tuple(compiled))


def _compiled(file: File, command: Command, compilations: Compilations) -> list[Compiled]:
    direct = compilations.of(file, command)
    if direct is not None:
        return [direct]
    resolve = partial(_origin, file, command.words[0].span.start, compilations)
    return compilations.through_calls(file, command, resolve)


def _origin(file: File, offset: int, compilations: Compilations, path: str) -> str | None:
    from dunnage.ci.committed_locks import CommittedLocks

    paths, top = compilations.paths(file), compilations.top(file)
    found = compilations.tree.memo(CommittedLocks).origins(file, offset, path)
    for _, origin in sorted(found, key=lambda each: -each[0].at):
        relative = os.path.relpath(origin, top).replace(os.sep, "/")
        if relative in paths:
            return relative
    return None


# Network


def _network(file: File, step: Step, fetched: dict[int, bool], compilations: Compilations) -> Iterator[Exposure]:
    exposed = [each for each in step.compiled if not needs_network(each) and not lacks_network(each.outer.wrapper)]
    if step.network == "none" or not exposed:
        return
    from dunnage.sandbox import split

    compiled = exposed[0]
    where = "the network of the host" if step.network == "host" else "network access"
    message = f"{split.shown(compiled)} with {where}"
    help = _help(file, step, compiled, compilations)
    edit = _without_network(file, step, fetched, compilations)
    yield Exposure(NETWORK, file, compiled.outer.words[0].span, message, help, "added --network=none", edit)


def _help(file: File, step: Step, compiled: Compiled, compilations: Compilations) -> str:
    """How to split the step: what downloads gets the secrets, what compiles gets none and no network."""
    from dunnage.sandbox import split

    flags = [each for each in step.instruction.flags if not each.text.startswith("--network")]
    kinds = [_mount_type(each) for each in flags]
    caches = [each for each in flags if _is_download_cache(each)]
    fetching = [each for each, kind in zip(flags, kinds, strict=True) if kind in ("bind", "secret", "ssh")]
    compiling = [
        each
        for each, kind in zip(flags, kinds, strict=True)
        if kind not in ("secret", "ssh") and not _is_download_cache(each)
    ]
    directory = _directory(step, compiled)
    # To download, cargo may need what earlier commands write, such as sources in place of those that are copied later.
    words = (each.words[0] for each in step.commands if each.words[0].text not in ("cd", "set"))
    earlier = any(word.span.start < compiled.outer.words[0].span.start for word in words)
    kept = ", after the commands before this one," if earlier else ","
    own = "the next" if len(step.commands) == 1 else "a step of its own"
    lines = [f"download in one step{kept} and compile without network in {own}:"]
    assigned = split.assignments(file, compiled.outer)
    fetch = directory + (assigned if re.search("CARGO_HOME|RUSTUP_", assigned) else "")
    has_lock = compilations.has_lock(compiled)
    downloads = split.fetch_lines(file, compiled, has_lock=has_lock)
    lines += [f"RUN {_flags(fetching)}{fetch}{line}" for line in downloads]
    if earlier:
        lines[1] = f"RUN {_flags(fetching)}… && {fetch}{downloads[0]}"
    # What `cargo fetch` writes into a mount is not in the next step.
    has_lock = has_lock or "bind" not in kinds
    command = split.offline_command(file, compiled, has_lock=has_lock)
    if command:
        command = f"{directory}{assigned}{command}"
    else:
        command = " ".join(("… the same command", split.offline_change(compiled, has_lock=has_lock)))
    lines.append(f"RUN --network=none {_flags(compiling)}{command}".rstrip())
    if caches:
        lines.append(
            "remove the cache mount of the registry: BuildKit may empty it while it keeps the layer of the first step"
        )
    lines += filter(None, [split.note(compiled)])
    return "\n".join(lines)


def _flags(flags: list[InstructionArgument]) -> str:
    text = "".join(f"{each.text} " for each in flags)
    return text if len(text) <= _LONGEST_FLAGS else f"{flags[0].text} … "


def _directory(step: Step, compiled: Compiled) -> str:
    """Return the `cd` that the commands of a step need if they do not run where the step begins."""
    start, directory = step.commands[0].directory, compiled.outer.directory
    if not directory or len(directory) > 1 or directory == start:
        return ""
    return f"cd {directory[0]} && "


def _mount_options(argument: InstructionArgument) -> dict[str, str]:
    if not argument.text.startswith("--mount="):
        return {}
    return dict(part.partition("=")[::2] for part in argument.text.removeprefix("--mount=").split(","))


def _mount_type(argument: InstructionArgument) -> str:
    options = _mount_options(argument)
    return options.get("type", "bind") if options else ""


def _is_download_cache(argument: InstructionArgument) -> bool:
    """Whether a flag mounts a cache over what cargo downloads."""
    options = _mount_options(argument)
    target = next((options[key] for key in ("target", "dst", "destination") if key in options), "")
    return options.get("type") == "cache" and any(
        name in target for name in ("registry", "cargo/git", ".cargo", "CARGO_HOME")
    )


def _without_network(file: File, step: Step, fetched: dict[int, bool], compilations: Compilations) -> Edit | None:
    """Return the edit that takes the network from a step that needs none: all is offline, and a fetch stands before."""
    instruction = step.instruction
    if not fetched.get(instruction.stage) or step.network or instruction.onbuild:
        return None
    if any(map(_is_download_cache, instruction.flags)):
        return None
    direct = {id(each.outer): each for each in step.compiled if each.is_direct}
    for command in step.commands:
        compiled = direct.get(id(command))
        if compiled is None:
            if not set(_LOCAL.split()).issuperset(programs(command.words[0]) or ("",)):
                return None
        elif runs_programs(compiled) or not is_offline(compiled.inner, compilations.tree, compiled.file):
            return None
    end = instruction.span.start + len("RUN")
    is_written = file.data[instruction.span.start : end].upper() == b"RUN"
    return Edit(file.path, end, end, " --network=none") if is_written else None


# Secrets


def _secrets(file: File, step: Step, compilations: Compilations) -> Iterator[Exposure]:
    mounts = [each for each in step.instruction.flags if _mount_type(each) in ("secret", "ssh")]
    if not mounts:
        return
    from dunnage.sandbox import split

    compiled = step.compiled[0]
    lines = _help(file, step, compiled, compilations).partition("\n")[2]
    help = f"mount it in a step that compiles nothing, such as one that downloads:\n{lines}"
    subject = split.shown(compiled)
    for argument in mounts:
        options = _mount_options(argument)
        name = options.get("id") or os.path.basename(options.get("target") or options.get("dst") or "")
        secret = f"the secret `{name}`" if name else "a secret"
        secret = "the ssh agent" if options["type"] == "ssh" else secret
        yield Exposure(SECRET_MOUNT, file, argument.span, f"{subject} with access to {secret}", help)


# Cargo's configuration in the image


def _offline_from(file: File, tree: Tree) -> int:
    """Return where a Dockerfile first gives cargo a configuration with `net.offline`, or may do so; else its end."""
    return next((each.span.end for each in instructions(file) if _configures(file, each, tree)), len(file.data))


def _configures(file: File, instruction: Instruction, tree: Tree) -> bool:
    if instruction.keyword == "RUN":
        text = file.data[slice(*instruction.span)]
        return b"offline" in text and b"config" in text and re.search(_HOME.encode(), text) is not None
    texts = [argument.text for argument in instruction.arguments]
    if instruction.keyword not in ("ADD", "COPY") or not texts or not re.search(_HOME, texts[-1]):
        return False
    is_elsewhere = any(flag.text.startswith("--from=") for flag in instruction.flags)
    return is_elsewhere or any(_may_be_offline(file, source, tree) for source in texts[:-1])


def _may_be_offline(file: File, source: str, tree: Tree) -> bool:
    """Whether a source of a `COPY` is, or may be, a configuration with `net.offline`."""
    from dunnage.cargo.config_files import CONFIG_NAMES
    from dunnage.ci.committed_locks import contexts

    # BuildKit goes no further up than the build context.
    below = posixpath.normpath(f"/{source}").lstrip("/")
    paths = [os.path.join(context, below) for context in contexts(file)]
    found = [each for path in paths for each in (path, *(os.path.join(path, name) for name in CONFIG_NAMES))]
    found = [each for each in found if os.path.isfile(each)]
    if not found:
        # It may be a here-document, an address or a pattern; a folder without a configuration has none.
        return not any(map(os.path.isdir, paths))
    return any(_sets_offline(tree, each) for each in found)


def _sets_offline(tree: Tree, path: str) -> bool:
    from dunnage.files import document

    try:
        table = document.read(tree, path).data.get("net")
    except document.Refused:
        return False
    return isinstance(table, dict) and table.get("offline") is True
