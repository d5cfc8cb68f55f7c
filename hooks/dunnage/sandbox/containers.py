"""The containers that commands start to compile in: what the code in them gets of the host, and what it can write."""

import os
import posixpath
from collections.abc import Iterator
from functools import partial

from dunnage.cargo_cli.command_line import LOCKING
from dunnage.files.source import File
from dunnage.files.span import Edit, Span
from dunnage.sandbox import EXPOSED_HOST, ISOLATING, NETWORK, WRITABLE, Exposure, split
from dunnage.sandbox.compiled import (
    OFFLINE_VARIABLE,
    Compilations,
    Compiled,
    fetches_crates,
    is_component,
    is_download,
    is_offline,
    lacks_network,
    needs_network,
    runs_programs,
)
from dunnage.sandbox.container_call import (
    ContainerCall,
    ContainerOption,
    container_call,
    first_directory,
    mounts,
    source_and_target,
)
from dunnage.scripts.commands import commands
from dunnage.shell.model import Command, Values, Word, entered, programs

_NO_NETWORK = "none"
_REGISTRY = "-v ~/.cargo/registry:/usr/local/cargo/registry"

_ENDINGS = (
    *("ACCESS_KEY", "ACCESS_KEY_ID", "API_KEY", "APIKEY", "CREDENTIALS", "DEPLOY_KEY", "PASSPHRASE", "PASSWD"),
    *("PASSWORD", "PRIVATE_KEY", "SECRET", "SECRETS", "SECRET_KEY", "SIGNING_KEY", "TOKEN", "_PAT"),
)
_SOCKETS = ("docker.sock", "podman.sock", "containerd.sock", "buildkitd.sock")
_SECRET_FOLDERS = (
    *(".aws", ".azure", ".config/gcloud", ".config/gh", ".docker", ".git-credentials", ".gnupg", ".kube", ".netrc"),
    *(".npmrc", ".pypirc", ".ssh", ".cargo/credentials", ".cargo/credentials.toml"),
)


class Container:
    """One container that compiles, in each of the ways in which its words may be read."""

    def __init__(self) -> None:
        self.calls: list[ContainerCall] = []
        self.entered: list[ContainerCall] = []
        """The calls of `exec` that compile in it."""
        self.directory: Values = None
        """The directory in which its next command runs; None if it is unknown."""
        self.commands = 0
        """How many commands it runs."""
        self.compiled: list[Compiled] = []
        self.downloads = False
        """Whether it needs the network, or a file system that can be written, for something else."""


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
    yield from split.not_offline(file, without_network, compilations)
    for container in containers.values():
        if container.compiled:
            if container.calls[0].is_compose:
                yield from _service_network(file, container, compilations)
            else:
                yield from _network(file, container, fetches, compilations)
            yield from _host_exposures(file, container)


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
    folder = file.folder
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
        + f"{_name_of(call)} --network=none {_REGISTRY}:ro … {_offline(file, compiled, 'IMAGE')}"
    )
    edit = _without_network(file, container, fetches, compilations)
    yield Exposure(NETWORK, file, _place_of(call), message, help, "added --network=none", edit)


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
        + f"{_name_of(call)} {_REGISTRY}:ro … {_offline(file, compiled, found.name)}\n"
        + f"with `network_mode: none` in the service `{found.name}` of `{found.path}`; "
        + "or use `docker run --network=none`"
    )
    yield Exposure(NETWORK, file, _place_of(call), message, help)


def _without_offline(file: File, container: Container, compilations: Compilations) -> Iterator[Exposure]:
    """Yield what is not offline in a container without network."""
    call, compiled = container.calls[0], container.compiled
    # A file with variables may contain this one.
    has_file = call.values("--env-file") or call.values("--env-from-file")
    if has_file or OFFLINE_VARIABLE in {value.partition("=")[0] for value in call.values("--env")}:
        compiled = [each for each in compiled if is_component(each.inner)]
    yield from split.not_offline(file, compiled, compilations)


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


# What the host gives


def _host_exposures(file: File, container: Container) -> Iterator[Exposure]:
    """Yield what a container that compiles gets of the host, and what it can write."""
    call, compiled = container.calls[0], container.compiled[0]
    calls = (*container.calls, *container.entered)
    for option in {option.word.span: option for each in calls for option in each.options}.values():
        found = _exposed_by(option)
        if found is not None:
            what, help = found
            message = f"`{_name_of(call)}` gives `{compiled.inner.name}` {what}"
            yield Exposure(EXPOSED_HOST, file, option.word.span, message, help)
    if call.is_compose:
        return  # what can be written is said in the compose file
    if not container.downloads and not any(each.has_unknown_options for each in container.calls):
        yield from _writable(file, container)
        yield from _writable_source(file, container)


def _exposed_by(option: ContainerOption) -> tuple[str, str] | None:
    """Return what an option exposes, and how to do without it."""
    values = option.values or ()
    if option.name == "--privileged" and values != ("false",):
        return "all privileges of the host", "remove `--privileged`"
    if option.name == "--use-api-socket":
        return "the socket of the container engine", "remove `--use-api-socket`"
    if option.name in ("--env-file", "--env-from-file"):
        return "all variables of a file", "pass the variables that the build needs one by one: `--env NAME`"
    if option.name == "--network" and "host" in values:
        return "the network of the host", "run `cargo fetch --locked` first, and write `--network=none`"
    if option.name == "--pid" and "host" in values:
        return "the processes of the host", "remove `--pid=host`"
    if option.name == "--env":
        return _exposed_variable(option)
    if option.name in ("--volume", "--mount"):
        return _exposed_mount(option)
    return None


def _exposed_variable(option: ContainerOption) -> tuple[str, str] | None:
    name, equals, value = option.text.partition("=")
    if not _is_secret_name(name) or (equals and "$" not in value):
        return None
    return (
        f"the variable `{name}`",
        f"remove `{name}`; pass it only to commands that do not compile, such as `cargo fetch`",
    )


def _exposed_mount(option: ContainerOption) -> tuple[str, str] | None:
    if option.name == "--mount":
        parts = dict(part.partition("=")[::2] for part in option.text.split(","))
        source = parts.get("source") or parts.get("src") or ""
    else:
        source = source_and_target(option.text)[0]
    what = _exposed_path(source)
    if not what:
        return None
    if "cargo's home" in what:
        home = source.strip("\"'").rstrip("/")
        return what, f"mount `{home}/registry` and `{home}/git` only"
    return what, f"remove the mount of `{source}`"


# What can be written


def _writable(file: File, container: Container) -> Iterator[Exposure]:
    call, compiled = container.calls[0], container.compiled[0]
    missing: list[str] = []
    if not call.has("--read-only"):
        missing.append("--read-only" if call.program == "podman" else "--read-only --tmpfs /tmp")
    elif call.program != "podman" and not _has_temporary(call):
        missing.append("--tmpfs /tmp")
    options = {value.replace(":", "=").removesuffix("=true") for value in call.values("--security-opt")}
    if "no-new-privileges" not in options:
        missing.append("--security-opt no-new-privileges")
    if missing:
        added = " ".join(missing)
        message = f"`{compiled.inner.name}` compiles in a container without {' and '.join(missing)}"
        help = (
            f"write `{_name_of(call)} {added}`, and mount the folders that the build writes to: "
            "`target`, and `registry` in CARGO_HOME"
        )
        yield Exposure(WRITABLE, file, _place_of(call), message, help)


def _writable_source(file: File, container: Container) -> Iterator[Exposure]:
    """Yield the mount of a source that can be written, although `target` has a mount of its own."""
    call = container.calls[0]
    places = {target for _, target in mounts(call)}
    if not all(each.is_direct and not is_component(each.inner) for each in container.compiled) or not all(
        any(option in each.inner.call.words for option in LOCKING) for each in container.compiled
    ):
        return  # cargo may write the lock, and cargo-component writes bindings
    for option in call.options:
        source, colon, rest = source_and_target(option.text.strip("\"'"))
        target, _, access = rest.partition(":")
        has_target = f"{posixpath.normpath(target)}/target" in places
        if option.name == "--volume" and colon and has_target and "ro" not in access.split(","):
            message = f"`{target}` is writable, although its folder `target` has its own mount"
            comma = f"{access},ro" if access else "ro"
            help = f"write `{source}:{target}:{comma}`"
            yield Exposure(WRITABLE, file, option.word.span, message, help)


def _has_temporary(call: ContainerCall) -> bool:
    """Whether a container has a place for temporary files."""
    places = [value.partition(":")[0] for value in call.values("--tmpfs")]
    return "/tmp" in [  # noqa: S108 (nothing is written there)
        *places,
        *(target for _, target in mounts(call)),
    ]


def _place_of(call: ContainerCall) -> Span:
    """Return the place of a call: its program and verb."""
    return Span(call.words[0].span.start, call.verb.span.end)


def _name_of(call: ContainerCall) -> str:
    """Return the program and the verb of a call."""
    return f"{call.program} {'compose ' if call.is_compose else ''}{call.verb.text}"


# Secrets by their names


def _is_secret_name(name: str) -> bool:
    """Whether a variable is named like a secret: `CARGO_REGISTRY_TOKEN`."""
    return name.upper().endswith(_ENDINGS)


def _exposed_path(source: str) -> str:
    """Return what the source of a mount exposes, as a noun with its article; empty if it is nothing known."""
    path = source.strip("\"'").rstrip("/") or "/"
    for variable in ("${HOME}", "$HOME", "${{ env.HOME }}", "/root"):
        if path == variable or path.startswith(f"{variable}/"):
            path = "~" + path.removeprefix(variable)
    parts = path.split("/")
    if parts[:2] == ["", "home"] and len(parts) > 2:
        path = "/".join(("~", *parts[3:]))
    if path.endswith(_SOCKETS) or path in ("/run", "/var/run"):
        return "the socket of the container engine"
    if path == "/":
        return "the root folder of the host"
    if path == "~":
        return "the home folder"
    if path in ("~/.cargo", "$CARGO_HOME", "${CARGO_HOME}"):
        return "all of cargo's home, with its credentials and programs"
    if "SSH_AUTH_SOCK" in path:
        return "the ssh agent"
    secret = path.removeprefix("~/") if path.startswith("~/") else ""
    return f"`{path}`" if any(secret == name or secret.startswith(f"{name}/") for name in _SECRET_FOLDERS) else ""
