"""What a container that compiles gets of the host, and what it can write."""

import posixpath
from collections.abc import Iterator

from dunnage.cargo_cli.command_line import LOCKING
from dunnage.files.source import File
from dunnage.files.span import Span
from dunnage.sandbox.compiled import Compiled
from dunnage.sandbox.container_call import ContainerCall, ContainerOption, mounts, source_and_target
from dunnage.sandbox.exposure import EXPOSED_HOST, WRITABLE, Exposure
from dunnage.sandbox.network import is_component
from dunnage.sandbox.secret_names import exposed_path, is_secret_name
from dunnage.shell.model import Values


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


def place_of(call: ContainerCall) -> Span:
    """Return the place of a call: its program and verb."""
    return Span(call.words[0].span.start, call.verb.span.end)


def name_of(call: ContainerCall) -> str:
    """Return the program and the verb of a call."""
    return f"{call.program} {'compose ' if call.is_compose else ''}{call.verb.text}"


# What the host gives


def exposures(file: File, container: Container) -> Iterator[Exposure]:
    """Yield what a container that compiles gets of the host, and what it can write."""
    call, compiled = container.calls[0], container.compiled[0]
    calls = (*container.calls, *container.entered)
    for option in {option.word.span: option for each in calls for option in each.options}.values():
        found = _exposed_by(option)
        if found is not None:
            what, help = found
            message = f"`{name_of(call)}` gives `{compiled.inner.name}` {what}"
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
    if not is_secret_name(name) or (equals and "$" not in value):
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
    what = exposed_path(source)
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
            f"write `{name_of(call)} {added}`, and mount the folders that the build writes to: "
            "`target`, and `registry` in CARGO_HOME"
        )
        yield Exposure(WRITABLE, file, place_of(call), message, help)


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
