"""The containers that commands start to compile in, and what the code in them can reach."""

import os
import posixpath
from collections.abc import Iterator
from functools import partial

from dunnage.files.source import File
from dunnage.files.span import Edit, Span
from dunnage.sandbox import container_rules, offline, split
from dunnage.sandbox.compiled import (
    Compilations,
    Compiled,
    fetches_crates,
    is_download,
    needs_network,
    runs_programs,
)
from dunnage.sandbox.container_call import ContainerCall, container_call, first_directory, mounts
from dunnage.sandbox.container_rules import Container, name_of, place_of
from dunnage.sandbox.exposure import ISOLATING, NETWORK, Exposure
from dunnage.sandbox.network import OFFLINE_VARIABLE, is_component, is_offline, lacks_network
from dunnage.scripts.commands import commands
from dunnage.shell.directories import entered
from dunnage.shell.model import Command, Values, Word, programs

_NO_NETWORK = "none"
_REGISTRY = "-v ~/.cargo/registry:/usr/local/cargo/registry"


def exposures(file: File, compilations: Compilations) -> Iterator[Exposure]:
    """Yield what containers, and wrappers that take the network away, expose to the code that compiles in them."""
    without_network: list[Compiled] = []
    fetches: list[int] = []
    containers: dict[Span, Container] = {}
    named: dict[str, Span] = {}
    calls: dict[int, tuple[ContainerCall | None, tuple[Word, ...]]] = {}
    found = list(commands(file, ISOLATING))
    for command in found:
        # The commands of one program share its wrapper.
        if id(command.wrapper) not in calls:
            calls[id(command.wrapper)] = _split(command.wrapper)
        call, inner = calls[id(command.wrapper)]
        if fetches_crates(command):
            fetches.append(command.words[0].span.start)
        if call is None:
            direct = compilations.of(file, command) if lacks_network(command.wrapper) else None
            without_network += [direct] if direct is not None else []
            continue
        container = containers.setdefault(call.verb.span, Container())
        container.commands += 1
        if not container.calls or container.calls[-1] is not call:
            container.calls.append(call)
            container.directory = first_directory(call)
            if call.verb.values == ("run",):
                named.update(dict.fromkeys(call.values("--name"), call.verb.span))
        if programs(command.words[0]) == ("cd",):
            container.directory = entered(command.words, container.directory)
        inside = command._replace(wrapper=inner)
        compiled = _compiled(file, inside, container.directory, call, compilations)
        container.compiled += compiled
        container.downloads = container.downloads or is_download(command) or any(map(needs_network, compiled))
    _join_named(containers, named)
    yield from offline.exposures(file, without_network, compilations)
    for container in containers.values():
        if container.compiled:
            if container.calls[0].is_compose:
                yield from _service_network(file, container, compilations)
            else:
                yield from _network(file, container, fetches, compilations)
            yield from container_rules.exposures(file, container)


def _join_named(containers: dict[Span, Container], named: dict[str, Span]) -> None:
    """Count what `exec` compiles in a container with a name as compiled by the call that runs it."""
    for container in [each for each in containers.values() if each.calls[0].verb.values == ("exec",)]:
        for name in container.calls[0].image.values or ():
            started = containers.get(named[name]) if name in named else None
            if started is not None:
                started.compiled += container.compiled
                started.entered += container.calls
                started.downloads = started.downloads or container.downloads
        del containers[container.calls[0].verb.span]


def _split(wrapper: tuple[Word, ...]) -> tuple[ContainerCall | None, tuple[Word, ...]]:
    """Return the container of commands with a wrapper, and the part of the wrapper that is in the container."""
    call = container_call(wrapper)
    return call, tuple(word for word in wrapper if call is None or word.span.start > call.image.span.start)


def _compiled(
    file: File, inside: Command, directory: Values, call: ContainerCall, compilations: Compilations
) -> list[Compiled]:
    direct = compilations.of(file, inside)
    if direct is not None:
        return [direct]
    inside = inside._replace(directory=directory)
    return compilations.through_calls(file, inside, partial(_origin, file, call, compilations))


def _origin(file: File, call: ContainerCall, compilations: Compilations, path: str) -> str | None:
    """Return the path in the repository of the file that is mounted at a path of a container."""
    paths = compilations.paths(file)
    folder = os.path.dirname(os.path.abspath(file.path))
    own = os.path.relpath(folder, compilations.top(file)).replace(os.sep, "/")
    for source, target in mounts(call):
        ending = _ending(source)
        rest = posixpath.relpath(path, target)
        if ending is None or rest.startswith(".."):
            continue
        for base in (own, ""):
            found = posixpath.normpath(posixpath.join(base, ending, rest))
            if found in paths:
                return found
    return None


def _ending(source: str) -> str | None:
    """Return what follows the variable at the start of the source of a mount; None for another absolute path."""
    text = source.strip("\"'")
    if not text.startswith(("$", "`")):
        return None if text.startswith(("/", "~")) else text
    closing = max(text.rfind(mark) for mark in "})`")
    rest = text[closing + 1 :] if closing >= 0 else text.partition("/")[2]
    return rest.lstrip("/") or "."


# Network


def _network(file: File, container: Container, fetches: list[int], compilations: Compilations) -> Iterator[Exposure]:
    call, compiled = container.calls[0], container.compiled[0]
    networks = {network for each in container.calls for network in each.values("--network")}
    if networks == {_NO_NETWORK}:
        yield from _without_offline(file, container, compilations)
        return
    is_open = any(each.has_unknown_options for each in container.calls)
    if container.downloads or is_open or not networks <= {"default", "bridge"}:
        return  # a network of another name may have no access to others; that of the host is another finding
    message = f"{split.shown(compiled)} with network access in a container"
    help = (
        "download first, and compile in a container without network:\n"
        + "".join(f"{line}\n" for line in _downloads(file, compiled, compilations))
        + f"{name_of(call)} --network=none {_REGISTRY}:ro … {_offline(file, compiled, 'IMAGE')}"
    )
    edit = _without_network(file, container, fetches, compilations)
    yield Exposure(NETWORK, file, place_of(call), message, help, "added --network=none", (edit,) if edit else ())


def _service_network(file: File, container: Container, compilations: Compilations) -> Iterator[Exposure]:
    """Yield what the network of the service in which `compose run` compiles means, if a compose file says it."""
    from dunnage.sandbox.compose_services import service

    call, compiled = container.calls[0], container.compiled[0]
    if any(each.has_unknown_options for each in container.calls):
        return
    found = service(file, call, compilations)
    if found is None:
        return
    if not found.has_network:
        if not found.may_be_offline:
            yield from _without_offline(file, container, compilations)
        return
    if container.downloads:
        return
    message = f"{split.shown(compiled)} with network access in a container"
    help = (
        "download first, and compile in a service without network:\n"
        + "".join(f"{line}\n" for line in _downloads(file, compiled, compilations))
        + f"{name_of(call)} {_REGISTRY}:ro … {_offline(file, compiled, found.name)}\n"
        + f"with `network_mode: none` in the service `{found.name}` of `{found.path}`; "
        + "or use `docker run --network=none`"
    )
    yield Exposure(NETWORK, file, place_of(call), message, help)


def _without_offline(file: File, container: Container, compilations: Compilations) -> Iterator[Exposure]:
    """Yield what is not offline in a container without network."""
    call, compiled = container.calls[0], container.compiled
    # A file with variables may contain this one.
    has_file = call.values("--env-file") or call.values("--env-from-file")
    if has_file or OFFLINE_VARIABLE in {value.partition("=")[0] for value in call.values("--env")}:
        compiled = [each for each in compiled if is_component(each.inner)]
    yield from offline.exposures(file, compiled, compilations)


def _downloads(file: File, compiled: Compiled, compilations: Compilations) -> list[str]:
    # The wrappers are in the container, and the download is not.
    outside = compiled._replace(outer=compiled.outer._replace(wrapper=()))
    return split.fetch_lines(file, outside, has_lock=compilations.has_lock(compiled))


def _offline(file: File, compiled: Compiled, image: str) -> str:
    """The options and the command with which a compilation in a container of an image uses no network."""
    # `cargo fetch` writes a missing lock where the sources are mounted from.
    command = split.offline_command(file, compiled, has_lock=True)
    if not command:
        return f"{image} … the same command {split.offline_change(compiled, has_lock=True)}".rstrip()
    variable = f"{OFFLINE_VARIABLE}=true "
    if not command.startswith(variable):
        return f"{image} {command}"
    return f"-e {variable}{image} {command.removeprefix(variable)}"


def _without_network(file: File, container: Container, fetches: list[int], compilations: Compilations) -> Edit | None:
    """Return the edit that takes away the network, if all that runs is offline and a fetch stands before."""
    span = container.calls[0].verb.span
    if not any(start < span.start for start in fetches) or file.data[slice(*span)] != b"run":
        return None
    if container.commands != len(container.compiled) or not all(
        each.is_direct and not runs_programs(each) and is_offline(each.inner, compilations.tree, each.file)
        for each in container.compiled
    ):
        return None
    return Edit(file.path, span.end, span.end, " --network=none")
