"""The containers that commands start to compile in, and what the code in them can reach."""

import os
import posixpath
from collections.abc import Iterator
from functools import partial

from dunnage.files.source import File
from dunnage.files.span import Edit, Span
from dunnage.sandbox import offline, split
from dunnage.sandbox.compiled import Compilations, Compiled, is_download, needs_network
from dunnage.sandbox.container_call import ContainerCall, ContainerOption, container_call
from dunnage.sandbox.exposure import EXPOSED_HOST, NETWORK, WRITABLE, Exposure
from dunnage.sandbox.network import OFFLINE_VARIABLE, is_component, is_offline, lacks_network
from dunnage.sandbox.secret_names import exposed_path, is_secret_name
from dunnage.scripts.commands import commands
from dunnage.shell.model import Command

_ISOLATING = ("docker", "podman", "nerdctl", "unshare", "bwrap", "firejail", "systemd-run")
_NO_NETWORK = "none"
_REGISTRY = "-v ~/.cargo/registry:/usr/local/cargo/registry"


class _Container:
    """One container that compiles, in each of the ways in which its words may be read."""

    def __init__(self) -> None:
        self.calls: list[ContainerCall] = []
        self.compiled: list[Compiled] = []
        self.downloads = False
        """Whether it needs the network, or a file system that can be written, for something else."""


def exposures(file: File, compilations: Compilations) -> Iterator[Exposure]:
    """Yield what containers, and wrappers that take the network away, expose to the code that compiles in them."""
    without_network: list[Compiled] = []
    fetches: list[int] = []
    containers: dict[Span, _Container] = {}
    named: dict[str, Span] = {}
    for command in commands(file, _ISOLATING):
        call = container_call(command)
        if any(word.values == ("fetch",) for word in command.words):
            fetches.append(command.words[0].span.start)
        if call is None:
            direct = compilations.of(file, command) if lacks_network(command.wrapper) else None
            without_network += [direct] if direct is not None else []
            continue
        if call.verb.values == ("run",):
            named.update(dict.fromkeys(call.values("--name"), call.verb.span))
        compiled = _compiled(file, command, call, compilations)
        container = containers.setdefault(call.verb.span, _Container())
        container.calls.append(call)
        container.compiled += compiled
        container.downloads = container.downloads or is_download(command) or any(map(needs_network, compiled))
    _join_named(containers, named)
    yield from offline.exposures(file, without_network, compilations)
    for container in containers.values():
        if container.compiled and not container.calls[0].is_compose:
            yield from _network(file, container, fetches, compilations)
            yield from _exposed(file, container)
            if not container.downloads:
                yield from _writable(file, container)


def _join_named(containers: dict[Span, _Container], named: dict[str, Span]) -> None:
    """Count what `exec` compiles in a container with a name as compiled by the call that runs it."""
    for container in [each for each in containers.values() if each.calls[0].verb.values == ("exec",)]:
        for name in container.calls[0].image.values or ():
            started = containers.get(named[name]) if name in named else None
            if started is not None:
                started.compiled += container.compiled
                started.downloads = started.downloads or container.downloads
        del containers[container.calls[0].verb.span]


def _compiled(file: File, command: Command, call: ContainerCall, compilations: Compilations) -> list[Compiled]:
    direct = compilations.of(file, command)
    if direct is not None:
        return [direct]
    directory = next(iter(call.values("--workdir")), "")
    inside = command._replace(directory=(directory,)) if directory.startswith("/") else command
    if command.directory is None and not directory:
        mounted = [target for _, target in _mounts(call)]
        inside = command._replace(directory=tuple(mounted[:1]) or None)
    return compilations.through_calls(file, inside, partial(_origin, file, call, compilations))


def _origin(file: File, call: ContainerCall, compilations: Compilations, path: str) -> str | None:
    """Return the path in the repository of the file that is mounted at a path of a container."""
    paths = compilations.paths(file)
    folder = os.path.dirname(os.path.abspath(file.path))
    own = os.path.relpath(folder, compilations.top(file)).replace(os.sep, "/")
    for source, target in _mounts(call):
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


def _mounts(call: ContainerCall) -> Iterator[tuple[str, str]]:
    """Yield the source of each mount, as it is written, and its place in the container."""
    for option in call.options:
        if option.name == "--volume":
            source, _, rest = _source_and_target(option.text)
            target = rest.partition(":")[0]
        elif option.name == "--mount":
            parts = dict(part.partition("=")[::2] for part in option.text.split(","))
            source = parts.get("source") or parts.get("src") or ""
            target = next((parts[key] for key in ("target", "dst", "destination") if key in parts), "")
        else:
            continue
        if target.strip("\"'").startswith("/"):
            yield source, posixpath.normpath(target.strip("\"'"))


def _source_and_target(text: str) -> tuple[str, str, str]:
    """Split `SOURCE:TARGET[:OPTIONS]` at the first colon outside of `${…}` and `$(…)`."""
    depth = 0
    for at, character in enumerate(text):
        depth += (character in "{(") - (character in "})")
        if character == ":" and depth <= 0:
            return text[:at], ":", text[at + 1 :]
    return "", "", text


def _place(call: ContainerCall) -> Span:
    return Span(call.words[0].span.start, call.verb.span.end)


def _name(call: ContainerCall) -> str:
    return f"{call.program} {'compose ' if call.is_compose else ''}{call.verb.text}"


# Network


def _network(file: File, container: _Container, fetches: list[int], compilations: Compilations) -> Iterator[Exposure]:
    call, compiled = container.calls[0], container.compiled[0]
    networks = {network for each in container.calls for network in each.values("--network")}
    if networks == {_NO_NETWORK}:
        if OFFLINE_VARIABLE not in {value.partition("=")[0] for value in call.values("--env")}:
            yield from offline.exposures(file, container.compiled, compilations)
        else:
            component = [each for each in container.compiled if is_component(each.inner)]
            yield from offline.exposures(file, component, compilations)
        return
    is_open = any(each.has_unknown_options for each in container.calls)
    if container.downloads or is_open or not networks <= {"default", "bridge"}:
        return  # a network of another name may have no access to others; that of the host is another finding
    message = f"{split.shown(compiled)} with network access in a container"
    help = (
        "download first, and compile in a container without network:\n"
        + "".join(f"{line}\n" for line in split.fetch_lines(compiled, compilations))
        + f"{_name(call)} --network=none {_REGISTRY}:ro … {_offline(compiled)}"
    )
    edit = _without_network(file, container, fetches, compilations)
    yield Exposure(NETWORK, file, _place(call), message, help, "added --network=none", (edit,) if edit else ())


def _offline(compiled: Compiled) -> str:
    """The options and the command with which a compilation in a container uses no network."""
    command = split.offline_command(compiled)
    variable = f"{OFFLINE_VARIABLE}=true "
    if not command.startswith(variable):
        return f"IMAGE {command}"
    return f"--env {variable}IMAGE {command.removeprefix(variable)}"


def _without_network(file: File, container: _Container, fetches: list[int], compilations: Compilations) -> Edit | None:
    """Return the edit that takes away the network, if all that runs is offline and a fetch stands before."""
    span = container.calls[0].verb.span
    if not any(start < span.start for start in fetches) or file.data[slice(*span)] != b"run":
        return None
    if len(container.calls) != len(container.compiled) or not all(
        each.is_direct and is_offline(each.inner, compilations.tree, each.file) for each in container.compiled
    ):
        return None
    return Edit(file.path, span.end, span.end, " --network=none")


# What the host gives


def _exposed(file: File, container: _Container) -> Iterator[Exposure]:
    call, compiled = container.calls[0], container.compiled[0]
    for option in {option.word.span: option for each in container.calls for option in each.options}.values():
        found = _exposed_by(option)
        if found is not None:
            what, help = found
            message = f"`{_name(call)}` gives {what} to `{compiled.inner.name}`"
            yield Exposure(EXPOSED_HOST, file, option.word.span, message, help)


def _exposed_by(option: ContainerOption) -> tuple[str, str] | None:
    """Return what an option exposes, and how to do without it."""
    values = option.values or ()
    if option.name == "--privileged" and values != ("false",):
        return "all privileges of the host", "remove `--privileged`"
    if option.name == "--use-api-socket":
        return "the socket of the container engine", "remove `--use-api-socket`"
    if option.name == "--env-file":
        return "all variables of a file", "pass the variables that the build needs one by one: `--env NAME`"
    if option.name == "--network" and "host" in values:
        return "the network of the host", "write `--network=none`, and download before: `cargo fetch --locked`"
    if option.name == "--pid" and "host" in values:
        return "the processes of the host", "remove `--pid=host`"
    if option.name == "--env":
        return _exposed_variable(option)
    if option.name in ("--volume", "--mount"):
        return _exposed_mount(option)
    return None


def _exposed_variable(option: ContainerOption) -> tuple[str, str] | None:
    name, equals, value = option.text.partition("=")
    if not is_secret_name(name) or (equals and "$" not in value):
        return None
    return f"the variable `{name}`", f"remove `{name}`, and use it only where nothing compiles, as for `cargo fetch`"


def _exposed_mount(option: ContainerOption) -> tuple[str, str] | None:
    if option.name == "--mount":
        parts = dict(part.partition("=")[::2] for part in option.text.split(","))
        source = parts.get("source") or parts.get("src") or ""
    else:
        source = _source_and_target(option.text)[0]
    what = exposed_path(source)
    if not what:
        return None
    if "cargo's home" in what:
        home = source.strip("\"'").rstrip("/")
        return what, f"mount `{home}/registry` and `{home}/git` only"
    return what, f"remove the mount of `{source}`"


# What can be written


def _writable(file: File, container: _Container) -> Iterator[Exposure]:
    call, compiled = container.calls[0], container.compiled[0]
    if any(each.has_unknown_options for each in container.calls):
        return
    missing: list[str] = []
    if not call.has("--read-only"):
        missing.append("--read-only" if call.program == "podman" else "--read-only --tmpfs /tmp")
    elif call.program != "podman" and not _has_temporary(call):
        missing.append("--tmpfs /tmp")
    if not any(
        value.replace(":", "=").partition("=")[0] == "no-new-privileges" for value in call.values("--security-opt")
    ):
        missing.append("--security-opt no-new-privileges")
    if missing:
        added = " ".join(missing)
        message = f"`{compiled.inner.name}` compiles in a container without {' and '.join(missing)}"
        help = (
            f"write `{_name(call)} {added}`, and mount what has to be written: `target`, and `registry` of CARGO_HOME"
        )
        yield Exposure(WRITABLE, file, _place(call), message, help)


def _has_temporary(call: ContainerCall) -> bool:
    """Whether a container has a place for temporary files."""
    places = [value.partition(":")[0] for value in call.values("--tmpfs")]
    return "/tmp" in [  # noqa: S108 (nothing is written there)
        *places,
        *(target for _, target in _mounts(call)),
    ]
